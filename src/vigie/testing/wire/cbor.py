"""CBOR (RFC 8949), as much as the Smithy RPC v2 protocol uses: writing answers, reading requests."""

from __future__ import annotations

import struct
from datetime import datetime
from typing import Any

_EPOCH_TAG = b"\xc1"


def dumps(value: Any) -> bytes:
    """Encode JSON-like values, bytes, and aware datetimes (tag 1: seconds since the epoch)."""
    parts: list[bytes] = []
    _write(value, parts)
    return b"".join(parts)


def _head(major: int, length: int) -> bytes:
    if length < 24:
        return bytes([major << 5 | length])
    for extra, form, limit in ((24, ">B", 1 << 8), (25, ">H", 1 << 16), (26, ">I", 1 << 32)):
        if length < limit:
            return bytes([major << 5 | extra]) + struct.pack(form, length)
    return bytes([major << 5 | 27]) + struct.pack(">Q", length)


def _write(value: Any, parts: list[bytes]) -> None:
    if value is None:
        parts.append(b"\xf6")
    elif isinstance(value, bool):
        parts.append(b"\xf5" if value else b"\xf4")
    elif isinstance(value, int):
        parts.append(_head(0, value) if value >= 0 else _head(1, -1 - value))
    elif isinstance(value, float):
        parts.append(b"\xfb" + struct.pack(">d", value))
    elif isinstance(value, bytes):
        parts.append(_head(2, len(value)) + value)
    elif isinstance(value, str):
        encoded = value.encode()
        parts.append(_head(3, len(encoded)) + encoded)
    elif isinstance(value, datetime):
        parts.append(_EPOCH_TAG + b"\xfb" + struct.pack(">d", value.timestamp()))
    elif isinstance(value, list | tuple):
        parts.append(_head(4, len(value)))
        for element in value:
            _write(element, parts)
    elif isinstance(value, dict):
        parts.append(_head(5, len(value)))
        for key, element in value.items():
            _write(key, parts)
            _write(element, parts)
    else:
        raise TypeError(f"no CBOR for {type(value).__name__}")


def loads(raw: bytes) -> Any:
    """Decode one item. Tags are dropped (their content is given). Raises ValueError for what the protocol does not
    use."""
    value, _ = _read(raw, 0)
    return value


def _read(raw: bytes, at: int) -> tuple[Any, int]:
    major, short = raw[at] >> 5, raw[at] & 31
    at += 1
    if major == 7:
        return _read_simple(raw, at, short)
    if short == 31:
        return _read_open(raw, at, major)
    length, at = _read_length(raw, at, short)
    if major == 0:
        return length, at
    if major == 1:
        return -1 - length, at
    if major in (2, 3):
        content = raw[at : at + length]
        return (content if major == 2 else content.decode()), at + length
    if major == 6:
        return _read(raw, at)
    flat: list[Any] = []
    for _ in range(length * (2 if major == 5 else 1)):
        element, at = _read(raw, at)
        flat.append(element)
    return (_pairs(flat) if major == 5 else flat), at


def _read_open(raw: bytes, at: int, major: int) -> tuple[Any, int]:
    """Of a length that is told by its end (0xFF)."""
    flat: list[Any] = []
    while raw[at] != 0xFF:
        element, at = _read(raw, at)
        flat.append(element)
    if major == 5:
        return _pairs(flat), at + 1
    if major in (2, 3):
        return (b"" if major == 2 else "").join(flat), at + 1
    return flat, at + 1


def _read_length(raw: bytes, at: int, short: int) -> tuple[int, int]:
    if short < 24:
        return short, at
    size = {24: 1, 25: 2, 26: 4, 27: 8}.get(short)
    if size is None:
        raise ValueError(f"CBOR length {short} is not defined")
    return int.from_bytes(raw[at : at + size], "big"), at + size


def _read_simple(raw: bytes, at: int, short: int) -> tuple[Any, int]:
    if short in (20, 21, 22, 23):
        return {20: False, 21: True}.get(short), at
    form = {25: (">e", 2), 26: (">f", 4), 27: (">d", 8)}.get(short)
    if form is None:
        raise ValueError(f"CBOR simple value {short} is not used")
    return struct.unpack(form[0], raw[at : at + form[1]])[0], at + form[1]


def _pairs(flat: list[Any]) -> dict[Any, Any]:
    return dict(zip(flat[::2], flat[1::2], strict=True))
