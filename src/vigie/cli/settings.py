"""Every setting, its value and what it means."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import click
from pydantic import BaseModel

from vigie.cli.output import console, print_json, print_table
from vigie.cli.session import Session, json_option, store_options
from vigie.model.durations import format_duration
from vigie.settings import config_file, variables

SECRET_KEYS = ("password", "secret", "token", "url", "urls", "webhook")
"""Keys of a channel whose values are credentials (an Apprise or webhook URL is one)."""


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
        ("setting", "value", "meaning"), [(n, v if isinstance(v, str) else json.dumps(v), t) for n, v, t in rows]
    )
    console().print(f"File: {file}", style="dim", markup=False)


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
    if name == "database_url" and value:
        return _without_password(value)
    if isinstance(value, BaseModel):
        return {k: _shown(k, v) for k, v in value.model_dump().items() if v not in (None, (), {})}
    if isinstance(value, dict):
        return {k: "…" if k in SECRET_KEYS and isinstance(v, str) else _shown(k, v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(name, part) for part in value]
    if name == "external_id" and value:
        return "…"
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _without_password(url: str) -> str:
    from urllib.parse import urlsplit, urlunsplit

    parts = urlsplit(url)
    if parts.password is None:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", ":…@")))
