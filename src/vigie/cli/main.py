"""The command ``vigie``: finds the command's module, and turns errors into sentences and exit codes."""

from __future__ import annotations

import errno
import importlib
import os
import sys

import click

from vigie import __version__
from vigie.cli.session import Session, store_options
from vigie.model.errors import ExitCode, VigieError

COMMANDS: dict[str, tuple[str, str]] = {
    "sweep": ("vigie.cli.sweep:sweep", "Read AWS now; record, judge and tell what changed."),
    "up": ("vigie.cli.up:up", "Run everything on this machine: sweeps, audits, notifications, web page and API."),
    "listen": ("vigie.cli.listen:listen", "Listen for CloudTrail events; read what they changed within seconds."),
    "resources": ("vigie.cli.look:resources", "List the resources that are recorded."),
    "show": ("vigie.cli.look:show", "Show a resource's configuration, now or as it was."),
    "history": ("vigie.cli.look:history", "Show all that happened to a resource."),
    "diff": ("vigie.cli.look:diff", "Show what differs between two revisions of a resource."),
    "changes": ("vigie.cli.look:changes", "List what changed."),
    "estate": ("vigie.cli.estate:estate", "List all that was there at a time, and how sure that is."),
    "who": ("vigie.cli.who:who", "Who set each part of a resource, when, and how sure that is."),
    "actor": ("vigie.cli.who:actor", "All that somebody did: their calls, failed ones too, and the changes they made."),
    "findings": ("vigie.cli.findings:findings", "List what is wrong."),
    "justify": ("vigie.cli.findings:justify", "Accept a finding, with a reason."),
    "withdraw": ("vigie.cli.findings:withdraw", "Take a justification back."),
    "audit": ("vigie.cli.findings:audit", "Judge what is recorded again, with all rules and no AWS call."),
    "coverage": ("vigie.cli.coverage:coverage", "Show what could be seen and what could not, and why."),
    "access": ("vigie.cli.access:access", "Who outside may, who has power, what the internet gets to."),
    "events": ("vigie.cli.events:events", "CloudTrail events: who did what to which resource."),
    "evaluate": ("vigie.cli.evaluate:evaluate", "Judge one configuration by all rules: no AWS, no store."),
    "import": ("vigie.cli.imports:imports", "Take over what AWS Config recorded before vigie did."),
    "verify": ("vigie.cli.evidence:verify", "Verify that nothing that is recorded was tampered with."),
    "evidence": ("vigie.cli.evidence:evidence", "Write evidence of how a resource was, to be checked anywhere."),
    "heads": ("vigie.cli.evidence:heads", "The signed heads of the evidence log, and their anchors."),
    "keys": ("vigie.cli.evidence:keys", "The keys of the evidence log: show, rotate."),
    "export": ("vigie.cli.export:export", "Write old revisions and events to Parquet, for cold storage."),
    "retention": ("vigie.cli.retention:retention", "What of old revisions is erased: plan, apply, log."),
    "accounts": ("vigie.cli.accounts:accounts", "The accounts that are known."),
    "rules": ("vigie.cli.rules:rules", "The rules: list, show, test."),
    "routes": ("vigie.cli.routes:routes", "Where notifications go, and why."),
    "notifications": ("vigie.cli.routes:notifications", "Notifications: sent, waiting, dead; send again."),
    "users": ("vigie.cli.users:users", "The users of the page; a new password for one who is locked out."),
    "catalogue": ("vigie.cli.catalogue:catalogue", "What can be watched, and the IAM policy it needs."),
    "settings": ("vigie.cli.settings:settings", "Show every setting, its value and what it means."),
    "completion": ("vigie.cli.completion:completion", "Print the completion script of a shell."),
}
"""Name → where it is, and its help: ``vigie --help`` must import none of them."""

UNWRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG})
"""What writing to a full disk ends with (the store's own errors are told as such before)."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)  # noqa: S101 - a defect of ours, not of the user
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="vigie")
@store_options
@click.pass_context
def vigie(ctx: click.Context) -> None:
    """vigie watches AWS, remembers every configuration it saw, judges it, and tells the right people.

    Start with `vigie sweep`: it reads the account of your AWS credentials, in its enabled regions.

    Exit codes: 0 done, 1 findings at or above --fail-on, 2 usage, 3 partial (something could not be seen),
    4 settings, credentials or store, 5 internal error.
    """
    ctx.ensure_object(Session)


def main() -> None:
    """Entry point of the ``vigie`` script."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line; returns its exit code (see vigie.model.errors.ExitCode)."""
    try:
        result = vigie.main(args=arguments, prog_name="vigie", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return ExitCode.USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("vigie: stopped.", err=True)
        return 130
    except VigieError as error:
        click.echo(f"vigie: {error}", err=True)
        return error.exit_code
    except BrokenPipeError:
        # whoever read our output has had enough (`vigie changes | head`): no error, and nothing to flush at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.DONE
    except OSError as error:
        if error.errno not in UNWRITABLE:
            return _internal(error)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        click.echo(f"vigie: the output cannot be written ({error.strerror}): make room where it goes.", err=True)
        return ExitCode.SETTINGS
    except Exception as error:  # noqa: BLE001 - the last place: a defect of ours, told as such, never as the user's
        return _internal(error)
    return int(result) if isinstance(result, int) else ExitCode.DONE


def _internal(error: Exception) -> int:
    from vigie.cli.crash import write_report

    report = write_report(error)
    click.echo(
        f"vigie: an error inside vigie ({type(error).__name__}: {error}). Nothing that was recorded is lost. "
        f"The details are in {report}: please report them.",
        err=True,
    )
    return ExitCode.INTERNAL
