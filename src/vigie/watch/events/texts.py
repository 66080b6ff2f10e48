"""JSON as it comes: bytes or text, compressed or not, one document or many, and broken in the middle."""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections.abc import Iterator
from typing import Any, Final

import orjson

LARGEST: Final = 512 * 1024 * 1024
"""Bytes that compressed content may become. CloudTrail's files hold some megabytes."""
_GZIP: Final = b"\x1f\x8b"
_FILE: Final = re.compile(r'\s*\{\s*"Records"\s*:\s*\[')
_RECORD: Final = re.compile(r'\{\s*"eventVersion"')


class UnreadableError(ValueError):
    """No JSON: says why, in a few words."""


def decoded(content: bytes) -> str:
    """Bytes as text: decompressed as long as they are gzip, and decoded.

    Raises:
        UnreadableError: broken or exploding compression, or no text.
    """
    for _ in range(3):
        if not content.startswith(_GZIP):
            break
        content = _inflated(content)
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnreadableError(f"it is no text: {error.reason} at byte {error.start}") from None


def _inflated(content: bytes) -> bytes:
    parts: list[bytes] = []
    size = 0
    while content.startswith(_GZIP):
        stream = zlib.decompressobj(wbits=31)
        try:
            part = stream.decompress(content, LARGEST - size + 1)
        except zlib.error as error:
            raise UnreadableError(f"its compression is broken: {error}") from None
        size += len(part)
        if size > LARGEST:
            raise UnreadableError(f"it becomes larger than {LARGEST} bytes when it is decompressed")
        if not stream.eof:
            raise UnreadableError("its compression ends in the middle")
        parts.append(part)
        content = stream.unused_data
    return b"".join(parts)


def from_base64(text: str) -> bytes:
    """
    Raises:
        UnreadableError: it is no base64.
    """
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise UnreadableError("it is no base64") from None


def parsed(text: str) -> Any:
    """One JSON document. Of a key that is there twice, the last counts; ``NaN`` and its like become texts.

    Raises:
        UnreadableError: it is none, or too deep.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return _parsed_slowly(text)


def _parsed_slowly(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=str)
    except json.JSONDecodeError as error:
        raise UnreadableError(f"it is no JSON: {error.msg} (line {error.lineno}, column {error.colno})") from None
    except RecursionError:
        raise UnreadableError("it is nested too deeply") from None
    except ValueError as error:
        raise UnreadableError(f"it is no JSON: {error}") from None


class Broken:
    """A piece of a text that is no JSON."""

    def __init__(self, why: str, text: str) -> None:
        self.why = why
        self.text = text


def documents(text: str) -> Iterator[Any | Broken]:
    """Every JSON document of a text: one, one a line, or one after the other; ``Broken`` for what is between.

    Where documents are one a line, each line that is none is a ``Broken`` of its own.
    """
    stripped = text.strip()
    if not stripped:
        return
    try:
        yield parsed(stripped)
        return
    except UnreadableError as error:
        why = str(error)
    file = _FILE.match(stripped)
    if file is not None:
        yield from _whole_ones(stripped, file.end(), why)
        return
    found = list(_one_after_the_other(stripped, why))
    if any(isinstance(each, Broken) for each in found):
        found = _one_a_line(stripped) or found
    yield from found


def _one_a_line(text: str) -> list[Any | Broken]:
    """The lines; nothing where documents go over several (few of their lines are documents, and some are indented)."""
    lines = [line for line in text.splitlines() if line.strip()]
    found: list[Any | Broken] = []
    for line in lines:
        try:
            found.append(parsed(line))
        except UnreadableError as error:
            found.append(Broken(str(error), line))
    whole = sum(isinstance(each, dict | list) for each in found)
    indented = any(line[0] in " \t" for line in lines)
    return found if len(lines) > 1 and (whole * 4 >= len(lines) or not indented) else []


def _one_after_the_other(text: str, why: str) -> Iterator[Any | Broken]:
    decoder = json.JSONDecoder(parse_constant=str)
    position, broken_from = 0, -1
    while position < len(text):
        if text[position] in " \t\r\n,\x1e":
            position += 1
            continue
        found = _document_at(decoder, text, position)
        if found is None:
            broken_from = position if broken_from < 0 else broken_from
            end = text.find("\n", position)
            position = len(text) if end < 0 else end + 1
            continue
        if broken_from >= 0:
            yield Broken(why, text[broken_from:position])
            broken_from = -1
        value, position = found
        yield value
    if broken_from >= 0:
        yield Broken(why, text[broken_from:])


def _whole_ones(text: str, position: int, why: str) -> Iterator[Any | Broken]:
    """Of a file of CloudTrail that is broken somewhere, the records that are whole."""
    decoder = json.JSONDecoder(parse_constant=str)
    while position < len(text):
        if text[position] in " \t\r\n,":
            position += 1
            continue
        if text[position] == "]":
            return
        found = _document_at(decoder, text, position)
        if found is not None:
            value, position = found
            yield value
            continue
        further = _RECORD.search(text, position + 1)
        end = further.start() if further else len(text)
        yield Broken(why, text[position:end])
        position = end


def _document_at(decoder: json.JSONDecoder, text: str, position: int) -> tuple[Any, int] | None:
    """Only objects and lists count: a broken line may well begin with a number."""
    if text[position] not in '{["':
        return None
    try:
        value, end = decoder.raw_decode(text, position)
    except (ValueError, RecursionError):
        return None
    return value, end
