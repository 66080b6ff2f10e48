"""Events are stored once each, whatever order and however often they come; what they may explain is looked at anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from happenings import ACCOUNT, ALICE, BOB, DEPLOYER, event
from recordings import HOUR, MINUTE, SCOPE, T0, draft, look, queue
from vigie.history import verifying
from vigie.history.attributions import ATTRIBUTE, CreditRow
from vigie.history.events import MOST_MALFORMED
from vigie.history.store import History
from vigie.model.attribution import Confidence
from vigie.model.change import Change, ChangeKind
from vigie.model.event import Actor, ActorKind, Event, Malformed
from vigie.model.paging import Page
from vigie.model.queries import ChangeFilter

FIRST = Page(limit=100)


def record(history: History, *events: Event) -> list[int]:
    """The numbers of those that were new."""
    with history.begin() as tx:
        return [pk for pk, _ in history.events.record(tx, events, T0).new]


def change_queue(history: History, name: str = "q") -> Change:
    """Seen at T0, changed when seen again an hour later; nothing waits to be attributed."""
    seen = draft(queue(name), ChangeKind.BASELINE, T0, {"A": 1})
    history.recorder.record(look(T0, seen), T0)
    later = draft(queue(name), ChangeKind.CHANGED, T0 + HOUR, {"A": 2}, changed_after=T0)
    (change,) = history.recorder.record(look(T0 + HOUR, later), T0 + HOUR)
    return change


def waiting(history: History) -> list[str]:
    """Takes what is to be attributed, and settles it."""
    claims = history.work.claim(ATTRIBUTE, 100, T0 + 9 * HOUR, HOUR)
    with history.begin() as tx:
        history.work.done(tx, claims)
    return [claim.key for claim in claims]


def test_an_event_comes_back_whole(history: History) -> None:
    one = event(request={"Attributes": {"Policy": "…"}}, shared_id="shared", made_keys=("ASIAMADE",))
    record(history, one)
    assert history.events.event(one.id) == replace(one, made_keys=())
    assert history.events.event("another") is None


def test_the_same_event_is_stored_once_however_often_it_comes(history: History) -> None:
    one, other = event(), event()
    with history.begin() as tx:
        first = history.events.record(tx, [one, other, one], T0)
        again = history.events.record(tx, [other, one], T0)
    assert ([e for _, e in first.new], first.duplicates) == ([one, other], 1)
    assert (again.new, again.duplicates) == ((), 2)
    assert history.events.count() == 2


def test_copies_of_one_cross_account_call_are_found_by_what_they_share(history: History) -> None:
    mine, theirs = event(shared_id="s"), event(shared_id="s", account="999988887777")
    record(history, mine, theirs, event())
    assert [one.account for one in history.events.copies("s")] == [mine.account, theirs.account]


def test_an_actor_is_stored_once(history: History) -> None:
    record(history, event(by=ALICE), event(by=ALICE), event(by=BOB))
    with history.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM actor")).scalar_one() == 2


def test_what_somebody_did_has_failed_calls_and_sessions_of_roles_that_they_assumed(history: History) -> None:
    assumed = event("AssumeRole", by=ALICE, read_only=True, made_keys=(DEPLOYER.access_key,))
    tried = event("DeleteQueue", by=ALICE, failed=True, error_code="AccessDenied", at=T0 + MINUTE)
    through = event(by=DEPLOYER, at=T0 + 2 * MINUTE)
    record(history, through, event(by=BOB), tried, assumed)
    done = history.events.of_actor(ALICE.arn or "", None, None, FIRST).items
    assert [one.id for one in done] == [through.id, tried.id, assumed.id]
    by_role = history.events.of_actor(DEPLOYER.issuer or "", None, None, FIRST).items
    assert [one.id for one in by_role] == [through.id]


def test_who_stands_behind_a_session_is_found_through_every_role_on_the_way(history: History) -> None:
    middle = replace(DEPLOYER, session="middle", access_key="ASIAMIDDLE")
    first = event("AssumeRole", by=ALICE, read_only=True, made_keys=("ASIAMIDDLE",))
    second = event("AssumeRole", by=middle, read_only=True, made_keys=(DEPLOYER.access_key,))
    record(history, second, first)
    assert [one.actor for one in history.events.behind(DEPLOYER)] == [middle, ALICE]
    assert history.events.behind(Actor(ActorKind.SERVICE)) == []


def test_a_session_that_made_its_own_key_ends_the_chain(history: History) -> None:
    record(history, event("AssumeRole", by=DEPLOYER, read_only=True, made_keys=(DEPLOYER.access_key,)))
    assert len(history.events.behind(DEPLOYER)) == 1


def test_pages_of_events_neither_repeat_nor_leave_out(history: History) -> None:
    ids = [one.id for one in (event(at=T0 + timedelta(seconds=n // 3)) for n in range(10)) if record(history, one)]
    found, cursor = list[str](), None
    while True:
        page = history.events.events(None, None, Page(limit=3, after=cursor))
        found += [one.id for one in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert found == ids[::-1]


def test_reads_and_failed_calls_are_no_candidates(history: History) -> None:
    good = event()
    record(history, good, event(failed=True), event("GetQueueUrl", read_only=True), event("X", queue("another")))
    found = history.events.candidates(queue("q"), T0 - MINUTE, T0 + MINUTE)
    assert [one.id for _, one in found] == [good.id]
    assert found[0][1].record == good.record


def test_what_has_no_arn_is_spoken_of_by_its_id_in_its_own_region_only(history: History) -> None:
    here, elsewhere = queue("q", arn=None), queue("q", arn=None, region="eu-west-9")
    mine, theirs, other = event("A", here), event("B", elsewhere), event("C", queue("p", arn=None))
    record(history, mine, theirs, other)
    assert [one.id for _, one in history.events.candidates(here, T0 - MINUTE, T0 + MINUTE)] == [mine.id]
    assert [one.id for _, one, _ in history.events.recorded_since(here, T0)] == [mine.id]
    assert [one.id for one in history.events.of_resource(here, None, None, Page()).items] == [mine.id]


def test_a_recorded_change_waits_to_be_attributed_and_a_baseline_does_not(history: History) -> None:
    change = change_queue(history)
    assert waiting(history) == [str(change.pk)]


@pytest.mark.parametrize(
    ("at", "again"), [(T0 + MINUTE, True), (T0 - HOUR, False), (T0 + 2 * HOUR, False), (T0 + HOUR, True)]
)
def test_a_late_event_has_the_change_attributed_anew_in_whose_window_it_lies(
    history: History, at: datetime, again: bool
) -> None:
    change = change_queue(history)
    waiting(history)
    record(history, event(at=at))
    assert waiting(history) == ([str(change.pk)] if again else [])


def test_an_event_on_another_resource_or_a_failed_one_has_nothing_attributed_anew(history: History) -> None:
    change_queue(history)
    waiting(history)
    record(history, event("X", queue("another"), at=T0 + MINUTE), event(at=T0 + MINUTE, failed=True))
    assert waiting(history) == []


def test_a_later_conclusion_supersedes_and_the_earlier_stays(history: History) -> None:
    change = change_queue(history)
    assert change.pk is not None
    (pk,) = record(history, event(at=T0 + MINUTE))
    with history.begin() as tx:
        append = history.attributions.append
        assert append(tx, change.pk, Confidence.PENDING, [], "The logs may still come.", T0 + HOUR)
        assert not append(tx, change.pk, Confidence.PENDING, [], "The logs may still come.", T0 + HOUR)
        credit = CreditRow(pk, Confidence.EXACT, ("/A",))
        assert append(tx, change.pk, Confidence.EXACT, [credit], "It set A.", T0 + 2 * HOUR)
    told = history.archive.change(change.pk)
    assert told is not None and told.attribution is not None
    assert told.attribution.words == "user alice"
    assert told.attribution.credits[0].paths == ("/A",)
    assert [one.confidence for one in history.attributions.history(change.pk)] == ["pending", "exact"]


@pytest.mark.parametrize("parts", [{"failed": True}, {"read_only": True}])
def test_a_failed_or_read_call_cannot_be_credited(history: History, parts: dict[str, Any]) -> None:
    change = change_queue(history)
    (pk,) = record(history, event(at=T0 + MINUTE, **parts))
    with pytest.raises(ValueError, match="cannot be credited"), history.begin() as tx:
        history.attributions.append(tx, change.pk or 0, Confidence.EXACT, [CreditRow(pk, Confidence.EXACT)], "", T0)
    assert history.attributions.current([change.pk or 0]) == {}


@pytest.mark.parametrize("table", ["event", "actor", "event_resource", "attribution", "attribution_event"])
def test_what_was_told_cannot_be_rewritten(history: History, table: str) -> None:
    change = change_queue(history)
    (pk,) = record(history, event(at=T0 + MINUTE))
    with history.begin() as tx:
        credit = CreditRow(pk, Confidence.EXACT)
        history.attributions.append(tx, change.pk or 0, Confidence.EXACT, [credit], "", T0)
    column = _COLUMN[table]
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET {column} = {column}"):
        with pytest.raises(DBAPIError, match="append-only"), history.begin() as tx:
            tx.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE attribution SET reason = 'nobody'",
        "UPDATE attribution SET confidence = 'likely'",
        "UPDATE attribution_event SET paths = '[]'",
        "DELETE FROM attribution_event",
        "UPDATE event SET at = at + 1",
        "UPDATE event SET id = 'another'",
        "UPDATE actor SET arn = 'arn:aws:iam::111122223333:user/mallory'",
        "UPDATE actor SET address = '203.0.113.9'",
        "DELETE FROM attribution",
    ],
)
def test_an_attribution_that_was_tampered_with_is_found_and_named(sqlite_history: History, statement: str) -> None:
    history = sqlite_history
    change = change_queue(history)
    (pk,) = record(history, event(at=T0 + MINUTE))
    with history.begin() as tx:
        credit = CreditRow(pk, Confidence.EXACT, ("/A",))
        history.attributions.append(tx, change.pk or 0, Confidence.EXACT, [credit], "It set A.", T0)
    found = verifying.verify(history.engine)
    assert (found.defects, found.rows["attribution"]) == ([], 1)
    with history.begin() as tx:
        for (name,) in tx.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").all():
            tx.exec_driver_sql(f"DROP TRIGGER {name}")
        tx.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        if statement == "DELETE FROM attribution":
            tx.exec_driver_sql("DELETE FROM attribution_event")
        tx.exec_driver_sql(statement)
    (defect,) = verifying.verify(history.engine).defects
    assert defect.part == "attribution"


_COLUMN = {
    "event": "name",
    "actor": "arn",
    "event_resource": "id",
    "attribution": "reason",
    "attribution_event": "paths",
}


def test_changes_are_found_by_who_made_them_as_concluded_last(history: History) -> None:
    change = change_queue(history)
    alices, bobs = record(history, event(by=ALICE, at=T0 + MINUTE), event(by=BOB, at=T0 + MINUTE))

    def by(who: str) -> int:
        found = history.archive.changes(ChangeFilter(actor=who), FIRST).items
        assert history.archive.change_counts(ChangeFilter(actor=who)).get(ChangeKind.CHANGED, 0) == len(found)
        return len(found)

    with history.begin() as tx:
        credit = CreditRow(alices, Confidence.LIKELY)
        history.attributions.append(tx, change.pk or 0, Confidence.LIKELY, [credit], "", T0)
    assert (by("alice"), by(BOB.arn or "")) == (1, 0)
    with history.begin() as tx:
        credit = CreditRow(bobs, Confidence.EXACT)
        history.attributions.append(tx, change.pk or 0, Confidence.EXACT, [credit], "", T0)
    assert (by("alice"), by(BOB.arn or "")) == (0, 1)


def test_logs_are_complete_only_where_no_hole_is(history: History) -> None:
    def read(since: int, until: int) -> None:
        with history.begin() as tx:
            times = (T0 + since * MINUTE, T0 + until * MINUTE)
            history.events.note_logs(tx, "trail:t", ACCOUNT, SCOPE.region, *times, T0)

    def complete(since: int, until: int, *regions: str) -> bool:
        times = (T0 + since * MINUTE, T0 + until * MINUTE)
        return history.events.logs_complete(ACCOUNT, regions or [SCOPE.region], *times)

    assert not complete(0, 1)
    read(0, 10)
    read(10, 20)
    read(30, 40)
    assert complete(0, 20)
    assert complete(5, 15)
    assert not complete(15, 35)
    assert not complete(21, 25)
    assert not complete(5, 15, SCOPE.region, "us-east-1")


def test_what_waits_for_the_logs_is_attributed_anew_once_they_are_read(history: History) -> None:
    change = change_queue(history)
    waiting(history)
    with history.begin() as tx:
        history.attributions.append(tx, change.pk or 0, Confidence.PENDING, [], "", T0)
        history.events.note_logs(tx, "trail:t", ACCOUNT, SCOPE.region, T0, T0 + MINUTE, T0)
    assert waiting(history) == []
    with history.begin() as tx:
        history.events.note_logs(tx, "trail:t", ACCOUNT, SCOPE.region, T0 + MINUTE, T0 + HOUR, T0)
    assert waiting(history) == [str(change.pk)]


def test_malformed_records_are_all_counted_and_the_latest_kept_aside(history: History) -> None:
    with history.begin() as tx:
        for n in range(3):
            found = [Malformed("no JSON", f"{n:064}", 3), Malformed("no JSON", "f" * 64, 9)]
            history.events.keep_aside(tx, "queue:q", found, T0)
            history.events.note_delivery(tx, "queue:q", T0, events=5, malformed=2)
    assert history.events.malformed() == 6
    with history.engine.connect() as connection:
        rows = connection.execute(text("SELECT digest, count FROM event_malformed ORDER BY digest")).all()
    assert [row[1] for row in rows] == [1, 1, 1, 3]
    assert MOST_MALFORMED < 10_000


def test_a_delivery_says_how_it_is_doing(history: History) -> None:
    with history.begin() as tx:
        history.events.note_delivery(tx, "queue:q", T0, events=2, position="here")
        history.events.note_delivery_failed(tx, "queue:q", "AccessDenied", T0 + MINUTE)
    (held,) = history.events.deliveries()
    assert (held.events, held.error, held.last_ok_at, held.position) == (2, "AccessDenied", T0, "here")
    with history.begin() as tx:
        history.events.note_delivery(tx, "queue:q", T0 + HOUR)
    (held,) = history.events.deliveries()
    assert (held.error, held.last_event_at, held.position) == (None, T0, history.events.position("queue:q"))
