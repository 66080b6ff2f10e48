from __future__ import annotations

import pytest

from vigie.aws.breaker import Breaker
from vigie.aws.errors import CallFailed, Remedy
from vigie.aws.pacing import Pacer
from vigie.model.scope import Outcome

KEY = ("111122223333", "eu-west-1", "lambda", "GetPolicy")
OTHER = ("444455556666", *KEY[1:])


def rate_of(pacer: Pacer, calls: int, start: float = 0.0) -> float:
    """Calls a second that come out when each call is made as soon as it may."""
    now = start
    for _ in range(calls):
        now += pacer.reserve(KEY, now)
    return calls / max(now - start, 1e-9)


def test_calls_go_out_at_the_share_of_the_quota() -> None:
    # lambda:GetPolicy is allowed 15 a second
    assert rate_of(Pacer(0.3), 200) == pytest.approx(4.5, rel=0.1)


def test_several_processes_share_the_quota() -> None:
    assert rate_of(Pacer(0.3, processes=3), 200) == pytest.approx(1.5, rel=0.1)


def test_a_throttle_halves_the_rate_and_successes_bring_it_back() -> None:
    pacer = Pacer(0.3)
    pacer.reserve(KEY, 0.0)
    full = pacer.rate(KEY) or 0.0

    pacer.throttled(KEY, 1.0)
    halved = pacer.rate(KEY) or 0.0
    for _ in range(100):
        pacer.succeeded(KEY, 2.0)

    assert halved == pytest.approx(full / 2)
    assert pacer.rate(KEY) == pytest.approx(full)


def test_one_account_that_is_throttled_slows_no_other() -> None:
    pacer = Pacer(0.3)
    pacer.reserve(OTHER, 0.0)
    before = pacer.rate(OTHER)
    for second in range(20):
        pacer.reserve(KEY, float(second))
        pacer.throttled(KEY, float(second))

    assert pacer.rate(OTHER) == before
    assert pacer.reserve(OTHER, 20.0) == 0.0


def test_without_pacing_nothing_waits_until_the_endpoint_throttles_after_all() -> None:
    pacer = Pacer(paced=False)

    assert sum(pacer.reserve(KEY, 0.0) for _ in range(5_000)) == 0.0
    pacer.throttled(KEY, 0.0)
    assert sum(pacer.reserve(KEY, 0.0) for _ in range(100)) > 0.0


FAILED = CallFailed(Outcome.ERROR, "InternalFailure", "no", "s:O", remedy=Remedy.AGAIN)


def test_an_operation_that_keeps_failing_is_tried_once_and_then_left_alone_for_a_while() -> None:
    breaker = Breaker()
    assert breaker.attempts(KEY, 0.0, 3) == 3
    for _ in range(3):
        breaker.failed(KEY, FAILED, 0.0)
    assert breaker.attempts(KEY, 0.0, 3) == 1
    for _ in range(10):
        breaker.failed(KEY, FAILED, 0.0)

    with pytest.raises(CallFailed, match="not tried again"):
        breaker.attempts(KEY, 1.0, 3)
    assert breaker.attempts(KEY, 100.0, 3) == 1
    breaker.succeeded(KEY)
    assert breaker.attempts(KEY, 100.0, 3) == 3


def test_denials_and_throttles_do_not_open_the_breaker() -> None:
    breaker = Breaker()
    for outcome in (Outcome.DENIED, Outcome.THROTTLED):
        for _ in range(20):
            breaker.failed(KEY, CallFailed(outcome, "X", "", "s:O", remedy=Remedy.NONE), 0.0)

    assert breaker.attempts(KEY, 0.0, 3) == 3
