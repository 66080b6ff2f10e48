"""Generates docs/reference from declarations; ``--check`` fails where a page is not what it would be.

Pages: commands (from Click), settings, exit codes, catalogue, rules.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from vigie.model.durations import format_duration

REFERENCE = Path(__file__).parent.parent / "docs" / "reference"
GENERATED = "<!-- Made by `make docs`; do not edit. -->\n"
MARK = "<!-- Made by "
"""How every generated page begins."""


def pages() -> dict[str, str]:
    """Every generated page: path below docs/reference → Markdown."""
    from vigie.catalogue import reference as catalogue
    from vigie.rules import reference as rules

    own = {"commands.md": commands(), "settings.md": settings(), "exit-codes.md": exit_codes()}
    found = {name: GENERATED + text.strip() + "\n" for name, text in own.items()}
    found |= {f"catalogue/{name}": text for name, text in catalogue.pages().items()}
    found |= {f"rules/{name}": text for name, text in rules.pages().items()}
    return found


def commands() -> str:
    """Every command with its help, as the terminal shows it."""
    from vigie.cli.main import vigie

    parts = ["# Commands", "Each command also takes `--config`, `--data-dir`, `--database-url` and `--help`."]
    with click.Context(vigie, info_name="vigie") as context:
        parts += list(_command_pages(vigie, context))
    return "\n\n".join(parts)


def _command_pages(command: click.Command, context: click.Context) -> Iterator[str]:
    if context.parent is not None:
        shown = command.get_help(context)
        yield f"## `{context.command_path}`\n\n```text\n{shown}\n```"
    if not isinstance(command, click.Group):
        return
    for name in command.list_commands(context):
        child = command.get_command(context, name)
        if child is None:
            raise LookupError(name)
        with click.Context(child, info_name=name, parent=context, max_content_width=100, terminal_width=100) as below:
            yield from _command_pages(child, below)


def settings() -> str:
    """Every setting with its variable, default and meaning."""
    from vigie.settings import Settings, variables

    known = set(variables())
    parts = [
        "# Settings",
        "One TOML file (`--config`, `VIGIE_CONFIG`, or `vigie.toml` in the platform's configuration directory) and"
        " `VIGIE_*` variables, which are stronger. An unknown key is an error. Durations are written `90s`, `15m`,"
        " `1h`, `7d`.",
        "\n".join(
            ["| setting | variable | default | meaning |", "|---|---|---|---|", *_setting_rows(Settings, "", known)]
        ),
    ]
    for name, table in _tables(Settings):
        rows = _setting_rows(table, "", set())
        heading = f"## One of `[[{name}]]`\n\n{(table.__doc__ or '').strip()}"
        parts.append("\n".join([heading, "", "| key | variable | default | meaning |", "|---|---|---|---|", *rows]))
    return "\n\n".join(parts)


def _setting_rows(model: type[BaseModel], prefix: str, known: set[str]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        annotation: Any = field.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from _setting_rows(annotation, f"{prefix}{name}.", known)
            continue
        variable = "VIGIE_" + (prefix + name).upper().replace(".", "__")
        default = "required" if field.is_required() else _default(name, field.default)
        shown = f"`{variable}`" if variable in known else ""
        yield f"| `{prefix}{name}` | {shown} | {default} | {field.description or ''} |"


def _default(name: str, value: Any) -> str:
    if name == "data_dir":
        return "the platform's data directory"
    if hasattr(value, "total_seconds"):
        return f"`{format_duration(value)}`"
    if value in (None, (), {}) or value is PydanticUndefined:
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _tables(model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    for name, field in model.model_fields.items():
        for argument in getattr(field.annotation, "__args__", ()):
            if isinstance(argument, type) and issubclass(argument, BaseModel):
                yield name, argument


def exit_codes() -> str:
    """What each exit code says."""
    rows: Mapping[int, str] = {
        0: "Done.",
        1: "There are findings at or above `--fail-on`; or `rules test`, `catalogue verify`, `verify` found a defect.",
        2: "Wrong usage: an option, or a resource that is not recorded.",
        3: "Done in part: something could not be seen. `vigie coverage --gaps` says what, and which permission lacks.",
        4: "Settings, credentials or the store: one sentence on standard error says what to do.",
        5: "An error inside vigie. Nothing that was recorded is lost; a report is written, and its path is printed.",
        130: "Stopped by Ctrl-C.",
    }
    lines = [
        "# Exit codes",
        "",
        "| code | meaning |",
        "|---|---|",
        *(f"| {code} | {text} |" for code, text in rows.items()),
    ]
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    wanted = pages()
    folders = [REFERENCE / "catalogue", REFERENCE / "rules"]
    present = {
        str(path.relative_to(REFERENCE))
        for path in REFERENCE.rglob("*.md")
        if path.read_text(encoding="utf-8").startswith(MARK)
    }
    stale = [name for name, text in wanted.items() if _read(REFERENCE / name) != text]
    surplus = sorted(present - set(wanted))
    if "--check" in arguments:
        for name in (*stale, *surplus):
            print(f"docs/reference/{name} is not what the declarations say: run `make docs`", file=sys.stderr)  # noqa: T201
        return 1 if stale or surplus else 0
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    for name in surplus:
        (REFERENCE / name).unlink()
    for name in stale:
        (REFERENCE / name).parent.mkdir(parents=True, exist_ok=True)
        (REFERENCE / name).write_text(wanted[name], encoding="utf-8")
    print(f"{len(wanted)} pages, {len(stale)} written, {len(surplus)} removed")  # noqa: T201
    return 0


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
