"""The facade: opens a store and holds its parts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine

from vigie.history.accounts import Accounts
from vigie.history.anchored import Anchored
from vigie.history.archive import Archive
from vigie.history.attributions import Attributions
from vigie.history.engine import WRITE, connect
from vigie.history.events import Events
from vigie.history.exporting import Exporting
from vigie.history.findings import Findings
from vigie.history.imported import Imported
from vigie.history.log import Log
from vigie.history.outbox import Outbox
from vigie.history.past import Past
from vigie.history.record import Recorder
from vigie.history.retention import Retention
from vigie.history.schema import prepare
from vigie.history.users import Users
from vigie.history.verdicts import Verdicts
from vigie.history.work import Work

Transaction = Connection
"""What ``History.begin`` yields: opaque outside this package, to be passed on to its methods."""


class History:
    """An open store. Threads may share it. Close it (or use it as a context manager)."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._turn = _Turn() if engine.dialect.name == "sqlite" else None
        self.archive = Archive(engine)
        self.past = Past(engine)
        self.imported = Imported(engine)
        self.recorder = Recorder(self.begin)
        self.work = Work(engine, self.begin)
        self.events = Events(engine)
        self.attributions = Attributions(engine)
        self.findings = Findings(engine)
        self.outbox = Outbox(engine)
        self.log = Log(engine, self.begin)
        self.exporting = Exporting(engine)
        self.retention = Retention(engine, self.begin)
        self.anchored = Anchored(engine)
        self.accounts = Accounts(engine)
        self.users = Users(engine)
        self.verdicts = Verdicts(engine)

    @contextmanager
    def begin(self) -> Iterator[Transaction]:
        """One write transaction (SQLite: BEGIN IMMEDIATE). Commits at the end, rolls back on an exception.

        Never open one inside another: on SQLite there is one writer at a time.

        Raises:
            StoreError: the store cannot be reached or written to.
        """
        if self._turn is None:
            with self.engine.begin() as connection:
                yield connection
            return
        with self._turn, self.engine.connect() as connection:
            connection.execution_options(**{WRITE: True})
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Let go of all connections. What was recorded is recorded."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_history(url: str, *, create: bool = True) -> History:
    """Open the store at ``url``: ``sqlite:////path/vigie.sqlite`` or ``postgresql://user@host/name``.

    Brings its schema up to date; with ``create``, makes the file (and its directory) where there is none.

    Raises:
        StoreError: it cannot be opened or reached, or was written by a newer vigie.
    """
    engine = connect(url, create=create)
    try:
        prepare(engine, create=create)
    except BaseException:
        engine.dispose()
        raise
    return History(engine)


class _Turn:
    """Lets the threads of this process write one after the other, instead of colliding in the file lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owner: int | None = None

    def __enter__(self) -> None:
        if self._owner == threading.get_ident():
            raise RuntimeError("a write transaction was opened inside another one")
        self._lock.acquire()
        self._owner = threading.get_ident()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._owner = None
        self._lock.release()
