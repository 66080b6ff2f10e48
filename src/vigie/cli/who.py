"""Who did it: the authors of a resource's parts, and all that somebody did."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import click

from vigie.cli.credits import attribution_lines, origin
from vigie.cli.options import one_resource, page, page_options
from vigie.cli.output import console, diff_lines, print_json, printable, when
from vigie.cli.session import json_option, store_options, with_app
from vigie.cli.times import TIME
from vigie.model import documents
from vigie.model.attribution import label
from vigie.model.blame import Blame, blame

if TYPE_CHECKING:
    from vigie.app import App
    from vigie.model.change import Change
    from vigie.model.event import Event

_TARGETS = 3


@click.command()
@click.argument("resource")
@click.option("--path", metavar="PATH", help="Only this part, what is in it and around it: /Policy, /Tags/team.")
@json_option
@store_options
@with_app
def who(app: App, resource: str, path: str | None, as_json: bool) -> None:
    """Who set each part of a resource, when, and how sure that is. RESOURCE: an ARN, an id or a unique name.

    The part `/` is all that did not change since the resource was made, or first seen.
    """
    found = one_resource(app, resource)
    parts = blame(_history(app, found.pk or 0), path)
    if as_json:
        print_json(documents.list_document(documents.blame_document(one) for one in parts))
        return
    screen = console()
    screen.print(printable(str(found)), style="bold", markup=False)
    for one in parts:
        _print_part(one)
    if not parts:
        console(stderr=True).print(f"Nothing at {path} ever changed.", style="dim", markup=False)


def _print_part(one: Blame) -> None:
    screen = console()
    revision = one.change.revision
    if one.entry is not None:
        screen.print(diff_lines([one.entry], indent="  ")[0])
    else:
        screen.print(f"  / {revision.kind.value}: all that did not change since", style="bold", markup=False)
    after = f"after {when(revision.changed_after)}, " if revision.changed_after else ""
    screen.print(f"      {after}seen {when(revision.observed_at)}  revision {revision.number}", style="dim")
    lines = attribution_lines(one.attribution, indent="      ")
    for line in lines:
        screen.print(line)
    if not lines:
        screen.print("      by: not known (no event of that time was ever seen)", style="dim")


def _history(app: App, pk: int) -> Iterator[Change]:
    """All changes of a resource, newest first."""
    cursor = None
    while True:
        read = app.history.archive.revisions(pk, page(500, cursor))
        yield from read.items
        cursor = read.next
        if cursor is None:
            return


@click.command()
@click.argument("who")
@click.option("--since", type=TIME, help="Not before this time (2026-11-23T10:00:00Z, or 2h for two hours ago).")
@click.option("--until", type=TIME, help="Not after this time.")
@page_options
@json_option
@store_options
@with_app
def actor(
    app: App,
    who: str,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    after: str | None,
    as_json: bool,
) -> None:
    """All that somebody did, newest first: their calls, failed ones too, and the changes that are credited to them.

    WHO: an ARN (of a user, a role or a session), a name, the id of an access key, a source identity. What they did in
    sessions of roles that they assumed is theirs, too.
    """
    from vigie.model.queries import ChangeFilter

    events = app.history.events.of_actor(who, since, until, page(limit, after))
    wanted = ChangeFilter(since=since, until=until, actor=who)
    changes = app.history.archive.changes(wanted, page(limit, None))
    if as_json:
        print_json(
            {
                "actor": who,
                "events": documents.paged_document(events, documents.event_document),
                "changes": documents.paged_document(changes, documents.change_document),
            }
        )
        return
    screen = console()
    for event in events.items:
        _print_event(event)
    if events.next:
        console(stderr=True).print(f"{len(events.items):,} calls shown; go on with --after {events.next}", style="dim")
    if not events.items:
        console(stderr=True).print(f"No call by {who} is recorded.", style="dim", markup=False)
    for change in changes.items:
        revision, resource = change.revision, change.resource
        confidence = change.attribution.confidence.value if change.attribution else ""
        name = printable(resource.name or resource.id)
        screen.print(
            f"{when(revision.observed_at)}  {change.kind.value}  {resource.type} {name}  "
            f"{resource.account} {resource.region}  revision {revision.number}  ({confidence})",
            style="yellow",
            markup=False,
        )


def _print_event(event: Event) -> None:
    from rich.text import Text

    line = Text(f"{when(event.at)}  ")
    line.append(event.name, style="bold")
    line.append(f"  {event.source.partition('.')[0]}  {event.account} {event.region}", style="dim")
    targets = (*event.subjects, *event.about)
    shown = ", ".join(printable(target.name or target.id) for target in targets[:_TARGETS])
    more = f" and {len(targets) - _TARGETS} more" if len(targets) > _TARGETS else ""
    line.append(f"  {shown}{more}" if shown else "")
    if event.failed:
        line.append(f"  failed: {printable(event.error_code or 'refused')}", style="red")
    line.append(f"  {printable(label(event.actor) + origin(event))}", style="dim")
    console().print(line)
