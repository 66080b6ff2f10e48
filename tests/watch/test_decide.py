"""The pure heart: whatever a look shows, and however it failed."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from looks import NOW, SCOPE, THEN, known, reading, seen
from vigie.model.change import ChangeKind
from vigie.model.scope import Coverage, Outcome
from vigie.watch.decide import Plan, decide, is_mass_loss


def kinds(plan: Plan) -> dict[str, ChangeKind]:
    return {draft.resource.id: draft.kind for draft in (*plan.settled, *plan.doubtful)}


def test_the_first_look_at_a_scope_is_its_baseline() -> None:
    plan = decide(reading(seen("a", {"X": 1})), known(first=True))

    assert [(draft.kind, draft.changed_after) for draft in plan.settled] == [(ChangeKind.BASELINE, None)]


def test_after_that_a_new_resource_was_created_since_the_last_whole_look() -> None:
    plan = decide(reading(seen("a", {"X": 1})), known())

    assert [(draft.kind, draft.changed_after) for draft in plan.settled] == [(ChangeKind.CREATED, THEN)]


def test_the_first_resource_of_a_scope_that_was_seen_empty_is_created() -> None:
    empty = replace(known(), heads={})

    assert kinds(decide(reading(seen("a", {})), empty)) == {"a": ChangeKind.CREATED}


def test_a_scope_that_was_only_ever_partly_read_still_tells_what_is_new() -> None:
    partly = Coverage(SCOPE, Outcome.PARTIAL, THEN, THEN, None, last_listed_began=THEN)
    scope = replace(known(), coverage=partly)

    assert kinds(decide(reading(seen("a", {})), scope)) == {"a": ChangeKind.CREATED}


def test_a_policy_of_aws_that_comes_into_use_was_not_created_by_anyone() -> None:
    of_aws, ours = seen("a", {}), seen("b", {})
    of_aws = replace(of_aws, resource=replace(of_aws.resource, arn="arn:aws:iam::aws:policy/AdministratorAccess"))
    ours = replace(ours, resource=replace(ours.resource, arn="arn:aws:iam::111122223333:policy/aws"))

    assert kinds(decide(reading(of_aws, ours), known())) == {"a": ChangeKind.BASELINE, "b": ChangeKind.CREATED}


def test_the_same_state_again_says_nothing() -> None:
    plan = decide(reading(seen("a", {"X": [2, 1], "Y": "z"})), known({"a": {"Y": "z", "X": [1, 2]}}))

    assert plan == Plan()


def test_a_durable_change_is_doubtful_until_it_is_confirmed() -> None:
    plan = decide(reading(seen("a", {"X": 2})), known({"a": {"X": 1}}))

    assert plan.settled == ()
    assert [(draft.resource.id, draft.kind) for draft in plan.doubtful] == [("a", ChangeKind.CHANGED)]


def test_an_ephemeral_change_is_recorded_once_an_hour() -> None:
    scope = known({"a": {"X": 1, "Seen": 1}})
    assert kinds(decide(reading(seen("a", {"X": 1, "Seen": 2})), scope)) == {"a": ChangeKind.EPHEMERAL}

    lately = known({"a": {"X": 1, "Seen": 1}}, kind=ChangeKind.EPHEMERAL, at=NOW - timedelta(minutes=59))
    assert decide(reading(seen("a", {"X": 1, "Seen": 2})), lately) == Plan()

    long_ago = known({"a": {"X": 1, "Seen": 1}}, kind=ChangeKind.EPHEMERAL, at=NOW - timedelta(minutes=61))
    assert kinds(decide(reading(seen("a", {"X": 1, "Seen": 2})), long_ago)) == {"a": ChangeKind.EPHEMERAL}


def test_a_part_that_cannot_be_read_keeps_its_value_and_makes_no_revision() -> None:
    scope = known({"a": {"X": 1, "Policy": {"Statement": []}}})

    assert decide(reading(seen("a", {"X": 1}, unreadable=("Policy",)), outcome=Outcome.PARTIAL), scope) == Plan()


def test_another_part_that_changes_meanwhile_is_recorded_with_the_known_value() -> None:
    scope = known({"a": {"X": 1, "Policy": "p"}})

    plan = decide(reading(seen("a", {"X": 2}, unreadable=("Policy",)), outcome=Outcome.PARTIAL), scope)

    (draft,) = plan.doubtful
    assert dict(draft.configuration) == {"X": 2, "Policy": "p"}
    assert set(draft.unreadable) == {"Policy"}


def test_a_part_that_becomes_readable_is_baseline_and_no_news() -> None:
    scope = known({"a": {"X": 1}}, unreadable={"a": ("Policy",)})

    assert kinds(decide(reading(seen("a", {"X": 1, "Policy": "p"})), scope)) == {"a": ChangeKind.BASELINE}


def test_a_part_that_a_new_version_of_the_catalogue_reads_is_baseline() -> None:
    scope = known({"a": {"X": 1}}, own_keys=frozenset({"Policy"}))

    assert kinds(decide(reading(seen("a", {"X": 1, "Policy": None})), scope)) == {"a": ChangeKind.BASELINE}


def test_a_part_that_becomes_readable_hides_no_other_change() -> None:
    scope = known({"a": {"X": 1}}, unreadable={"a": ("Policy",)})

    assert kinds(decide(reading(seen("a", {"X": 2, "Policy": "p"})), scope)) == {"a": ChangeKind.CHANGED}


def test_another_incarnation_under_the_same_id_is_recreated() -> None:
    scope = known({"a": {"X": 1}}, uids={"a": "AROA1"})

    plan = decide(reading(seen("a", {"X": 1}, uid="AROA2")), scope)

    assert [draft.kind for draft in plan.doubtful] == [ChangeKind.RECREATED]


def test_children_of_an_unread_parent_are_not_missing() -> None:
    scope = known({"a": {}, "b": {}}, parents={"a": "one", "b": "two"})

    plan = decide(reading(outcome=Outcome.PARTIAL, unread_parents=frozenset({"one"})), scope)

    assert [head.resource.id for head in plan.missing] == ["b"]


def test_what_was_listed_and_could_not_be_read_is_not_missing() -> None:
    plan = decide(reading(outcome=Outcome.PARTIAL, unread=frozenset({"a"})), known({"a": {}}))

    assert plan == Plan()


def test_a_listing_that_ended_early_misses_nothing() -> None:
    assert decide(reading(outcome=Outcome.PARTIAL, whole_listing=False), known({"a": {}})).missing == ()


@pytest.mark.parametrize(
    ("missing", "present", "mass"),
    [(1, 2, False), (4, 4, False), (5, 5, True), (10, 12, False), (11, 12, True), (30, 100, False), (31, 100, True)],
)
def test_a_mass_loss_is_more_than_ten_and_a_third_or_everything(missing: int, present: int, mass: bool) -> None:
    assert is_mass_loss(missing, present) is mass


# whatever happens

values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
configurations = st.dictionaries(st.sampled_from(["X", "Y", "Policy", "Seen", "Noise"]), values, max_size=5)
estates = st.dictionaries(st.sampled_from("abcdefghij"), configurations, max_size=10)
failures = st.sampled_from([outcome for outcome in Outcome if not outcome.listed_everything])


@given(estates, estates, failures)
def test_a_look_that_failed_concludes_nothing(recorded: dict[str, Any], now: dict[str, Any], outcome: Outcome) -> None:
    plan = decide(reading(*(seen(one, raw) for one, raw in now.items()), outcome=outcome), known(recorded))

    assert plan == Plan()


@given(estates, estates, st.booleans())
def test_only_what_a_whole_listing_lacks_is_missing(recorded: dict[str, Any], now: dict[str, Any], whole: bool) -> None:
    outcome = Outcome.COMPLETE if whole else Outcome.PARTIAL
    plan = decide(
        reading(*(seen(one, raw) for one, raw in now.items()), outcome=outcome, whole_listing=whole), known(recorded)
    )

    assert {head.resource.id for head in plan.missing} == (set(recorded) - set(now) if whole else set())
    assert ChangeKind.DELETED not in kinds(plan).values(), "nothing is called deleted without a second look"


def _shuffled(value: Any, chance: random.Random) -> Any:
    if isinstance(value, dict):
        pairs = [(key, _shuffled(member, chance)) for key, member in value.items()]
        chance.shuffle(pairs)
        return dict(pairs)
    if isinstance(value, list):
        made = [_shuffled(element, chance) for element in value]
        chance.shuffle(made)
        return made
    return value


@given(estates, st.randoms(use_true_random=False))
def test_shuffled_lists_and_keys_record_nothing(recorded: dict[str, Any], chance: random.Random) -> None:
    again = [seen(one, _shuffled(raw, chance)) for one, raw in recorded.items()]
    chance.shuffle(again)

    assert decide(reading(*again), known(recorded)) == Plan()


@given(estates, st.sets(st.sampled_from(["X", "Y", "Policy", "Seen", "Noise"])))
def test_whatever_parts_cannot_be_read_record_nothing(recorded: dict[str, Any], lost: set[str]) -> None:
    again = [
        seen(one, {key: value for key, value in raw.items() if key not in lost}, unreadable=tuple(lost))
        for one, raw in recorded.items()
    ]

    assert decide(reading(*again, outcome=Outcome.PARTIAL), known(recorded)) == Plan()
