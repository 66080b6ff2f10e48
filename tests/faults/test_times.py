"""Answers that come late, in drops, never, from nowhere, or from the past."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from vigie.aws.options import Patience
from vigie.history.store import open_history
from vigie.model.account import Account
from vigie.model.change import ChangeKind
from vigie.model.scope import Outcome
from vigie.testing import faults
from vigie.testing.conformance import answers_for
from vigie.testing.endpoint import ACCOUNT, access_key
from vigie.testing.observatory import REGION, Observatory
from vigie.testing.watchtower import Clock, Watchtower

KEYS, TOPICS = "AWS::KMS::Key", "AWS::SNS::Topic"
IMPATIENT = Patience(call_seconds=0.8, connect_seconds=0.5, read_seconds=0.4, attempts=2, base_delay=0.1)


@pytest.fixture
def impatient(tmp_path: Path) -> Iterator[Watchtower]:
    """Gives up a call after 0.8 s, and after 0.4 s without a byte."""
    clock = Clock()
    with (
        Observatory(patience=IMPATIENT, clock=clock, sleep=clock.sleep) as here,
        open_history(f"sqlite:///{tmp_path / 'vigie.sqlite'}") as history,
    ):
        here.aws.answers = answers_for(here.catalogue.types.values())
        tower = Watchtower(here, history)
        assert tower.watch(KEYS).outcome is Outcome.COMPLETE
        yield tower


def test_a_call_that_hangs_frees_its_thread_and_is_told(impatient: Watchtower) -> None:
    """F21."""
    before = impatient.recorded(KEYS)
    impatient.here.aws.faults.add(faults.hanging(), operation="ListKeys")
    began = time.monotonic()

    result = impatient.watch(KEYS)

    assert time.monotonic() - began < 5
    assert (result.outcome, result.changes) == (Outcome.TIMEOUT, ())
    assert impatient.recorded(KEYS) == before


def test_an_answer_in_drops_is_ended_by_the_deadline_of_the_call(impatient: Watchtower) -> None:
    """F22: every drop comes within the read timeout, and all of them after the deadline."""
    before = impatient.recorded(KEYS)
    impatient.here.aws.faults.add(faults.dripping(6.0), operation="ListKeys")
    began = time.monotonic()

    result = impatient.watch(KEYS)

    assert time.monotonic() - began < 5
    assert (result.outcome, result.changes) == (Outcome.TIMEOUT, ())
    assert "DeadlineExceeded" in result.problems[0].code
    assert impatient.recorded(KEYS) == before


def test_a_detail_that_hangs_is_unknown_and_the_rest_is_read(impatient: Watchtower) -> None:
    before = impatient.recorded(KEYS)
    refused = min(before)
    impatient.here.aws.faults.add(faults.hanging(), operation="GetKeyPolicy", resource=refused)

    result = impatient.watch(KEYS)

    assert (result.outcome, result.changes) == (Outcome.PARTIAL, ())
    assert impatient.heads(KEYS)[refused].unreadable["Policy"].outcome is Outcome.TIMEOUT
    assert impatient.recorded(KEYS) == before


def test_the_deadline_of_a_scope_ends_it_and_deletes_nothing(tower: Watchtower) -> None:
    tower.watch(KEYS)
    tower.here.aws.faults.add(faults.throttled(), operation="ListKeys")
    reader = tower.here.reader(KEYS, deadline=0.5)
    tower.here.line.clock.sleep(0.6)  # type: ignore[attr-defined]

    reading = reader.read().reading

    assert reading.outcome is Outcome.TIMEOUT
    assert reading.problems[0].code == "ScopeDeadline"


def test_a_service_that_has_no_endpoint_in_the_region_is_unavailable_and_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """F23: the name is not in the DNS. No packet leaves: the resolver is ours."""
    asked: list[Any] = []

    def no_such_name(host: str, *_: Any, **__: Any) -> NoReturn:
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_such_name)
    clock = Clock()
    here = Observatory(endpoint_url="http://kms.nowhere.example", patience=IMPATIENT, clock=clock, sleep=clock.sleep)

    first = here.look(KEYS).reading
    tried = len(asked)
    second = here.look(KEYS).reading

    assert (first.outcome, second.outcome) == (Outcome.UNAVAILABLE, Outcome.UNAVAILABLE)
    assert set(asked) == {"kms.nowhere.example"}
    assert 1 <= tried == len(asked)


def test_a_slow_service_does_not_hold_up_the_others(tower: Watchtower, monkeypatch: pytest.MonkeyPatch) -> None:
    """F44: everything of KMS takes 0.3 s; SNS is done long before."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", access_key(ACCOUNT))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")
    tower.here.aws.faults.add(faults.slow(0.3), service="kms")

    summary = tower.sweep(Account(ACCOUNT, regions=(REGION,)), types=(KEYS, TOPICS))

    assert summary.whole == 2
    slow, quick = tower.coverage(KEYS), tower.coverage(TOPICS)
    assert quick.last_looked < slow.last_looked


def test_a_state_from_the_past_is_no_second_change(tower: Watchtower) -> None:
    """F43: after a change, one of two reads still shows the state before it. It is recorded once, when two reads
    agree."""
    tower.watch(KEYS)
    aws = tower.here.aws
    change = faults.edited("F43", "the new state", Description="after the change")

    aws.faults.add(change, operation="DescribeKey", calls=range(1, 7))  # two looks of three keys: the new state, twice
    aws.forget()
    first = tower.watch(KEYS)
    aws.faults.clear()
    aws.faults.add(change, operation="DescribeKey")
    second = tower.watch(KEYS)

    assert {item.kind for item in first.changes} == {ChangeKind.CHANGED}
    assert (len(first.changes), second.changes) == (3, ())


def test_a_state_that_only_one_of_two_reads_shows_is_not_recorded(tower: Watchtower) -> None:
    """F43 and torn reads: the first read is of the future, the second of the past. The next sweep settles it."""
    tower.watch(KEYS)
    before = tower.recorded(KEYS)
    aws = tower.here.aws
    change = faults.edited("F43", "the new state", Description="after the change")
    aws.forget()
    aws.faults.add(change, operation="DescribeKey", calls=range(1, 4))

    stale = tower.watch(KEYS)
    assert (stale.outcome, stale.changes, tower.recorded(KEYS)) == (Outcome.COMPLETE, (), before)

    aws.faults.clear()
    aws.faults.add(change, operation="DescribeKey")
    assert {item.kind for item in tower.watch(KEYS).changes} == {ChangeKind.CHANGED}
