"""Which events go where, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie.model.account import Relation
from vigie.model.documents import plain
from vigie.model.errors import SettingsError
from vigie.model.finding import FindingStatus, Severity
from vigie.notify.event import Event
from vigie.notify.patterns import matches
from vigie.notify.routes import CONDITION_KEYS, Every, explain, matching, parse_routes
from vigie.testing.notifications import CHANGE, FINDING, LOST

UNTIL = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def told(event: Event, **conditions: Any) -> bool:
    routes = parse_routes([{"name": "r", "channels": ["c"], **conditions}])
    return bool(matching(event, routes))


@pytest.mark.parametrize(
    ("event", "conditions", "expected"),
    [
        (CHANGE, {}, True),
        (CHANGE, {"topic": "change"}, True),
        (CHANGE, {"topic": ["finding", "coverage"]}, False),
        (CHANGE, {"kinds": ["deleted", "changed"]}, True),
        (CHANGE, {"not_kinds": ["changed"]}, False),
        (FINDING, {"severity_at_least": "high"}, True),
        (replace(FINDING, severity=Severity.MEDIUM), {"severity_at_least": "high"}, False),
        (replace(FINDING, severity=Severity.HIGH), {"severity_at_least": "high"}, True),
        (CHANGE, {"severity_at_least": "informational"}, False),
        (FINDING, {"statuses": ["open"]}, True),
        (replace(FINDING, status=FindingStatus.RESOLVED), {"statuses": ["open"]}, False),
        (CHANGE, {"not_statuses": ["open"]}, True),
        (CHANGE, {"accounts": ["111111111111"]}, True),
        (CHANGE, {"accounts": ["pro*"]}, True),
        (CHANGE, {"not_accounts": ["prod"]}, False),
        (CHANGE, {"relations": ["own"]}, True),
        (replace(CHANGE, relation=Relation.UNKNOWN), {"relations": ["own", "third-party"]}, False),
        (CHANGE, {"regions": ["eu-*"]}, True),
        (CHANGE, {"not_regions": ["eu-west-?"]}, False),
        (CHANGE, {"types": ["AWS::EC2::*"]}, True),
        (CHANGE, {"types": ["AWS::S3::*"]}, False),
        (FINDING, {"rules": ["sqs-*"]}, True),
        (CHANGE, {"rules": ["*"]}, False),
        (CHANGE, {"not_rules": ["*"]}, True),
        (CHANGE, {"tags": {"env": "prod*"}}, True),
        (CHANGE, {"tags": {"env": "prod*", "team": "*"}}, False),
        (CHANGE, {"not_tags": {"env": "production", "team": "*"}}, False),
        (CHANGE, {"not_tags": {"team": "*"}}, True),
        (CHANGE, {"names": ["we?"]}, True),
        (CHANGE, {"names": ["*security-group/*"]}, True),
        (CHANGE, {"not_names": ["sg-*"]}, False),
        (CHANGE, {"paths": ["/IpPermissions[tcp,22,*"]}, True),
        (CHANGE, {"paths": ["/Tags/*"]}, False),
        (replace(CHANGE, actor=None, actor_ids=()), {"actors": ["*"]}, False),
        (CHANGE, {"actors": ["arn:aws:iam::*:role/deploy"]}, True),
        (CHANGE, {"not_actors": ["arn:aws:iam::*:role/deploy"]}, False),
        (replace(CHANGE, actor="role/admin"), {"not_actors": ["role/*"]}, False),
        (LOST, {"kinds": "lost", "topic": "coverage"}, True),
        (
            FINDING,
            {"topic": "finding", "severity_at_least": "low", "types": ["AWS::SQS::*"], "regions": ["us-*"]},
            False,
        ),
    ],
)
def test_a_route_matches_when_all_its_conditions_hold(event: Event, conditions: dict[str, Any], expected: bool) -> None:
    assert told(event, **conditions) is expected


@pytest.mark.parametrize("kind", ["ephemeral", "baseline"])
def test_no_route_tells_an_ephemeral_change(kind: str) -> None:
    routes = parse_routes([{"channels": ["c"]}])
    (explanation,) = explain(replace(CHANGE, kind=kind), routes)
    assert not explanation.matches
    assert "never told" in str(explanation)


def test_every_route_that_matches_applies_in_order() -> None:
    routes = parse_routes([{"channels": ["a"]}, {"channels": ["b"], "topic": "finding"}, {"channels": ["c", "a"]}])
    assert [route.name for route in matching(CHANGE, routes)] == ["route 1", "route 3"]


def test_an_explanation_says_for_each_condition_how_it_stands() -> None:
    routes = parse_routes(
        [
            {
                "name": "night",
                "channels": ["pager"],
                "severity_at_least": "critical",
                "regions": "us-*",
                "topic": "finding",
            },
            {"name": "day", "channels": ["mail"], "mode": "digest", "every": "daily 09:00"},
        ]
    )
    night, day = explain(replace(FINDING, severity=Severity.MEDIUM), routes)
    assert str(night) == ("night: does not match: severity medium is below critical; region eu-west-1 is not us-*")
    assert [reason.key for reason in night.reasons if reason.holds] == ["topic"]
    assert str(day) == "day: tells mail in its digest (daily 09:00)"


def test_routes_and_explanations_have_a_json_form() -> None:
    routes = parse_routes([{"channels": "c", "every": "daily 09:00"}, {"channels": "c", "every": "90m"}])
    shown = plain(routes)
    assert [route["every"] for route in shown] == [
        {"interval": None, "at": "09:00:00"},
        {"interval": "1h30m", "at": None},
    ]
    assert plain(explain(CHANGE, routes))[0]["reason"] == "tells c in its digest (daily 09:00)"


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"channels": ["c"], "severty_at_least": "high"}, 'did you mean "severity_at_least"'),
        ({"channels": ["nowhere"]}, 'there is no channel "nowhere" (channels: c)'),
        ({}, "name at least one channel"),
        ({"channels": "c", "severity_at_least": "awful"}, "use one of informational, low, medium, high, critical"),
        ({"channels": "c", "topic": ["weather"]}, "use one of change, finding, baseline, coverage"),
        ({"channels": "c", "kinds": ["ephemeral"]}, "`kinds` cannot be 'ephemeral'"),
        ({"channels": "c", "mode": "digest"}, "needs `every`"),
        ({"channels": "c", "mode": "immediate", "every": "1h"}, 'goes with mode = "digest"'),
        ({"channels": "c", "every": "1 fortnight"}, "write a duration"),
        ({"channels": "c", "every": "daily 25:00"}, "write a duration"),
        ({"channels": "c", "every": 60}, "write a duration"),
        ({"channels": "c", "every": "1s"}, "from 1m to 31d"),
        ({"channels": "c", "group_by": ["moon"]}, "use one of actor, resource, account"),
        ({"channels": "c", "tags": ["env"]}, "must be a table of tags"),
        ({"channels": "c", "types": []}, "`types` is empty"),
        ({"channels": "c", "types": [1]}, "must be a list of texts"),
        ({"channels": "c", "storm_limit": True}, "must be a number"),
        ({"channels": "c", "storm_window": "x"}, "`storm_window` cannot be 'x'"),
        ({"channels": "c", "name": "a\nb"}, "must be text"),
    ],
)
def test_a_wrong_route_is_told_in_one_sentence(row: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_routes([row], {"c"})
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_two_routes_of_one_name_are_refused() -> None:
    with pytest.raises(SettingsError, match="Two routes"):
        parse_routes([{"name": "r", "channels": "c"}, {"name": "r", "channels": "c"}])


@pytest.mark.parametrize(
    ("every", "now", "expected"),
    [
        ("1h", UNTIL, UNTIL.replace(hour=13, minute=0)),
        ("15m", UNTIL, UNTIL.replace(minute=45)),
        ("daily 12:30", UNTIL, UNTIL + timedelta(days=1)),
        ("daily 12:31", UNTIL, UNTIL.replace(minute=31)),
        ("daily 09:00", UNTIL, datetime(2026, 3, 2, 9, tzinfo=UTC)),
    ],
)
def test_a_digest_goes_out_at_round_times(every: str, now: datetime, expected: datetime) -> None:
    (route,) = parse_routes([{"channels": "c", "every": every}])
    assert route.every and route.every.next_after(now) == expected
    assert str(route.every) == every


@given(
    st.timedeltas(min_value=timedelta(minutes=1), max_value=timedelta(days=31)), st.datetimes(timezones=st.just(UTC))
)
def test_the_next_time_is_after_now_and_within_the_interval(interval: timedelta, now: datetime) -> None:
    try:
        found = Every(interval=interval).next_after(now)
    except OverflowError:
        return  # beyond the year 9999
    assert now < found <= now + interval


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("*", "", True),
        ("a[b]*", "a[b]c", True),
        ("a?c", "a/c", True),
        ("A", "a", False),
        ("a.c", "abc", False),
        ("*" * 40 + "x", "a" * 2000, False),
        ("a*b", "a\nb", True),
    ],
)
def test_patterns_know_stars_and_question_marks_only(pattern: str, text: str, expected: bool) -> None:
    assert matches(pattern, text) is expected


NEGATABLE = [key for key in CONDITION_KEYS if key.startswith("not_") and key != "not_tags"]


@given(st.sampled_from(NEGATABLE), st.sampled_from([CHANGE, FINDING, LOST]), st.data())
def test_a_negated_condition_holds_exactly_when_the_plain_one_does_not(
    key: str, event: Event, data: st.DataObject
) -> None:
    closed = {
        "not_topic": ["change", "finding"],
        "not_kinds": ["changed", "new", "lost"],
        "not_statuses": ["open", "resolved"],
        "not_relations": ["own", "unknown"],
        "not_verdict": ["widened", "neutral"],
    }
    values = st.sampled_from(closed.get(key, ["*", "AWS::*", "prod", "eu-*", "sg-1", "/IpPermissions*", "zzz"]))
    chosen = data.draw(st.lists(values, min_size=1, max_size=3))
    assert told(event, **{key: chosen}) is not told(event, **{key.removeprefix("not_"): chosen})
