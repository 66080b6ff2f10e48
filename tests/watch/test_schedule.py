from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from vigie.catalogue.loader import load
from vigie.model.scope import Coverage, Outcome, Scope
from vigie.watch.schedule import Calm, due_at, due_scopes, is_due, next_due

HOUR = timedelta(hours=1)
THEN = datetime(2026, 1, 1, tzinfo=UTC)
TYPES = load().types
QUEUE, REPORT = TYPES["AWS::SQS::Queue"], TYPES["AWS::IAM::CredentialReport"]


def coverage(type: str = QUEUE.type, status: Outcome = Outcome.COMPLETE) -> Coverage:
    return Coverage(Scope("111122223333", "eu-west-1", type), status, THEN, THEN, THEN)


def test_what_was_never_looked_at_is_due() -> None:
    assert is_due(QUEUE, None, HOUR, THEN)


def test_a_scope_is_due_again_after_the_time_that_is_set() -> None:
    assert not is_due(QUEUE, coverage(), HOUR, THEN + timedelta(minutes=59))
    assert is_due(QUEUE, coverage(), HOUR, THEN + HOUR)


def test_the_cadence_of_a_type_is_longer_than_the_schedule() -> None:
    assert due_at(REPORT, coverage(REPORT.type), HOUR) == THEN + timedelta(hours=4)


@pytest.mark.parametrize("status", [Outcome.THROTTLED, Outcome.ERROR, Outcome.CREDENTIALS])
def test_a_scope_that_failed_is_tried_again_sooner(status: Outcome) -> None:
    assert due_at(QUEUE, coverage(status=status), HOUR) == THEN + timedelta(minutes=15)


def test_the_first_of_the_known_scopes_says_when() -> None:
    known = [coverage(REPORT.type), coverage()]

    assert next_due(known, TYPES, HOUR) == THEN + HOUR
    assert next_due([], TYPES, HOUR) is None


def test_only_due_scopes_are_chosen() -> None:
    looked, never = coverage().scope, Scope("111122223333", "eu-north-1", QUEUE.type)
    scopes = [(looked, QUEUE), (never, QUEUE)]

    assert due_scopes(scopes, {looked: coverage()}, HOUR, THEN + timedelta(minutes=5)) == {never}


DAY = 24 * HOUR
PLACE = frozenset({("111122223333", "eu-west-1")})


def test_a_quiet_scope_whose_events_arrive_is_swept_less_often() -> None:
    assert due_at(QUEUE, coverage(), HOUR, Calm(6 * HOUR, PLACE, frozenset())) == THEN + 6 * HOUR


@pytest.mark.parametrize(
    ("calm", "held"),
    [
        (Calm(DAY, frozenset(), frozenset()), coverage()),
        (Calm(DAY, PLACE, frozenset({coverage().scope})), coverage()),
        (Calm(DAY, PLACE, frozenset()), coverage(status=Outcome.PARTIAL)),
        (Calm(timedelta(minutes=1), PLACE, frozenset()), coverage()),
    ],
    ids=["no events arrive", "something changed", "not seen whole", "never more often"],
)
def test_every_other_scope_is_swept_as_before(calm: Calm, held: Coverage) -> None:
    assert due_at(QUEUE, held, HOUR, calm) == THEN + HOUR


def test_a_type_that_no_event_tells_of_is_never_calm() -> None:
    untold = replace(QUEUE, events=())
    assert due_at(untold, coverage(), HOUR, Calm(DAY, PLACE, frozenset())) == THEN + HOUR
