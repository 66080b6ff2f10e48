"""Looking at what is recorded: resources, show, history, diff, changes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from vigie.cli.credits import attribution_lines
from vigie.cli.options import explain_nothing, one_resource, page, page_options, scope_options
from vigie.cli.output import console, diff_lines, print_json, print_table, printable, verdict_lines, verdict_word, when
from vigie.cli.session import json_option, store_options, with_app
from vigie.cli.times import TIME
from vigie.model import documents
from vigie.model.attribution import Attribution
from vigie.model.change import Certainty, Change, ChangeKind, Revision, StateAt
from vigie.model.diff import diff as compute_diff
from vigie.model.errors import UsageError
from vigie.model.verdict import ChangeVerdict, Direction

if TYPE_CHECKING:
    from vigie.app import App
    from vigie.model.imported import ImportedAt


@click.command()
@click.argument("text", required=False)
@scope_options
@click.option("--tag", metavar="KEY[=VALUE]", help="Only with this tag.")
@click.option("--deleted", is_flag=True, help="Those that are gone, instead of those present.")
@page_options
@json_option
@store_options
@with_app
def resources(
    app: App,
    text: str | None,
    account: str | None,
    region: str | None,
    type_: str | None,
    tag: str | None,
    deleted: bool,
    limit: int,
    after: str | None,
    as_json: bool,
) -> None:
    """List the resources that are recorded. TEXT: part of an id, name or ARN."""
    from vigie.model.queries import ResourceFilter

    wanted = ResourceFilter(account=account, region=region, type=type_, present=not deleted, text=text, tag=tag)
    found = app.history.archive.resources(wanted, page(limit, after))
    if not found.items:
        explain_nothing(app, account=account, region=region, type_=type_)
    if as_json:
        print_json(documents.paged_document(found, documents.resource_document))
        return
    rows = [(r.account, r.region, r.type, r.id, r.name if r.name != r.id else "") for r in found.items]
    print_table(("account", "region", "type", "id", "name"), rows, empty="No resources.")
    _more(len(rows), "resources", found.next)


@click.command()
@click.argument("resource")
@click.option("--at", "at", type=TIME, help="As it was at this time (2026-11-23T10:00:00Z, or 2h for two hours ago).")
@click.option("--revision", type=click.IntRange(1), help="As it was in this revision.")
@json_option
@store_options
@with_app
def show(app: App, resource: str, at: datetime | None, revision: int | None, as_json: bool) -> None:
    """Show a resource's configuration, now or as it was. RESOURCE: an ARN, an id or a unique name."""
    if at is not None and revision is not None:
        raise UsageError("Give either --at or --revision.")
    if at is not None and _only_others_know(app, resource):
        _show_imported_only(app, resource, at, as_json)
        return
    found = one_resource(app, resource)
    assert found.pk is not None  # noqa: S101 - what the archive finds is recorded
    if at is not None:
        state = app.history.archive.state_at(found.pk, at)
        _show_state(state, found, None if state.is_known else app.history.imported.at(found, at), as_json)
        return
    held = app.history.archive.revision(found.pk, revision) if revision else app.history.archive.latest(found.pk)
    if held is None:
        raise UsageError(f"{found} has no revision {revision}: `vigie history` lists its revisions.")
    change = app.history.archive.change(held.pk) if held.pk else None
    attribution = change.attribution if change else None
    if as_json:
        document = documents.revision_document(held)
        print_json(document | {"attribution": documents.attribution_document(attribution)})
        return
    _print_revision(held, attribution)


def _only_others_know(app: App, text: str) -> bool:
    return not app.history.archive.find(text) and bool(app.history.imported.identities(text))


def _show_imported_only(app: App, text: str, at: datetime, as_json: bool) -> None:
    """Raises UsageError: several are named so, or nothing is known of that time."""
    known = app.history.imported.identities(text)
    if len(known) > 1:
        choices = "; ".join(" ".join(one) for one in known[:5])
        raise UsageError(f"{len(known)} imported resources are named {text!r}: give the ARN or id of one ({choices}).")
    imported = app.history.imported.at(text, at)
    if imported is None:
        first = app.history.imported.states(text)[-1]
        raise UsageError(
            f"Nothing is known of {text} at {when(at)}: what was imported begins at {when(first.captured_at)}."
        )
    if as_json:
        print_json(documents.imported_at_document(imported))
        return
    _print_imported(imported)


def _show_state(state: StateAt, resource: Any, imported: ImportedAt | None, as_json: bool) -> None:
    if as_json:
        print_json(state_document(state, resource, imported))
        return
    _print_certainty(state)
    if state.revision:
        _print_revision(state.revision)
    if state.next_revision:
        console().print(f"Next seen: revision {state.next_revision.number} at {when(state.next_revision.observed_at)}.")
    if imported:
        _print_imported(imported)


def _print_imported(imported: ImportedAt) -> None:
    from rich.syntax import Syntax

    screen, state = console(), imported.state
    until = f", the next at {when(imported.next_at)}" if imported.next_at else ", and nothing later"
    screen.print(
        printable(
            f"{state.source.value} recorded at {when(state.captured_at)} ({state.status}){until} [{state.origin}]:"
        ),
        style="bold",
        markup=False,
    )
    if not state.present:
        screen.print("  It was gone.", style="red")
        return
    text = json.dumps(state.configuration, indent=2, ensure_ascii=True, sort_keys=True)
    screen.print(Syntax(text, "json", background_color="default", word_wrap=True))


def _print_certainty(state: StateAt) -> None:
    style = {Certainty.EXACT: "green", Certainty.CHANGED_IN_WINDOW: "yellow", Certainty.UNKNOWN: "red"}[state.certainty]
    console().print(
        f"{when(state.asked)}: {state.certainty.value}. {printable(state.explanation)}", style=style, markup=False
    )


def state_document(state: StateAt, resource: Any, imported: ImportedAt | None = None) -> documents.Document:
    """As ``show`` without a time, with ``asked``, ``certainty``, ``explanation``, ``next``; null where unknown.

    ``imported``: what others recorded of that time, where vigie knows nothing of it.
    """
    known = documents.revision_document(state.revision) if state.revision else documents.resource_document(resource)
    if state.revision is None:
        known |= {"present": None, "revision": None, "configuration": None}
    return known | {
        "asked": documents.instant(state.asked),
        "certainty": state.certainty.value,
        "explanation": state.explanation,
        "next": documents.revision_document(state.next_revision) if state.next_revision else None,
        "imported": documents.imported_at_document(imported) if imported else None,
    }


def _print_revision(revision: Revision, attribution: Attribution | None = None) -> None:
    from rich.syntax import Syntax

    screen = console()
    resource = revision.resource
    screen.print(printable(f"{resource.type} {resource.name or resource.id}"), style="bold", markup=False)
    facts = [("id", resource.id), ("ARN", resource.arn), ("account", resource.account), ("region", resource.region)]
    after = f", changed after {when(revision.changed_after)}" if revision.changed_after else ""
    facts.append(("revision", f"{revision.number} ({revision.kind.value}), seen {when(revision.observed_at)}{after}"))
    for name, value in facts:
        screen.print(f"  {name}: {printable(value)}", markup=False)
    for line in attribution_lines(attribution, indent="  "):
        screen.print(line)
    for key, problem in sorted(revision.unreadable.items()):
        lack = f", needs {problem.permission}" if problem.permission else ""
        screen.print(f"  {key} could not be read: {problem.code}{lack}", style="yellow", markup=False)
    if revision.kind is ChangeKind.DELETED:
        screen.print("  It was gone.", style="red")
        return
    if revision.erased is not None:
        screen.print(f"  Its configuration was {printable(revision.erased.words)}.", style="yellow", markup=False)
        return
    text = json.dumps(revision.configuration, indent=2, ensure_ascii=True, sort_keys=True)
    screen.print(Syntax(text, "json", background_color="default", word_wrap=True))


@click.command()
@click.argument("resource")
@page_options
@json_option
@store_options
@with_app
def history(app: App, resource: str, limit: int, after: str | None, as_json: bool) -> None:
    """Show all that happened to a resource, newest first. RESOURCE: an ARN, an id or a unique name."""
    found = one_resource(app, resource)
    assert found.pk is not None  # noqa: S101 - what the archive finds is recorded
    changes = app.history.archive.revisions(found.pk, page(limit, after))
    imported = app.history.imported.states(found) if changes.next is None else []
    if as_json:
        told = [documents.imported_document(state) for state in imported]
        print_json(documents.paged_document(changes, documents.change_document) | {"imported": told})
        return
    for change in changes.items:
        _print_change(change)
    for state in imported:
        line = f"{when(state.captured_at)}  {state.source.value}: {state.status}  [{state.origin}]"
        console().print(printable(line), style="dim", markup=False)
    _more(len(changes.items), "revisions", changes.next, empty="No revisions.")


@click.command()
@click.argument("resource")
@click.argument("revisions", nargs=-1, type=click.IntRange(1))
@click.option("--from", "since", type=TIME, help="Its state at this time instead (2026-11-23T10:00:00Z, or 2h).")
@click.option("--to", "until", type=TIME, help="Its state at this time; without it, now.")
@json_option
@store_options
@with_app
def diff(
    app: App,
    resource: str,
    revisions: tuple[int, ...],
    since: datetime | None,
    until: datetime | None,
    as_json: bool,
) -> None:
    """Show what differs between two revisions of a resource, or between how it was at two times.

    RESOURCE: an ARN, an id or a unique name. REVISIONS: two numbers; one = against the one before; none = the last two.
    """
    if len(revisions) > 2:
        raise UsageError("Give at most two revisions: `vigie diff RESOURCE 2 5`.")
    if revisions and (since or until):
        raise UsageError("Give either revisions, or --from and --to.")
    found = one_resource(app, resource)
    assert found.pk is not None  # noqa: S101 - what the archive finds is recorded
    if since is not None or until is not None:
        _diff_of_times(app, found, since, until or datetime.now(UTC), as_json)
        return
    latest = app.history.archive.latest(found.pk)
    last = latest.number if latest else 0
    numbers = revisions if len(revisions) == 2 else (revisions[0] - 1, revisions[0]) if revisions else (last - 1, last)
    if numbers[0] < 1:
        raise UsageError(f"Revision {numbers[1]} is the first of {found}: there is none before it to compare with.")
    before, now = (_revision(app, found, number) for number in numbers)
    for held in (before, now):
        if held.erased is not None:
            raise UsageError(f"Revision {held.number} of {found} was {held.erased.words}: there is nothing to compare.")
    entries = compute_diff(before.configuration, now.configuration, app.treatment(found.type))
    if as_json:
        verdict = _verdict_between(app, before, now)
        told = {"verdict": documents.verdict_document(verdict) if verdict else None}
        print_json(documents.comparison_document(before, now, entries) | told)
        return
    screen = console()
    screen.print(printable(f"{found}: revision {before.number} → {now.number}"), style="bold", markup=False)
    for line in diff_lines(entries):
        screen.print(line)
    if not entries:
        screen.print("  No difference.")
    verdict = _verdict_between(app, before, now)
    if verdict is not None:
        for line in (verdict_word(verdict), *verdict_lines(verdict)):
            screen.print(line)


def _verdict_between(app: App, before: Revision, now: Revision) -> ChangeVerdict | None:
    """The recorded verdict, where the two are one change."""
    if now.number != before.number + 1 or now.pk is None:
        return None
    return app.history.verdicts.of([now.pk]).get(now.pk)


def _diff_of_times(app: App, resource: Any, since: datetime | None, until: datetime, as_json: bool) -> None:
    if since is None:
        raise UsageError("Give --from, the time to compare with: `vigie diff RESOURCE --from 2h`.")
    if since >= until:
        raise UsageError(f"--to ({when(until)}) must be after --from ({when(since)}).")
    before, after = (app.history.archive.state_at(resource.pk, moment) for moment in (since, until))
    unknown = next((state for state in (before, after) if not state.is_known), None)
    if unknown is not None:
        raise UsageError(f"How {resource} was at {when(unknown.asked)} is not known: {unknown.explanation}")
    for state in (before, after):
        if state.revision is not None and state.revision.erased is not None:
            words = state.revision.erased.words
            raise UsageError(f"How {resource} was at {when(state.asked)} was {words}: there is nothing to compare.")
    was, became = (state.revision.configuration if state.revision else {} for state in (before, after))
    entries = compute_diff(was, became, app.treatment(resource.type))
    if as_json:
        print_json(documents.states_comparison_document(before, after, resource, entries))
        return
    screen = console()
    screen.print(printable(str(resource)), style="bold", markup=False)
    for state in (before, after):
        _print_certainty(state)
    for line in diff_lines(entries):
        screen.print(line)
    if not entries:
        screen.print("  No difference.")


def _revision(app: App, resource: Any, number: int) -> Revision:
    held = app.history.archive.revision(resource.pk, number)
    if held is None:
        raise UsageError(f"{resource} has no revision {number}: `vigie history` lists its revisions.")
    return held


@click.command()
@click.option("--since", type=TIME, help="Not before this time (2026-11-23T10:00:00Z, or 2h for two hours ago).")
@click.option("--until", type=TIME, help="Not after this time.")
@scope_options
@click.option("--resource", metavar="RESOURCE", help="Only of this resource: an ARN, an id or a unique name.")
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice([kind.value for kind in ChangeKind]),
    help="Only these kinds; without it, all but `ephemeral` and `baseline`.",
)
@click.option("--all", "everything", is_flag=True, help="All kinds.")
@click.option("--path", metavar="PATH", help="Only where a difference is at or below this path: /Policy.")
@click.option("--value", metavar="TEXT", help="Only where an old or new value (at --path, if given) holds this text.")
@click.option(
    "--actor",
    metavar="WHO",
    help="Only what is credited to them: an ARN (user, role, session), a name, an access key, a source identity.",
)
@click.option("--widened", is_flag=True, help="Only those that gave somebody more than before: --verdict widened.")
@click.option(
    "--verdict",
    "verdicts",
    metavar="LIST",
    help=f"Only those that did this to what others may; one or several of {', '.join(Direction)}, with commas.",
)
@page_options
@json_option
@store_options
@with_app
def changes(
    app: App,
    since: datetime | None,
    until: datetime | None,
    account: str | None,
    region: str | None,
    type_: str | None,
    resource: str | None,
    kinds: tuple[str, ...],
    everything: bool,
    path: str | None,
    value: str | None,
    actor: str | None,
    widened: bool,
    verdicts: str | None,
    limit: int,
    after: str | None,
    as_json: bool,
) -> None:
    """List what changed, newest first, and whether it gave somebody more than before.

    Ephemeral changes and baselines (what the first look at an account found there) are counted, and listed with --all.
    """
    from vigie.model.queries import ChangeFilter

    if since is not None and until is not None and since >= until:
        raise UsageError(f"--until ({when(until)}) must be after --since ({when(since)}).")
    durable = tuple(kind for kind in ChangeKind if kind.durable)
    shown = tuple(ChangeKind) if everything else tuple(ChangeKind(kind) for kind in kinds) or durable
    wanted = ChangeFilter(
        since=since,
        until=until,
        account=account,
        region=region,
        type=type_,
        resource=one_resource(app, resource).pk if resource else None,
        kinds=shown,
        path=path,
        value=value,
        actor=actor,
        verdicts=_directions(verdicts, widened=widened),
    )
    found = app.history.archive.changes(wanted, page(limit, after))
    hidden = _hidden(app, wanted, shown)
    if not found.items and not hidden:
        explain_nothing(app, account=account, region=region, type_=type_)
    if as_json:
        print_json(documents.paged_document(found, documents.change_document) | {"hidden": hidden})
        return
    for change in found.items:
        _print_change(change, with_resource=True)
    if hidden:
        counts = ", ".join(f"{count:,} {kind}" for kind, count in hidden.items())
        console(stderr=True).print(f"Not shown: {counts} (--all shows them).", style="dim")
    _more(len(found.items), "changes", found.next, empty="No changes.")


def _directions(given: str | None, *, widened: bool) -> tuple[Direction, ...] | None:
    names = [name.strip() for name in (given or "").split(",") if name.strip()] + (["widened"] if widened else [])
    unknown = next((name for name in names if name not in tuple(Direction)), None)
    if unknown is not None or (given is not None and not names):
        raise UsageError(f"--verdict cannot be {given!r}: name one or several of {', '.join(Direction)}, with commas.")
    return tuple(dict.fromkeys(Direction(name) for name in names)) or None


def _hidden(app: App, wanted: Any, shown: tuple[ChangeKind, ...]) -> dict[str, int]:
    from dataclasses import replace

    counts = app.history.archive.change_counts(replace(wanted, kinds=()))
    return {kind.value: n for kind, n in counts.items() if kind not in shown and n}


def _print_change(change: Change, *, with_resource: bool = False) -> None:
    from rich.text import Text

    screen = console()
    revision = change.revision
    styles = {ChangeKind.DELETED: "red", ChangeKind.CREATED: "green", ChangeKind.RECREATED: "green"}
    line = Text(f"{when(revision.observed_at)}  ")
    line.append(f"{change.kind.value:<9}", style=styles.get(change.kind, "yellow" if change.kind.durable else "dim"))
    if with_resource:
        resource = change.resource
        line.append(f"  {resource.type} ")
        line.append(printable(resource.name or resource.id), style="bold")
        line.append(f"  {resource.account} {resource.region}", style="dim")
    line.append(f"  revision {revision.number}", style="dim")
    if change.verdict is not None:
        line.append_text(verdict_word(change.verdict))
    screen.print(line)
    if change.kind in (ChangeKind.CHANGED, ChangeKind.EPHEMERAL, ChangeKind.RECREATED):
        for entry in diff_lines(change.diff):
            screen.print(entry)
    for line in attribution_lines(change.attribution):
        screen.print(line)
    if change.verdict is not None:
        for told in verdict_lines(change.verdict):
            screen.print(told)


def _more(shown: int, what: str, cursor: str | None, *, empty: str = "") -> None:
    screen = console(stderr=True)
    if not shown and empty:
        screen.print(empty, style="dim")
    elif cursor:
        screen.print(f"{shown:,} {what} shown; go on with --after {cursor}", style="dim", markup=False)
