"""The rules: list, show, test."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vigie.cli.options import check_type
from vigie.cli.output import console, print_json, print_table, printable, severity_text, when
from vigie.cli.session import json_option, store_options, with_app
from vigie.cli.times import TIME
from vigie.model import documents
from vigie.model.durations import format_duration
from vigie.model.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from vigie.app import App


@click.group()
def rules() -> None:
    """The rules that judge what is recorded: those that ship with vigie, and yours."""


@rules.command("list")
@click.option("--type", "type_", metavar="TYPE", help="Only those that judge this type.")
@json_option
@store_options
@with_app
def list_rules(app: App, type_: str | None, as_json: bool) -> None:
    """List the rules."""
    chosen = [rule for rule in app.rules if type_ is None or type_ in rule.applies_to]
    if type_ and not chosen:
        check_type(app, type_)
    if as_json:
        print_json(documents.list_document(documents.rule_document(rule) for rule in chosen))
        return
    rows = [(severity_text(rule.severity), rule.id, rule.title, ", ".join(rule.applies_to)) for rule in chosen]
    print_table(("severity", "rule", "title", "judges"), rows, empty="No rules.")


@rules.command("show")
@click.argument("rule_id", metavar="RULE")
@json_option
@store_options
@with_app
def show(app: App, rule_id: str, as_json: bool) -> None:
    """Show what a rule judges, why, what to do about it, and what it does not report."""
    rule = app.rules.get(rule_id)
    if as_json:
        print_json(documents.rule_document(rule))
        return
    screen = console()
    screen.print(f"{rule.id}: {rule.title}", style="bold", markup=False)
    parameters = ", ".join(f"{name} = {value!r}" for name, value in rule.parameters.items())
    parts = (
        ("Severity", rule.severity.value),
        ("Judges", ", ".join(rule.applies_to)),
        ("Looks up", ", ".join(rule.looks_up)),
        ("Parameters", parameters),
        ("Why", rule.description),
        ("Remedy", rule.remedy),
        ("Not reported", rule.not_reported),
        ("References", "\n  ".join(rule.references)),
        ("From", rule.origin),
    )
    for name, text in parts:
        if text:
            screen.print(f"{name}:", style="bold")
            screen.print("  " + text.replace("\n", "\n  "), markup=False)


@rules.command("test")
@click.argument("path", type=click.Path(exists=True, path_type=Path), required=False)
@json_option
@store_options
@with_app
def test(app: App, path: Path | None, as_json: bool) -> int:
    """Run the examples of the rules: all of them, or those below PATH. Exit code 1 where one fails."""
    tested, results = app.run_examples(path)
    failed = [result for result in results if not result.passed]
    without = sorted({rule.id for rule in tested} - {result.rule for result in results})
    if not tested:
        raise UsageError(f"There is no rule below {path}.")
    if as_json:
        rows = (
            {"rule": r.rule, "example": str(r.example), "passed": r.passed, "explanation": r.explanation}
            for r in results
        )
        print_json(documents.list_document(rows) | {"without_examples": without})
        return ExitCode.FINDINGS if failed else ExitCode.DONE
    screen = console()
    for result in failed:
        screen.print(printable(f"✗ {result.rule}: {result.example}: {result.explanation}"), style="red", markup=False)
    for rule in without:
        screen.print(f"! {rule} has no examples.", style="yellow", markup=False)
    screen.print(f"{len(results) - len(failed)} examples passed, {len(failed)} failed.")
    return ExitCode.FINDINGS if failed else ExitCode.DONE


@rules.command("backtest")
@click.argument("rule", metavar="RULE|FILE")
@click.option("--since", type=TIME, required=True, help="From this time on (2026-11-23T10:00:00Z, or 90d).")
@click.option("--until", type=TIME, help="Up to this time; without it, now.")
@click.option("--account", metavar="ID", help="Only resources of this account.")
@json_option
@store_options
@with_app
def backtest(app: App, rule: str, since: datetime, until: datetime | None, account: str | None, as_json: bool) -> None:
    """Judge recorded history by a rule: when it would have fired, on what, for how long. Findings are not touched.

    RULE: the id of a rule, or a file that holds one (.py or .toml), like a rule that you are writing.
    """
    end = until or datetime.now(UTC)
    if since >= end:
        raise UsageError(f"--until ({when(end)}) must be after --since ({when(since)}).")
    found = app.backtest(rule, since, end, account)
    if as_json:
        print_json(documents.backtest_document(found))
        return
    rows = [
        (
            when(episode.opened_at),
            when(episode.closed_at) if episode.closed_at else "",
            format_duration(episode.lasted(found.until)),
            "unknown" if episode.unknown else severity_text(episode.severity),
            episode.resource.name or episode.resource.id,
            episode.resource.account,
            episode.resource.region,
            episode.message,
        )
        for episode in found.episodes
    ]
    columns = ("opened", "closed", "for", "severity", "resource", "account", "region", "what")
    print_table(columns, rows, empty="It would not have fired.")
    on = len({episode.resource.pk for episode in found.findings})
    console(stderr=True).print(
        f"{found.rule}, {when(found.since)} to {when(found.until)}: {found.resources:,} resources in "
        f"{found.revisions:,} states: {len(found.findings):,} findings on {on:,} resources, "
        f"{sum(e.closed_at is None for e in found.findings):,} of them open at the end; "
        f"{len(found.unknown):,} times it could not have told.",
        markup=False,
    )
