"""Verdicts on changes: random pairs of policies against the evaluator, which shares no decision with the search."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from outsiders import BUCKET, OWN, pairs, requests
from vigie.access import Facts
from vigie.access.comparing import State, compare
from vigie.access.document import parse
from vigie.access.evaluator import allows
from vigie.access.request import Request
from vigie.model.verdict import ChangeVerdict, Direction

FACTS = Facts(own_accounts=frozenset({OWN}))
SLOWLY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def policy(statements: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": statements}


def verdict(before: list[dict[str, Any]] | None, after: list[dict[str, Any]] | None) -> ChangeVerdict:
    states = [None if s is None else State({"Policy": policy(s)}) for s in (before, after)]
    found = compare("AWS::S3::Bucket", *states, account=OWN, facts=FACTS, arn=BUCKET)
    assert found is not None
    return found


def request_of(witness: Any) -> Request:
    principal = witness["principal"] if isinstance(witness["principal"], dict) else {}
    context = {k: v if isinstance(v, str) else tuple(v) for k, v in witness["context"].items()}
    return Request(witness["action"], witness["resource"], principal, witness["account"], context)


@SLOWLY
@given(pairs(), st.lists(requests(), min_size=15, max_size=15))
def test_no_outsiders_request_becomes_allowed_unless_the_verdict_says_so(
    changed: tuple[list[Any], list[Any]], tried: list[Request]
) -> None:
    before, after = (parse(policy(s)) for s in changed)
    new = [r for r in tried if allows(after, r) and not allows(before, r)]
    old = [r for r in tried if allows(before, r) and not allows(after, r)]
    assume(new or old)

    found = verdict(*changed)

    assert found.direction in (Direction.WIDENED, Direction.UNKNOWN) or not new, (new[0], found)
    assert found.direction is not Direction.NEUTRAL, (old[0], found)
    assert found.lost or found.problems or not old, (old[0], found)


@SLOWLY
@given(pairs())
def test_the_witness_of_every_exact_gain_is_allowed_now_and_was_not_before(
    changed: tuple[list[Any], list[Any]],
) -> None:
    before, after = (parse(policy(s)) for s in changed)
    found = verdict(*changed)
    for shifts, with_it, without in ((found.gained, after, before), (found.lost, before, after)):
        for shift in shifts:
            if shift.exact:
                assert allows(with_it, request_of(shift.witness)), shift
                assert not allows(without, request_of(shift.witness)), shift
    assert not any("second evaluation" in problem for problem in found.problems), found.problems
    assert (found.direction is Direction.UNKNOWN) <= bool(found.problems)


@SLOWLY
@given(pairs())
def test_the_change_back_swaps_what_was_gained_and_lost(changed: tuple[list[Any], list[Any]]) -> None:
    there, back = verdict(*changed), verdict(changed[1], changed[0])

    assert {(s.who, s.what) for s in there.gained} == {(s.who, s.what) for s in back.lost}
    assert {(s.who, s.what) for s in there.lost} == {(s.who, s.what) for s in back.gained}


@SLOWLY
@given(pairs())
def test_a_policy_in_another_order_and_spelling_is_the_same(changed: tuple[list[Any], list[Any]]) -> None:
    before = changed[0]
    after = [dict(s) for s in reversed(before)]
    for number, statement in enumerate(after):
        statement["Sid"] = f"S{number}"
        for part in ("Action", "Resource"):
            if isinstance(statement.get(part), list):
                statement[part] = [*reversed(statement[part]), statement[part][0]]

    assert verdict(before, after).direction is Direction.NEUTRAL


@SLOWLY
@given(pairs())
def test_statements_that_are_split_are_the_same(changed: tuple[list[Any], list[Any]]) -> None:
    before = [s for s in changed[0] if "NotAction" not in s]
    after = []
    for statement in before:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        after += [{**statement, "Action": action} for action in actions]

    found = verdict(before, after)
    assert found.direction is Direction.NEUTRAL, found
