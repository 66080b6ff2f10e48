"""The outbox on real SQLite and PostgreSQL."""

from __future__ import annotations

import queue
import threading
from datetime import UTC, datetime, timedelta

import pytest

from vigie.history.notifications import NotificationDraft, NotificationKind, NotificationStatus
from vigie.history.outbox import OutboxRow, PartDraft, PartKind, Topic
from vigie.history.store import History, open_history
from vigie.model.paging import Page

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
LEASE = timedelta(minutes=5)
MINUTE = timedelta(minutes=1)


def put(history: History, n: int = 1, at: datetime = T0) -> None:
    with history.begin() as tx:
        for number in range(n):
            history.outbox.put(tx, "change", number, {"kind": "changed"}, at)


def claim(history: History, n: int = 10, now: datetime = T0) -> list[OutboxRow]:
    with history.begin() as tx:
        return history.outbox.claim(tx, n, now, LEASE)


def part(kind: PartKind = PartKind.IMMEDIATE, key: str = "k", channel: str = "c", due: datetime = T0) -> PartDraft:
    return PartDraft("r", channel, kind, key, due)


def route(history: History, row: OutboxRow, *parts: PartDraft, now: datetime = T0) -> bool:
    with history.begin() as tx:
        return history.outbox.route(tx, row, {"n": row.ref}, parts, now)


def draft(uid: str = "1" * 32, channel: str = "c", key: str = "k", at: datetime = T0) -> NotificationDraft:
    return NotificationDraft(uid, "r", channel, NotificationKind.IMMEDIATE, key, at)


def notify(history: History, uid: str = "1" * 32, channel: str = "c", at: datetime = T0) -> int:
    with history.begin() as tx:
        return history.outbox.notifications.add(tx, draft(uid, channel, at=at), {"title": "t\u0000\ud800"})


def test_a_row_is_written_with_the_transaction_of_what_happened_or_not_at_all(history: History) -> None:
    def die_in_the_middle() -> None:
        with history.begin() as tx:
            history.outbox.put(tx, "change", 1, {}, T0)
            raise RuntimeError("here")

    with pytest.raises(RuntimeError, match="here"):
        die_in_the_middle()
    assert claim(history) == []


@pytest.mark.parametrize("kind", ["ephemeral", "baseline"])
def test_a_change_that_is_not_durable_never_enters_the_outbox(sqlite_history: History, kind: str) -> None:
    with sqlite_history.begin() as tx:
        assert sqlite_history.outbox.put(tx, "change", 1, {"kind": kind}, T0) is None
    assert sqlite_history.outbox.waiting() == 0


def test_an_unknown_topic_is_refused(sqlite_history: History) -> None:
    with sqlite_history.begin() as tx, pytest.raises(ValueError, match="gossip"):
        sqlite_history.outbox.put(tx, "gossip", 1, {}, T0)


def test_a_claimed_row_is_nobody_elses_until_its_lease_ends(history: History) -> None:
    put(history, 3)
    first = claim(history, 2)
    assert [row.ref for row in first] == [0, 1]
    assert first[0].topic is Topic.CHANGE and first[0].created_at == T0
    assert [row.ref for row in claim(history)] == [2]
    assert claim(history, now=T0 + LEASE - MINUTE) == []
    assert [row.ref for row in claim(history, now=T0 + LEASE)] == [0, 1, 2]


def test_a_row_whose_claim_was_lost_is_routed_by_the_new_owner_only(history: History) -> None:
    put(history)
    (slow,) = claim(history)
    (fast,) = claim(history, now=T0 + LEASE)
    assert route(history, fast, part())
    assert not route(history, slow, part())
    assert [batch.count for batch in history.outbox.batches(T0)] == [1]


def test_a_slow_owner_cannot_route_a_row_that_is_claimed_anew(history: History) -> None:
    put(history)
    (slow,) = claim(history)
    (fast,) = claim(history, now=T0 + LEASE)
    assert not route(history, slow, part())
    assert history.outbox.batches(T0) == []
    assert route(history, fast, part())


def test_rows_that_no_route_wants_are_routed_at_once_but_for_those_whose_claim_was_lost(history: History) -> None:
    put(history, 3)
    mine = claim(history, 3)
    (lost,) = claim(history, 1, T0 + LEASE)
    with history.begin() as tx:
        assert history.outbox.route_to_nobody(tx, mine, T0) == 2
    assert history.outbox.waiting() == 1
    assert route(history, lost)


def test_rows_that_cannot_be_routed_are_put_back_then_dead_then_routed_on_demand(history: History) -> None:
    put(history)
    (row,) = claim(history)
    with history.begin() as tx:
        assert history.outbox.put_back(tx, row, T0 + MINUTE, "bad\x00thing")
    assert claim(history) == []
    (row,) = claim(history, now=T0 + MINUTE)
    assert (row.attempts, row.last_error) == (1, "bad thing")
    with history.begin() as tx:
        assert history.outbox.give_up(tx, row, "bad")
    assert claim(history, now=T0 + LEASE * 2) == []
    assert [dead.id for dead in history.outbox.dead()] == [row.id]
    with history.begin() as tx:
        assert history.outbox.route_again(tx, T0) == 1
    assert [again.id for again in claim(history)] == [row.id]


def test_parts_are_gathered_once(history: History) -> None:
    put(history, 3)
    for row in claim(history):
        route(history, row, part(key="a" if row.ref else "b"), part(channel="other"))
    with history.begin() as tx:
        made, tied = history.outbox.gather(tx, draft(), PartKind.IMMEDIATE, "a", T0)
        assert [e["n"] for e in history.outbox.events_of(tx, made)] == [1, 2]
    assert tied == 2
    with history.begin() as tx:
        _, tied = history.outbox.gather(tx, draft("2" * 32), PartKind.IMMEDIATE, None, T0)
    assert tied == 1  # what is left of that channel: group b
    assert [(b.channel, b.count) for b in history.outbox.batches(T0)] == [("other", 3)]


def test_a_part_waits_until_it_is_due(history: History) -> None:
    put(history)
    route(history, claim(history)[0], part(PartKind.DIGEST, due=T0 + MINUTE))
    assert history.outbox.batches(T0) == []
    assert history.outbox.held() == 1
    assert history.outbox.next_due() == T0 + MINUTE
    with history.begin() as tx:
        assert history.outbox.gather(tx, draft(), PartKind.DIGEST, None, T0)[1] == 0
        assert history.outbox.gather(tx, draft("2" * 32), PartKind.DIGEST, None, T0 + MINUTE)[1] == 1


def test_a_notification_goes_through_its_states(history: History) -> None:
    notifications = history.outbox.notifications
    number = notify(history)
    assert notifications.due_channels(T0) == ["c"]
    with history.begin() as tx:
        (first,) = notifications.claim(tx, "c", 5, T0, T0 + LEASE)
        assert first.payload == {"title": "t\u0000\ud800"}
        assert notifications.claim(tx, "c", 5, T0, T0 + LEASE) == []
        assert notifications.retry(tx, first, T0 + MINUTE, "down")
    assert notifications.due_channels(T0) == []
    with history.begin() as tx:
        (second,) = notifications.claim(tx, "c", 5, T0 + MINUTE, T0 + LEASE)
        assert (second.attempts, second.last_error) == (1, "down")
        assert notifications.bury(tx, second, "gone")
        assert not notifications.sent(tx, first, T0, None)  # its fence is old
    assert notifications.counts()[NotificationStatus.DEAD] == 1
    with history.begin() as tx:
        assert notifications.resend(tx, T0, [number + 1]) == 0
        assert notifications.resend(tx, T0, [number]) == 1
        (third,) = notifications.claim(tx, "c", 5, T0, T0 + LEASE)
        assert notifications.sent(tx, third, T0, "ref")
    kept = notifications.get(number)
    assert kept and (kept.status, kept.receipt, kept.sent_at) == (NotificationStatus.SENT, "ref", T0)
    assert notifications.thread("c", "k", T0 - MINUTE) == "ref"
    assert notifications.thread("c", "k", T0) is None


def test_notifications_are_listed_newest_first_in_pages(history: History) -> None:
    made = [notify(history, f"{n:032x}") for n in range(5)]
    first = history.outbox.notifications.page(Page(limit=2), status=NotificationStatus.PENDING)
    second = history.outbox.notifications.page(Page(limit=3, after=first.next), channel="c")
    assert [n.pk for n in (*first.items, *second.items)] == made[::-1]
    assert second.next is None


def test_only_recent_notifications_of_the_route_are_counted(history: History) -> None:
    notify(history, "1" * 32, at=T0 - MINUTE)
    notify(history, "2" * 32)
    notify(history, "3" * 32, channel="other")
    assert history.outbox.notifications.recent("r", "c", T0 - MINUTE) == (1, False)


def test_what_was_told_long_ago_can_be_forgotten_and_dead_letters_stay(history: History) -> None:
    put(history, 3)
    wanted, dead, unwanted = claim(history)
    route(history, wanted, part(key="sent"))
    route(history, dead, part(key="dead"))
    route(history, unwanted)
    notifications = history.outbox.notifications
    for key in ("sent", "dead"):
        with history.begin() as tx:
            history.outbox.gather(tx, draft(key.ljust(32)), PartKind.IMMEDIATE, key, T0)
            (taken,) = notifications.claim(tx, "c", 1, T0, T0 + LEASE)
            assert notifications.sent(tx, taken, T0, None) if key == "sent" else notifications.bury(tx, taken, "x")
    with history.begin() as tx:
        assert history.outbox.forget(tx, T0) == 0
        assert history.outbox.forget(tx, T0 + MINUTE) == 4  # a part, its notification, its row; the unwanted row
    assert notifications.counts()[NotificationStatus.DEAD] == 1


def _claim_all(url: str, results: queue.SimpleQueue[list[int]]) -> None:
    with open_history(url) as history:
        mine: list[int] = []
        while rows := claim(history, 7):
            mine += [row.id for row in rows if route(history, row, part())]
        results.put(mine)


def test_many_claimants_get_each_row_once(history: History, history_url: str) -> None:
    put(history, 100)
    results: queue.SimpleQueue[list[int]] = queue.SimpleQueue()
    threads = [threading.Thread(target=_claim_all, args=(history_url, results)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    got = sorted(number for _ in threads for number in results.get())
    assert len(got) == 100 and len(set(got)) == 100
    assert history.outbox.waiting() == 0
