"""The steps of the migrations give the very schema that the tables declare, on both databases."""

from __future__ import annotations

import shutil
import sys
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from vigie.history import migrations, schema
from vigie.history.engine import connect
from vigie.history.store import History
from vigie.history.tables.all import metadata
from vigie.model.errors import StoreError

SCRIPTS = Path(__file__).parents[2] / "scripts"

SQLITE_SCHEMA = """
WITH tables AS (SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%')
SELECT 'column', t.name, c.name, concat_ws(' ', c.type, c."notnull", c.dflt_value, c.pk)
  FROM tables t, pragma_table_xinfo(t.name) c
UNION ALL SELECT 'foreign key', t.name, f."from", concat_ws(' ', f."table", f."to", f.on_delete)
  FROM tables t, pragma_foreign_key_list(t.name) f
UNION ALL SELECT 'unique', t.name, (SELECT group_concat(name) FROM pragma_index_info(i.name)), i.origin
  FROM tables t, pragma_index_list(t.name) i WHERE i."unique"
UNION ALL SELECT 'kind', name, sql LIKE '%AUTOINCREMENT%', sql LIKE '%WITHOUT ROWID%' FROM tables
UNION ALL SELECT type, tbl_name, name, sql FROM sqlite_master WHERE type <> 'table' AND sql IS NOT NULL
""".replace("concat_ws(' ', ", "printf('%s %s %s %s', ")
POSTGRES_SCHEMA = """
SELECT 'column', table_name, column_name || ' ' || ordinal_position, concat_ws(' ', data_type, character_maximum_length,
       is_nullable, column_default, is_identity, is_generated)
  FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT 'index', tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid)
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid)
  FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'function', '', proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The migrations as shipped; before the first is frozen, as it would be."""
    if migrations.known():
        return migrations.FOLDER
    sys.path.insert(0, str(SCRIPTS))
    import freeze_schema

    copy = tmp_path / "migrations"
    shutil.copytree(migrations.FOLDER, copy)
    freeze_schema.main(copy / "versions" / freeze_schema.NAME)
    return copy


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database with nothing in it."""
    if request.param == "sqlite":
        engine = connect(f"sqlite:///{tmp_path}/empty.sqlite", create=True)
        yield engine
        engine.dispose()
        return
    cluster = request.getfixturevalue("postgres")
    name = f"empty_{uuid.uuid4().hex}"
    cluster.run_sql(f"CREATE DATABASE {name}")
    engine = connect(cluster.url(name), create=True)
    yield engine
    engine.dispose()
    cluster.run_sql(f"DROP DATABASE {name} WITH (FORCE)")


def described(engine: Engine) -> set[tuple[str, ...]]:
    """Every table, column, index, constraint and trigger, as the database itself describes it."""
    query = SQLITE_SCHEMA if engine.dialect.name == "sqlite" else POSTGRES_SCHEMA
    with engine.connect() as connection:
        rows = connection.execute(text(query)).all()
    found = {tuple(" ".join(str(part).split()) for part in row) for row in rows}
    return {row for row in found if "alembic_version" not in row[1] + row[2]}


def test_the_migrations_give_the_declared_schema(empty: Engine, folder: Path) -> None:
    schema.prepare(empty, create=True, folder=folder)
    migrated = described(empty)
    with empty.begin() as connection:
        metadata.drop_all(connection)
    if empty.dialect.name == "postgresql":
        with empty.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
    with empty.begin() as connection:
        metadata.create_all(connection)
    declared = described(empty)
    assert {row[1] for row in declared} >= {"revision", "outbox", "finding"}
    assert migrated == declared


def test_a_store_that_is_up_to_date_is_left_alone(empty: Engine, folder: Path) -> None:
    schema.prepare(empty, create=True, folder=folder)
    before = described(empty)
    schema.prepare(empty, create=True, folder=folder)
    schema.prepare(empty, create=False, folder=folder)
    assert described(empty) == before


def test_a_store_of_a_newer_vigie_gets_one_sentence_and_is_left_alone(empty: Engine, folder: Path) -> None:
    schema.prepare(empty, create=True, folder=folder)
    with empty.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match=r"newer vigie \(schema 9999\): update vigie") as error:
        schema.prepare(empty, create=True, folder=folder)
    assert "\n" not in str(error.value)


def test_a_database_without_a_store_is_not_filled_unasked(empty: Engine, folder: Path) -> None:
    with pytest.raises(StoreError, match="There is no store"):
        schema.prepare(empty, create=False, folder=folder)
    assert described(empty) == set()


def test_two_processes_that_open_an_empty_store_make_it_once(empty: Engine, folder: Path) -> None:
    failures: list[BaseException] = []

    def open_it() -> None:
        try:
            schema.prepare(empty, create=True, folder=folder)
        except BaseException as error:  # told by the assertion below
            failures.append(error)
            raise

    threads = [threading.Thread(target=open_it) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_migration_that_fails_leaves_the_store_as_it_was(empty: Engine, folder: Path, tmp_path: Path) -> None:
    schema.prepare(empty, create=True, folder=folder)
    before = described(empty)
    later = tmp_path / "later"
    shutil.copytree(folder, later)
    last = migrations.known(folder)[-1]
    following = f"{int(last) + 1:04}"
    (later / "versions" / f"v{following}_breaks.py").write_text(
        f'revision = "{following}"\ndown_revision = "{last}"\n\n'
        "from alembic import op\n\n\ndef upgrade():\n"
        '    op.execute("CREATE TABLE half (pk INTEGER)")\n    raise ZeroDivisionError\n'
    )
    with pytest.raises(ZeroDivisionError):
        schema.prepare(empty, create=True, folder=later)
    assert described(empty) == before
    schema.prepare(empty, create=True, folder=folder)


def test_every_step_has_a_number_of_its_own(folder: Path) -> None:
    known = migrations.known(folder)
    assert known == [f"{n:04}" for n in range(1, len(known) + 1)]


def test_what_the_fixtures_open_is_a_store(history: History) -> None:
    assert described(history.engine)
