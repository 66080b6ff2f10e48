"""The estate as it was at a time, and findings as they stood."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recordings import DENIED, HOUR, MINUTE, SCOPE, T0, draft, look, queue
from vigie.history.findings import FindingFilter
from vigie.history.store import History
from vigie.model.change import Certainty, ChangeKind
from vigie.model.finding import FindingStatus, Severity, Violation
from vigie.model.paging import Page
from vigie.model.past import Presence
from vigie.model.queries import ChangeFilter, ResourceFilter
from vigie.model.scope import Outcome, Scope
from vigie.testing.recorded import World, make_rule

EVERYTHING = ResourceFilter(present=None)
B = ChangeKind.BASELINE


def record(history: History, hour: int, **states: int | None) -> None:
    """One complete look at the scope that shows these resources (None: it is gone) and no others."""
    at = T0 + hour * HOUR
    heads = history.archive.heads(SCOPE)
    drafts = []
    for name, state in states.items():
        if state is None:
            drafts.append(draft(heads[name].resource, ChangeKind.DELETED, at, changed_after=at - HOUR))
        elif name not in heads:
            drafts.append(draft(queue(name), B if hour == 0 else ChangeKind.CREATED, at, {"State": state}))
        else:
            drafts.append(draft(queue(name), ChangeKind.CHANGED, at, {"State": state}, changed_after=at - HOUR))
    seen = [name for name in heads if name not in states]
    history.recorder.record(look(at, *drafts, seen=seen), at)


def told(history: History, hours: float) -> dict[str, tuple[Presence, Certainty]]:
    found = history.past.estate(EVERYTHING, T0 + hours * HOUR)
    return {one.resource.id: (one.presence, one.state.certainty) for one in found.resources}


def test_what_had_gone_before_or_came_later_is_left_out(history: History) -> None:
    record(history, 0, a=1, b=1)
    record(history, 2, b=None)
    record(history, 4, c=1)
    record(history, 6)
    assert told(history, 1).keys() == {"a", "b"}
    assert told(history, 3) == {
        "a": (Presence.PRESENT, Certainty.EXACT),
        "c": (Presence.UNKNOWN, Certainty.CHANGED_IN_WINDOW),
    }
    assert told(history, 5) == dict.fromkeys("ac", (Presence.PRESENT, Certainty.EXACT))


def test_what_came_or_went_between_two_looks_may_have_been_there(history: History) -> None:
    record(history, 0, a=1, gone=1)
    record(history, 2, a=2, gone=None)
    unsure = told(history, 1.5)
    assert unsure["gone"] == (Presence.UNKNOWN, Certainty.CHANGED_IN_WINDOW)
    assert unsure["a"] == (Presence.PRESENT, Certainty.CHANGED_IN_WINDOW)


def test_before_the_first_look_nothing_is_known_and_that_is_said(history: History) -> None:
    record(history, 0, a=1)
    found = history.past.estate(EVERYTHING, T0 - HOUR)
    assert told(history, -1) == {"a": (Presence.UNKNOWN, Certainty.UNKNOWN)}
    (scope,) = found.gaps
    assert (scope.status, scope.looked_before, scope.looked_after) == (None, None, T0 + MINUTE)


def test_a_time_at_which_nobody_could_look_is_a_gap(history: History) -> None:
    record(history, 0, a=1)
    for hour in (1, 3):
        at = T0 + hour * HOUR
        history.recorder.record(look(at, outcome=Outcome.DENIED, problems=(DENIED,)), at)
    record(history, 5)
    (gap,) = history.past.estate(EVERYTHING, T0 + 2 * HOUR).gaps
    assert gap.status is Outcome.DENIED
    assert not history.past.estate(ResourceFilter(present=None, region="us-east-1"), T0 + 2 * HOUR).coverage
    assert not history.past.estate(ResourceFilter(present=None, type="AWS::SNS::Topic"), T0 + 2 * HOUR).coverage


def test_between_two_whole_looks_there_is_no_gap(history: History) -> None:
    record(history, 0, a=1)
    record(history, 2)
    found = history.past.estate(EVERYTHING, T0 + HOUR)
    assert not found.gaps
    assert [scope.status for scope in found.coverage] == [Outcome.COMPLETE]


def test_configurations_are_those_of_the_time(history: History) -> None:
    record(history, 0, jobs=1, other=1)
    record(history, 2, jobs=2)
    record(history, 4)
    for hour, state in ((1, 1), (3, 2)):
        found = history.past.estate(ResourceFilter(present=None, text="JOB"), T0 + hour * HOUR)
        (whole,) = history.past.with_configurations(found.resources)
        assert whole.state.revision is not None
        assert whole.state.revision.configuration == {"State": state}


LIVES = st.lists(st.lists(st.sampled_from([None, 1, 2]), min_size=3, max_size=3), min_size=1, max_size=5)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(LIVES, st.floats(min_value=-1, max_value=10))
def test_the_estate_says_of_each_resource_what_is_said_of_it_alone(
    sqlite_history: History, lives: list[list[int | None]], hours: float
) -> None:
    """Each example has a scope of its own."""
    number = len(sqlite_history.archive.coverage())
    scope = Scope("111122223333", f"eu-test-{number}", SCOPE.type)
    for hour, states in enumerate(lives):
        at = T0 + 2 * hour * HOUR
        heads = sqlite_history.archive.heads(scope)
        drafts = []
        for name, state in zip("abc", states, strict=True):
            kind = ChangeKind.CHANGED if name in heads else (B if hour == 0 else ChangeKind.CREATED)
            if state is not None:
                drafts.append(draft(queue(name, scope), kind, at, {"State": state}, changed_after=at - HOUR))
            elif name in heads:
                drafts.append(draft(queue(name, scope), ChangeKind.DELETED, at, changed_after=at - HOUR))
        sqlite_history.recorder.record(look(at, *drafts, scope=scope), at)
    when = T0 + hours * HOUR
    wanted = ResourceFilter(present=None, region=scope.region)
    listed = {one.resource.pk: one for one in sqlite_history.past.estate(wanted, when).resources}
    for resource in sqlite_history.archive.resources(wanted, Page(100)).items:
        alone = sqlite_history.archive.state_at(resource.pk or 0, when)
        if resource.pk not in listed:
            gone = alone.revision is None or alone.revision.kind is ChangeKind.DELETED
            assert gone
            continue
        one = listed[resource.pk].state
        assert (one.certainty, one.explanation) == (alone.certainty, alone.explanation)
        assert (one.revision and one.revision.pk) == (alone.revision and alone.revision.pk)
        assert (one.next_revision and one.next_revision.pk) == (alone.next_revision and alone.next_revision.pk)


# Differences by value


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        (None, "0.0.0.0/0", True),
        ("/Rules", "0.0.0.0/0", True),
        ("/Name", "0.0.0.0/0", False),
        (None, "10.0.0.0/8", True),
        (None, "%", False),
        ("/Name", 'a "quoted" é', True),
        (None, "192.0.2.1", False),
    ],
)
def test_changes_are_found_by_what_was_or_became_of_a_value(
    history: History, path: str | None, value: str, found: bool
) -> None:
    was, became = {"Rules": "10.0.0.0/8", "Name": "b"}, {"Rules": "0.0.0.0/0", "Name": 'a "quoted" é'}
    history.recorder.record(look(T0, draft(queue("a"), B, T0, was)), T0)
    later = T0 + HOUR
    from vigie.model.diff import diff

    one = draft(queue("a"), ChangeKind.CHANGED, later, became)
    history.recorder.record(look(later, one), later)
    assert len(diff(was, became)) == 2
    listed = history.archive.changes(ChangeFilter(path=path, value=value), Page(10)).items
    assert bool(listed) is found


# Findings


def open_to_all(queue, estate):  # type: ignore[no-untyped-def]
    if queue.configuration.get("Open"):
        yield Violation("open", severity=Severity(queue.configuration["Open"]))


def test_findings_stand_as_they_stood_at_the_time(history: History) -> None:
    rule = make_rule("sqs-open", "AWS::SQS::Queue", open_to_all, severity=Severity.HIGH)
    world = World(history, {"sqs-open": rule})
    world.see("AWS::SQS::Queue", "jobs", {"Open": "high"})
    world.judge()
    opened = world.now
    world.later(hours=1)
    world.see("AWS::SQS::Queue", "jobs", {"Open": "low"})
    world.judge()
    world.later(hours=1)
    world.see("AWS::SQS::Queue", "jobs", {"Open": None})
    world.judge()
    wanted = FindingFilter(statuses=(FindingStatus.OPEN,))

    def stood(minutes: float) -> list[tuple[str, str]]:
        found = history.past.findings(wanted, opened + timedelta(minutes=minutes), Page(10)).items
        return [(one.status.value, one.severity.value) for one in found]

    assert stood(-30) == []
    assert stood(1) == [("open", "high")]
    assert stood(90) == [("open", "low")]
    assert stood(200) == []
    assert not history.findings.query(wanted, Page(10)).items


def test_findings_of_a_time_come_in_pages(history: History) -> None:
    rule = make_rule("sqs-open", "AWS::SQS::Queue", open_to_all)
    world = World(history, {"sqs-open": rule})
    for number in range(5):
        world.see("AWS::SQS::Queue", f"q{number}", {"Open": "high"})
    world.judge()
    seen: list[str] = []
    page = Page(2)
    while True:
        found = history.past.findings(FindingFilter(), world.now, page)
        seen += [one.resource.id for one in found.items]
        if found.next is None:
            break
        page = Page(2, found.next)
    assert sorted(seen) == ["q0", "q1", "q2", "q3", "q4"]
