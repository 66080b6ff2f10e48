"""``vigie sweep``: read AWS now; record, judge and tell what changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from vigie.cli.findings import SEVERITIES, exit_code
from vigie.cli.output import console, print_json, print_table, print_widened, printable
from vigie.cli.session import json_option, store_options, with_app
from vigie.model.errors import ExitCode

if TYPE_CHECKING:
    from vigie.app import App
    from vigie.model.report import SweepReport
    from vigie.model.scope import Coverage

SHOWN_GAPS = 12
"""Rows of the summary's table of gaps; the rest is counted (`vigie coverage --gaps` lists them)."""


@click.command()
@click.option("--account", "accounts", multiple=True, metavar="ID", help="Only this account (repeatable).")
@click.option("--region", "regions", multiple=True, metavar="REGION", help="Only this region (repeatable).")
@click.option("--type", "types", multiple=True, metavar="TYPE", help='Only these types, as patterns ("AWS::S3::*").')
@click.option("--rule", "rules", multiple=True, metavar="RULE", help="Only what this rule looks at (repeatable).")
@click.option("--no-notify", is_flag=True, help="Leave what is to be told for the next sweep or `vigie up`.")
@click.option("--fail-on", type=click.Choice(SEVERITIES), help="Exit with 1 if an open finding is this severe or more.")
@json_option
@store_options
@with_app
def sweep(
    app: App,
    accounts: tuple[str, ...],
    regions: tuple[str, ...],
    types: tuple[str, ...],
    rules: tuple[str, ...],
    no_notify: bool,
    fail_on: str | None,
    as_json: bool,
) -> int:
    """Read AWS now; record, judge and tell what changed.

    Without any settings: the account of your credentials, in its enabled regions. Exit code 3 where something could
    not be seen; `vigie coverage --gaps` says what and why.
    """
    with _progress(quiet=as_json) as progress:
        report = app.sweep(accounts=accounts, regions=regions, types=types, rules=rules, progress=progress)
        if not no_notify:
            report = app.tell(report)
        app.prove()
    if as_json:
        print_json(report.document())
    else:
        _print(report)
    failed = exit_code(app, fail_on)
    return failed or (ExitCode.PARTIAL if report.gaps else ExitCode.DONE)


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Any]:
    """A callable ``(done, total, what)`` that draws a bar on standard error; draws nothing where nobody looks."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    screen = console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=screen,
        transient=True,
        disable=quiet or not screen.is_terminal,
    )
    with bar:
        task = bar.add_task("finding accounts and regions", total=None)

        def advance(done: int, total: int, what: str) -> None:
            bar.update(task, completed=done, total=total, description=what)

        yield advance


def _print(report: SweepReport) -> None:
    screen = console()
    accounts = ", ".join(report.accounts) or "no account"
    screen.print(
        f"Swept {accounts}: {report.resources:,} resources, {report.calls:,} calls, {report.seconds:.1f} s.",
        style="bold",
    )
    changes = ", ".join(f"{n:,} {kind}" for kind, n in report.changes.items() if n) or "none"
    screen.print(f"Changes: {changes}")
    print_widened(report.widened)
    held = ", ".join(f"{n:,} {severity}" for severity, n in report.open_findings.items() if n) or "none"
    screen.print(
        f"Open findings: {held}   (new {report.opened:,}, resolved {report.resolved:,}, unknown {report.unknown:,})"
    )
    if report.notifications is not None:
        told = report.notifications
        screen.print(f"Notifications: {told.sent:,} sent, {told.waiting:,} waiting, {told.dead:,} dead")
    screen.print(f"Coverage: {report.scopes_whole:,} of {report.scopes:,} scopes seen whole")
    for notice in report.notices:
        screen.print(f"  {printable(notice)}", style="yellow", markup=False)
    for account, reason in report.failed_accounts.items():
        screen.print(f"  Account {account} could not be read: {reason}", style="red", markup=False)
    _print_gaps(report)


def _print_gaps(report: SweepReport) -> None:
    if not report.gaps:
        return
    rows = _grouped(report.gaps)
    print_table(("status", "type", "where", "missing permission, or error"), rows[:SHOWN_GAPS])
    more = len(rows) - SHOWN_GAPS
    if more > 0:
        console().print(f"… and {more} more: `vigie coverage --gaps` lists them.", style="dim")
    missing = sorted({p.permission for row in report.gaps for p in row.problems if p.permission})
    if missing:
        console().print("Missing permissions: " + ", ".join(missing), markup=False)
        console().print("`vigie catalogue policy` prints the whole policy that vigie needs.", style="dim")


def _grouped(gaps: Sequence[Coverage]) -> list[tuple[str, str, str, str]]:
    """One row for the same trouble in many places."""
    places: dict[tuple[str, str, str], list[str]] = {}
    for row in gaps:
        key = (row.status.value, row.scope.type, row.missing_permission or row.error or "")
        places.setdefault(key, []).append(f"{row.scope.account} {row.scope.region}")
    return [
        (status, type_, where[0] if len(where) == 1 else f"{where[0]} and {len(where) - 1} more", why)
        for (status, type_, why), where in places.items()
    ]
