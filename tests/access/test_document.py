"""Reading policy documents: everything AWS accepts, and never an exception for what it does not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie.access.document import Condition, parse
from vigie.model.policies import normal_policy

PLAIN = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}


def test_scalars_and_lists_say_the_same() -> None:
    listed = {**PLAIN, "Action": ["s3:*"], "Resource": ["*"], "Principal": {"AWS": ["*"]}}
    one, other = parse({"Statement": PLAIN}), parse({"Statement": [listed]})
    assert one.statements == other.statements
    assert one.problems == ()


def test_numbers_and_booleans_are_compared_as_text() -> None:
    condition = {"NumericLessThan": {"s3:max-keys": [5, 2.5]}, "Bool": {"aws:SecureTransport": True}}
    (statement,) = parse({"Statement": {**PLAIN, "Condition": condition}}).statements
    assert [c.values for c in statement.conditions] == [("5", "2.5"), ("true",)]


def test_a_condition_is_its_operator_its_quantifier_and_whether_it_may_be_absent() -> None:
    written = {"ForAnyValue:StringLikeIfExists": {"AWS:TagKeys": "a*"}}
    (statement,) = parse({"Statement": {**PLAIN, "Condition": written}}).statements
    assert statement.conditions == (Condition("aws:tagkeys", "stringlike", ("a*",), "foranyvalue", True),)


@pytest.mark.parametrize(
    ("policy", "problem"),
    [
        ('{"Statement": {"Effect": "Deny", "Effect": "Allow"}}', "'Effect' stands twice"),
        ({"Statement": {**PLAIN, "Principle": "*"}}, "unknown element 'Principle'"),
        ({"Statement": {"Effect": "Allow", "Principal": "*"}}, "it names no action"),
        ({"Statement": {**PLAIN, "Effect": "allow"}}, "Effect is 'allow'"),
        ({"Statement": {**PLAIN, "Action": None}}, "null where a string is expected"),
        ({"Statement": {**PLAIN, "Condition": {"Bool": "x"}}}, "Condition Bool is not an object"),
        ('{"Statement": [', "not JSON"),
        ("[" * 100_000, "not JSON"),
        (" " * 1_000_001, "more than AWS stores"),
        (7, "not an object"),
    ],
)
def test_what_could_not_be_read_is_told(policy: Any, problem: str) -> None:
    assert problem in "; ".join(parse(policy).problems)


def test_a_list_in_lists_without_end_is_a_problem() -> None:
    deep: list[Any] = ["s3:*"]
    for _ in range(100_000):
        deep = [deep]
    document = parse({"Statement": [{**PLAIN, "Action": deep}, PLAIN]})
    assert document.problems == ("statement 1: it is nested too deeply",)
    assert len(document.statements) == 1


def test_variables_are_text_before_2012() -> None:
    written = {**PLAIN, "Resource": "arn:aws:s3:::b/${aws:username}"}
    assert parse({"Version": "2012-10-17", "Statement": written}).statements[0].has_variables
    assert not parse({"Version": "2008-10-17", "Statement": written}).statements[0].has_variables
    assert not parse({"Statement": written}).statements[0].has_variables


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Statement", "Effect", "Action", "Principal", "Condition", "Resource", "Version", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_no_document_makes_the_parser_raise(document: Any) -> None:
    parse(document)
    parse(json.dumps(document))


def test_the_short_form_of_an_api_is_written_out() -> None:
    (statement,) = parse({"Statement": {**PLAIN, "Resource": "execute-api:/prod/GET/*"}}).statements
    assert statement.resources == ("arn:*:execute-api:*:*:*/prod/GET/*",)


@pytest.mark.parametrize("around", ["Policy", "policyText", "PolicyDocument", "resource_policy"])
def test_a_policy_is_taken_out_of_what_is_around_it(around: str) -> None:
    document = parse({around: json.dumps({"Statement": PLAIN})})
    assert len(document.statements) == 1
    assert document.problems == ()


def test_the_one_spelling_of_the_differ_says_the_same() -> None:
    written = {
        "Version": "2012-10-17",
        "Statement": {
            **PLAIN,
            "Principal": {"AWS": ["222222222222", "111111111111", "222222222222"]},
            "Action": ["S3:GetObject", "s3:Put*"],
            "Condition": {"Bool": {"aws:SecureTransport": True}, "NumericLessThan": {"s3:max-keys": 5}},
        },
    }
    (one,), (two,) = parse(written).statements, parse(normal_policy(written)).statements
    assert set(one.principals) == set(two.principals)
    assert {a.lower() for a in one.actions} == set(two.actions)
    assert one.conditions == two.conditions
    assert one.resources == two.resources
