"""What is erased is gone from the store for good, is logged, and everything else still verifies."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from happenings import event
from recordings import HOUR, T0, draft, look, queue
from vigie.history import verifying
from vigie.history.store import History
from vigie.model.change import ChangeKind
from vigie.model.retention import Action, Candidate, Going, Hold, Policy, chosen

DAY = timedelta(days=1)
NOW = T0 + 100 * DAY
ERASE = Policy("forget", Action.ERASE, older_than=10 * DAY)
THIN = Policy("thin-counters", Action.THIN, older_than=10 * DAY, kinds=(ChangeKind.EPHEMERAL,))


def record(history: History, name: str, values: list[Any], kind: ChangeKind = ChangeKind.CHANGED) -> None:
    """One state an hour."""
    for number, value in enumerate(values):
        at = T0 + number * HOUR
        seen = list(history.archive.heads(queue(name).scope))
        what = draft(queue(name), kind if number else ChangeKind.CREATED, at, {"Secret": value, "Tags": {"team": name}})
        history.recorder.record(look(at, what, seen=seen), at)
    history.log.sequence()


def apply(history: History, policy: Policy, *holds: Hold) -> Going:
    (going,) = history.retention.plan([policy], holds, NOW)
    assert history.retention.apply(going, "kim", NOW) == len(going.revisions)
    history.log.sequence()
    return going


def everything_stored(history: History) -> bytes:
    """All values of all tables, configurations unpacked."""
    from vigie.history import blobs

    parts = []
    with history.engine.connect() as tx:
        for table in sqlalchemy.inspect(history.engine).get_table_names():
            for row in tx.execute(text(f'SELECT * FROM "{table}"')).mappings():
                parts += [str(value).encode() for value in row.values()]
                if table == "blob":
                    parts.append(blobs.decompress(bytes(row["body"]), row["dictionary"]))
    return b"\n".join(parts)


def test_what_is_erased_is_gone_and_logged_and_the_rest_verifies(history: History) -> None:
    record(history, "a", ["first-one", "second-one", "third-one"])
    going = apply(history, ERASE)
    assert (len(going.revisions), going.resources, going.blobs, going.held) == (2, 1, 2, 0)
    assert going.stored_bytes > 0
    stored = everything_stored(history)
    assert b"first-one" not in stored and b"second-one" not in stored and b"third-one" in stored
    found = verifying.verify(history.engine)
    assert (found.defects, found.erased, found.rows["erasure"]) == ([], 2, 1)
    ((run),) = history.retention.runs()
    assert (run["policy"], run["author"], run["at"]) == ("forget", "kim", NOW)
    # two contents, and the differences of the third revision, which quote the second
    assert run["parts"] == 3


def test_the_past_says_by_which_policy_it_was_erased(history: History) -> None:
    record(history, "a", ["first-one", "second-one", "third-one"])
    apply(history, ERASE)
    (a,) = history.archive.find("a")
    state = history.archive.state_at(a.pk or 0, T0 + HOUR)
    assert state.revision is not None and state.revision.erased is not None
    assert (state.revision.erased.policy, state.revision.erased.at) == ("forget", NOW)
    assert len(state.revision.erased.commitment) == 64
    assert state.revision.configuration == {}
    last = history.archive.latest(a.pk or 0)
    assert last is not None and last.erased is None and last.configuration["Secret"] == "third-one"
    (seen, *_) = history.past.configurations([state.revision]).values()
    assert seen.erased == state.revision.erased


def test_the_head_of_a_resource_is_never_erased(history: History) -> None:
    record(history, "a", ["only"])
    assert apply(history, ERASE).revisions == ()
    at = T0 + HOUR
    history.recorder.record(look(at, draft(queue("a"), ChangeKind.DELETED, at, changed_after=T0)), at)
    history.log.sequence()
    assert len(apply(history, ERASE).revisions) == 1  # how it was, before it was deleted
    later = T0 + 2 * HOUR
    history.recorder.record(look(later, draft(queue("a"), ChangeKind.CREATED, later, {"Secret": "back"})), later)
    history.log.sequence()
    assert verifying.verify(history.engine).defects == []


def test_a_configuration_that_others_have_too_stays_for_them(history: History) -> None:
    record(history, "a", ["shared", "x"])
    at = T0 + 3 * HOUR
    same = draft(queue("b"), ChangeKind.CREATED, at, {"Secret": "shared", "Tags": {"team": "a"}})
    history.recorder.record(look(at, same, seen=["a"]), at)
    going = apply(history, ERASE)
    assert (len(going.revisions), going.blobs) == (1, 0)
    (b,) = history.archive.find("b")
    held = history.archive.latest(b.pk or 0)
    assert held is not None and held.configuration["Secret"] == "shared"
    assert verifying.verify(history.engine).defects == []


def test_thinning_keeps_the_last_of_each_day_and_what_later_differences_say(history: History) -> None:
    record(history, "a", [f"v{n}" for n in range(30)], ChangeKind.EPHEMERAL)
    going = apply(history, THIN)
    (a,) = history.archive.find("a")
    (run,) = history.retention.runs()
    assert run["parts"] == len(going.revisions)
    kept = [n for n in range(1, 31) if (r := history.archive.revision(a.pk or 0, n)) and r.erased is None]
    # 3:04 on the 2nd to 8:04 on the 3rd: the creation, the last of the 2nd, the last but the head of the 3rd, the head
    assert kept == [1, 21, 29, 30]
    following = history.archive.change(2)
    assert following is not None
    assert verifying.verify(history.engine).defects == []


def test_the_triggers_are_back_after_an_erasure_and_after_one_that_fails(history: History) -> None:
    record(history, "a", ["first-one", "second-one"])
    apply(history, ERASE)
    for table, column in (("revision", "kind"), ("change_item", "path"), ("blob", "size"), ("log_leaf", "kind")):
        for statement in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
            rewrite = text(statement)
            with history.begin() as tx:
                rows = tx.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()
            if rows:
                with pytest.raises(sqlalchemy.exc.DBAPIError, match="append-only"), history.begin() as tx:
                    tx.execute(rewrite)


def test_an_erasure_that_fails_erases_nothing(history: History) -> None:
    record(history, "a", ["first-one", "second-one"])
    (going,) = history.retention.plan([ERASE], [], NOW)
    with pytest.raises(sqlalchemy.exc.StatementError, match="a time without a zone"):
        history.retention.apply(going, "kim", NOW.replace(tzinfo=None))
    assert b"first-one" in everything_stored(history)
    assert verifying.verify(history.engine).defects == []
    with pytest.raises(sqlalchemy.exc.DBAPIError, match="append-only"), history.begin() as tx:
        tx.execute(text("DELETE FROM blob"))


def test_thinned_first_and_erased_later(history: History) -> None:
    """A revision whose differences went with its neighbour's contents, and whose contents go afterwards."""
    record(history, "a", ["one-one", "two-two", "three-three", "four-four"])
    (a,) = history.archive.find("a")
    first = Going(ERASE, (1,), 0, 1)
    assert history.retention.apply(first, "kim", NOW) == 1
    history.log.sequence()
    assert verifying.verify(history.engine).defects == []
    second = history.archive.revision(a.pk or 0, 2)
    assert second is not None and second.configuration["Secret"] == "two-two"
    apply(history, ERASE)
    stored = everything_stored(history)
    assert not any(word in stored for word in (b"one-one", b"two-two", b"three-three"))
    found = verifying.verify(history.engine)
    assert (found.defects, found.erased) == ([], 3)
    assert apply(history, ERASE).revisions == ()


@pytest.mark.parametrize(
    ("statement", "part"),
    [
        ("UPDATE erasure SET commitment = (SELECT root FROM erasure_run)", "revision"),
        ("UPDATE erasure SET part = 'differences'", "revision"),
        ("DELETE FROM erasure", "revision"),
        ("UPDATE erasure_run SET policy = 'another'", "erasure"),
        ("UPDATE erasure_run SET at = at + 1", "erasure"),
        ("UPDATE erasure_run SET author = 'nobody'", "erasure"),
        ("UPDATE erasure_run SET parts = 0", "erasure"),
        ("UPDATE revision SET blob_pk = NULL, durable_sha = NULL WHERE number = 3", "revision"),
        ("UPDATE revision SET blob_pk = 3 WHERE number = 1", "revision"),
    ],
)
def test_contents_that_go_without_a_logged_erasure_are_found(
    sqlite_history: History, statement: str, part: str
) -> None:
    record(sqlite_history, "a", ["first-one", "second-one", "third-one"])
    apply(sqlite_history, Policy("thin", Action.THIN, older_than=DAY, keep_every=10 * DAY))
    with sqlite_history.begin() as tx:
        for (name,) in tx.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").all():
            tx.exec_driver_sql(f"DROP TRIGGER {name}")
        tx.exec_driver_sql(statement)
    assert part in {defect.part for defect in verifying.verify(sqlite_history.engine).defects}


# --- holds


@pytest.mark.parametrize(
    "hold",
    [
        Hold("h", "court", resource="a"),
        Hold("h", "court", resource=queue("a").arn),
        Hold("h", "court", account=queue("a").account, type="aws::sqs::*"),
        Hold("h", "court", tag="team=a"),
        Hold("h", "court", tag="team"),
        Hold("h", "court", since=T0, until=T0 + DAY),
        Hold("h", "court"),
    ],
)
def test_what_is_held_stays(sqlite_history: History, hold: Hold) -> None:
    record(sqlite_history, "a", ["first-one", "second-one", "third-one"])
    going = apply(sqlite_history, ERASE, hold)
    assert (going.revisions, going.held) == ((), 2)


@pytest.mark.parametrize(
    "hold",
    [
        Hold("h", "court", resource="b"),
        Hold("h", "court", account="999999999999"),
        Hold("h", "court", tag="team=b"),
        Hold("h", "court", since=T0 + DAY),
        Hold("h", "court", until=T0 - DAY),
    ],
)
def test_a_hold_on_something_else_holds_nothing(sqlite_history: History, hold: Hold) -> None:
    record(sqlite_history, "a", ["first-one", "second-one", "third-one"])
    assert apply(sqlite_history, ERASE, hold).held == 0


def test_a_hold_on_a_time_keeps_what_was_in_force_then(sqlite_history: History) -> None:
    record(sqlite_history, "a", ["first-one", "second-one", "third-one"])
    half = T0 + HOUR / 2  # the first was in force
    going = apply(sqlite_history, ERASE, Hold("h", "court", since=half, until=half))
    assert (len(going.revisions), going.held) == (1, 1)


candidates = st.lists(
    st.tuples(st.integers(1, 4), st.integers(0, 99), st.sampled_from(list(ChangeKind))), max_size=60
).map(lambda rows: [_candidate(n, *row) for n, row in enumerate(sorted(rows, key=lambda row: row[:2]), 1)])


def _candidate(pk: int, resource: int, days: int, kind: ChangeKind) -> Candidate:
    return Candidate(pk, resource, pk, kind, T0 + days * DAY, None, "111122223333", "AWS::SQS::Queue", "q", None)


@given(candidates, st.integers(1, 30), st.integers(0, 100))
def test_thinning_leaves_something_of_every_span(rows: list[Candidate], span: int, older: int) -> None:
    policy = Policy("p", Action.THIN, older_than=older * DAY, keep_every=span * DAY)
    gone = set(chosen(policy, [], rows, NOW).revisions)
    assert gone <= {one.pk for one in rows if one.observed_at < NOW - older * DAY}

    def spans(some: list[Candidate]) -> set[tuple[int, int]]:
        return {(one.resource, int(one.observed_at.timestamp() // (span * DAY).total_seconds())) for one in some}

    assert spans([one for one in rows if one.pk not in gone]) == spans(rows)


# --- events


def test_old_events_that_explain_nothing_go(history: History) -> None:
    with history.begin() as tx:
        history.events.record(tx, [event(at=T0), event(at=T0 + 50 * DAY)], NOW)
    before = T0 + 10 * DAY
    assert history.retention.old_events(before) == 1
    assert history.retention.erase_events(before, "kim", NOW) == 1
    assert history.retention.old_events(NOW) == 1
    history.log.sequence()
    (run,) = history.retention.runs()
    assert run["policy"] == "events: 1 from before 2026-01-12 that explain no change"
    assert verifying.verify(history.engine).defects == []
