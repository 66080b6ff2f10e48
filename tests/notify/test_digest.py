"""When things are told, and together with what."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from vigie.history.notifications import NotificationKind
from vigie.history.outbox import Batch, PartKind
from vigie.notify.digest import Hold, Plan, Recent, group_key, parts_of, plan, summary_is_due
from vigie.notify.message import compose
from vigie.notify.routes import Route, parse_routes
from vigie.testing.notifications import BASELINE, CHANGE, FINDING, LOST, T0

HOLD = Hold(timedelta(seconds=60), timedelta(minutes=10))


def route(**values: Any) -> Route:
    return parse_routes([{"name": "r", "channels": ["c"], **values}])[0]


def batch(first: timedelta = timedelta(), last: timedelta = timedelta(), key: str = "") -> Batch:
    return Batch("r", "c", PartKind.SUMMARY, key, 3, T0 - first, T0 - last)


def test_an_event_is_told_once_to_each_channel_of_each_route() -> None:
    routes = parse_routes([{"channels": ["a", "b"]}, {"channels": ["a"]}])
    parts = parts_of(CHANGE, routes, T0)
    assert [(part.route, part.channel) for part in parts] == [("route 1", "a"), ("route 1", "b"), ("route 2", "a")]
    assert {(part.kind, part.due_at) for part in parts} == {(PartKind.IMMEDIATE, T0)}


def test_a_digest_waits_for_its_time() -> None:
    (part,) = parts_of(CHANGE, [route(every="daily 09:00")], T0)
    assert (part.kind, part.due_at) == (PartKind.DIGEST, T0 + timedelta(hours=21))


@pytest.mark.parametrize("event", [BASELINE, replace(FINDING, baseline=True)])
def test_what_a_first_look_shows_goes_into_the_summary_of_the_account(event: Any) -> None:
    (part,) = parts_of(event, [route()], T0)
    assert (part.kind, part.group_key) == (PartKind.SUMMARY, "111111111111")


def test_grouping_is_by_actor_and_resource_unless_said_otherwise() -> None:
    ann, bob = (replace(CHANGE, actor=name) for name in ("ann", "bob"))
    other = replace(ann, id="sg-2")

    def key(event: Any, **values: Any) -> str:
        return group_key(event, route(**values).group_by)

    assert key(ann) == key(replace(ann, kind="deleted"))
    assert len({key(ann), key(bob), key(other), key(replace(ann, actor=None))}) == 4
    assert key(ann, group_by="actor") == key(other, group_by="actor")
    assert key(ann, group_by="account") == key(bob, group_by="account")


def test_what_cannot_be_seen_of_an_account_is_one_thing() -> None:
    by = route().group_by
    assert group_key(LOST, by) == group_key(replace(LOST, region="eu-west-1", type="AWS::SQS::Queue"), by)


@pytest.mark.parametrize(("first", "last", "due"), [(300, 59, False), (300, 60, True), (599, 0, False), (600, 0, True)])
def test_a_summary_waits_until_it_is_quiet_and_not_for_ever(first: int, last: int, due: bool) -> None:
    looked = batch(timedelta(seconds=first), timedelta(seconds=last))
    assert summary_is_due(looked, T0, HOLD) is due


@pytest.mark.parametrize(
    ("waiting", "recent", "expected"),
    [
        (20, Recent(), "single"),
        (21, Recent(), "collapse"),
        (1, Recent(19), "single"),
        (2, Recent(19), "collapse"),
        (1, Recent(20), "wait"),
        (1, Recent(1, collapsed=True), "wait"),
    ],
)
def test_a_storm_becomes_one_message(waiting: int, recent: Recent, expected: str) -> None:
    batches = tuple(batch(key=str(n)) for n in range(waiting))
    made = plan(batches, recent, 20)
    assert made == {"single": Plan(batches), "collapse": Plan(collapse=True), "wait": Plan()}[expected]


def test_a_message_of_very_many_events_shows_the_gravest_and_counts_all() -> None:
    events = (replace(CHANGE, id=f"sg-{n}") if n % 1000 else FINDING for n in range(20_000))
    message = compose(NotificationKind.COLLAPSED, "r", "u", T0, events)
    assert message.total == 20_000
    assert len(message.events) == 5
    assert {event.rule for event in message.events} == {FINDING.rule}
    assert {(c.topic, c.word): c.count for c in message.counts} == {
        ("change", "changed"): 19_980,
        ("finding", "critical"): 20,
    }
