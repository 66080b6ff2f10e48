"""Export of old revisions and events to Parquet."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vigie.cli.output import console, print_json, when
from vigie.cli.session import json_option, store_options, with_app
from vigie.cli.times import TIME

if TYPE_CHECKING:
    from vigie.app import App


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False))
@click.option("--until", type=TIME, required=True, help="What was observed before this time (2026-01-01, or 365d).")
@json_option
@store_options
@with_app
def export(app: App, folder: str, until: datetime, as_json: bool) -> None:
    """Write old revisions and events into Parquet files in DIR, for cold storage. The store keeps them.

    The files hold all that is needed to verify them without the store: `vigie verify --export DIR --key KEY`. Any tool
    that reads Parquet reads them. Needs pyarrow (pip install 'vigie[parquet]').
    """
    done = app.export(until, Path(folder))
    if as_json:
        counts = {"revisions": done.revisions, "events": done.events, "leaves": done.leaves}
        print_json({"until": when(until), **counts, "files": {name: dict(file) for name, file in done.files.items()}})
        return
    size = sum(file["bytes"] for file in done.files.values())
    console().print(
        f"{folder}: {done.revisions:,} revisions, {done.events:,} events, {done.leaves:,} leaves, {size:,} bytes.",
        markup=False,
    )
