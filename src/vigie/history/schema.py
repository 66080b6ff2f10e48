"""The schema of a store, brought up to date when it is opened."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, select, text
from sqlalchemy.sql import column, table

from vigie.history import migrations
from vigie.history.engine import WRITE, place
from vigie.history.tables.all import metadata
from vigie.model.errors import StoreError

_VERSION = table("alembic_version", column("version_num"))
_ONE_AT_A_TIME = 0x76696769_65  # "vigie": number of PostgreSQL's advisory lock


def prepare(engine: Engine, *, create: bool, folder: Path = migrations.FOLDER) -> None:
    """Make the schema of an empty store, and bring that of an older one up to date.

    Raises:
        StoreError: written by a newer vigie, or (without ``create``) not a store yet.
    """
    known = migrations.known(folder)
    with engine.connect() as connection:
        if known and _version(connection) == known[-1]:
            return
    with engine.connect() as connection:
        connection.execution_options(**{WRITE: True})
        with connection.begin():
            _bring_up(connection, known, create=create, folder=folder)


def _bring_up(connection: Connection, known: list[str], *, create: bool, folder: Path) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _ONE_AT_A_TIME})
    if not known:  # before the schema is frozen: as the tables are declared
        metadata.create_all(connection)
        return
    where, version = place(connection.engine.url), _version(connection)
    if version is not None and version not in known:
        raise StoreError(f"The store {where} was written by a newer vigie (schema {version}): update vigie to open it.")
    if version is None and not create:
        raise StoreError(f"There is no store at {where}: `vigie sweep` makes one.")
    if version is None and inspect(connection).has_table("revision"):
        raise StoreError(f"The store {where} was made by a vigie that was never released: name another place.")
    if version != known[-1]:
        _upgrade(connection, folder)


def _upgrade(connection: Connection, folder: Path) -> None:
    """alembic is imported here: it takes longer than opening a store that is up to date."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_VERSION.name):
        return None
    version: str | None = connection.execute(select(_VERSION.c.version_num)).scalar_one_or_none()
    return version
