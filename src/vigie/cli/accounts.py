"""The accounts that are known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from vigie.cli.output import console, print_json, print_table
from vigie.cli.session import json_option, store_options, with_app
from vigie.model import documents
from vigie.model.account import Account, Relation
from vigie.model.errors import UsageError

if TYPE_CHECKING:
    from vigie.app import App


@click.group()
def accounts() -> None:
    """The accounts that are known: own ones are watched; third parties are named, and why they are trusted."""


@accounts.command("list")
@json_option
@store_options
@with_app
def list_accounts(app: App, as_json: bool) -> None:
    """List the accounts that are known."""
    known = app.accounts()
    if as_json:
        print_json(documents.list_document(documents.account_document(account) for account in known))
        return
    rows = [
        (a.id, a.name, a.relation.value, "yes" if a.watched else "no", a.role_arn or "", ", ".join(a.regions), a.reason)
        for a in known
    ]
    columns = ("id", "name", "relation", "watched", "role", "regions", "reason")
    print_table(columns, rows, empty="No account is known yet: `vigie sweep` watches that of your credentials.")


@accounts.command("add")
@click.argument("id_", metavar="ID")
@click.option("--name", help="What people call it.")
@click.option(
    "--relation",
    type=click.Choice(["own", "third-party"]),
    default="own",
    show_default=True,
    help="What it is to us.",
)
@click.option("--role-arn", metavar="ARN", help="Role to assume to read it.")
@click.option("--external-id", help="The role's external id.")
@click.option("--region", "regions", multiple=True, help="Watch only these regions (repeatable).")
@click.option("--unwatched", is_flag=True, help="Ours, but not to be read.")
@click.option("--reason", help="Why a third party is trusted.")
@json_option
@store_options
@with_app
def add(
    app: App,
    id_: str,
    name: str | None,
    relation: str,
    role_arn: str | None,
    external_id: str | None,
    regions: tuple[str, ...],
    unwatched: bool,
    reason: str | None,
    as_json: bool,
) -> None:
    """Make an account known, or say anew what is known of it. The next sweep reads it: nothing needs a restart."""
    from pydantic import ValidationError

    from vigie.settings import AccountSettings

    try:
        checked = AccountSettings(
            id=id_, name=name, relation=relation, role_arn=role_arn, external_id=external_id, regions=regions,
            watched=relation == "own" and not unwatched, reason=reason,
        )  # fmt: skip
    except ValidationError as error:
        said = error.errors()[0]["msg"].removeprefix("Value error, ").removesuffix(", in quotes")
        raise UsageError(said + ".") from None
    added = app.add_account(checked)
    if as_json:
        print_json(documents.account_document(added))
        return
    console().print(f"Account {id_} is known.", markup=False)
    if added.watched and not added.role_arn:
        console().print(
            "It has no role (--role-arn): it is read only while vigie's own credentials are of it.", style="dim"
        )


@accounts.command("remove")
@click.argument("id_", metavar="ID")
@store_options
@with_app
def remove(app: App, id_: str) -> None:
    """Forget an account: it is unknown from now on. What was recorded of it stays."""
    app.history.accounts.remove(id_)
    console().print(f"Account {id_} is no longer known; its history stays.", markup=False)


@accounts.command("label")
@click.argument("id_", metavar="ID")
@click.option("--relation", type=click.Choice(["own", "third-party"]), help="What it is to us.")
@click.option("--name", help="What people call it.")
@click.option("--watched/--unwatched", default=None, help="Whether vigie reads it (own accounts).")
@click.option("--reason", help="Why a third party is trusted.")
@json_option
@store_options
@with_app
def label(
    app: App,
    id_: str,
    relation: str | None,
    name: str | None,
    watched: bool | None,
    reason: str | None,
    as_json: bool,
) -> None:
    """Change how a known account is labelled. A third party's is never watched."""
    held = app.history.accounts.get(id_)
    if held is None:
        raise UsageError(f"The account {id_} is not in the store: `vigie accounts add {id_}` adds it.")
    new_relation = Relation(relation) if relation else held.relation
    if watched and new_relation is not Relation.OWN:
        raise UsageError("Only own accounts are watched: give --relation own, too.")
    changed: Account = replace(
        held,
        relation=new_relation,
        name=name if name is not None else held.name,
        watched=watched if watched is not None else held.watched and new_relation is Relation.OWN,
        reason=reason if reason is not None else held.reason,
    )
    app.history.accounts.put(changed, datetime.now(UTC))
    if as_json:
        print_json(documents.account_document(changed))
        return
    console().print(f"Account {id_} is {changed.relation.value}.", markup=False)
