from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from looks import DENIED, known, reading, seen
from vigie.model.change import ChangeKind
from vigie.model.resource import Reading
from vigie.model.scope import Outcome
from vigie.watch.confirm import Confirmed, confirm
from vigie.watch.decide import Known, decide
from vigie.watch.read import Look


class Looks:
    """Second looks that show what is scripted, one after the other; the last for ever."""

    def __init__(self, *readings: Reading) -> None:
        self.readings = list(readings)
        self.asked: list[frozenset[str]] = []

    def __call__(self, ids: frozenset[str], known: Mapping[str, Any], look: int) -> Look:
        self.asked.append(ids)
        found = self.readings.pop(0) if len(self.readings) > 1 else self.readings[0]
        return Look(found)


def after(first: Reading, known: Known, looks: Looks) -> Confirmed:
    return confirm(decide(first, known), known, looks)


def kinds(confirmed: Confirmed) -> dict[str, ChangeKind]:
    return {draft.resource.id: draft.kind for draft in confirmed.drafts}


def test_a_change_that_is_seen_twice_is_recorded() -> None:
    scope, changed = known({"a": {"X": 1}}), reading(seen("a", {"X": 2}))

    assert kinds(after(changed, scope, Looks(changed))) == {"a": ChangeKind.CHANGED}


def test_a_torn_read_is_not_recorded() -> None:
    scope = known({"a": {"X": 1, "Y": 1}})
    torn, whole = reading(seen("a", {"X": 2, "Y": 1})), reading(seen("a", {"X": 2, "Y": 2}))

    (draft,) = after(torn, scope, Looks(whole)).drafts

    assert dict(draft.configuration) == {"X": 2, "Y": 2}


def test_a_late_read_of_the_old_state_records_nothing() -> None:
    scope, looks = known({"a": {"X": 1}}), Looks(reading(seen("a", {"X": 1})))

    assert after(reading(seen("a", {"X": 2})), scope, looks).drafts == ()


def test_what_never_agrees_is_recorded_as_last_seen() -> None:
    scope = known({"a": {"X": 1}})
    looks = Looks(reading(seen("a", {"X": 3})), reading(seen("a", {"X": 4})))

    (draft,) = after(reading(seen("a", {"X": 2})), scope, looks).drafts

    assert dict(draft.configuration) == {"X": 4}
    assert len(looks.asked) == 2


def test_a_resource_that_is_missing_twice_is_deleted() -> None:
    scope = known({"a": {"X": 1}})

    confirmed = after(reading(), scope, Looks(reading()))

    assert kinds(confirmed) == {"a": ChangeKind.DELETED}
    assert confirmed.still_missing == 1


def test_a_resource_that_had_slipped_over_a_page_boundary_is_back() -> None:
    scope = known({"a": {"X": 1}})

    assert after(reading(), scope, Looks(reading(seen("a", {"X": 1})))).drafts == ()


def test_a_second_look_that_fails_deletes_and_changes_nothing() -> None:
    scope = known({"a": {"X": 1}, "b": {"X": 1}})
    failed = replace(reading(outcome=Outcome.THROTTLED), problems=(DENIED,))

    confirmed = after(reading(seen("b", {"X": 2})), scope, Looks(failed))

    assert confirmed.drafts == ()
    assert (confirmed.outcome, confirmed.unconfirmed) == (Outcome.THROTTLED, frozenset({"a", "b"}))


def test_a_second_look_whose_listing_is_not_whole_deletes_nothing() -> None:
    scope = known({"a": {"X": 1}})
    partial = reading(outcome=Outcome.PARTIAL, whole_listing=False)

    assert after(reading(), scope, Looks(partial)).drafts == ()


def test_what_changed_and_then_vanished_is_looked_for_once_more() -> None:
    scope, looks = known({"a": {"X": 1}}), Looks(reading())

    assert kinds(after(reading(seen("a", {"X": 2})), scope, looks)) == {"a": ChangeKind.DELETED}
    assert len(looks.asked) == 2


def test_only_what_is_in_doubt_is_looked_at_again() -> None:
    scope = known({"a": {"X": 1}, "b": {"X": 1}, "c": {"X": 1}})
    first = reading(seen("a", {"X": 1}), seen("b", {"X": 2}), seen("new", {}))
    looks = Looks(reading(seen("b", {"X": 2})))

    after(first, scope, looks)

    assert looks.asked[0] == {"b", "c"}


def test_nothing_in_doubt_asks_nothing() -> None:
    looks = Looks(reading())

    after(reading(seen("a", {"X": 1})), known({"a": {"X": 1}}), looks)

    assert looks.asked == []
