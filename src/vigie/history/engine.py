"""Connections: how a store is reached, and what is said when it cannot be."""

from __future__ import annotations

import importlib.util
import sqlite3
from functools import partial
from pathlib import Path
from typing import Any, Final, NoReturn

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from vigie.model.errors import StoreError

WRITE: Final = "vigie_write"
"""Execution option of a connection that is going to write: SQLite then takes the write lock at once."""
_BUSY_TIMEOUT_MS = 30_000
_CONNECT_TIMEOUT_S = 10
_PRAGMAS = (
    f"busy_timeout = {_BUSY_TIMEOUT_MS}",
    "journal_mode = WAL",  # readers and the one writer do not wait for each other; kept in the file
    "synchronous = NORMAL",  # whole after kill -9; a power cut may take the last commits, which are then seen again
    "foreign_keys = ON",
    "cache_size = -32000",
    "temp_store = MEMORY",
)

_SQLITE_SENTENCES = (
    ("database or disk is full", "The disk of the store {place} is full: make room, nothing of this was recorded."),
    ("readonly", "The store {place} is read-only: check the permissions of the file and its directory."),
    ("read-only", "The store {place} is read-only: check the permissions of the file and its directory."),
    ("unable to open", "The store {place} cannot be opened: check that its directory exists and may be written."),
    ("is locked", "The store {place} is kept locked by another process: wait for it, or stop it."),
    ("not a database", "{place} is not a store of vigie (not an SQLite database): name another file."),
    ("malformed", "The store {place} is damaged: bring it back from a backup."),
    ("disk i/o error", "The disk of the store {place} fails to read or write: check the disk."),
)
_POSTGRES_SENTENCES = (
    ("53100", "The disk of the store {place} is full: make room, nothing of this was recorded."),
    ("25006", "The store {place} is read-only (a standby?): name the primary server."),
    ("42501", "The user of {place} lacks a privilege on the store: {cause}"),
    ("28P01", "The store {place} refuses the user or password: check the database URL."),
    ("28000", "The store {place} refuses the user: check the database URL."),
    ("3D000", "There is no database at {place}: create it (createdb), then start again."),
    ("53300", "The store {place} has no connection left: raise its max_connections."),
)


def connect(url: str, *, create: bool) -> Engine:
    """An engine for the store at ``url``; does not connect yet. Raises ``StoreError`` for what is no URL of a store."""
    parsed = _parsed(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed, create=create)
    if importlib.util.find_spec("psycopg") is None:
        raise StoreError("PostgreSQL needs the driver psycopg: pip install 'vigie[postgres]'.")
    engine = create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        pool_pre_ping=True,
        connect_args={"connect_timeout": _CONNECT_TIMEOUT_S},
    )
    event.listen(engine, "handle_error", _tell)
    return engine


def place(url: URL) -> str:
    """Where a store is, for people: a path, or a URL without its password."""
    if url.get_backend_name() == "sqlite":
        return url.database or "(in memory)"
    return url.set(drivername="postgresql").render_as_string(hide_password=True)


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError(_bad_url(url)) from error
    if parsed.get_backend_name() not in ("sqlite", "postgresql", "postgres"):
        raise StoreError(_bad_url(parsed.render_as_string(hide_password=True)))
    return parsed


def _bad_url(shown: str) -> str:
    return f"{shown!r} is not the URL of a store: use sqlite:////path/vigie.sqlite or postgresql://user@host/name."


def _sqlite(url: URL, *, create: bool) -> Engine:
    if not url.database or url.database == ":memory:":
        raise StoreError("A store in memory would be lost: name a file, sqlite:////path/vigie.sqlite.")
    path = Path(url.database)
    if not create and not path.exists():
        raise StoreError(f"There is no store at {path}: `vigie sweep` makes one.")
    if create:
        _make_directory(path.parent)
    engine = create_engine(
        url.set(drivername="sqlite+pysqlite"),
        connect_args={"timeout": _BUSY_TIMEOUT_MS / 1000, "check_same_thread": False},
    )
    event.listen(engine, "connect", partial(_prepare_sqlite, str(path)))
    event.listen(engine, "begin", _begin_sqlite)
    event.listen(engine, "handle_error", _tell)
    return engine


def _make_directory(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"The directory {path} of the store cannot be made: {error.strerror}.") from error


def _prepare_sqlite(path: str, connection: sqlite3.Connection, _record: Any) -> None:
    """The driver must not begin transactions by itself: ``_begin_sqlite`` does."""
    connection.isolation_level = None
    try:
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.DatabaseError as error:
        sentence = _sqlite_sentence(error) or "The store {place} cannot be opened: {cause}."
        raise StoreError(sentence.format(place=path, cause=error)) from error


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _tell(context: ExceptionContext) -> None:
    """Turn what a user can do something about into one sentence; a mistake of vigie's own stays what it is."""
    error = context.sqlalchemy_exception
    if not isinstance(error, DBAPIError) or context.dialect is None:
        return
    url = context.engine.url if context.engine is not None else None
    where = place(url) if url is not None else "(unknown)"
    if context.dialect.name == "sqlite":
        _tell_sqlite(error, where)
    else:
        _tell_postgres(error, where)


def _tell_sqlite(error: DBAPIError, where: str) -> None:
    sentence = _sqlite_sentence(error.orig)
    if sentence is not None:
        _raise(sentence, where, error)


def _sqlite_sentence(error: BaseException | None) -> str | None:
    text = str(error).lower()
    return next((sentence for sign, sentence in _SQLITE_SENTENCES if sign in text), None)


def _tell_postgres(error: DBAPIError, where: str) -> None:
    state = getattr(error.orig, "sqlstate", None)
    for code, sentence in _POSTGRES_SENTENCES:
        if state == code:
            _raise(sentence, where, error)
    gone = state is None or error.connection_invalidated or state[:2] in ("08", "57")
    if isinstance(error, OperationalError) and gone:
        _raise("The store {place} cannot be reached: {cause}", where, error)


def _raise(sentence: str, where: str, error: DBAPIError) -> NoReturn:
    cause = " ".join(str(error.orig).split())
    raise StoreError(sentence.format(place=where, cause=cause[:300])) from error
