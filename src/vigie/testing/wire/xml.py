"""XML of the ec2, query and rest-xml protocols, written from a shape and a value."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from vigie.testing.wire.models import Shape

_MARKUP = re.compile('[&<>"\r\x00-\x08\x0b\x0c\x0e-\x1f]')
_BY_HEADER = ("header", "headers", "statusCode")


def escape(text: str) -> str:
    """XML text. Control characters become references, as AWS writes them (XML 1.0 forbids them: parsers refuse the
    page)."""
    return _MARKUP.sub(lambda found: f"&#x{ord(found.group()):X};", text)


def members(shape: Shape, value: Mapping[str, Any]) -> str:
    """The members of a structure, without an element around them. Members unknown to the model are written by
    their Python type."""
    parts: list[str] = []
    known = shape.members
    for name, content in value.items():
        member = known.get(name)
        if member is None:
            parts.append(_plain(name, content))
        elif member.serialization.get("location") not in _BY_HEADER and not member.serialization.get("xmlAttribute"):
            parts.append(_member(name, member, content))
    return "".join(parts)


def element(tag: str, shape: Shape, value: Any) -> str:
    """One element for one value; None is an empty element."""
    if value is None:
        return f"<{tag}/>"
    if shape.type_name == "structure":
        return f"<{tag}{_attributes(shape, value)}>{members(shape, value)}</{tag}>"
    if shape.type_name == "list":
        inner = str(shape.member.serialization.get("name", "member"))
        return f"<{tag}>{''.join(element(inner, shape.member, one) for one in value)}</{tag}>"
    if shape.type_name == "map":
        return f"<{tag}>{_entries('entry', shape, value)}</{tag}>"
    return f"<{tag}>{escape(text(shape, value))}</{tag}>"


def _member(name: str, shape: Shape, value: Any) -> str:
    tag = str(shape.serialization.get("name", name))
    if not shape.serialization.get("flattened") or value is None:
        return element(tag, shape, value)
    if shape.type_name == "map":
        return _entries(tag, shape, value)
    tag = str(shape.member.serialization.get("name", tag))
    return "".join(element(tag, shape.member, one) for one in value)


def _entries(tag: str, shape: Shape, value: Mapping[str, Any]) -> str:
    key_tag = str(shape.key.serialization.get("name", "key"))
    value_tag = str(shape.value.serialization.get("name", "value"))
    return "".join(
        f"<{tag}>{element(key_tag, shape.key, key)}{element(value_tag, shape.value, content)}</{tag}>"
        for key, content in value.items()
    )


def _attributes(shape: Shape, value: Mapping[str, Any]) -> str:
    written = ""
    for name, member in shape.members.items():
        if member.serialization.get("xmlAttribute") and value.get(name) is not None:
            attribute = str(member.serialization["name"])
            prefix = attribute.partition(":")[0]
            written += (
                f' xmlns:{prefix}="http://www.w3.org/2001/XMLSchema-instance" {attribute}="{escape(str(value[name]))}"'
            )
    return written


def _plain(tag: str, value: Any) -> str:
    if isinstance(value, Mapping):
        return f"<{tag}>{''.join(_plain(key, content) for key, content in value.items())}</{tag}>"
    if isinstance(value, list | tuple):
        return f"<{tag}>{''.join(_plain('member', one) for one in value)}</{tag}>"
    if isinstance(value, bool):
        return f"<{tag}>{str(value).lower()}</{tag}>"
    return f"<{tag}>{escape(str(value))}</{tag}>"


def text(shape: Shape, value: Any, default_time: str = "iso8601") -> str:
    """A scalar as text (elements and headers)."""
    if shape.type_name == "boolean":
        return "true" if value else "false"
    if shape.type_name == "timestamp":
        return timestamp(value, shape.serialization.get("timestampFormat", default_time))
    if shape.type_name == "blob":
        return base64.b64encode(value if isinstance(value, bytes) else str(value).encode()).decode()
    return str(value)


def timestamp(value: Any, form: str) -> str:
    """A time in one of the protocols' forms. A value that is not a datetime is passed through."""
    if not isinstance(value, datetime):
        return str(value)
    moment = value.astimezone(UTC)
    if form == "rfc822":
        return format_datetime(moment, usegmt=True)
    if form == "unixTimestamp":
        return str(int(moment.timestamp()))
    fraction = f".{moment.microsecond // 1000:03d}" if moment.microsecond else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"
