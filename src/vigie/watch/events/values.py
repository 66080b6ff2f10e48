"""Reading members of which nothing is certain: not that they are there, and not of which type they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from vigie.watch.events.texts import UnreadableError, parsed

_NOTHING: Final[Mapping[str, Any]] = {}
_ACCOUNT: Final = re.compile(r"[\w*<>.-]{1,64}")
_NO_ACCOUNT: Final = frozenset({"aws", "anonymous", "anonymous_principal"})
"""What stands in the place of an account, and is none: AWS's own (managed policies), and nobody."""
_FRACTION: Final = re.compile(r"(\.\d{1,6})\d*")


def mapping(value: Any) -> Mapping[str, Any]:
    """The mapping; of a text that is JSON, what it holds; otherwise an empty one."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, str) and value.lstrip()[:1] == "{":
        try:
            found = parsed(value)
        except UnreadableError:
            return _NOTHING
        return found if isinstance(found, Mapping) else _NOTHING
    return _NOTHING


def text(value: Any) -> str | None:
    """The text, where it is one and not empty; of a whole number, its digits."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None


def account(value: Any) -> str | None:
    """An account as the record has it. As a number, it may have lost zeros at its beginning; of records that were made
    anonymous it may have another length, or letters."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = f"{value:012d}"
    if not isinstance(value, str) or value.lower() in _NO_ACCOUNT:
        return None
    return value if _ACCOUNT.fullmatch(value) else None


def account_of_arn(arn: str | None) -> str | None:
    parts = (arn or "").split(":", 5)
    return account(parts[4]) if len(parts) == 6 else None


def truth(value: Any) -> bool | None:
    """``true``, ``"true"``, ``"Yes"``; None where it is neither true nor false."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return {"true": True, "yes": True, "false": False, "no": False}.get(value.strip().lower())
    return None


def instant(value: Any) -> datetime | None:
    """A time: RFC 3339 with or without a fraction or a zone (then UTC), or seconds or milliseconds since 1970."""
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if value > 10**11 else value, UTC)
        if not isinstance(value, str):
            return None
        found = datetime.fromisoformat(_FRACTION.sub(r"\1", value.strip()))
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        return None
