"""Times in answers, read quickly: botocore's own parser takes up to three quarters of the reading of a page."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

from botocore.utils import parse_timestamp

from vigie.model.canonical import instant_text

_CANONICAL: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_ISO: Final = re.compile(r"\d{4}-\d\d-\d\dT")


def read_timestamp(value: Any) -> str:
    """A time in any of AWS's spellings → RFC 3339 in UTC, ``2026-01-02T03:04:05Z`` (a fraction only if it is not zero).

    A text and not a datetime, because that is how configurations hold times. A time without a zone is UTC.
    """
    if isinstance(value, str):
        if _CANONICAL.fullmatch(value):
            return value
        if _ISO.match(value):
            try:
                return canonical_time(datetime.fromisoformat(value))
            except ValueError:
                pass
    elif isinstance(value, int | float):
        return canonical_time(datetime.fromtimestamp(value, UTC))
    parsed: datetime = parse_timestamp(value)
    return canonical_time(parsed)


def canonical_time(moment: datetime) -> str:
    """As configurations hold times; one without a zone is UTC."""
    return instant_text(moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment)
