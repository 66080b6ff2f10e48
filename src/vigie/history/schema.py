"""The schema of a store, brought up to date when it is opened."""

from __future__ import annotations

from sqlalchemy import Engine

from vigie.history.engine import WRITE
from vigie.history.tables.all import metadata


def prepare(engine: Engine, *, create: bool) -> None:
    """Make the schema of an empty store, and bring that of an older one up to date."""
    with engine.connect() as connection:
        connection.execution_options(**{WRITE: True})
        with connection.begin():
            metadata.create_all(connection)
