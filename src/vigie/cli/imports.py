"""Taking over what others recorded, so that history starts before vigie did."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from vigie.cli.output import console, print_json, printable
from vigie.cli.session import json_option, store_options, with_app
from vigie.model.errors import ExitCode

if TYPE_CHECKING:
    from vigie.app import App

_SHOWN = 20


@click.group("import")
def imports() -> None:
    """Take over what others recorded, with its source: history that starts before vigie did."""


@imports.command("config")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@json_option
@store_options
@with_app
def config(app: App, paths: tuple[Path, ...], as_json: bool) -> int:
    """Record what AWS Config recorded. PATHS: its snapshots and history files (.json, .json.gz), or folders of them.

    They are kept beside vigie's own history, shown with their source by `vigie show --at` and `vigie history`, and
    judged by no rule. An import may be repeated. Exit code 3 where something could not be read.
    """
    report = app.import_config(paths)
    if as_json:
        print_json(
            {
                "files": report.files,
                "read": report.read,
                "recorded": report.recorded,
                "problems": report.problems,
            }
        )
    else:
        known = report.read - report.recorded
        console().print(
            f"{report.files:,} files: {report.read:,} configuration items, {report.recorded:,} of them new"
            + (f", {known:,} known already." if known else ".")
        )
        screen = console(stderr=True)
        for problem in report.problems[:_SHOWN]:
            screen.print(printable(f"Not read: {problem}"), style="yellow", markup=False)
        if len(report.problems) > _SHOWN:
            screen.print(f"and {len(report.problems) - _SHOWN:,} more (--json lists them)", style="dim")
    return ExitCode.PARTIAL if report.problems else ExitCode.DONE
