"""Values of the json, rest-json and smithy-rpc-v2-cbor protocols: a shape and a value → what json or CBOR encode."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from vigie.testing.wire.models import Shape, wire_name
from vigie.testing.wire.xml import timestamp

_BY_HEADER = ("header", "headers", "statusCode")


def structure(shape: Shape, value: Mapping[str, Any], *, binary: bool = False) -> dict[str, Any]:
    """The members that travel in the body. ``binary``: bytes and datetimes stay (CBOR); else base64 and epoch
    seconds (JSON)."""
    written: dict[str, Any] = {}
    known = shape.members
    for name, content in value.items():
        member = known.get(name)
        if member is None:
            written[name] = content
        elif member.serialization.get("location") not in _BY_HEADER:
            written[name if binary else wire_name(member, name)] = convert(member, content, binary=binary)
    return written


def convert(shape: Shape, value: Any, *, binary: bool = False) -> Any:
    """One value in the form in which it travels."""
    if value is None:
        return None
    if shape.type_name == "structure":
        return value if getattr(shape, "is_document_type", False) else structure(shape, value, binary=binary)
    if shape.type_name == "list":
        return [convert(shape.member, one, binary=binary) for one in value]
    if shape.type_name == "map":
        return {key: convert(shape.value, content, binary=binary) for key, content in value.items()}
    if binary:
        return value
    if shape.type_name == "blob":
        return base64.b64encode(value if isinstance(value, bytes) else str(value).encode()).decode()
    if shape.type_name == "timestamp" and isinstance(value, datetime):
        form = shape.serialization.get("timestampFormat", "unixTimestamp")
        return value.timestamp() if form == "unixTimestamp" else timestamp(value, form)
    return value
