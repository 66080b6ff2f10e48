"""The facade: opens a store and holds its parts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

Transaction = Connection
"""What ``History.begin`` yields: opaque outside this package, to be passed on to its methods."""


class History:
    """An open store. Threads may share it. Close it (or use it as a context manager)."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """One write transaction (SQLite: BEGIN IMMEDIATE). Commits at the end, rolls back on an exception."""
        raise NotImplementedError
        yield
