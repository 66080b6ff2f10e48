"""The whole estate as it was at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import click

from vigie.cli.options import explain_nothing, scope_options
from vigie.cli.output import console, print_json, print_table, printable, when
from vigie.cli.session import json_option, store_options, with_app
from vigie.cli.times import TIME
from vigie.model import documents
from vigie.model.change import Certainty
from vigie.model.errors import UsageError
from vigie.model.past import EstateAt, ResourceAt

if TYPE_CHECKING:
    from vigie.app import App

_GAPS_SHOWN = 10


@click.command()
@click.argument("text", required=False)
@click.option("--at", "at", type=TIME, required=True, help="The time (2026-11-23T10:00:00Z, or 2h for two hours ago).")
@scope_options
@click.option("--where", metavar="JMESPATH", help="Only where this JMESPath is true of the configuration.")
@click.option("--configuration", "whole", is_flag=True, help="With --json: each with its configuration.")
@click.option("--limit", type=click.IntRange(1), default=1000, show_default=True, help="At most so many.")
@click.option("--offset", type=click.IntRange(0), default=0, help="Leave out so many first.")
@json_option
@store_options
@with_app
def estate(
    app: App,
    text: str | None,
    at: datetime,
    account: str | None,
    region: str | None,
    type_: str | None,
    where: str | None,
    whole: bool,
    limit: int,
    offset: int,
    as_json: bool,
) -> None:
    """List all that was, or may have been, there at a time, with how sure that is and what had been looked at.

    TEXT: part of an id, name or ARN. No AWS call: it is answered from what is recorded.
    """
    from vigie.model.queries import ResourceFilter

    wanted = ResourceFilter(account=account, region=region, type=type_, present=None, text=text)
    asked = app.history.past.estate(wanted, at)
    if not asked.resources:
        explain_nothing(app, account=account, region=region, type_=type_)
    kept, undecided = (list(asked.resources), 0) if where is None else _where(app, asked, where)
    answered = EstateAt(asked.asked, tuple(kept), asked.coverage)
    shown: Sequence[ResourceAt] = kept[offset : offset + limit]
    if as_json:
        told: Iterator[ResourceAt] | Sequence[ResourceAt]
        told = app.history.past.with_configurations(shown) if whole else shown
        rows = (documents.resource_at_document(one, whole=whole) for one in told)
        print_json(documents.estate_at_document(answered, rows, undecided, len(kept) - offset > limit))
        return
    _print(answered, shown, undecided, len(kept) - offset - len(shown))


def _where(app: App, asked: EstateAt, expression: str) -> tuple[list[ResourceAt], int]:
    """Those of which the expression is true; and how many have no known configuration to ask.

    Raises:
        UsageError: It is no JMESPath, or cannot be computed.
    """
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        compiled = jmespath.compile(expression)
    except JMESPathError as error:
        raise UsageError(f"--where is not JMESPath: {str(error).splitlines()[0]}") from None
    kept, undecided = [], 0
    for one in app.history.past.with_configurations(asked.resources):
        if one.state.revision is None or one.state.revision.erased is not None:
            undecided += 1
            continue
        try:
            if compiled.search(one.state.revision.configuration):
                kept.append(one)
        except JMESPathError as error:
            raise UsageError(f"--where cannot be asked of {one.resource}: {str(error).splitlines()[0]}") from None
    return kept, undecided


def _print(answered: EstateAt, shown: Sequence[ResourceAt], undecided: int, more: int) -> None:
    screen = console(stderr=True)
    rows = [
        (
            one.resource.account,
            one.resource.region,
            one.resource.type,
            one.resource.name or one.resource.id,
            str(one.state.revision.number) if one.state.revision else "",
            one.presence.value,
            one.state.certainty.value,
        )
        for one in shown
    ]
    columns = ("account", "region", "type", "name", "revision", "presence", "how sure")
    print_table(columns, rows, empty="Nothing that is known.")
    counts = ", ".join(f"{answered.count(c):,} {c.value}" for c in Certainty if answered.count(c))
    screen.print(f"{when(answered.asked)}: {len(answered.resources):,} resources ({counts or 'none'}).", markup=False)
    if undecided:
        screen.print(f"Of {undecided:,} more no state is known that --where could be asked of.", style="yellow")
    _print_gaps(answered)
    if more > 0:
        screen.print(f"{more:,} more: --limit and --offset show them.", style="dim")


def _print_gaps(answered: EstateAt) -> None:
    screen = console(stderr=True)
    gaps = answered.gaps
    if not gaps:
        screen.print(f"All {len(answered.coverage):,} scopes had been looked at, before and after.", style="dim")
        return
    screen.print(
        f"{len(gaps):,} of {len(answered.coverage):,} scopes were not seen whole around then: "
        "something may have been there that nobody saw.",
        style="yellow",
    )
    for gap in gaps[:_GAPS_SHOWN]:
        looks = [f"looked at {when(gap.looked_before)}" if gap.looked_before else "never looked at before"]
        looks.append(f"next at {when(gap.looked_after)}" if gap.looked_after else "not since")
        status = f"{gap.status.value}, " if gap.status else ""
        screen.print(printable(f"  {gap.scope}: {status}{', '.join(looks)}"), style="dim", markup=False)
    if len(gaps) > _GAPS_SHOWN:
        screen.print(f"  and {len(gaps) - _GAPS_SHOWN:,} more (--json lists them)", style="dim")
