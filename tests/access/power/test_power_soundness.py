"""Random principals and random requests: what ``can`` and ``shifts`` say, the independent evaluator must bear out."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from vigie.access.power.comparing import shifts
from vigie.access.power.deciding import Extent, can
from vigie.access.power.effective import Effective, Identity, IdentityKind, Layer, LayerKind, layered
from vigie.access.power.recheck import permits
from vigie.access.power.statements import policy
from vigie.access.power.targets import Target
from vigie.access.request import Request

ACCOUNT = "111111111111"
ANN = Identity(f"arn:aws:iam::{ACCOUNT}:user/ann", ACCOUNT, IdentityKind.USER, "ann", "AIDAANN", {"team": "red"})
ACTIONS = ["s3:GetObject", "s3:PutObject", "iam:PassRole", "ec2:RunInstances", "new:Thing"]
ACTION_PATTERNS = ["*", "s3:*", "S3:Get*", "s3:GetObject", "iam:PassRole", "*:P*", "ec2:Run?nstances"]
RESOURCES = ["*", "arn:aws:s3:::b/ann/x", "arn:aws:s3:::b/bob/x", "arn:aws:iam::111111111111:role/app"]
RESOURCE_PATTERNS = [
    "*", "arn:aws:s3:::b/*", "arn:aws:s3:::b/${aws:username}/*", "arn:aws:iam::*:role/app", "arn:aws:s3:::*/x",
]  # fmt: skip
KEYS: dict[str, list[str]] = {
    "aws:requestedregion": ["eu-west-1", "us-east-1"],
    "aws:multifactorauthpresent": ["true", "false"],
    "iam:passedtoservice": ["lambda.amazonaws.com", "ec2.amazonaws.com"],
    "aws:principaltag/team": ["red", "blue"],
    "aws:sourceip": ["198.51.100.7", "203.0.113.9"],
}
OPERATORS = {
    "aws:sourceip": ["IpAddress", "NotIpAddress"],
    "aws:multifactorauthpresent": ["Bool", "BoolIfExists", "Null"],
}
WORDS = ["StringEquals", "StringNotEquals", "StringLikeIfExists", "StringNotLike", "Null", "ForAnyValue:StringLike"]


@st.composite
def conditions(draw: Any) -> dict[str, Any]:
    key = draw(st.sampled_from(sorted(KEYS)))
    operator = draw(st.sampled_from(OPERATORS.get(key, WORDS)))
    values = st.sampled_from(["true", "false"]) if operator == "Null" else st.sampled_from(KEYS[key])
    return {operator: {key: draw(st.lists(values, min_size=1, max_size=2))}}


@st.composite
def statements(draw: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"Effect": draw(st.sampled_from(["Allow", "Allow", "Deny"]))}
    some = st.lists(st.sampled_from(ACTION_PATTERNS), min_size=1, max_size=2)
    found[draw(st.sampled_from(["Action", "Action", "NotAction"]))] = draw(some)
    where = st.lists(st.sampled_from(RESOURCE_PATTERNS), min_size=1, max_size=2)
    found[draw(st.sampled_from(["Resource", "Resource", "NotResource"]))] = draw(where)
    if draw(st.booleans()):
        found["Condition"] = draw(conditions())
    return found


def documents() -> st.SearchStrategy[dict[str, Any]]:
    rows = st.lists(statements(), min_size=1, max_size=3)
    return rows.map(lambda s: {"Version": "2012-10-17", "Statement": s})


@st.composite
def principals(draw: Any) -> Effective:
    own = [policy(f"p{n}", draw(documents())) for n in range(draw(st.integers(0, 2)))]
    boundary = policy("boundary", draw(documents())) if draw(st.booleans()) else None
    levels = [
        Layer(LayerKind.SCP, f"level {n}", (policy(f"scp{n}", draw(documents())),))
        for n in range(draw(st.integers(0, 2)))
    ]
    return layered(ANN, own, boundary, levels)


@st.composite
def requests(draw: Any) -> Request:
    context = {key: draw(st.sampled_from(values)) for key, values in KEYS.items() if draw(st.booleans())}
    context |= {
        "aws:principalarn": ANN.arn, "aws:principalaccount": ACCOUNT, "aws:username": "ann", "aws:userid": "AIDAANN",
        "aws:principaltype": "User", "aws:principaltag/team": "red", "aws:principalisawsservice": "false",
    }  # fmt: skip
    action, resource = draw(st.sampled_from(ACTIONS)), draw(st.sampled_from(RESOURCES))
    return Request(action, resource, {"AWS": ANN.arn}, ACCOUNT, context)


@settings(max_examples=50, deadline=None)
@given(principals(), st.lists(requests(), min_size=8, max_size=12))
def test_what_is_allowed_is_said_to_be_and_what_is_denied_is_not(holder: Effective, asked: list[Request]) -> None:
    for request in asked:
        allowed = permits(holder, request)
        said = can(holder, request.action, [request.resource])
        if allowed:
            assert said.extent is not Extent.NOT
        elif said.exact:
            assert said.extent is not Extent.EVERYWHERE
        context = {k: v for k, v in request.context.items() if k in KEYS and isinstance(v, str)}
        exactly = can(holder, request.action, [request.resource], context)
        if allowed:
            assert exactly.allowed
        if exactly.allowed and exactly.exact:
            assert exactly.witness is not None


@settings(max_examples=35, deadline=None)
@given(principals(), st.sampled_from([*ACTION_PATTERNS, *ACTIONS]), st.lists(requests(), min_size=8, max_size=12))
def test_everywhere_means_every_request_and_not_means_none(
    holder: Effective, action: str, asked: list[Request]
) -> None:
    said = can(holder, action)
    assert said.exact
    for request in asked:
        if not can(layered(ANN, [policy("p", _only(action))]), request.action).allowed:
            continue
        if said.extent is Extent.EVERYWHERE:
            assert permits(holder, request)
        if said.extent is Extent.NOT:
            assert not permits(holder, request)


@settings(max_examples=35, deadline=None)
@given(principals(), principals(), st.lists(requests(), min_size=10, max_size=15))
def test_whatever_is_gained_or_lost_is_told(before: Effective, after: Effective, asked: list[Request]) -> None:
    told = shifts(before, after)
    assert told.problems == ()
    for request in asked:
        was, is_ = permits(before, request), permits(after, request)
        if is_ and not was:
            assert told.gained
        if was and not is_:
            assert told.lost
    assert all(shift.exact and shift.witness for shift in (*told.gained, *told.lost))


@settings(max_examples=30, deadline=None)
@given(principals())
def test_nothing_shifts_where_nothing_changed(holder: Effective) -> None:
    told = shifts(holder, holder)
    assert (told.gained, told.lost, told.problems) == ((), (), ())


@st.composite
def resource_policies(draw: Any) -> Target:
    other = draw(st.sampled_from([ACCOUNT, "222222222222"]))
    kind = draw(st.sampled_from(["AWS::S3::Bucket", "AWS::KMS::Key", "AWS::IAM::Role"]))
    rows = draw(st.lists(statements(), min_size=1, max_size=2))
    who = ["*", ANN.arn, ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", "222222222222"]
    for row in rows:
        row[draw(st.sampled_from(["Principal", "Principal", "NotPrincipal"]))] = {"AWS": draw(st.sampled_from(who))}
    document = {"Version": "2012-10-17", "Statement": rows}
    return Target("arn:aws:s3:::b", other, kind, policy("resource policy", document))


@settings(max_examples=35, deadline=None)
@given(principals(), resource_policies(), st.lists(requests(), min_size=8, max_size=12))
def test_a_resource_with_a_policy_of_its_own(holder: Effective, target: Target, asked: list[Request]) -> None:
    for request in asked:
        request = Request(
            request.action, request.resource, request.principal, request.account,
            {**request.context, "aws:resourceaccount": target.account, "s3:resourceaccount": target.account},
        )  # fmt: skip
        said = can(holder, request.action, [request.resource], target=target)
        if permits(holder, request, target):
            assert said.extent is not Extent.NOT
        else:
            assert said.extent is not Extent.EVERYWHERE
        assert said.exact


def _only(action: str) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}}
