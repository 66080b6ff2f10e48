"""The actions that are known: a wildcard and what it stands for are the same, and what is not known is not lost."""

from __future__ import annotations

from typing import Any

import pytest

from vigie.access import Facts
from vigie.access.comparing import State, compare
from vigie.access.known_actions import known_actions
from vigie.access.patterns import shown
from vigie.access.profiles import ANY, PROFILES
from vigie.model.verdict import Direction

OWN, FOREIGN = "111111111111", "999999999999"


def direction(before: Any, after: Any, type_: str = "AWS::S3::Bucket") -> Direction:
    def state(actions: Any) -> State:
        row = {"Effect": "Allow", "Principal": {"AWS": FOREIGN}, "Action": actions, "Resource": "*"}
        policy = {"Version": "2012-10-17", "Statement": [row] if actions else []}
        return State({"Attributes": {"Policy": policy}} if type_ == "AWS::SQS::Queue" else {"Policy": policy})

    found = compare(type_, state(before), state(after), account=OWN, facts=Facts())
    assert found is not None
    return found.direction


@pytest.mark.parametrize(
    ("type_", "pattern"),
    [("AWS::S3::Bucket", "s3:Get*"), ("AWS::S3::Bucket", "s3:*Object"), ("AWS::SQS::Queue", "sqs:*")],
)
def test_a_wildcard_and_the_list_of_what_it_stands_for_are_the_same(type_: str, pattern: str) -> None:
    begin, _, end = pattern.lower().partition("*")
    known = known_actions()[begin.partition(":")[0]]
    names = [n for n in known if n.lower().startswith(begin) and n.lower().endswith(end)]
    assert len(names) > 4

    assert direction(pattern, names, type_) is Direction.NEUTRAL
    assert direction(pattern, names[1:], type_) is Direction.NARROWED
    assert direction(names[1:], pattern, type_) is Direction.WIDENED


def test_an_action_that_is_not_known_is_something_all_the_same() -> None:
    assert direction(None, "s3:GetSomethingNew") is Direction.WIDENED
    assert direction("s3:GetSomethingNew", "s3:GetSomethingElse") is Direction.WIDENED
    assert direction(None, "s3:Newest*") is Direction.WIDENED
    assert direction("s3:Newest*", None) is Direction.NARROWED
    assert direction("s3:getobject", "S3:GetObject") is Direction.NEUTRAL
    assert direction(None, "sqs:SendMessage") is Direction.NEUTRAL, "a bucket cannot be asked for it"


def test_no_service_whose_resources_bear_policies_is_lost() -> None:
    """A list without a service would be taken for a service of which nothing is known."""
    patterns = {shown(a) for profile in PROFILES.values() if profile is not ANY for a in profile.actions}
    assert {p.partition(":")[0] for p in patterns if p != "*"} <= known_actions().keys()
    assert all(names for names in known_actions().values())
    assert sum(map(len, known_actions().values())) > 3000
