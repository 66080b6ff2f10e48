"""The users of the page: who there is, and a new password for one who is locked out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from vigie.cli.output import console, print_json, print_table
from vigie.cli.session import json_option, store_options, with_app
from vigie.model import documents

if TYPE_CHECKING:
    from vigie.app import App


@click.group()
def users() -> None:
    """The users of the page. Administrators add and remove them there."""


@users.command("list")
@json_option
@store_options
@with_app
def list_users(app: App, as_json: bool) -> None:
    """List the users."""
    rows = app.history.users.all()
    if as_json:
        shown = (
            {"name": user.name, "role": user.role.value, "disabled": user.disabled_at is not None} for user in rows
        )
        print_json(documents.list_document(shown))
        return
    print_table(("name", "role", "disabled"), [(u.name, u.role.value, "yes" if u.disabled_at else "no") for u in rows])
    if not rows:
        console(stderr=True).print("There are no users yet: the first `vigie up` makes one.", style="dim")


@users.command("reset")
@click.argument("name")
@store_options
@with_app
def reset(app: App, name: str) -> None:
    """Give a user a new one-time password; all of his sessions end."""
    from vigie.web.auth.first import reset_password

    login = reset_password(app.history, name, datetime.now(UTC))
    screen = console()
    screen.print(f"  user: {login.name}\n  one-time password: {login.password}", markup=False)
    screen.print("  A password of their own is chosen at the next login.", style="dim")
