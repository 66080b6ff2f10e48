"""Text fields of pages' addresses and forms, read leniently: an odd value in an address is as if it were not there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final, TypeVar

from starlette.datastructures import FormData

from vigie.model.paging import Page
from vigie.web.config import Web

Choice = TypeVar("Choice", bound=StrEnum)
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
PERIODS: Final = (
    ("1h", "the last hour"),
    ("24h", "the last 24 hours"),
    ("7d", "the last 7 days"),
    ("30d", "the last 30 days"),
)
_LENGTHS: Final = {
    "1h": timedelta(hours=1),
    "24h": timedelta(days=1),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}


def field(values: Mapping[str, str], name: str, longest: int = 2048) -> str | None:
    """A field of an address; None where it is missing, empty, or holds what no store can."""
    found = values.get(name, "").strip()
    return found if found and len(found) <= longest and not _UNSTORABLE.search(found) else None


def form_text(form: FormData, name: str, longest: int = 4096) -> str:
    """A field of a form, without what no store can hold; empty where it is missing or is a file."""
    found = form.get(name)
    return _UNSTORABLE.sub("", found).strip()[:longest] if isinstance(found, str) else ""


def choice(values: Mapping[str, str], name: str, kind: type[Choice]) -> Choice | None:
    """A field that names a member of an enumeration; None where it names none."""
    found = values.get(name)
    return kind(found) if found in {member.value for member in kind} else None


def page_of(web: Web, values: Mapping[str, str]) -> Page:
    return Page(web.settings.page_size, field(values, "after", 8192))


def since(values: Mapping[str, str], now: datetime) -> datetime | None:
    """The begin of the period that is asked for."""
    length = _LENGTHS.get(values.get("since", ""))
    return None if length is None else now - length


def asked_time(text: str | None) -> datetime | None:
    """A time as a ``datetime-local`` field sends it (UTC by our word), or RFC 3339; None where it is none of them."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text.replace(" ", "T"))
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if 1900 < found.year < 9999 else None


def end_of_day(text: str) -> datetime | None:
    """The end of a day that a ``date`` field names (its last second, UTC); None where it is no date.

    Raises:
        ValueError: It is written like no date.
    """
    if not text:
        return None
    return datetime.combine(date.fromisoformat(text), time(23, 59, 59), UTC)


def choices(words: Iterable[StrEnum]) -> list[tuple[str, str]]:
    """Options of a select: value and words."""
    return [(word.value, word.value.replace("_", " ")) for word in words]
