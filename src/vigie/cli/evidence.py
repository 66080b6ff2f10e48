"""Evidence: verify what is recorded, signed heads and their anchors, keys."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vigie.cli.options import one_resource
from vigie.cli.output import console, print_json, print_table, printable, when
from vigie.cli.session import json_option, store_options, with_app
from vigie.cli.times import TIME
from vigie.model.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from vigie.app import App
    from vigie.history.anchored import AnchorState
    from vigie.model.bundle import Shown
    from vigie.model.notes import Checkpoint
    from vigie.model.verification import Verified

SHOWN_HEADS = 10


@click.command()
@click.option("--incremental", is_flag=True, help="Only what came since the last verification that found nothing.")
@click.option(
    "--consistency",
    metavar="FILE|SIZE:ROOT",
    help="That the log begins with these heads: an anchor file, a signed head, or a size and root.",
)
@click.option(
    "--bundle",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="This evidence bundle instead of the store (`-` = standard input).",
)
@click.option("--export", type=click.Path(file_okay=False), metavar="DIR", help="This export instead of the store.")
@click.option(
    "--key", "keys", multiple=True, metavar="KEY|FILE", help="With --bundle or --export: the keys that are trusted."
)
@json_option
@store_options
@with_app
def verify(
    app: App,
    incremental: bool,
    consistency: str | None,
    bundle: str | None,
    export: str | None,
    keys: tuple[str, ...],
    as_json: bool,
) -> int:
    """Verify that nothing that is recorded was rewritten, removed, slipped in, or brought back from an old copy.

    Every configuration is hashed again, every row's leaf is made again, and compared with the evidence log, its signed
    heads and their anchors. What is wrong is named.

    With --bundle or --export, nothing but the files and the keys is looked at: no store, no network. Without --key, the
    keys of this machine's own log are trusted.

    Exit codes: 0 all is as it was committed, 1 something is not, 3 something could not be looked at (an anchor).
    """
    if bundle is not None:
        if incremental or consistency:
            raise UsageError("--bundle looks at the file alone: leave --incremental and --consistency out.")
        return _verify_bundle(app, bundle, keys, as_json)
    if export is not None:
        if incremental or consistency:
            raise UsageError("--export looks at the files alone: leave --incremental and --consistency out.")
        return _verify_export(app, export, keys, as_json)
    if keys:
        raise UsageError("--key goes with --bundle and --export: the keys of the store's own log are pinned beside it.")
    return _told(app.verify(incremental=incremental, consistency=consistency), as_json)


def _told(found: Verified, as_json: bool) -> int:
    from vigie.model.verification import verified_document

    if as_json:
        print_json(verified_document(found))
    else:
        _print_verified(found)
    if not found.sound:
        return ExitCode.FINDINGS
    return ExitCode.PARTIAL if found.unreachable else ExitCode.DONE


def _verify_bundle(app: App, file: str, keys: tuple[str, ...], as_json: bool) -> int:
    from vigie.app.signing import checked_bundle
    from vigie.model.bundle import BundleError

    pins = _pins(app, keys)
    try:
        shown, head = checked_bundle(_read(file), pins)
    except BundleError as error:
        why = str(error)
        if as_json:
            print_json({"sound": False, "defects": [{"part": "bundle", "name": file, "why": why}]})
        else:
            console().print(f"Not proven: {printable(why)}.", style="bold red", markup=False)
        return ExitCode.FINDINGS
    if as_json:
        print_json(_shown_document(shown, head))
    else:
        _print_shown(shown, head)
    return ExitCode.DONE


def _pins(app: App, keys: tuple[str, ...]) -> list[Any]:
    from vigie.app.signing import pinned

    return [pin for given in keys for pin in pinned(given)] if keys else list(app.pinned_keys())


def _verify_export(app: App, folder: str, keys: tuple[str, ...], as_json: bool) -> int:
    from vigie.app.exporting import verify_export

    return _told(verify_export(Path(folder), _pins(app, keys)), as_json)


def _read(file: str) -> str:
    try:
        with click.open_file(file, encoding="utf-8") as opened:
            return str(opened.read())
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise UsageError(f"The bundle {file} cannot be read ({reason}).") from None


def _shown_document(shown: Shown, head: Checkpoint) -> dict[str, Any]:
    from vigie.model.documents import instant

    return {
        "sound": True,
        "resource": dict(shown.resource),
        "asked": instant(shown.asked),
        "certainty": shown.certainty,
        "explanation": shown.explanation,
        "revision": shown.revision,
        "kind": shown.kind,
        "observed_at": instant(shown.observed_at) if shown.observed_at else None,
        "next_seen": instant(shown.next_seen) if shown.next_seen else None,
        "coverage": list(shown.coverage),
        "configuration": shown.configuration,
        "head": {"size": head.size, "root": head.root.hex(), "signed_at": instant(head.at)},
    }


def _print_shown(shown: Shown, head: Checkpoint) -> None:
    screen = console()
    about = shown.resource
    screen.print("Proven: nothing in it was changed since it was committed.", style="green")
    named = f"{about['type']} {about['id']} in {about['account']} {about['region']}"
    screen.print(printable(named), style="bold", markup=False)
    screen.print(f"At {when(shown.asked)}: {shown.certainty}. {printable(shown.explanation)}", markup=False)
    if shown.revision is not None:
        seen = f"Revision {shown.revision} ({shown.kind}), observed {when(shown.observed_at)}."
        screen.print(seen if shown.next_seen is None else f"{seen} The next was observed {when(shown.next_seen)}.")
    for sentence in shown.coverage:
        screen.print(f"Coverage: {sentence}.", markup=False)
    screen.print(f"Head of {head.size:,} leaves, signed {when(head.at)}; root {head.root.hex()}.", style="dim")
    if shown.configuration is not None:
        click.echo(json.dumps(shown.configuration, indent=2, sort_keys=True))


@click.command()
@click.argument("resource")
@click.option("--at", "at", type=TIME, default="now", help="As it was at this time (2026-11-23T10:00:00Z, or 2h).")
@click.option("--output", type=click.Path(dir_okay=False), metavar="FILE", help="Where it is written.")
@store_options
@with_app
def evidence(app: App, resource: str, at: datetime, output: str | None) -> None:
    """Write evidence of how a resource was at a time: one file that `vigie verify --bundle` checks anywhere.

    RESOURCE: an ARN, an id or a unique name. The file holds the configuration, its proofs, what was looked at then and
    a signed head (which is signed now, where there is news). Whoever checks it needs nothing but the public key.
    """
    found = one_resource(app, resource)
    state, text = app.evidence(found.pk or 0, at)
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        Path(output).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{output} cannot be written ({error.strerror}).") from None
    words = f"{output}: {found} at {when(at)}, {state}. Check it with: vigie verify --bundle {output}"
    console(stderr=True).print(printable(words), markup=False)


def _print_verified(found: Verified) -> None:
    screen = console()
    rows = ", ".join(f"{n:,} {_plural(kind, n)}" for kind, n in found.rows.items()) or "no rows"
    part = f" (those after {found.since:,})" if found.since else ""
    screen.print(f"Evidence log: {found.leaves:,} leaves{part}, {found.tiles:,} tiles, {found.heads:,} heads.")
    screen.print(f"Verified: {rows}; {found.configurations:,} configurations; {found.signatures:,} signatures.")
    if found.anchors:
        screen.print(f"Anchored heads that agree: {found.anchors:,}.")
    if found.erased:
        screen.print(f"Erased by retention, as logged: {found.erased:,} revisions.")
    if found.root:
        screen.print(f"Root: {found.root.hex()}", style="dim")
    for sentence in _limits(found):
        screen.print(sentence, style="yellow", markup=False)
    if found.sound:
        screen.print("All is as it was committed.", style="green")
        return
    screen.print(f"{len(found.defects):,} not as committed:", style="bold red")
    for defect in found.named():
        screen.print(f"  {defect.part}: {printable(defect.name)}: {printable(defect.why)}", style="red", markup=False)


def _limits(found: Verified) -> list[str]:
    """What this verification does not show."""
    told = []
    if found.waiting:
        told.append(f"{found.waiting:,} leaves wait for their place in the log (PostgreSQL; within seconds).")
    if found.unsigned:
        told.append(f"{found.unsigned:,} leaves came after the last signed head: they may still be rewritten unseen.")
    if found.unproven_runs:
        told.append(f"{found.unproven_runs:,} runs of looks grew since the last sheet of coverage.")
    told += [
        f"{n:,} {_plural(kind, n)} are older than the log: nothing proves them." for kind, n in found.before.items()
    ]
    return told + found.notices


def _plural(kind: str, count: int) -> str:
    return kind if count == 1 or (kind.startswith("coverage ") and not kind.endswith("sheet")) else f"{kind}s"


@click.command()
@click.option("--sign", is_flag=True, help="Sign a head now, if there is news, and put it into the anchors.")
@click.option("--policy", is_flag=True, help="Print the IAM policy that S3 anchors and the key in KMS need.")
@json_option
@store_options
@with_app
def heads(app: App, sign: bool, policy: bool, as_json: bool) -> int:
    """Show the signed heads of the evidence log, and how its anchors and its key in KMS are doing.

    Exit code 3 where an anchor does not have the last head, or the key did not sign the last time.
    """
    from vigie.app.anchors import anchor_document

    if policy:
        print_json(app.evidence_policy())
        return ExitCode.DONE
    if sign:
        app.prove()
    found = app.history.log.heads()
    states = {state.name: state for state in app.anchor_states()}
    behind = [n for n in app.anchors if found and (n not in states or states[n].anchored_size != found[-1].size)]
    key, signing = app.settings.evidence.kms_key, app.signing_state()
    code = ExitCode.PARTIAL if behind or (signing and signing.error) else ExitCode.DONE
    if as_json:
        anchors = [_anchor_document(name, states.get(name)) for name in app.anchors]
        kms = None if key is None else _anchor_document(key, signing)
        print_json({"items": [anchor_document(head) for head in found], "anchors": anchors, "kms_key": kms})
        return code
    rows = [(when(h.at), f"{h.size:,}", h.root.hex()) for h in found[-SHOWN_HEADS:]]
    print_table(("signed", "leaves", "root"), rows, empty="No head was signed yet: --sign does, and every sweep.")
    if len(found) > SHOWN_HEADS:
        console().print(f"The last {SHOWN_HEADS} of {len(found):,}; --json has all.", style="dim")
    cells = []
    for name in app.anchors:
        state = states.get(name)
        size = f"{state.anchored_size:,}" if state and state.anchored_size is not None else "none"
        cells.append((name, size, when(state.anchored_at) if state else "never", (state and state.error) or ""))
    if cells:
        print_table(("anchor", "leaves", "taken", "last error"), cells)
    else:
        console(stderr=True).print("No anchor is set: [[evidence.anchors]] in the settings.", style="dim", markup=False)
    if key is not None:
        _print_signing(key, signing)
    return code


def _print_signing(key: str, state: AnchorState | None) -> None:
    screen = console()
    if state is None:
        screen.print(f"Signed by {key} in KMS, which was not tried yet.", style="dim", markup=False)
    elif state.error is None:
        screen.print(f"Signed by {key} in KMS.", style="dim", markup=False)
    else:
        last = f"signed last {when(state.anchored_at)}" if state.anchored_at else "has never signed"
        words = f"The key {key} in KMS {last}, and fails ({state.failures} times): {state.error}"
        screen.print(printable(words), style="yellow", markup=False)


def _anchor_document(name: str, state: Any) -> dict[str, Any]:
    from vigie.model.documents import instant

    if state is None:
        return {"name": name, "size": None, "at": None, "failures": 0, "error": None}
    at = instant(state.anchored_at) if state.anchored_at else None
    return {"name": name, "size": state.anchored_size, "at": at, "failures": state.failures, "error": state.error}


@click.group()
def keys() -> None:
    """The keys that sign the heads of the evidence log."""


@keys.command("show")
@json_option
@store_options
@with_app
def show_keys(app: App, as_json: bool) -> None:
    """Show the public keys: what to pin on another machine. The first call makes the key.

    `vigie verify --bundle FILE --key KEY` takes one of them, or this command's --json output as a file.
    """
    from vigie.app.signing import keys_document

    entries = app.log_keys()
    if as_json:
        print_json(keys_document(entries))
        return
    rows = [(when(entry.at), f"{entry.since:,}", str(entry.key)) for entry in entries]
    print_table(("since", "from leaf", "public key"), rows)


@keys.command("rotate")
@click.option("--yes", is_flag=True, help="Do not ask.")
@store_options
@with_app
def rotate(app: App, yes: bool) -> None:
    """Replace the key: a new one signs from now on, and the old one signs that it does.

    The new one is that of the settings where they name one in AWS KMS (evidence.kms_key), else it is made on this
    machine. An old secret key on this machine is removed.
    """
    if not yes and not click.confirm("Replace the key that signs the heads of the evidence log?"):
        raise UsageError("Nothing was changed.")
    entry = app.rotate_key()
    app.prove()
    click.echo(str(entry.key))
