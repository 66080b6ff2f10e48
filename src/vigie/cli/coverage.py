"""What could be seen and what could not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from vigie.cli.options import explain_nothing, scope_options
from vigie.cli.output import console, print_json, print_table, when
from vigie.cli.session import json_option, store_options, with_app
from vigie.model import documents
from vigie.model.errors import ExitCode
from vigie.model.scope import Coverage, Outcome

if TYPE_CHECKING:
    from vigie.app import App


@click.command()
@scope_options
@click.option(
    "--status", type=click.Choice([o.value for o in Outcome if o is not Outcome.NOT_FOUND]), help="Only these."
)
@click.option("--gaps", is_flag=True, help="Only what could not be seen whole.")
@json_option
@store_options
@with_app
def coverage(
    app: App, account: str | None, region: str | None, type_: str | None, status: str | None, gaps: bool, as_json: bool
) -> int:
    """Show what could be seen and what could not, and why.

    Exit code 3 where something could not be seen.
    """
    wanted = Outcome(status) if status else None
    rows = app.history.archive.coverage(account=account, region=region, type=type_)
    shown = [row for row in rows if (not gaps or row.is_gap) and wanted in (None, row.status)]
    partial = any(row.is_gap for row in shown)
    if not rows:
        explain_nothing(app, account=account, region=region, type_=type_)
    if as_json:
        print_json(documents.list_document(documents.coverage_document(row) for row in shown))
    else:
        _print(shown, of=rows)
    return ExitCode.PARTIAL if partial else ExitCode.DONE


def _print(rows: Sequence[Coverage], *, of: Sequence[Coverage]) -> None:
    cells = [
        (
            row.scope.account,
            row.scope.region,
            row.scope.type,
            row.status.value,
            when(row.since),
            when(row.last_ok),
            row.missing_permission or row.error or "",
        )
        for row in rows
    ]
    columns = ("account", "region", "type", "status", "since", "last whole", "missing permission, or error")
    print_table(columns, cells, empty="None such." if of else "Nothing was looked at yet: `vigie sweep` does.")
    if of:
        whole = sum(row.status is Outcome.COMPLETE for row in of)
        console().print(f"{whole:,} of {len(of):,} scopes were seen whole.", style="dim")
