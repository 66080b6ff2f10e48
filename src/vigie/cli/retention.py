"""Retention: what would be erased, erasing it, and what was."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Any

import click

from vigie.cli.output import console, print_json, print_table, when
from vigie.cli.session import json_option, store_options, with_app
from vigie.model.errors import UsageError

if TYPE_CHECKING:
    from vigie.app import App
    from vigie.app.retaining import RetentionPlan


@click.group()
def retention() -> None:
    """What of old revisions is erased, by the policies of the settings. Nothing ever is but by `apply`."""


@retention.command("plan")
@json_option
@store_options
@with_app
def plan(app: App, as_json: bool) -> None:
    """Show what would be erased now, and how much room that makes. Nothing is."""
    planned = app.plan_retention()
    if as_json:
        print_json(_document(planned))
    else:
        _print(planned)


@retention.command("apply")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--author", default=None, help="Who does it; recorded. [default: the user of this machine]")
@json_option
@store_options
@with_app
def apply(app: App, yes: bool, author: str | None, as_json: bool) -> None:
    """Erase what `plan` shows. It cannot be undone, and is logged: what, when, by which policy, by whom.

    Of each revision its row stays, and the evidence that it was; its configuration and differences go.
    """
    planned = app.plan_retention()
    if not as_json:
        _print(planned)
    nothing = planned.revisions + planned.events == 0
    if not nothing and not yes and not click.confirm("Erase this? It cannot be undone.", err=True):
        raise UsageError("Nothing was erased.")
    erased = 0 if nothing else app.apply_retention(planned, author or getpass.getuser())
    if as_json:
        print_json(_document(planned) | {"erased": erased})
    else:
        console().print(f"Erased: {erased:,} revisions, {planned.events:,} events.")


@retention.command("log")
@json_option
@store_options
@with_app
def log(app: App, as_json: bool) -> None:
    """Show what was erased: when, by which policy, by whom."""
    from vigie.model.documents import instant

    runs = app.history.retention.runs()
    if as_json:
        print_json({"items": [{**run, "at": instant(run["at"])} for run in runs]})
        return
    rows = [(when(run["at"]), run["policy"], f"{run['parts']:,}", run["author"]) for run in runs]
    print_table(("at", "policy", "parts", "by"), rows, empty="Nothing was ever erased.")


def _document(planned: RetentionPlan) -> dict[str, Any]:
    policies = [
        {
            "policy": going.policy.name,
            "action": going.policy.action.value,
            "revisions": len(going.revisions),
            "resources": going.resources,
            "held": going.held,
            "configurations": going.blobs,
            "stored_bytes": going.stored_bytes,
        }
        for going in planned.going
    ]
    return {"policies": policies, "events": planned.events}


def _print(planned: RetentionPlan) -> None:
    rows = [
        (
            going.policy.name,
            going.policy.action.value,
            f"{len(going.revisions):,}",
            f"{going.resources:,}",
            f"{going.held:,}",
            f"{going.blobs:,}",
            f"{going.stored_bytes:,}",
        )
        for going in planned.going
    ]
    print_table(("policy", "action", "revisions", "resources", "held", "configurations", "bytes"), rows)
    if planned.events:
        console().print(f"CloudTrail events that explain no change: {planned.events:,}.")
