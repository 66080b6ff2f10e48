"""Configurations by content: stored once, compressed with a dictionary that knows what configurations look like."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import Any, Final, TypeVar

import zstandard
from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from vigie.history.tables.archive import blob
from vigie.model.resource import Configuration

DICTIONARY: Final = 1
"""The dictionary that new configurations are compressed with; older numbers stay readable for ever."""
NO_DICTIONARY: Final = 0
_LEVEL = 3
_IN_LIST = 500
_threads = threading.local()
T = TypeVar("T")


def compress(canonical: bytes) -> bytes:
    """With the current dictionary."""
    compressor: zstandard.ZstdCompressor | None = getattr(_threads, "compressor", None)
    if compressor is None:  # one a thread: they cannot be shared
        compressor = zstandard.ZstdCompressor(level=_LEVEL, dict_data=_dictionary(DICTIONARY), write_dict_id=False)
        _threads.compressor = compressor
    return compressor.compress(canonical)


def decompress(body: bytes, dictionary: int) -> bytes:
    """The canonical bytes. Raises ``KeyError`` for a dictionary that this vigie does not ship."""
    decompressors: dict[int, zstandard.ZstdDecompressor] | None = getattr(_threads, "decompressors", None)
    if decompressors is None:
        decompressors = _threads.decompressors = {}
    if dictionary not in decompressors:
        decompressors[dictionary] = zstandard.ZstdDecompressor(dict_data=_dictionary(dictionary))
    return decompressors[dictionary].decompress(body)


def configuration_from(body: bytes | None, dictionary: int | None) -> Configuration:
    """Parsed; empty where there is none (a deletion). By the standard library, which keeps integers of any length."""
    if body is None or dictionary is None:
        return {}
    configuration: Configuration = json.loads(decompress(bytes(body), dictionary))
    return configuration


def keep(tx: Connection, canonical: Mapping[str, bytes]) -> dict[str, int]:
    """Store what is not stored yet, by sha; gives the number of each."""
    known = numbers(tx, canonical)
    missing = sorted(canonical.keys() - known.keys())  # one order of locks
    if not missing:
        return known
    new: Any = postgresql.insert(blob) if tx.dialect.name == "postgresql" else sqlite.insert(blob)
    tx.execute(new.on_conflict_do_nothing(index_elements=["sha"]), [_row(sha, canonical[sha]) for sha in missing])
    return known | numbers(tx, missing)


def numbers(tx: Connection, shas: Iterable[str]) -> dict[str, int]:
    """The numbers of those that are stored."""
    found: dict[str, int] = {}
    for batch in batches(list(shas), _IN_LIST):
        rows = tx.execute(select(blob.c.sha, blob.c.pk).where(blob.c.sha.in_(batch)))
        found.update((row.sha, row.pk) for row in rows)
    return found


def load(tx: Connection, pks: Iterable[int]) -> dict[int, Configuration]:
    """The configurations of those numbers."""
    found: dict[int, Configuration] = {}
    for batch in batches(sorted(set(pks)), _IN_LIST):
        rows = tx.execute(select(blob.c.pk, blob.c.body, blob.c.dictionary).where(blob.c.pk.in_(batch)))
        found.update((row.pk, configuration_from(row.body, row.dictionary)) for row in rows)
    return found


def batches(values: Sequence[T], size: int) -> list[Sequence[T]]:
    return [values[start : start + size] for start in range(0, len(values), size)]


def _row(sha: str, canonical: bytes) -> dict[str, Any]:
    return {"sha": sha, "dictionary": DICTIONARY, "size": len(canonical), "body": compress(canonical)}


@lru_cache(maxsize=16)
def _dictionary(number: int) -> zstandard.ZstdCompressionDict:
    if number == NO_DICTIONARY:
        return zstandard.ZstdCompressionDict(b"")
    file = resources.files("vigie.history") / "dictionaries" / f"{number}.zdict"
    if not file.is_file():
        raise KeyError(f"no dictionary {number} is shipped with this vigie")
    return zstandard.ZstdCompressionDict(file.read_bytes())
