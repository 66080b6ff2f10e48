"""Opening a store, transactions, and the one sentence when it cannot be."""

from __future__ import annotations

import os
import sqlite3
import threading
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy import text

from recordings import HOUR, T0, draft, look, queue
from vigie.history.store import History, open_history
from vigie.model.change import ChangeKind
from vigie.model.errors import StoreError


def one_sentence(error: pytest.ExceptionInfo[StoreError]) -> str:
    sentence = str(error.value)
    assert "\n" not in sentence
    assert sentence.endswith(".") or ": " in sentence
    return sentence


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://host/name", "sqlite://", "sqlite:///:memory:", "/some/path"])
def test_what_is_no_url_of_a_store_gets_one_sentence(url: str) -> None:
    with pytest.raises(StoreError) as error:
        open_history(url)
    one_sentence(error)


def test_a_password_is_never_shown() -> None:
    with pytest.raises(StoreError) as error:
        open_history("mysql://user:hunter2@host/name")
    assert "hunter2" not in one_sentence(error)
    with pytest.raises(StoreError) as error:
        open_history("postgresql://user:hunter2@127.0.0.1:1/name")
    assert "hunter2" not in one_sentence(error)


def test_a_store_that_is_not_there_is_made_only_when_asked(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/deep/vigie.sqlite"
    with pytest.raises(StoreError, match="There is no store at"):
        open_history(url, create=False)
    open_history(url).close()
    open_history(url, create=False).close()


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("these are my notes, " * 100)
    with pytest.raises(StoreError, match="not a store of vigie") as error:
        open_history(f"sqlite:///{path}")
    one_sentence(error)


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be made") as error:
        open_history(f"sqlite:///{tmp_path}/file/vigie.sqlite")
    one_sentence(error)


def test_an_unreachable_server_is_told() -> None:
    with pytest.raises(StoreError, match="cannot be reached") as error:
        open_history("postgresql://vigie@127.0.0.1:1/vigie")
    one_sentence(error)


def test_a_missing_database_is_told(postgres_history: History) -> None:
    url = postgres_history.engine.url.set(database="nowhere").render_as_string(hide_password=False)
    with pytest.raises(StoreError) as error:
        open_history(url)
    assert "nowhere" in one_sentence(error)


def test_a_server_that_went_away_is_told_and_comes_back(postgres_history: History) -> None:
    with pytest.raises(StoreError) as error, postgres_history.begin() as tx:
        tx.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    one_sentence(error)
    assert postgres_history.archive.statistics().resources == 0


def test_a_full_disk_is_told_and_nothing_of_the_record_stays(sqlite_history: History) -> None:
    first = look(T0, draft(queue("a"), ChangeKind.BASELINE, T0, {"N": 0}))
    sqlite_history.recorder.record(first, T0)
    with sqlite_history.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()

    def no_more_room(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")

    sqlite_history.engine.dispose()
    sqlalchemy.event.listen(sqlite_history.engine, "connect", no_more_room)
    at = T0 + HOUR
    drafts = [draft(queue(f"q{n}"), ChangeKind.CREATED, at, {"N": os.urandom(200).hex()}) for n in range(500)]
    with pytest.raises(StoreError, match="full") as error:
        sqlite_history.recorder.record(look(at, *drafts, seen=["a"]), at)
    one_sentence(error)
    assert set(sqlite_history.archive.heads(first.scope)) == {"a"}


def test_a_store_that_may_only_be_read_is_told(sqlite_history: History) -> None:
    def only_read(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute("PRAGMA query_only = ON")

    sqlite_history.engine.dispose()
    sqlalchemy.event.listen(sqlite_history.engine, "connect", only_read)
    with pytest.raises(StoreError, match="read-only") as error:
        sqlite_history.recorder.record(look(T0, draft(queue("a"), ChangeKind.BASELINE, T0, {})), T0)
    one_sentence(error)


def test_a_transaction_that_fails_leaves_nothing(history: History) -> None:
    with pytest.raises(ZeroDivisionError), history.begin() as tx:  # noqa: PT012
        history.work.put(tx, "judge", ["1"], T0)
        raise ZeroDivisionError
    assert history.work.waiting("judge") == 0


def test_a_transaction_inside_another_is_refused_instead_of_waiting_for_itself(sqlite_history: History) -> None:
    inner = sqlite_history.begin()
    with sqlite_history.begin(), pytest.raises(RuntimeError, match="inside"):
        inner.__enter__()
    with sqlite_history.begin():
        pass


def test_readers_are_not_kept_waiting_by_a_writer(history: History) -> None:
    with history.begin() as tx:
        history.work.put(tx, "judge", ["1"], T0)
        assert history.work.waiting("judge") == 0
    assert history.work.waiting("judge") == 1


def test_many_threads_record_at_once(history: History) -> None:
    failures: list[BaseException] = []

    def record(thread: int) -> None:
        try:
            for n in range(5):
                at = T0 + n * HOUR
                one = draft(queue(f"q{thread}"), ChangeKind.CHANGED if n else ChangeKind.CREATED, at, {"N": n})
                history.recorder.record(look(at, one), at)
        except BaseException as error:  # told by the assertion below
            failures.append(error)
            raise

    threads = [threading.Thread(target=record, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert history.archive.statistics().revisions == 20


def test_opening_twice_is_the_same_store(history: History, history_url: str) -> None:
    history.recorder.record(look(T0, draft(queue("a"), ChangeKind.BASELINE, T0, {"N": 0})), T0)
    with open_history(history_url) as again:
        assert [resource.id for resource in again.archive.find("a")] == ["a"]
