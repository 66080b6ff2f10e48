"""``vigie listen``: events of CloudTrail, as they come. ``vigie events import``: those of files at hand."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from vigie.cli.output import console, print_json, print_widened, printable
from vigie.cli.session import json_option, store_options, with_app
from vigie.model.errors import ExitCode

if TYPE_CHECKING:
    from vigie.app import App

ENDING = timedelta(seconds=20)


@click.command()
@click.option("--once", is_flag=True, help="Take in what is there, read what it changed, and end.")
@json_option
@store_options
@with_app
def listen(app: App, once: bool, as_json: bool) -> int:
    """Listen for CloudTrail events, and read what they changed within seconds. Ctrl-C stops it.

    Events come from the queues, trails and LookupEvents of the settings ([events]). What they changed is recorded with
    who did it, judged, and told. `vigie up` does this too. Nothing is taken off a queue before it is recorded.
    """
    if once:
        return _once(app, as_json)
    from vigie.runtime.local import Runner, stop_on_signals

    stop = threading.Event()
    runner = Runner(app.loops_of_listening(), stop)
    with ExitStack() as ending:
        ending.enter_context(stop_on_signals(stop))
        runner.start()
        console(stderr=True).print("Listening. Ctrl-C stops it.", style="dim")
        stop.wait()
        runner.join(ENDING)
    return ExitCode.DONE


def _once(app: App, as_json: bool) -> int:
    report = app.listen_once()
    told = app.notifier.run_once(app.now(), flush=True)
    if as_json:
        print_json(report.document | {"notifications": told.sent})
    else:
        screen = console()
        known = f" ({report.duplicates:,} known already)" if report.duplicates else ""
        screen.print(f"{report.events:,} events recorded{known}, {report.passed_over:,} reads passed over.")
        screen.print(f"{report.read:,} resources read, {report.listed:,} scopes listed: {report.changes:,} changes.")
        print_widened(report.widened)
        if report.malformed:
            screen.print(f"{report.malformed:,} were no records: counted and kept aside.", style="yellow")
        if report.unread:
            screen.print(f"{report.unread:,} could not be read now: tried again.", style="yellow")
        for source, why in report.failed.items():
            screen.print(f"{printable(source)} could not be read: {printable(why)}", style="red", markup=False)
    return ExitCode.PARTIAL if report.failed or report.unread else ExitCode.DONE


@click.command("import")
@click.argument("paths", nargs=-1, required=True, metavar="FILE|DIR|-...")
@json_option
@store_options
@with_app
def import_events(app: App, paths: tuple[str, ...], as_json: bool) -> int:
    """Record the CloudTrail events of files at hand, and attribute the changes that they explain.

    FILE: in any envelope (CloudTrail's files, gzip too; EventBridge; LookupEvents; JSON lines); DIR: all files in it;
    `-`: stdin. No AWS call.
    """
    taken = app.import_events(_contents(paths))
    if as_json:
        print_json(
            {
                "events": taken.events,
                "duplicates": taken.duplicates,
                "passed_over": taken.passed_over,
                "malformed": taken.malformed,
            }
        )
    else:
        console().print(
            f"{taken.events:,} events recorded, {taken.duplicates:,} known already, {taken.passed_over:,} reads passed "
            f"over, {taken.malformed:,} were no records."
        )
    return ExitCode.PARTIAL if taken.malformed else ExitCode.DONE


def _contents(paths: tuple[str, ...]) -> Iterator[tuple[str, IO[bytes]]]:
    """Raises UsageError: a file is not there, or cannot be opened."""
    from vigie.app.listening import files_below
    from vigie.model.errors import UsageError

    for path in paths:
        if path == "-":
            yield "standard input", sys.stdin.buffer
            continue
        for file in files_below(Path(path)):
            try:
                opened = file.open("rb")
            except OSError as error:
                raise UsageError(f"{file} cannot be read: {error.strerror}.") from None
            with opened:
                yield str(file), opened


@click.command("sources")
@json_option
@store_options
@with_app
def sources(app: App, as_json: bool) -> int:
    """How each source of events is doing, how changes were attributed in the last week, and what sweeps are spared."""
    from datetime import timedelta

    from vigie.cli.output import print_table, when
    from vigie.model import documents
    from vigie.watch.calm import spared

    deliveries = app.history.events.deliveries()
    counts = app.history.attributions.counts(app.now() - timedelta(days=7))
    rare = app.calm
    saved = spared(app.history, app.catalogue.types, rare, app.settings.sweep.every) if rare else None
    if as_json:
        print_json(
            {
                "sources": [documents.plain(one) for one in deliveries],
                "attributed": {confidence.value: count for confidence, count in counts.items()},
                "spared": documents.plain(saved),
            }
        )
    else:
        rows = [
            (one.source, one.events, one.malformed, when(one.last_event_at), when(one.last_ok_at), one.error or "")
            for one in deliveries
        ]
        print_table(("source", "events", "malformed", "last event", "last read", "error"), rows, empty="No source yet.")
        if counts:
            told = ", ".join(f"{count:,} {confidence.value}" for confidence, count in counts.items())
            console().print(f"Changes of the last 7 days by how they were attributed: {told}.")
        if saved is not None and saved.scopes:
            console().print(
                f"{saved.scopes:,} of {saved.of:,} scopes are quiet and their events arrive: they are swept less "
                f"often, which spares at least {saved.calls_a_day:,} calls a day."
            )
    return ExitCode.PARTIAL if any(one.error for one in deliveries) else ExitCode.DONE
