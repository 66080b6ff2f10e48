"""The shared metadata and the column types that behave alike on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, LargeBinary, MetaData
from sqlalchemy.types import TypeDecorator

from vigie.model.canonical import CONFIG_DIGEST, DURABLE_DIGEST

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = BigInteger().with_variant(Integer, "sqlite")
"""Primary keys: SQLite gives rowids only to INTEGER."""


class Instant(TypeDecorator[datetime]):
    """An aware UTC time, stored as whole microseconds since 1970: sorts and compares alike on every database.

    Raises ``ValueError`` for a naive time.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone cannot be stored: {value!r}")
        delta = value.astimezone(UTC) - _EPOCH
        return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        seconds, micros = divmod(int(value), 1_000_000)
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=micros)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Digest(TypeDecorator[str]):
    """A named digest (``sha256:<64 hex>``), stored as one byte for the name and the 32 of the digest.

    Raises ``ValueError`` for a name that is not known: a digest never changes meaning, a new algorithm gets a new name.
    """

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        if value is None:
            return None
        name, _, digits = value.partition(":")
        if name not in _DIGEST_NUMBERS or len(digits) != 64:
            raise ValueError(f"not a digest that can be stored: {value!r}")
        return bytes((_DIGEST_NUMBERS[name],)) + bytes.fromhex(digits)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> str | None:
        return None if value is None else digest_text(bytes(value))


def digest_text(stored: bytes) -> str:
    """A stored digest with its name. Raises ``KeyError`` for a name that is not known."""
    return f"{_DIGEST_NAMES[stored[0]]}:{stored[1:].hex()}"


_DIGEST_NUMBERS = {CONFIG_DIGEST: 1, DURABLE_DIGEST: 2}
_DIGEST_NAMES = {number: name for name, number in _DIGEST_NUMBERS.items()}
