"""How the commands print: one JSON document, or text for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from vigie.model.change import DiffEntry
from vigie.model.durations import format_duration
from vigie.model.finding import Severity
from vigie.model.unseen import escaped, shown

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from vigie.model.verdict import ChangeVerdict

SEVERITY_STYLE = {
    Severity.CRITICAL: "bold white on red",
    Severity.HIGH: "bold red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
    Severity.INFORMATIONAL: "dim",
}
OP_SIGN = {"add": ("+", "green"), "remove": ("-", "red"), "replace": ("~", "yellow")}
LONGEST_VALUE = 160
"""Longer values in a diff line are cut, and say so: `--json` has them whole."""


def print_json(document: Any) -> None:
    """One JSON document on standard output, UTF-8, keys in their order."""
    click.echo(_json(document, indent=2 if sys.stdout.isatty() else None))


def print_line(document: Any) -> None:
    """One JSON document on a line of its own, written out at once: for programs that read as we write."""
    click.echo(_json(document, separators=(",", ":")))


def _json(document: Any, **how: Any) -> str:
    """As UTF-8, or in ASCII where the text could not be written so (half a surrogate pair, from a document)."""
    text = json.dumps(document, ensure_ascii=False, **how)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(document, **how)
    return text


def console(*, stderr: bool = False) -> Console:
    """A Rich console; text from AWS is printed without markup, so that a name cannot colour or hide a line."""
    from rich.console import Console

    class Screen(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # to ``run``, as with all other output; Rich would exit with 1

    return Screen(stderr=stderr, highlight=False, soft_wrap=True)


def printable(text: Any) -> str:
    """Text from AWS made harmless for a terminal: control and direction characters are shown as escapes."""
    return shown(str(text), escaped)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, empty: str = "None.") -> None:
    """A table for people; without rows, ``empty`` on standard error. A cell may be a ``rich.text.Text``."""
    if not rows:
        console(stderr=True).print(empty, style="dim", markup=False)
        return
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(
            *(cell if isinstance(cell, Text) else Text("" if cell is None else printable(cell)) for cell in row)
        )
    screen = console()
    screen.soft_wrap = False
    if not screen.is_terminal:
        screen.width = max(screen.width, 200)
    with screen.capture() as printed:
        screen.print(table)
    for line in printed.get().rstrip().splitlines():
        click.echo(line.rstrip())


def severity_text(severity: Severity) -> Any:
    from rich.text import Text

    return Text(severity.value, style=SEVERITY_STYLE[severity])


def short(value: Any) -> str:
    """A value of a configuration on one line."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = printable(text)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}… ({len(text)} characters)"


_STYLES = {"widened": "bold red", "narrowed": "green", "neutral": "dim", "unknown": "yellow"}
_SHIFTS_SHOWN = 10


def verdict_word(verdict: ChangeVerdict) -> Text:
    from rich.text import Text

    return Text(f"  {verdict.direction.value}", style=_STYLES[verdict.direction.value])


def verdict_lines(verdict: ChangeVerdict) -> Iterator[Text]:
    """What a change did to what others may: each gain (with a witness), loss and doubt."""
    from rich.text import Text

    for sign, shifts, style in (("▲", verdict.gained, "red"), ("▼", verdict.lost, "green")):
        for shift in shifts[:_SHIFTS_SHOWN]:
            doubt = "" if shift.exact else " (not certain)"
            yield Text(f"    {sign} {printable(shift.words)}{doubt}", style=style)
            if sign == "▲" and shift.witness is not None:
                yield Text(f"      witness: {printable(witness_text(shift.witness))}", style="dim")
        if len(shifts) > _SHIFTS_SHOWN:
            yield Text(f"    {sign} … and {len(shifts) - _SHIFTS_SHOWN:,} more", style=style)
    for problem in verdict.problems[:_SHIFTS_SHOWN]:
        yield Text(f"    ? {printable(problem)}", style="yellow")


def witness_text(witness: Mapping[str, Any]) -> str:
    """A request in one line: who does what to what, and with which context."""
    who = witness.get("principal")
    caller = who if isinstance(who, str) else next(iter(who.values()), "") if isinstance(who, Mapping) else ""
    if not caller or "action" not in witness:
        return json.dumps(dict(witness), ensure_ascii=False)
    context = witness.get("context") or {}
    told = ", ".join(f"{key}={value if isinstance(value, str) else ','.join(value)}" for key, value in context.items())
    return f"{caller} {witness['action']} {witness.get('resource', '')}" + (f" with {told}" if told else "")


def diff_lines(diff: Iterable[DiffEntry], indent: str = "    ") -> list[Any]:
    """A diff as lines: a sign, the path, the values. Colour only repeats what the sign says."""
    from rich.text import Text

    lines = []
    for entry in diff:
        sign, style = OP_SIGN[entry.op]
        if entry.op == "add":
            value = short(entry.new)
        elif entry.op == "remove":
            value = short(entry.old)
        else:
            value = f"{short(entry.old)} → {short(entry.new)}"
        note = "  (ephemeral)" if entry.ephemeral else ""
        lines.append(
            Text(f"{indent}{sign} {printable(entry.path)}: {value}{note}", style="dim" if entry.ephemeral else style)
        )
    return lines


def when(moment: datetime | None) -> str:
    """A time, in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ") if moment else "never"


def ago(moment: datetime, now: datetime) -> str:
    """How long since, in words."""
    elapsed = now - moment
    return "just now" if elapsed < timedelta(seconds=1) else f"{format_duration(elapsed)} ago"


def print_widened(count: int) -> None:
    """How many changes were told as widened; nothing where there was none."""
    if count:
        gave = "change gave" if count == 1 else "changes gave"
        console().print(f"{count:,} {gave} somebody more than before: `vigie changes --widened`", style="red")
