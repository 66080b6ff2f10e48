"""The queue of due work."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

from vigie.history.store import History
from vigie.history.work import Claim

T0 = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def put(history: History, *keys: str, at: datetime = T0) -> None:
    with history.begin() as tx:
        history.work.put(tx, "judge", keys, at)


def settle(history: History, *claims: Claim) -> set[Claim]:
    with history.begin() as tx:
        return history.work.done(tx, claims)


def claim(history: History, now: datetime, n: int = 10) -> list[Claim]:
    return history.work.claim("judge", n, now, MINUTE)


def test_work_is_claimed_once_the_longest_due_first(history: History) -> None:
    put(history, "b", at=T0)
    put(history, "a", at=T0 + MINUTE)
    put(history, "later", at=T0 + 9 * MINUTE)
    assert [c.key for c in claim(history, T0 + MINUTE)] == ["b", "a"]
    assert claim(history, T0 + MINUTE) == []


def test_work_of_another_topic_is_left_alone(history: History) -> None:
    with history.begin() as tx:
        history.work.put(tx, "sweep", ["x"], T0)
    assert claim(history, T0) == []
    assert history.work.next_due("judge") is None


def test_done_work_is_gone(history: History) -> None:
    put(history, "a")
    claims = claim(history, T0)
    assert settle(history, *claims) == set(claims)
    assert claim(history, T0 + 10 * MINUTE) == []
    assert settle(history, *claims) == set()


def test_a_lease_that_ran_out_is_claimed_by_another_and_the_late_one_is_refused(history: History) -> None:
    put(history, "a")
    late = claim(history, T0)
    assert claim(history, T0 + timedelta(seconds=59)) == []
    second = claim(history, T0 + MINUTE)
    assert [(c.key, c.fence, c.attempts) for c in second] == [("a", late[0].fence + 1, 2)]
    assert settle(history, *late) == set()
    assert not history.work.retry(late[0], T0, "late")
    assert settle(history, *second) == set(second)


def test_a_lease_that_ran_out_and_was_not_claimed_still_holds(history: History) -> None:
    put(history, "a")
    late = claim(history, T0)
    assert settle(history, *late) == set(late)


def test_a_key_put_while_it_is_claimed_is_due_again_after_it_is_done(history: History) -> None:
    put(history, "a")
    first = claim(history, T0)
    put(history, "a", at=T0 + 3 * MINUTE)
    put(history, "a", at=T0 + 2 * MINUTE)
    assert claim(history, T0 + timedelta(seconds=30)) == []
    assert settle(history, *first) == set(first)
    assert history.work.next_due("judge") == T0 + 2 * MINUTE
    again = claim(history, T0 + 2 * MINUTE)
    assert [c.attempts for c in again] == [1]
    assert settle(history, *again) == set(again)
    assert history.work.waiting("judge") == 0


def test_a_retry_is_due_when_it_says(history: History) -> None:
    put(history, "a")
    [first] = claim(history, T0)
    assert history.work.retry(first, T0 + 5 * MINUTE, "the rule raised")
    assert history.work.next_due("judge") == T0 + 5 * MINUTE
    assert claim(history, T0 + 4 * MINUTE) == []
    assert [c.attempts for c in claim(history, T0 + 5 * MINUTE)] == [2]


def test_putting_again_brings_forward_and_never_back(history: History) -> None:
    put(history, "a", at=T0 + 5 * MINUTE)
    put(history, "a", at=T0 + 9 * MINUTE)
    assert history.work.next_due("judge") == T0 + 5 * MINUTE
    put(history, "a", at=T0)
    assert history.work.next_due("judge") == T0


def test_next_due_of_claimed_work_is_the_end_of_its_lease(history: History) -> None:
    put(history, "a")
    claim(history, T0)
    assert history.work.next_due("judge") == T0 + MINUTE


def test_a_rolled_back_put_never_was(history: History) -> None:
    try:
        with history.begin() as tx:
            history.work.put(tx, "judge", ["a"], T0)
            raise ZeroDivisionError
    except ZeroDivisionError:
        pass
    assert history.work.waiting("judge") == 0


def test_many_claimants_never_get_the_same_key(history: History) -> None:
    put(history, *(f"key-{n:03}" for n in range(120)))
    got: list[str] = []

    def work() -> None:
        while batch := claim(history, T0, n=7):
            got.extend(c.key for c in batch)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [f"key-{n:03}" for n in range(120)]


def test_a_renewed_claim_is_kept_and_counted(history: History) -> None:
    put(history, "a", "b")
    kept, lost = claim(history, T0)
    history.work.renew([kept], T0 + 5 * MINUTE)
    assert history.work.claimed("judge", T0) == 2
    assert history.work.claimed("judge", T0 + MINUTE) == 1
    assert [c.key for c in claim(history, T0 + 2 * MINUTE)] == [lost.key]


def test_a_claim_that_was_lost_is_not_renewed(history: History) -> None:
    put(history, "a")
    (late,) = claim(history, T0)
    (second,) = claim(history, T0 + MINUTE)
    history.work.renew([late], T0 + 90 * MINUTE)
    assert [c.fence for c in claim(history, T0 + 2 * MINUTE)] == [second.fence + 1]
