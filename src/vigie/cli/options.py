"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from vigie.model.errors import UsageError
from vigie.model.paging import Page

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
    choices = "; ".join(str(resource.arn or f"{resource.type} {resource.id}") for resource in present[:5])
    more = f"; and {len(present) - 5} more" if len(present) > 5 else ""
    raise UsageError(f"{len(present)} resources are named {text!r}: give the ARN or id of one ({choices}{more}).")
