"""The schema of a store, brought up to date when it is opened."""

from __future__ import annotations

from sqlalchemy import Engine

from vigie.history.engine import WRITE
from vigie.history.tables.all import metadata


def prepare(engine: Engine, *, create: bool) -> None:
    """Make the schema of an empty store, and bring that of an older one up to date."""
    if engine.dialect.name == "sqlite":
        _use_wal(engine)
    with engine.connect() as connection, connection.execution_options(**{WRITE: True}).begin():
        metadata.create_all(connection)


def _use_wal(engine: Engine) -> None:
    """Readers and the one writer do not wait for each other. Kept in the file: once is enough, but harmless again."""
    connection = engine.raw_connection()
    try:
        connection.cursor().execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()
