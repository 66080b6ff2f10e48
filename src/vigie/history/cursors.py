"""Cursors of pages: where a page ended, opaque to those who carry them."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import datetime
from typing import Any

from vigie.model.errors import UsageError


def encode(*key: Any) -> str:
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in key]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def decode(cursor: str, *types: type) -> tuple[Any, ...]:
    """The key, of exactly these types. Raises ``UsageError`` for what no page gave."""
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        key = tuple(_typed(value, kind) for value, kind in zip(values, types, strict=True))
    except (ValueError, TypeError, binascii.Error) as error:
        raise UsageError(f"{cursor!r} is not a cursor of this list: give back 'next' of the page before.") from error
    return key


def _typed(value: Any, kind: type) -> Any:
    if kind is datetime:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError("a time without a zone")
        return moment
    if type(value) is not kind:
        raise TypeError(f"not of type {kind.__name__}")
    return value
