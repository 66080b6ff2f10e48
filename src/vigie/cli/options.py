"""Options that several commands share."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from vigie.cli.output import console
from vigie.model.errors import UsageError
from vigie.model.paging import Page
from vigie.model.scope import GLOBAL

if TYPE_CHECKING:
    from vigie.app import App
    from vigie.model.resource import Resource

F = TypeVar("F", bound=Callable[..., Any])


def scope_options(command: F) -> F:
    """``--account``, ``--region``, ``--type``."""
    for option in (
        click.option("--type", "type_", metavar="TYPE", help="Only this resource type (AWS::S3::Bucket)."),
        click.option("--region", metavar="REGION", help="Only this region (`global` for what has none)."),
        click.option("--account", metavar="ID", help="Only this account."),
    ):
        command = option(command)
    return command


def page_options(command: F) -> F:
    """``--limit``, ``--after``."""
    for option in (
        click.option("--after", metavar="CURSOR", help="Go on after the cursor that an earlier call gave as `next`."),
        click.option("--limit", type=click.IntRange(1, 1000), default=1000, show_default=True, help="At most so many."),
    ):
        command = option(command)
    return command


def explain_nothing(
    app: App,
    *,
    account: str | None = None,
    region: str | None = None,
    type_: str | None = None,
    rule: str | None = None,
) -> None:
    """Where a filter let nothing through: a mistake in it is told, so that it is not taken for an answer.

    Raises:
        UsageError: A type or rule that does not exist, or what cannot be an account or a region.
    """
    from vigie.model.account import is_account
    from vigie.settings import is_region

    if account is not None and not is_account(account):
        raise UsageError(f"{account!r} is not an AWS account id: write its 12 digits.")
    if region is not None and region != GLOBAL and not is_region(region):
        raise UsageError(f"{region!r} is not an AWS region: write one like eu-west-1, or {GLOBAL}.")
    if type_ is not None:
        check_type(app, type_)
    if rule is not None:
        app.rules.get(rule)
    looked = app.history.archive.coverage(account=account, region=region)
    if (account or region) and not looked:
        where = " in ".join(part for part in (region, account) if part)
        console(stderr=True).print(f"Nothing was ever looked at in {where}.", style="dim", markup=False)


def check_type(app: App, type_: str) -> None:
    """Raises UsageError: there is no such resource type, neither declared nor recorded."""
    recorded = {row.scope.type for row in app.history.archive.coverage(type=type_)}
    if type_ in recorded or type_ in app.catalogue.types:
        return
    near = difflib.get_close_matches(type_, app.catalogue.types, 1)
    hint = f"did you mean {near[0]}?" if near else "`vigie catalogue list` lists them."
    raise UsageError(f"There is no resource type {type_}: {hint}")


def page(limit: int, after: str | None) -> Page:
    return Page(limit=limit, after=after)


def one_resource(app: App, text: str) -> Resource:
    """The resource that a user named by ARN, id or unique name.

    Raises:
        UsageError: none, or several.
    """
    found = app.history.archive.find(text)
    present = [resource for resource in found if resource.present] or found
    if len(present) == 1:
        return present[0]
    if not present:
        raise UsageError(f"No recorded resource has the ARN, id or name {text!r}: `vigie resources` lists them.")
    choices = "; ".join(str(resource) for resource in present[:5])
    more = f"; and {len(present) - 5} more" if len(present) > 5 else ""
    raise UsageError(f"{len(present)} resources are named {text!r}: give the ARN or id of one ({choices}{more}).")
