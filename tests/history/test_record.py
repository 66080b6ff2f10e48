"""Recording: one look at one scope is one transaction."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import func, select, text

from recordings import DENIED, HOUR, MINUTE, SCOPE, T0, draft, look, queue
from vigie.history.store import History, open_history
from vigie.history.tables.archive import blob, ref
from vigie.history.tables.outbox import outbox
from vigie.model.change import Change, ChangeKind, DiffEntry
from vigie.model.paging import Page
from vigie.model.queries import ChangeFilter, ResourceFilter
from vigie.model.scope import Outcome, Scope
from vigie.model.treatment import Treatment

A, B = queue("a"), queue("b")


def first_look(history: History) -> tuple[Change, ...]:
    return history.recorder.record(
        look(
            T0,
            draft(A, ChangeKind.BASELINE, T0, {"Name": "a", "Delay": 0, "Tags": {"team": "x"}}),
            draft(B, ChangeKind.BASELINE, T0, {"Name": "b"}),
        ),
        T0,
    )


def judged(history: History) -> list[str]:
    return [claim.key for claim in history.work.claim("judge", 100, T0 + 1000 * HOUR, MINUTE)]


def settle_work(history: History) -> None:
    claims = history.work.claim("judge", 100, T0 + 1000 * HOUR, MINUTE)
    with history.begin() as tx:
        history.work.done(tx, claims)


def told(history: History) -> list[tuple[str, int | None, Any]]:
    with history.engine.connect() as tx:
        rows = tx.execute(select(outbox.c.topic, outbox.c.ref, outbox.c.payload).order_by(outbox.c.id))
        return [(row.topic, row.ref, row.payload) for row in rows]


def count(history: History, table: sqlalchemy.Table) -> int:
    with history.engine.connect() as tx:
        return int(tx.execute(select(func.count()).select_from(table)).scalar_one())


def test_a_first_look_is_a_baseline_told_in_one_summary(history: History) -> None:
    changes = first_look(history)
    assert [(c.kind, c.revision.number, c.revision.changed_after) for c in changes] == [
        (ChangeKind.BASELINE, 1, None),
        (ChangeKind.BASELINE, 1, None),
    ]
    assert told(history) == [
        ("baseline", None, {"account": SCOPE.account, "region": SCOPE.region, "type": SCOPE.type, "count": 2})
    ]
    assert sorted(judged(history)) == sorted(str(c.resource.pk) for c in changes)
    heads = history.archive.heads(SCOPE)
    assert {id: (head.number, head.kind) for id, head in heads.items()} == {
        "a": (1, ChangeKind.BASELINE),
        "b": (1, ChangeKind.BASELINE),
    }
    assert heads["a"].config_sha == changes[0].revision.config_sha
    assert heads["a"].resource == changes[0].resource


def test_what_was_recorded_is_read_back_whole(history: History) -> None:
    [a, _] = first_look(history)
    assert a.resource.pk is not None
    latest = history.archive.latest(a.resource.pk)
    assert latest == a.revision
    assert latest.tags == {"team": "x"}
    assert history.archive.change(a.pk or 0) == a
    assert history.archive.configuration(a.revision.config_sha) == a.revision.configuration


def test_a_change_is_recorded_with_its_difference_and_told(history: History) -> None:
    [a, _] = first_look(history)
    settle_work(history)
    at = T0 + HOUR
    later = draft(
        A, ChangeKind.CHANGED, at, {"Name": "a", "Delay": 5, "Tags": {"team": "x"}}, changed_after=T0 + MINUTE
    )
    [change] = history.recorder.record(look(at, later, seen=["a", "b"]), at)
    assert change.diff == (DiffEntry("/Delay", "replace", 0, 5),)
    assert change.revision.number == 2
    assert told(history)[1:] == [("change", change.pk, {"kind": "changed"})]
    assert judged(history) == [str(a.resource.pk)]
    assert history.archive.changes(ChangeFilter(), Page()).items == (change,)


def test_the_window_of_a_change_begins_when_the_last_look_began_or_with_the_last_read(history: History) -> None:
    first_look(history)
    for n in (1, 2):
        history.recorder.record(look(T0 + n * HOUR, seen=["a", "b"]), T0 + n * HOUR)
    at = T0 + 3 * HOUR
    coverage = history.archive.scope_coverage(SCOPE)
    assert coverage is not None and coverage.last_ok == T0 + 2 * HOUR + MINUTE
    changed = draft(A, ChangeKind.CHANGED, at, {"Name": "a2"}, changed_after=coverage.last_ok)
    made = draft(queue("c"), ChangeKind.CREATED, at, {"Name": "c"}, changed_after=coverage.last_ok)
    changes = history.recorder.record(look(at, changed, made, seen=["a", "b"]), at)
    began = T0 + 2 * HOUR - MINUTE
    assert [c.revision.changed_after for c in changes] == [began, began]


def test_a_better_known_window_is_kept(history: History) -> None:
    first_look(history)
    at, known = T0 + HOUR, T0 + HOUR - timedelta(seconds=10)
    [change] = history.recorder.record(
        look(at, draft(A, ChangeKind.CHANGED, at, {"Name": "x"}, changed_after=known), seen=["b"]), at
    )
    assert change.revision.changed_after == known


def test_the_same_state_seen_twice_makes_no_revision(history: History) -> None:
    first_look(history)
    at = T0 + HOUR
    again = draft(A, ChangeKind.CHANGED, at, {"Tags": {"team": "x"}, "Delay": 0, "Name": "a"})
    settle_work(history)
    assert history.recorder.record(look(at, again, seen=["a", "b"]), at) == ()
    assert judged(history) == []
    assert len(told(history)) == 1


def test_a_read_older_than_what_is_recorded_never_reorders_history(history: History) -> None:
    first_look(history)
    late = draft(A, ChangeKind.CHANGED, T0 - MINUTE, {"Name": "late"})
    assert history.recorder.record(look(T0 + MINUTE, late, seen=["a", "b"]), T0 + MINUTE) == ()


def test_two_watchers_that_saw_the_same_creation_record_it_once(history: History) -> None:
    first_look(history)
    at = T0 + HOUR
    made = draft(queue("c"), ChangeKind.CREATED, at, {"Name": "c"})
    again = draft(queue("c"), ChangeKind.CREATED, at + MINUTE, {"Name": "c"})
    assert len(history.recorder.record(look(at, made, seen=["a", "b"]), at)) == 1
    assert history.recorder.record(look(at + MINUTE, again, seen=["a", "b"]), at + MINUTE) == ()


def test_a_deletion_and_a_return(history: History) -> None:
    [a, _] = first_look(history)
    pk = a.resource.pk or 0
    gone_at, back_at = T0 + HOUR, T0 + 2 * HOUR
    [gone] = history.recorder.record(look(gone_at, draft(A, ChangeKind.DELETED, gone_at), seen=["b"]), gone_at)
    assert (gone.kind, gone.revision.configuration, gone.resource.present) == (ChangeKind.DELETED, {}, False)
    assert "a" not in history.archive.heads(SCOPE)
    assert history.recorder.record(look(gone_at + MINUTE, draft(A, ChangeKind.DELETED, gone_at + MINUTE)), T0) == ()
    back_raw = {"Name": "a", "Delay": 9, "Tags": {"team": "x"}}
    [back] = history.recorder.record(
        look(back_at, draft(A, ChangeKind.CREATED, back_at, back_raw), seen=["b"]), back_at
    )
    assert (back.kind, back.revision.number, back.resource.pk) == (ChangeKind.RECREATED, 3, pk)
    assert back.diff == (DiffEntry("/Delay", "replace", 0, 9),)
    assert [c.kind for c in history.archive.revisions(pk, Page()).items] == [
        ChangeKind.RECREATED,
        ChangeKind.DELETED,
        ChangeKind.BASELINE,
    ]


def test_a_deletion_of_what_was_never_recorded_is_nothing(history: History) -> None:
    assert history.recorder.record(look(T0, draft(A, ChangeKind.DELETED, T0)), T0) == ()


def test_an_ephemeral_change_is_recorded_and_never_told(history: History) -> None:
    treatment = Treatment(ephemeral=("Delay",))
    first_look(history)
    at = T0 + HOUR
    noise = draft(A, ChangeKind.EPHEMERAL, at, {"Name": "a", "Delay": 7, "Tags": {"team": "x"}}, treatment=treatment)
    [change] = history.recorder.record(look(at, noise, seen=["a", "b"], treatment=treatment), at)
    assert change.diff == (DiffEntry("/Delay", "replace", 0, 7, ephemeral=True),)
    assert [topic for topic, _, _ in told(history)] == ["baseline"]
    assert history.archive.changes(ChangeFilter(), Page()).items == ()
    assert history.archive.change_counts(ChangeFilter()) == {ChangeKind.BASELINE: 2, ChangeKind.EPHEMERAL: 1}


def test_equal_configurations_are_stored_once(history: History) -> None:
    queues = [queue(f"q{n}") for n in range(20)]
    history.recorder.record(look(T0, *(draft(q, ChangeKind.BASELINE, T0, {"Same": True}) for q in queues)), T0)
    assert count(history, blob) == 1


def test_a_record_that_contradicts_itself_is_refused_whole(history: History) -> None:
    twice = draft(A, ChangeKind.BASELINE, T0, {"Name": "a"})
    with pytest.raises(ValueError, match="more than one draft"):
        history.recorder.record(look(T0, twice, twice), T0)
    elsewhere = draft(queue("z", Scope("111122223333", "eu-west-2", SCOPE.type)), ChangeKind.BASELINE, T0)
    with pytest.raises(ValueError, match="another scope"):
        history.recorder.record(look(T0, elsewhere), T0)
    assert history.archive.resources(ResourceFilter(), Page()).items == ()


# --- what could not be seen


def test_could_not_look_deletes_nothing_and_says_why(history: History) -> None:
    first_look(history)
    at = T0 + HOUR
    problem = DENIED
    history.recorder.record(look(at, outcome=Outcome.DENIED, problems=(problem,)), at)
    assert len(history.archive.heads(SCOPE)) == 2
    coverage = history.archive.scope_coverage(SCOPE)
    assert coverage is not None
    assert (coverage.status, coverage.problems) == (Outcome.DENIED, (problem,))
    assert coverage.missing_permission == "sqs:GetQueueAttributes"
    assert coverage.last_ok == T0 + MINUTE
    assert coverage.since == at + MINUTE


def test_coverage_is_told_when_it_turns_and_not_while_it_lasts(history: History) -> None:
    first_look(history)
    for n, outcome in enumerate([Outcome.DENIED, Outcome.DENIED, Outcome.COMPLETE, Outcome.COMPLETE], start=1):
        problems = (DENIED,) if outcome is Outcome.DENIED else ()
        seen = ["a", "b"] if outcome is Outcome.COMPLETE else []
        history.recorder.record(look(T0 + n * HOUR, outcome=outcome, problems=problems, seen=seen), T0 + n * HOUR)
    rows = [payload for topic, _, payload in told(history) if topic == "coverage"]
    assert [(row["previous"], row["status"]) for row in rows] == [("complete", "denied"), ("denied", "complete")]
    assert rows[0]["missing_permission"] == "sqs:GetQueueAttributes"
    runs = history.archive.coverage_runs(SCOPE)
    assert [(run.status, run.since, run.last_looked) for run in runs] == [
        (Outcome.COMPLETE, T0 + MINUTE, T0 + MINUTE),
        (Outcome.DENIED, T0 + HOUR + MINUTE, T0 + 2 * HOUR + MINUTE),
        (Outcome.COMPLETE, T0 + 3 * HOUR + MINUTE, T0 + 4 * HOUR + MINUTE),
    ]


def test_a_scope_that_was_not_even_tried_is_noted(history: History) -> None:
    first_look(history)
    expired = DENIED
    history.recorder.note_coverage(SCOPE, Outcome.CREDENTIALS, [expired], T0 + HOUR)
    [coverage] = history.archive.coverage(status=Outcome.CREDENTIALS)
    assert (coverage.scope, coverage.since, coverage.problems) == (SCOPE, T0 + HOUR, (expired,))
    assert history.archive.coverage(account="999999999999") == []
    assert [topic for topic, _, _ in told(history)] == ["baseline", "coverage"]


def test_notices_for_the_administrators_are_told(history: History) -> None:
    history.recorder.record(look(T0, notices=("12 of 14 queues are gone.",)), T0)
    assert [payload["notice"] for topic, _, payload in told(history) if topic == "coverage"] == [
        "12 of 14 queues are gone."
    ]


def test_a_part_that_cannot_be_read_is_marked_makes_no_revision_and_is_judged_again(history: History) -> None:
    [a, _] = first_look(history)
    settle_work(history)
    at = T0 + HOUR
    denied = {"a": {"Policy": DENIED}}
    partial = look(at, seen=["a", "b"], outcome=Outcome.PARTIAL, unreadable=denied, problems=(DENIED,))
    assert history.recorder.record(partial, at) == ()
    latest = history.archive.latest(a.resource.pk or 0)
    assert latest is not None
    assert (latest.number, latest.unreadable) == (1, {"Policy": DENIED})
    assert history.archive.heads(SCOPE)["a"].unreadable == {"Policy": DENIED}
    assert judged(history) == [str(a.resource.pk)]
    whole = look(at + HOUR, seen=["a", "b"])
    history.recorder.record(whole, at + HOUR)
    assert history.archive.heads(SCOPE)["a"].unreadable == {}


# --- references


def test_references_follow_the_current_state(history: History) -> None:
    [a, _] = first_look(history)
    at = T0 + HOUR
    key, other = "arn:aws:kms:eu-west-1:111122223333:key/1", "arn:aws:kms:eu-west-1:111122223333:key/2"
    raw = {"Name": "a", "Key": key, "Group": "sg-0123456789abcdef0", "Open": "10.0.0.0/8", "Owner": "444455556666"}
    history.recorder.record(look(at, draft(A, ChangeKind.CHANGED, at, raw), seen=["b"]), at)
    for token in (key, "sg-0123456789abcdef0", "10.0.0.0/8", "444455556666", "a", A.arn or ""):
        assert [r.id for r in history.archive.referring_to(token)] == ["a"], token
    assert history.archive.resources(ResourceFilter(tag="team"), Page()).items == ()
    at += HOUR
    history.recorder.record(look(at, draft(A, ChangeKind.CHANGED, at, raw | {"Key": other}), seen=["b"]), at)
    assert history.archive.referring_to(key) == []
    assert [r.id for r in history.archive.referring_to(other, SCOPE.type)] == ["a"]
    assert history.archive.referring_to(other, "AWS::S3::Bucket") == []
    at += HOUR
    history.recorder.record(look(at, draft(A, ChangeKind.DELETED, at), seen=["b"]), at)
    assert history.archive.referring_to(other) == []
    with history.engine.connect() as tx:
        assert tx.execute(select(ref.c.token).where(ref.c.resource_pk == a.resource.pk)).all() == []


# --- nothing is rewritten, nothing is half


@pytest.mark.parametrize("table", ["revision", "blob", "change_item"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET pk = pk + 1000"])
def test_history_refuses_to_be_rewritten(history: History, table: str, statement: str) -> None:
    first_look(history)
    at = T0 + HOUR
    history.recorder.record(look(at, draft(A, ChangeKind.CHANGED, at, {"Name": "x"}), seen=["b"]), at)
    with pytest.raises(sqlalchemy.exc.DBAPIError, match="append-only"), history.begin() as tx:
        tx.execute(text(statement.format(table)))
    assert len(history.archive.changes(ChangeFilter(kinds=None), Page()).items) == 3


KILLED = """
import os, signal, sys
sys.path.insert(0, {tests!r})
from recordings import *
from vigie.history import work
from vigie.history.store import open_history

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

work.put = die  # after revisions, differences, references and coverage, before the commit
history = open_history({url!r})
at = T0 + HOUR
changed = draft(queue("a"), ChangeKind.CHANGED, at, {{"Name": "half"}})
history.recorder.record(look(at, changed, draft(queue("c"), ChangeKind.CREATED, at, {{"N": 1}}), seen=["b"]), at)
"""


def test_kill_9_in_the_middle_of_a_record_leaves_history_whole(history: History, history_url: str) -> None:
    [a, _] = first_look(history)
    script = KILLED.format(tests=str(Path(__file__).parent.parent), url=history_url)
    died = subprocess.run([sys.executable, "-c", script], env=os.environ, capture_output=True, text=True)
    assert died.returncode == -signal.SIGKILL, died.stderr
    with open_history(history_url) as again:
        assert again.archive.latest(a.resource.pk or 0) == a.revision
        assert set(again.archive.heads(SCOPE)) == {"a", "b"}
        assert len(again.archive.coverage_runs(SCOPE)) == 1
        at = T0 + 2 * HOUR
        [change] = again.recorder.record(look(at, draft(A, ChangeKind.CHANGED, at, {"Name": "whole"}), seen=["b"]), at)
        assert change.revision.number == 2
