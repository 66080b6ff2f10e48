"""Every setting, its value and what it means."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel

from vigie.cli.output import console, print_json, print_table
from vigie.cli.session import Session, json_option, store_options
from vigie.model.durations import format_duration
from vigie.notify.channel_settings import without_secrets
from vigie.settings import config_file, variables


@click.command()
@json_option
@store_options
@click.pass_obj
def settings(session: Session, as_json: bool) -> None:
    """Show every setting, its value and what it means.

    They come from one TOML file and VIGIE_* variables; a nested key has two underscores: VIGIE_SWEEP__THREADS=8.
    """
    import os

    held = session.settings
    file = session.options.get("config") or str(config_file(os.environ))
    rows = list(_rows(held))
    if as_json:
        print_json(
            {
                "file": file,
                "settings": {name: {"value": value, "description": text} for name, value, text in rows},
                "variables": variables(),
            }
        )
        return
    print_table(
        ("setting", "value", "meaning"),
        [(n, v if isinstance(v, str) else json.dumps(v, ensure_ascii=False), t) for n, v, t in rows],
    )
    there = "" if Path(file).exists() else " (there is none)"
    console().print(f"File: {file}{there}", style="dim", markup=False)


def _rows(model: BaseModel, prefix: str = "") -> Iterator[tuple[str, Any, str]]:
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from _rows(value, f"{prefix}{name}.")
        else:
            yield prefix + name, _shown(name, value), field.description or ""


def _shown(name: str, value: Any) -> Any:
    if hasattr(value, "total_seconds"):
        return format_duration(value)
    if name == "channels":
        return {channel: without_secrets(table) for channel, table in value.items()}
    if isinstance(value, str) and "://" in value:
        return without_password(value)
    if isinstance(value, BaseModel):
        return {k: _shown(k, v) for k, v in value.model_dump().items() if v not in (None, (), {})}
    if isinstance(value, dict):
        return {k: _shown(k, v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(name, part) for part in value]
    if name == "external_id" and value:
        return "…"
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def without_password(url: str) -> str:
    """``postgresql://me:…@host/name``: whatever it is, nothing between ``//`` and the last ``@`` but the user stays.

    A password in the query (``?password=``) is hidden, too.
    """
    url = re.sub(r"(?<=[?&])((?:ssl)?password|passfile)=[^&]*", r"\1=…", url)
    return re.sub(r"//([^:/@]*):.*@", r"//\1:…@", url)
