"""Whatever byte of the store is changed, verifying finds it and names it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Column, Connection, text
from sqlalchemy.dialects import sqlite

from recordings import HOUR, T0, draft, look, queue
from vigie.history import log, sheets, verifying
from vigie.history.log import Head
from vigie.history.store import History
from vigie.history.tables.all import metadata
from vigie.model.change import ChangeKind
from vigie.model.finding import Violation
from vigie.model.scope import Outcome
from vigie.model.verification import Verified
from vigie.testing.recorded import World, make_rule

QUEUE = "AWS::SQS::Queue"


def open_to_all(queue: Any, estate: Any) -> Iterator[Violation]:
    if queue.configuration.get("Open"):
        yield Violation("open to all", evidence={"Open": True})


@pytest.fixture
def proven(history: History) -> History:
    """All kinds of rows, more leaves than a tile holds, a sheet and a head."""
    world = World(history, {"sqs-open": make_rule("sqs-open", QUEUE, open_to_all)})
    world.see(QUEUE, "jobs", {"Open": False, "Tags": {"team": "a"}}, first=ChangeKind.BASELINE)
    world.see(QUEUE, "jobs", {"Open": True, "Tags": {"team": "b"}})
    world.see(QUEUE, "gone", {}, unreadable={"Policy": "denied"})
    world.see(QUEUE, "gone", None)
    world.judge()
    history.recorder.record(look(T0, draft(queue("other"), ChangeKind.CREATED, T0, {"N": 1})), T0)
    history.recorder.note_coverage(queue("other").scope, Outcome.DENIED, (), T0 + HOUR)
    prove(history)
    found = verifying.verify(history.engine)
    assert (found.defects, found.heads) == ([], 1)
    return history


def fill_a_tile(history: History) -> None:
    many = [draft(queue(f"q{n}"), ChangeKind.CREATED, T0 + HOUR, {"N": n}) for n in range(250)]
    history.recorder.record(look(T0 + HOUR, *many), T0)
    prove(history)
    found = verifying.verify(history.engine)
    assert (found.defects, found.tiles, found.heads) == ([], 1, 2)


def prove(history: History) -> None:
    with history.begin() as tx:
        sheets.enter(tx, T0)
    history.log.sequence()
    with history.begin() as tx:
        size = log.size(tx)
        history.log.add_head(tx, Head(size, log.Tree(tx).root(size), T0, "not looked at here"))


@contextmanager
def tampering(history: History) -> Iterator[Connection]:
    """As somebody would who may do anything to the database: no triggers, no foreign keys. Undone at the end."""
    with history.engine.connect() as tx:
        if history.engine.dialect.name == "sqlite":
            tx.exec_driver_sql("ROLLBACK")
            tx.exec_driver_sql("PRAGMA foreign_keys = OFF")
            tx.exec_driver_sql("BEGIN IMMEDIATE")
            for (name,) in tx.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").all():
                tx.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            tx.exec_driver_sql("SET LOCAL session_replication_role = replica")
        yield tx
        tx.exec_driver_sql("ROLLBACK")
        if history.engine.dialect.name == "sqlite":
            tx.exec_driver_sql("PRAGMA foreign_keys = ON")
        tx.exec_driver_sql("BEGIN")


def verified(tx: Connection) -> Verified:
    return verifying.verify_in(tx, Verified())


def changed(value: Any, column: Column[Any]) -> Any:
    """The value with one bit or character changed; something where nothing was; another number in a key."""
    if column.primary_key or column.foreign_keys:
        return 9 if column.name == "level" else 999_999
    if value is None or value == "":
        kind = column.type.compile(sqlite.dialect()).partition("(")[0]
        return {"BIGINT": 7, "INTEGER": 7, "BLOB": b"\1" * 33}.get(kind, "x")
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value ^ 1
    if isinstance(value, bytes):
        middle = len(value) // 2
        return value[:middle] + bytes((value[middle] ^ 1,)) + value[middle + 1 :]
    if isinstance(value, str):
        middle = len(value) // 2
        return value[:middle] + chr(ord(value[middle]) ^ 1) + value[middle + 1 :]
    raise TypeError(value)


CHANGED = {
    "blob": ("configuration", "revision"),
    "revision": ("revision",),
    "change_item": ("revision",),
    "resource": ("revision", "resource"),
    "scope": ("revision", "coverage begun"),
    "coverage": ("coverage begun", "coverage ended", "coverage"),
    "finding_state": ("finding state",),
    "finding": ("finding state",),
    "log_leaf": ("leaf", "tile", "head", "revision", "finding state", "coverage ended", "coverage sheet"),
    "log_tile": ("tile",),
    "tree_head": ("head",),
    "coverage_sheet": ("coverage sheet",),
}
"""Table → the parts as which a change in it is told."""

ON_POSTGRESQL = ("blob", "revision", "coverage", "log_leaf", "tree_head")
"""What holds bytes, times, marks and texts. The rest is tried on SQLite alone, for time."""

NOT_COMMITTED = {
    "change_item": {"pk"},  # differences are a set
    "resource": {"region", "arn", "name", "uid", "parent", "first_seen", "unreadable", "seen_until"},
    "scope": {"pk"},  # tried as `scope_pk` of what names it
    "finding": {"pk", "status", "severity", "rank", "message", "evidence", "own_severity", "held", "justification_pk"}
    | {"first_seen", "last_seen", "since"},
    "tree_head": {"pk", "at", "note"},  # what is signed: tests/app/test_proving.py
}
"""The present state, kept for reading fast: made again from what is committed. Numbers that nothing rests on."""


@pytest.mark.parametrize("table", CHANGED)
def test_a_changed_byte_is_found_and_named(proven: History, table: str) -> None:
    """In every column in turn, by turns in the first row and in the last."""
    if proven.engine.dialect.name == "postgresql" and table not in ON_POSTGRESQL:
        pytest.skip("looked at on SQLite: the statements are the same")
    if table == "log_tile":
        fill_a_tile(proven)
    key = [column.name for column in metadata.tables[table].primary_key]
    with tampering(proven) as tx:
        rows = tx.exec_driver_sql(f"SELECT * FROM {table} ORDER BY {', '.join(key)}").mappings().all()
        columns = [c for c in metadata.tables[table].columns if c.name not in NOT_COMMITTED.get(table, ())]
        for number, column in enumerate(columns):
            row = rows[-(number % 2)]
            new = changed(row[column.name], column)
            tx.exec_driver_sql("SAVEPOINT untouched")
            same = " AND ".join(f"{name} = :{name}" for name in key)
            statement = text(f"UPDATE {table} SET {column.name} = :_new WHERE {same}")
            assert tx.execute(statement, {"_new": new, **{name: row[name] for name in key}}).rowcount == 1
            found = verified(tx)
            parts = {defect.part for defect in found.defects}
            assert parts & set(CHANGED[table]), f"{table}.{column.name} = {new!r}: {found.defects}"
            tx.exec_driver_sql("ROLLBACK TO SAVEPOINT untouched")
        assert verified(tx).defects == []


def only(found: Verified) -> tuple[str, str, str]:
    (defect,) = found.defects
    return defect.part, defect.name, defect.why


def change(history: History, statement: str) -> Verified:
    with tampering(history) as tx:
        assert tx.execute(text(statement)).rowcount == 1
        return verified(tx)


def test_a_changed_revision_is_named_as_people_know_it(proven: History) -> None:
    found = change(proven, "UPDATE revision SET observed_at = observed_at + 1 WHERE pk = 2")
    part, name, why = only(found)
    assert (part, why) == ("revision", "it is not what its leaf commits to")
    assert name.startswith("revision 2 of AWS::SQS::Queue jobs in 111111111111 eu-west-1 (leaf ")


def test_a_swapped_configuration_is_found(proven: History) -> None:
    found = change(proven, "UPDATE revision SET blob_pk = 1 WHERE pk = 2")
    assert only(found)[1].startswith("revision 2 of AWS::SQS::Queue jobs")


def test_a_rewritten_configuration_with_its_digest_is_found_by_the_revision(proven: History) -> None:
    """Whoever rewrites body, size and digest alike still cannot rewrite the leaf."""
    from vigie.history import blobs
    from vigie.model.canonical import digest

    forged = b'{"Open":false}'
    with tampering(proven) as tx:
        values = {"body": blobs.compress(forged), "size": len(forged), "sha": b"\1" + bytes.fromhex(digest(forged)[7:])}
        tx.execute(text("UPDATE blob SET body = :body, size = :size, sha = :sha WHERE pk = 2"), values)
        found = verified(tx)
    assert [defect.part for defect in found.defects] == ["revision"]


def test_a_rewritten_row_with_its_leaf_is_found_by_the_tile_and_the_head(proven: History) -> None:
    fill_a_tile(proven)
    with tampering(proven) as tx:
        tx.execute(text("UPDATE log_leaf SET leaf = :leaf WHERE position = 0"), {"leaf": b"\7" * 32})
        parts = {defect.part for defect in verified(tx).defects}
    assert {"tile", "head"} <= parts


@pytest.mark.parametrize("table", ["revision", "finding_state", "coverage", "coverage_sheet", "log_leaf", "log_tile"])
def test_a_removed_row_is_found(proven: History, table: str) -> None:
    if table == "log_tile":
        fill_a_tile(proven)
    key = {"log_leaf": "position", "log_tile": "number"}.get(table, "pk")
    found = change(proven, f"DELETE FROM {table} WHERE {key} = (SELECT min({key}) FROM {table})")
    assert any("gone" in defect.why for defect in found.defects), found.defects


@pytest.mark.parametrize("table", ["revision", "finding_state"])
def test_a_row_that_was_slipped_in_is_found(proven: History, table: str) -> None:
    names = [column.name for column in metadata.tables[table].columns if column.name != "pk"]
    values = ", ".join("number + 1000" if name == "number" else name for name in names)
    found = change(
        proven,
        f"INSERT INTO {table} (pk, {', '.join(names)}) SELECT pk + 100000, {values} FROM {table} "
        f"WHERE pk = (SELECT max(pk) FROM {table})",
    )
    assert any("slipped in" in defect.why for defect in found.defects), found.defects


def test_a_tail_that_was_cut_off_is_found_by_the_head(proven: History) -> None:
    with tampering(proven) as tx:
        last = tx.execute(text("SELECT max(position) FROM log_leaf")).scalar_one()
        tx.execute(text("DELETE FROM log_leaf WHERE position = :last"), {"last": last})
        tx.execute(text("DELETE FROM coverage_sheet"))
        found = verified(tx)
    assert any(defect.part == "head" and "only up to" in defect.why for defect in found.defects)


def test_only_what_is_new_is_looked_at_again(proven: History) -> None:
    before = verifying.verify(proven.engine)
    at = T0 + 5 * HOUR
    proven.recorder.record(look(at, draft(queue("new"), ChangeKind.CREATED, at, {"N": "new"})), at)
    proven.log.sequence()
    found = verifying.verify(proven.engine, since=before.leaves, last_configuration=before.last_configuration)
    assert found.defects == []
    assert (found.rows, found.configurations) == ({"revision": 1, "coverage begun": 1, "coverage ended": 1}, 1)
    assert found.root == verifying.verify(proven.engine).root


def test_rows_that_are_older_than_the_log_are_counted_and_not_believed(sqlite_history: History) -> None:
    record = sqlite_history.recorder.record
    record(look(T0, draft(queue("old"), ChangeKind.CREATED, T0, {"N": 1})), T0)
    with sqlite_history.begin() as tx:  # as if it had been recorded before there was a log
        tx.execute(text("DROP TRIGGER log_leaf_refuses_delete"))
        tx.execute(text("DELETE FROM log_leaf"))
    at = T0 + HOUR
    record(look(at, draft(queue("new"), ChangeKind.CREATED, at, {"N": 2}), seen=["old"], outcome=Outcome.PARTIAL), at)
    found = verifying.verify(sqlite_history.engine)
    assert found.defects == []
    assert found.before == {"revision": 1, "coverage begun": 1}
    assert found.rows == {"revision": 1, "coverage begun": 1, "coverage ended": 1}
