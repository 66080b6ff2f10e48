"""Where notifications go, and what became of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vigie.cli.findings import one_finding
from vigie.cli.options import one_resource
from vigie.cli.output import console, print_json, print_table, printable, when
from vigie.cli.session import json_option, store_options, with_app
from vigie.model import documents
from vigie.model.change import Change, ChangeKind
from vigie.model.errors import UsageError
from vigie.model.paging import Page
from vigie.model.queries import ChangeFilter

if TYPE_CHECKING:
    from vigie.app import App
    from vigie.history.notifications import Notification


@click.group()
def routes() -> None:
    """The routes: which changes and findings go to which channels."""


@routes.command("list")
@json_option
@store_options
@with_app
def list_routes(app: App, as_json: bool) -> None:
    """List the routes and channels of the settings."""
    rows = [documents.plain(route) for route in app.routes]
    if as_json:
        print_json(documents.list_document(rows))
        return
    for route in app.routes:
        console().print(printable(f"{route.name}: → {', '.join(route.channels)}"), markup=False)
    if not rows:
        console(stderr=True).print(
            "There are no routes: docs/how-to/notifications.md shows how to write one.", style="dim"
        )


@routes.command("explain")
@click.option("--change", metavar="RESOURCE[:REVISION]", help="Explain for this change (without a revision, the last).")
@click.option("--rule", metavar="RULE", help="Explain for the finding of this rule …")
@click.option("--resource", metavar="RESOURCE", help="… on this resource.")
@click.option("--subject", help="Which one, where the rule has several findings on the resource.")
@json_option
@store_options
@with_app
def explain(
    app: App, change: str | None, rule: str | None, resource: str | None, subject: str | None, as_json: bool
) -> None:
    """Say for each route why it does, or does not, take a change or a finding.

    Without an option: for the last change that was recorded.
    """
    if rule:
        if resource is None:
            raise UsageError("Name the resource of the finding with --resource.")
        about, explanations = app.explain_routes(one_finding(app, rule, resource, subject))
    else:
        about, explanations = app.explain_routes(_change(app, change))
    if as_json:
        print_json(
            documents.list_document(documents.plain(explanation) for explanation in explanations) | {"about": about}
        )
        return
    screen = console()
    screen.print(printable(about), style="bold", markup=False)
    for explanation in explanations:
        sign, style = ("✓", "green") if explanation.matches else ("✗", "dim")
        screen.print(printable(f"  {sign} {explanation}"), style=style, markup=False)
    if not explanations:
        screen.print("There are no routes: docs/how-to/notifications.md shows how to write one.", style="dim")


def _change(app: App, named: str | None) -> Change:
    """The named change; the last durable one, where none is named.

    Raises:
        UsageError: There is no such change.
    """
    archive = app.history.archive
    if named is None:
        last = archive.changes(ChangeFilter(kinds=tuple(kind for kind in ChangeKind if kind.durable)), Page(limit=1))
        if not last.items:
            raise UsageError("No change is recorded yet.")
        return last.items[0]
    before, colon, after = named.rpartition(":")
    text, number = (before, int(after)) if colon and len(after) < 9 and after.isdigit() else (named, None)
    found = one_resource(app, text)
    latest = archive.latest(found.pk or 0)
    wanted = number or (latest.number if latest else 0)
    revision = archive.revision(found.pk or 0, wanted)
    change = archive.change(revision.pk) if revision and revision.pk is not None else None
    if change is None:
        raise UsageError(f"{found} has no revision {wanted}: `vigie history` lists its revisions.")
    return change


@routes.command("test")
@click.argument("channel")
@store_options
@with_app
def test(app: App, channel: str) -> None:
    """Send a test message to a CHANNEL of the settings."""
    app.notifier.test_channel(channel)
    console().print(f"Sent to {channel}.", markup=False)


@click.group()
def notifications() -> None:
    """Notifications: sent, waiting, dead."""


@notifications.command("list")
@click.option("--status", type=click.Choice(["pending", "sent", "dead"]), help="Only these.")
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True)
@json_option
@store_options
@with_app
def list_notifications(app: App, status: str | None, limit: int, as_json: bool) -> None:
    """List notifications, newest first."""
    rows = app.notifications(status=status, limit=limit)
    if as_json:
        print_json(documents.list_document(notification_document(row) for row in rows))
        return
    cells = [
        (r.pk, r.status.value, r.route, r.channel, when(r.created_at), r.attempts, r.last_error or "") for r in rows
    ]
    columns = ("number", "status", "route", "channel", "created", "attempts", "error")
    print_table(columns, cells, empty="No notifications.")


def notification_document(row: Notification) -> documents.Document:
    """A notification; ``payload`` is what its channel got or will get, as in docs/reference/webhook.md."""
    return {
        "number": row.pk,
        "id": row.uid,
        "status": row.status.value,
        "kind": row.kind.value,
        "route": row.route,
        "channel": row.channel,
        "attempts": row.attempts,
        "created_at": documents.instant(row.created_at),
        "next_at": documents.optional_instant(row.next_at),
        "sent_at": documents.optional_instant(row.sent_at),
        "error": row.last_error,
        "payload": documents.plain(row.payload),
    }


@notifications.command("resend")
@click.argument("numbers", nargs=-1, type=int)
@click.option("--all-dead", is_flag=True, help="All that were given up on.")
@json_option
@store_options
@with_app
def resend(app: App, numbers: tuple[int, ...], all_dead: bool, as_json: bool) -> None:
    """Try dead notifications again: those with these NUMBERS, or --all-dead."""
    count = app.resend(numbers, all_dead=all_dead)
    if count < len(set(numbers)):
        raise UsageError(
            f"{count} of {len(set(numbers))} are to be sent again; the others are not dead: "
            "`vigie notifications list --status dead` lists those that are."
        )
    if as_json:
        print_json({"resent": count})
        return
    console().print(f"{count} to be sent again: by `vigie up`, or at the end of the next `vigie sweep`.")
