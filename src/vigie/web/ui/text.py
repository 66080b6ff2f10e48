"""Text of strangers made harmless to look at.

Names, tags and descriptions come from whoever may write to AWS. HTML in them is escaped by the templates; here,
characters that are not seen but change what is seen (controls, bidirectional overrides, zero-width characters) are made
visible.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from vigie.model.unseen import shown

_COMPACT: Final = 240
_PREVIEW: Final = 80
_KEPT: Final = "\n\t"
_REFERENCE: Final = re.compile(
    r"arn:aws[a-z-]*:[a-z0-9-]+:\S+"
    r"|(?:acl|ami|eipalloc|eni|fl|i|igw|key|nat|pcx|rtb|sg|snap|subnet|tgw|vol|vpc|vpce)-[0-9a-f]{8,17}"
)


def visible(text: str) -> str:
    """The text with every character that cannot be seen shown by its code (``⟨U+202E⟩``); line breaks and tabs stay."""
    return shown(text, _code, keep=_KEPT)


def _code(character: str) -> str:
    return f"⟨U+{ord(character):04X}⟩"


def one_line(text: object) -> str:
    """For names and labels: line breaks and tabs are shown by their code, too."""
    return visible(str(text)).replace("\n", _code("\n")).replace("\t", _code("\t"))


def is_reference(value: Any) -> bool:
    """Whether a value in a configuration names another resource (an ARN or an EC2 id): a link to it is useful."""
    return isinstance(value, str) and len(value) < 1024 and _REFERENCE.fullmatch(value) is not None


def pretty(value: Any) -> str:
    """A JSON value on indented lines."""
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=False)


def short(value: Any) -> str:
    """A JSON value on one line; a text without its quotes."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def compact(value: Any) -> str:
    """A JSON value on one line, cut where it is long: for lists that lead to the whole of it."""
    text = short(value)
    return text if len(text) <= _COMPACT else text[: _COMPACT - 1] + "…"


def is_long(value: Any) -> bool:
    """Whether a value is better shown on lines of its own."""
    return (isinstance(value, dict | list) and len(json.dumps(value)) > 60) or (
        isinstance(value, str) and "\n" in value
    )


def preview(value: Any) -> str:
    """What is in a configuration's inner part, on a few words: for the line that stands for it while it is closed."""
    if isinstance(value, Mapping):
        simple = {key: member for key, member in value.items() if not isinstance(member, Mapping | list)}
        words = [f"{key}: {short(member)}" for key, member in simple.items()] or [f"{key}…" for key in value]
    else:
        words = [preview(member) if isinstance(member, Mapping | list) else short(member) for member in value[:9]]
    text = ", ".join(words)
    return text if len(text) <= _PREVIEW else text[: _PREVIEW - 1] + "…"


def moment(value: datetime) -> str:
    """``2026-11-23 22:40:05`` (UTC)."""
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


_UNITS: Final = ((86_400 * 365, "y"), (86_400, "d"), (3600, "h"), (60, "min"))


def ago(value: datetime, now: datetime) -> str:
    """``3 min ago``, ``in 5 d``, ``now``: in one unit, the largest that fits."""
    passed = now - value
    distance = abs(passed)
    text = span(distance)
    if text is None:
        return "now"
    return f"{text} ago" if passed > timedelta(0) else f"in {text}"


def span(distance: timedelta) -> str | None:
    """A length of time in its largest unit; None where it is under a minute."""
    seconds = int(distance.total_seconds())
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return None


def service_of(resource_type: str) -> str:
    """``S3 Bucket`` for ``AWS::S3::Bucket``: for dense tables, with the full name in the tooltip."""
    parts = [part for part in resource_type.split("::")[1:] if part]
    return " ".join(parts) or resource_type
