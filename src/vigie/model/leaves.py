"""What a leaf of the evidence log commits to: a header that stays, and contents that may have to be erased.

The leaf holds the header as it is, and of the contents only a salted digest. Once the salt is destroyed, nobody can
find erased contents by guessing, and the leaf still shows that they were there (docs/decisions/evidence.md).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Any, Final

from vigie.model.canonical import canonical_bytes
from vigie.model.merkle import leaf_hash

SALT_BYTES: Final = 16
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class LeafKind(IntEnum):
    """What a leaf speaks of. A number never changes its meaning; new kinds get new numbers."""

    REVISION = 1
    FINDING_STATE = 2
    COVERAGE_BEGUN = 3
    """A run of looks with one outcome began."""
    COVERAGE_ENDED = 4
    """A run ended: nothing of it changes any more."""
    COVERAGE_SHEET = 5
    """All runs that go on, as they stood at one time."""
    ERASURE = 6
    """A retention erasure: what was erased, by which policy."""
    ATTRIBUTION = 7
    IMPORTED_STATE = 8
    """What others recorded, as it was taken over."""

    @property
    def label(self) -> str:
        return self.name.lower().replace("_", " ")


@dataclass(frozen=True, slots=True)
class Statement:
    """What one leaf commits to."""

    kind: LeafKind
    row: int
    """Number of the row, in the table of the kind; no part of the leaf."""
    header: Mapping[str, Any]
    commitment: bytes | None = None
    """Of the contents; None where there are none."""

    def leaf(self) -> bytes:
        """The leaf's hash."""
        return leaf_hash(entry(self.kind, self.header, self.commitment))


def entry(kind: LeafKind, header: Mapping[str, Any], commitment: bytes | None) -> bytes:
    """The bytes that a leaf is the hash of: canonical JSON (RFC 8785)."""
    return canonical_bytes(
        {"content": commitment.hex() if commitment is not None else None, "header": header, "kind": int(kind)}
    )


def commitment(salt: bytes, content: Any) -> bytes:
    """SHA-256 over the salt and the canonical bytes of what may be erased."""
    return hashlib.sha256(salt + canonical_bytes(content)).digest()


def content_salt(salt: bytes) -> bytes:
    """The salt of a revision's contents, out of that of its differences: one is stored, and the differences can be
    erased alone (the stored salt is then replaced by this one, from which theirs cannot be found)."""
    return hashlib.sha256(b"content" + salt).digest()[:SALT_BYTES]


def differences_commitment(salt: bytes, items: Iterable[tuple[str, str, str | None, str | None, bool]]) -> str | None:
    """Of the rows (path, op, old, new, ephemeral) of a revision's differences, in any order; None without any."""
    rows = sorted(canonical_bytes([path, op, old, new, bool(ephemeral)]) for path, op, old, new, ephemeral in items)
    return hashlib.sha256(salt + b"\n".join(rows)).hexdigest() if rows else None


def revision_content(
    config: str | None, durable: str | None, differences: str | None, unreadable: str | None
) -> dict[str, Any]:
    """The erasable part of a revision: digests of the configuration (None of a deletion), the commitment to its
    differences, and what could not be read (the stored JSON)."""
    return {"config": config, "durable": durable, "differences": differences, "unreadable": unreadable}


def micros(moment: datetime | int | None) -> int | None:
    """A time as leaves hold it: whole microseconds since 1970. An integer is one already (as databases store it)."""
    return (moment - _EPOCH) // _MICROSECOND if isinstance(moment, datetime) else moment


def moment_of(value: int | None) -> datetime | None:
    """Back from :func:`micros`."""
    return None if value is None else _EPOCH + value * _MICROSECOND


def text_digest(text: str) -> str:
    """Of a stored text that a header names instead of holding it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
