"""Times as people type them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from vigie.model.durations import parse_duration


class Time(click.ParamType[datetime]):
    """A time: RFC 3339 (``2026-11-23T10:00:00Z``), a date, or a duration before now (``2h``). Without a zone: UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        text = str(value).strip()
        if text == "now":
            return datetime.now(UTC)
        try:
            return datetime.now(UTC) - parse_duration(text)
        except ValueError:
            pass  # not a duration: then it must be a time
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            self.fail(
                f"{text!r} is not a time: write one like 2026-11-23T10:00:00Z, 2026-11-23, or 2h for two hours ago."
            )
        try:
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except OverflowError:
            self.fail(f"{text!r} is no time that vigie can tell: years go from 1 to 9999.")


TIME = Time()
