"""The evidence log: leaves are neither lost nor reordered, whoever writes them, and every proof of the store holds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from recordings import HOUR, MINUTE, SCOPE, T0, draft, look, queue
from vigie.history import log, verifying
from vigie.history.store import History, open_history
from vigie.history.tables.log import log_leaf, log_pending, log_tile
from vigie.model import merkle
from vigie.model.change import ChangeKind
from vigie.model.leaves import LeafKind, Statement
from vigie.model.scope import Outcome, Scope


def numbered(number: int) -> Statement:
    return Statement(LeafKind.ATTRIBUTION, number, {"n": number})


def enter(history: History, *numbers: int) -> None:
    with history.begin() as tx:
        log.commit(tx, [numbered(number) for number in numbers])


def rows(history: History) -> list[int]:
    with history.engine.connect() as tx:
        return list(tx.execute(select(log_leaf.c.row_pk).order_by(log_leaf.c.position)).scalars())


def test_leaves_get_their_places_in_order_and_tiles_are_closed(history: History) -> None:
    for start in (0, 1, 200, 256, 300, 600, 1100):
        end = {0: 1, 1: 200, 200: 256, 256: 300, 300: 600, 600: 1100, 1100: 1101}[start]
        enter(history, *range(start, end))
        history.log.sequence()
    assert rows(history) == list(range(1101))
    leaves = [numbered(n).leaf() for n in range(1101)]
    with history.engine.connect() as tx:
        tiles = [bytes(t) for t in tx.execute(select(log_tile.c.root).order_by(log_tile.c.number)).scalars()]
    assert tiles == [merkle.root(leaves[n : n + 256]) for n in range(0, 1024, 256)]
    assert history.log.root(1101) == merkle.root(leaves)


def test_tiles_of_tiles_are_closed(sqlite_history: History) -> None:
    size = 256 * 256 + 3
    for start in range(0, size, 20_000):
        enter(sqlite_history, *range(start, min(start + 20_000, size)))
    leaves = [numbered(n).leaf() for n in range(size)]
    with sqlite_history.engine.connect() as tx:
        found = tx.execute(select(log_tile.c.level, func.count()).group_by(log_tile.c.level))
        counts = {row[0]: row[1] for row in found}
    assert counts == {1: 256, 2: 1}
    held, root = sqlite_history.log, merkle.root(leaves)
    assert held.root(size) == root
    for position in (0, 255, 256, 40_000, size - 1):
        assert merkle.is_included(leaves[position], position, size, held.inclusion(position, size), root)
    old = merkle.root(leaves[:40_000])
    assert merkle.is_consistent(40_000, size, old, root, held.consistency(40_000, size))


@given(st.lists(st.integers(1, 90), min_size=1, max_size=12), st.data())
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_appended_every_proof_of_the_store_holds(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, batches: list[int], data: st.DataObject
) -> None:
    file = tmp_path_factory.mktemp("log") / "vigie.sqlite"
    file.write_bytes(sqlite_template.read_bytes())
    with open_history(f"sqlite:///{file}") as history:
        size = 0
        for count in batches:
            enter(history, *range(size, size + count))
            size += count
        leaves = [numbered(n).leaf() for n in range(size)]
        number, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size))
        root = history.log.root(size)
        assert root == merkle.root(leaves)
        path = history.log.inclusion(number, size)
        assert merkle.is_included(leaves[number], number, size, path, root)
        growth = history.log.consistency(old, size)
        assert merkle.is_consistent(old, size, merkle.root(leaves[:old]), root, growth)


def test_a_size_that_the_log_does_not_have_is_refused(history: History) -> None:
    enter(history, 1, 2)
    history.log.sequence()
    with pytest.raises(ValueError, match="has 2 leaves, not 3"):
        history.log.root(3)


def test_everything_that_is_recorded_has_its_leaf(history: History) -> None:
    first = look(T0, draft(queue("a"), ChangeKind.BASELINE, T0, {"Name": "a", "Open": False}))
    history.recorder.record(first, T0)
    at = T0 + HOUR
    history.recorder.record(look(at, draft(queue("a"), ChangeKind.CHANGED, at, {"Name": "a", "Open": True})), at)
    history.recorder.note_coverage(SCOPE, Outcome.DENIED, (), at + HOUR)
    history.log.sequence()
    found = verifying.verify(history.engine)
    assert found.defects == []
    assert found.rows == {"revision": 2, "coverage begun": 2, "coverage ended": 1}
    assert found.configurations == 2
    assert (found.waiting, found.before) == (0, {})


def test_writers_that_collide_lose_and_reorder_nothing(history: History) -> None:
    """Four writers, each in scopes of its own, and a sequencer that never rests."""
    done = threading.Event()

    def write(writer: int) -> None:
        scope = Scope("111122223333", f"eu-west-{writer}", "AWS::SQS::Queue")
        for number in range(12):
            at = T0 + number * MINUTE
            kind = ChangeKind.CHANGED if number else ChangeKind.CREATED
            history.recorder.record(look(at, draft(queue("q", scope), kind, at, {"N": number}), scope=scope), at)

    def move() -> None:
        while not done.is_set():
            history.log.sequence()
            done.wait(0.005)

    writers = [threading.Thread(target=write, args=(n,)) for n in range(1, 5)]
    movers = [threading.Thread(target=move) for _ in range(2)]
    for thread in (*writers, *movers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in movers:
        thread.join()
    history.log.sequence()
    found = verifying.verify(history.engine)
    assert found.defects == []
    assert (found.waiting, found.rows["revision"], found.leaves) == (0, 48, 48 + 4)
    with history.engine.connect() as tx:
        of_kind = select(log_leaf.c.row_pk).where(log_leaf.c.kind == 1).order_by(log_leaf.c.position)
        order = {pk: n for n, pk in enumerate(tx.execute(of_kind).scalars())}
        numbers = tx.execute(text("SELECT resource_pk, pk FROM revision ORDER BY resource_pk, number")).all()
    for (one, before), (two, after) in pairwise(numbers):
        assert one != two or order[before] < order[after]


KILLED = """
import os, signal, sys
sys.path.insert(0, {tests!r})
from recordings import *
from vigie.history import log
from vigie.history.store import open_history

history = open_history({url!r})
at = T0 + HOUR
history.recorder.record(look(at, draft(queue("a"), ChangeKind.CREATED, at, {{"N": 1}})), at)
if {where!r} == "while moving":
    log._close_tiles = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    history.log.sequence()
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("where", ["after the commit", "while moving"])
def test_killed_between_commit_and_place_no_leaf_is_lost(history: History, history_url: str, where: str) -> None:
    program = KILLED.format(tests=str(Path(__file__).parents[1]), url=history_url, where=where)
    ended = subprocess.run([sys.executable, "-c", program], env=os.environ, capture_output=True, text=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    on_postgres = history.engine.dialect.name == "postgresql"
    assert history.log.waiting() == (2 if on_postgres else 0)
    before = verifying.verify(history.engine)
    assert (before.defects, before.waiting) == ([], 2 if on_postgres else 0)
    assert history.log.sequence() == (2 if on_postgres else 0)
    found = verifying.verify(history.engine)
    assert (found.defects, found.waiting, found.leaves) == ([], 0, 2)


def test_a_transaction_that_fails_leaves_no_leaf(history: History) -> None:
    def fail() -> None:
        with history.begin() as tx:
            log.commit(tx, [numbered(1)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    history.log.sequence()
    assert (history.log.size(), history.log.waiting()) == (0, 0)


@pytest.mark.parametrize("table", ["log_leaf", "log_tile"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}"])
def test_the_log_refuses_to_be_rewritten(history: History, table: str, statement: str) -> None:
    enter(history, *range(256))
    history.log.sequence()
    column = {"log_leaf": "kind", "log_tile": "number"}[table]
    with pytest.raises(sqlalchemy.exc.DBAPIError, match="append-only"), history.begin() as tx:
        tx.execute(text(statement.format(table, column, column)))


def test_what_waits_on_postgresql_is_in_the_door_and_sqlite_has_none(history: History) -> None:
    enter(history, 1)
    with history.engine.connect() as tx:
        waiting = tx.execute(select(func.count()).select_from(log_pending)).scalar_one()
    assert waiting == history.log.waiting() == (1 if history.engine.dialect.name == "postgresql" else 0)
