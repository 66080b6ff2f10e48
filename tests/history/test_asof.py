"""``show --at T``: byte for byte what was observed, or that it is not known (invariant 4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recordings import DENIED, HOUR, MINUTE, SCOPE, T0, draft, look, queue
from vigie.history.store import History
from vigie.model.canonical import canonical_bytes
from vigie.model.change import Certainty, ChangeKind, StateAt
from vigie.model.resource import Resource
from vigie.model.scope import Outcome, Scope

A = queue("a")
SECOND = timedelta(seconds=1)


def record(history: History, hour: int, state: int | None, kind: ChangeKind | None, *, resource: Resource = A) -> int:
    """One complete look; gives the number of the resource."""
    at = T0 + hour * HOUR
    drafts = []
    if kind is not None:
        drafts = [draft(resource, kind, at, None if state is None else {"State": state})]
    seen = [] if state is None else [resource.id]
    history.recorder.record(look(at, *drafts, seen=seen, scope=resource.scope), at)
    found = history.archive.find(resource.arn or "")
    return (found[0].pk or 0) if found else 0


def answer(history: History, pk: int, when: datetime) -> tuple[Certainty, object]:
    found = history.archive.state_at(pk, when)
    return found.certainty, found.revision.configuration.get("State") if found.revision else None


def test_a_state_seen_twice_held_between(history: History) -> None:
    record(history, 0, 1, ChangeKind.BASELINE)
    pk = record(history, 2, 1, None)
    assert answer(history, pk, T0) == (Certainty.EXACT, 1)
    assert answer(history, pk, T0 + HOUR) == (Certainty.EXACT, 1)
    assert answer(history, pk, T0 + 2 * HOUR - MINUTE) == (Certainty.EXACT, 1)


def test_nothing_is_known_before_the_first_look_and_after_the_last_only_the_last_known_state(
    history: History,
) -> None:
    pk = record(history, 0, 1, ChangeKind.BASELINE)
    assert answer(history, pk, T0 - SECOND) == (Certainty.UNKNOWN, None)
    assert answer(history, pk, T0 + SECOND) == (Certainty.UNKNOWN, 1)
    assert history.archive.state_at(pk, T0 + HOUR).explanation == (
        "It was last seen at 2026-01-02T03:04:05Z, like this: nobody has looked since, so it may have changed."
    )


def test_between_the_last_look_at_the_old_state_and_the_first_at_the_new_either_may_have_held(history: History) -> None:
    record(history, 0, 1, ChangeKind.BASELINE)
    record(history, 1, 1, None)
    pk = record(history, 2, 2, ChangeKind.CHANGED)
    found = history.archive.state_at(pk, T0 + HOUR + MINUTE)
    assert found.certainty is Certainty.CHANGED_IN_WINDOW
    assert found.revision is not None and found.revision.configuration == {"State": 1}
    assert found.next_revision is not None and found.next_revision.configuration == {"State": 2}
    assert answer(history, pk, T0 + HOUR - MINUTE) == (Certainty.EXACT, 1)
    assert answer(history, pk, T0 + 2 * HOUR) == (Certainty.EXACT, 2)


def test_what_could_not_be_looked_at_is_said(history: History) -> None:
    pk = record(history, 0, 1, ChangeKind.BASELINE)
    for hour in (1, 2):
        at = T0 + hour * HOUR
        history.recorder.record(look(at, outcome=Outcome.DENIED, problems=(DENIED,)), at)
    found = history.archive.state_at(pk, T0 + 2 * HOUR)
    assert found.certainty is Certainty.UNKNOWN
    assert found.revision is not None and found.revision.configuration == {"State": 1}
    assert "could not look then (denied since 2026-01-02T04:05:05Z)" in found.explanation
    record(history, 3, 2, ChangeKind.CHANGED)
    found = history.archive.state_at(pk, T0 + 2 * HOUR)
    assert found.certainty is Certainty.CHANGED_IN_WINDOW
    assert "could not look then" in found.explanation


def test_before_its_creation_it_was_absent(history: History) -> None:
    record(history, 0, 1, ChangeKind.BASELINE)
    made = queue("made")
    at = T0 + 2 * HOUR
    created = draft(made, ChangeKind.CREATED, at, {"State": 1}, changed_after=T0 + MINUTE)
    [change] = history.recorder.record(look(at, created, seen=["a"]), at)
    pk = change.resource.pk or 0
    assert answer(history, pk, T0 - 2 * MINUTE) == (Certainty.UNKNOWN, None)
    before = history.archive.state_at(pk, T0 - MINUTE)
    assert (before.certainty, before.revision) == (Certainty.EXACT, None)
    assert "did not exist" in before.explanation
    between = history.archive.state_at(pk, T0 + HOUR)
    assert (between.certainty, between.revision) == (Certainty.CHANGED_IN_WINDOW, None)


def test_after_its_deletion_it_was_absent(history: History) -> None:
    record(history, 0, 1, ChangeKind.BASELINE)
    record(history, 1, None, ChangeKind.DELETED)
    pk = record(history, 2, None, None)
    found = history.archive.state_at(pk, T0 + HOUR + MINUTE)
    assert found.certainty is Certainty.EXACT
    assert found.revision is not None and found.revision.kind is ChangeKind.DELETED


def test_a_resource_that_a_partial_look_did_not_show_is_not_confirmed_by_it(history: History) -> None:
    record(history, 0, 1, ChangeKind.BASELINE)
    pk = record(history, 1, 1, None)
    at = T0 + 2 * HOUR
    history.recorder.record(look(at, outcome=Outcome.PARTIAL, problems=(DENIED,)), at)
    assert answer(history, pk, T0 + HOUR - MINUTE) == (Certainty.EXACT, 1)
    assert answer(history, pk, T0 + HOUR + MINUTE) == (Certainty.UNKNOWN, 1)
    record(history, 3, 1, None)
    assert answer(history, pk, T0 + HOUR + MINUTE) == (Certainty.EXACT, 1)


@dataclass
class Look:
    """What one look of a generated history shows: a state, nothing, or that it could not look."""

    state: int | None
    failed: bool


looks = st.lists(st.builds(Look, st.one_of(st.none(), st.integers(0, 2)), st.booleans()), min_size=1, max_size=7)


def play(history: History, resource: Resource, script: list[Look]) -> dict[int, int | None]:
    """Record a script as a watcher would, one look an hour. Gives what was seen, by hour."""
    seen: dict[int, int | None] = {}
    last: int | None = None
    complete_before, existed = False, False
    for hour, one in enumerate(script):
        at = T0 + hour * HOUR
        if one.failed:
            record_ = look(at, outcome=Outcome.DENIED, problems=(DENIED,), scope=resource.scope)
            history.recorder.record(record_, at)
            continue
        kind = None
        if one.state != last:
            kind = ChangeKind.CHANGED
            if one.state is None:
                kind = ChangeKind.DELETED
            elif last is None:
                kind = ChangeKind.CREATED if complete_before else ChangeKind.BASELINE
        record(history, hour, one.state, kind, resource=resource)
        complete_before, last, seen[hour] = True, one.state, one.state
        existed = existed or one.state is not None
    return seen if existed else {}


def check(found: StateAt, when: datetime, seen: dict[int, int | None]) -> None:
    """Against what the looks showed. A look of hour h begins a minute before and reads at h."""
    before = [hour for hour in seen if T0 + hour * HOUR <= when]
    after = [hour for hour in seen if T0 + hour * HOUR - MINUTE >= when]
    state = found.revision.configuration.get("State") if found.revision is not None else None
    if found.certainty is Certainty.EXACT:
        at_once = any(T0 + hour * HOUR == when for hour in seen)
        assert at_once or after
        assert at_once or seen[after[0]] == state
        assert not before or state == seen[before[-1]]
        assert before or T0 + after[0] * HOUR - MINUTE == when
        if state is not None:
            assert found.revision is not None
            assert canonical_bytes(found.revision.configuration) == canonical_bytes({"State": state})
    elif found.certainty is Certainty.CHANGED_IN_WINDOW:
        assert before
        assert state == seen[before[-1]]
        assert found.next_revision is not None


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=looks, data=st.data())
def test_whatever_was_seen_is_given_back_and_what_was_not_is_not_made_up(
    history: History, script: list[Look], data: st.DataObject
) -> None:
    number = sum(history.archive.statistics().scopes.values())
    resource = queue("a", Scope(f"{number:012}", "eu-west-1", SCOPE.type))
    seen = play(history, resource, script)
    found = history.archive.find(resource.arn or "")
    assert bool(found) == bool(seen)
    if not found:
        return
    pk = found[0].pk or 0
    first = min(hour for hour, state in seen.items() if state is not None)
    previous: int | None = None
    for hour, state in seen.items():
        looked = T0 + hour * HOUR - (MINUTE if state == previous else 0 * MINUTE)  # not kept
        if hour >= first:
            assert answer(history, pk, looked) == (Certainty.EXACT, state)
        previous = state
    minutes = data.draw(st.lists(st.integers(-30, 60 * len(script) + 30), max_size=6))
    for minute in minutes:
        when = T0 + minute * MINUTE
        check(history.archive.state_at(pk, when), when, seen)
