"""One statement (or a few), and who outside may: AWS's documented semantics, and what the predecessor got wrong."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie.access import Access, Facts, judge

OWN, PEER, THIRD, FOREIGN = "111111111111", "222222222222", "333333333333", "999999999999"
ARN = "arn:aws:sqs:eu-west-1:111111111111:orders"
FACTS = Facts(
    own_accounts=frozenset({OWN, PEER}),
    third_party_accounts=frozenset({THIRD}),
    organization_id="o-ours",
    known_networks=("198.51.100.0/24",),
    canonical_ids={"c0ffee": PEER},
    owners={"vpce-ours": PEER, "our-bucket": OWN},
)


def queue(*statements: Any) -> Access:
    return judge(
        "AWS::SQS::Queue",
        {"Attributes": {"Policy": {"Statement": list(statements)}}},
        account=OWN,
        facts=FACTS,
        arn=ARN,
    )


def allow(principal: Any = "*", condition: Any = None, **more: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sqs:SendMessage", "Resource": ARN, **more}
    return statement if condition is None else {**statement, "Condition": condition}


def deny(principal: Any = "*", condition: Any = None, **more: Any) -> dict[str, Any]:
    return {**allow(principal, condition, **more), "Effect": "Deny"}


def said(access: Access) -> list[str]:
    return sorted(f"{g.kind.value} {g.who} {g.relation.value}" for g in access.grants)


PUBLIC = ["public * unknown"]
CASES: dict[str, tuple[list[dict[str, Any]], list[str]]] = {
    "everybody": ([allow()], PUBLIC),
    "everybody, as AWS": ([allow({"AWS": ["*"]})], PUBLIC),
    "everybody but one": (
        [{k: v for k, v in {**allow(), "NotPrincipal": {"AWS": PEER}}.items() if k != "Principal"}],
        PUBLIC,
    ),
    "no principal grants nothing": ([{"Effect": "Allow", "Action": "*", "Resource": "*"}], []),
    "an account by its number is the account": ([allow({"AWS": FOREIGN})], [f"account {FOREIGN} unknown"]),
    "an account by its root": ([allow({"AWS": f"arn:aws:iam::{FOREIGN}:root"})], [f"account {FOREIGN} unknown"]),
    "a role of an own account": (
        [allow({"AWS": f"arn:aws:iam::{PEER}:role/r"})],
        [f"account arn:aws:iam::{PEER}:role/r own"],
    ),
    "a third party": ([allow({"AWS": THIRD})], [f"account {THIRD} third-party"]),
    "the owner itself is no outsider": ([allow({"AWS": f"arn:aws:iam::{OWN}:role/r"})], []),
    "a deleted role": ([allow({"AWS": "AROAEXAMPLEEXAMPLE12"})], ["dangling AROAEXAMPLEEXAMPLE12 unknown"]),
    "a CloudFront identity": (
        [allow({"AWS": "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1"})],
        ["service arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1 unknown"],
    ),
    "a canonical user, known": ([allow({"CanonicalUser": "c0ffee"})], ["canonical c0ffee own"]),
    "a canonical user, unknown": ([allow({"CanonicalUser": "beef"})], ["canonical beef unknown"]),
    # conditions that narrow who
    "PrincipalAccount": (
        [allow(condition={"StringEquals": {"aws:PrincipalAccount": FOREIGN}})],
        [f"account {FOREIGN} unknown"],
    ),
    "PrincipalAccount of the owner": ([allow(condition={"StringEquals": {"AWS:principalaccount": OWN}})], []),
    "PrincipalArn": (
        [allow(condition={"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{PEER}:role/*"}})],
        [f"account arn:aws:iam::{PEER}:role/* own"],
    ),
    "PrincipalArn of any account": (
        [allow(condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/admin"}})],
        PUBLIC,
    ),
    "PrincipalOrgID, ours": (
        [allow(condition={"StringEquals": {"aws:PrincipalOrgID": "o-ours"}})],
        ["any_account_of_org o-ours own"],
    ),
    "PrincipalOrgID, another": (
        [allow(condition={"StringEquals": {"aws:PrincipalOrgID": "o-other"}})],
        ["any_account_of_org o-other unknown"],
    ),
    "PrincipalOrgPaths": (
        [allow(condition={"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-ours/*"}})],
        ["any_account_of_org o-ours own"],
    ),
    "SourceOwner of the owner (the default of SNS)": (
        [allow({"AWS": "*"}, {"StringEquals": {"AWS:SourceOwner": OWN}})],
        [],
    ),
    "SourceVpce of ours": (
        [allow(condition={"StringEquals": {"aws:SourceVpce": "vpce-ours"}})],
        ["network_limited vpce-ours own"],
    ),
    "SourceVpce of nobody we know": (
        [allow(condition={"StringEquals": {"aws:SourceVpce": "vpce-theirs"}})],
        ["network_limited vpce-theirs unknown"],
    ),
    "SourceIp narrow and known": (
        [allow(condition={"IpAddress": {"aws:SourceIp": "198.51.100.7/32"}})],
        ["network_limited 198.51.100.7/32 own"],
    ),
    "SourceIp, the internet in two halves": (
        [allow(condition={"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}})],
        PUBLIC,
    ),
    "SourceIp, IPv6 wide": ([allow(condition={"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "2000::/3"]}})], PUBLIC),
    "keys are ANDed: an address and an endpoint, which no request has both": (
        [
            allow(
                condition={
                    "IpAddress": {"aws:SourceIp": "0.0.0.0/0"},
                    "StringEquals": {"aws:SourceVpce": "vpce-ours"},
                }
            )
        ],
        [],  # through an endpoint there is no address
    ),
    "keys are ANDed: organisation and one account": (
        [allow(condition={"StringEquals": {"aws:PrincipalOrgID": "o-ours", "aws:PrincipalAccount": PEER}})],
        [f"account {PEER} own"],
    ),
    "keys are ANDed: two accounts that exclude each other": (
        [
            allow(
                condition={
                    "StringEquals": {"aws:PrincipalAccount": PEER},
                    "ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{FOREIGN}:role/x"},
                }
            )
        ],
        [],
    ),
    "a condition that leaves out the account that is named": (
        [allow({"AWS": FOREIGN}, {"StringEquals": {"aws:PrincipalAccount": PEER}})],
        [],
    ),
    "the same account, by a variable": (
        [allow(condition={"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}})],
        [],
    ),
    "the owner of a bucket, by its ARN": (
        [allow({"Service": "s3.amazonaws.com"}, {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::our-bucket"}})],
        ["service s3.amazonaws.com own"],
    ),
    # conditions that do not
    "IfExists": ([allow(condition={"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-ours"}})], PUBLIC),
    "IfExists of a key that every request but a service's has": (
        [allow(condition={"StringEqualsIfExists": {"aws:PrincipalAccount": OWN}})],
        ["public_via_service * unknown"],
    ),
    "ForAllValues": ([allow(condition={"ForAllValues:StringEquals": {"aws:PrincipalOrgID": "o-ours"}})], PUBLIC),
    "a negated operator": ([allow(condition={"StringNotEquals": {"aws:PrincipalAccount": PEER}})], PUBLIC),
    "NotIpAddress": ([allow(condition={"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}})], PUBLIC),
    "SecureTransport": ([allow(condition={"Bool": {"aws:SecureTransport": "true"}})], PUBLIC),
    "Referer": ([allow(condition={"StringLike": {"aws:Referer": "https://ours.example/*"}})], PUBLIC),
    "UserAgent": ([allow(condition={"StringEquals": {"aws:UserAgent": "secret"}})], PUBLIC),
    "Null false: the key is there": ([allow(condition={"Null": {"aws:PrincipalOrgID": "false"}})], PUBLIC),
    "StringLike star": ([allow(condition={"StringLike": {"aws:PrincipalAccount": "*"}})], PUBLIC),
    "StringEquals knows no wildcard: nobody": (
        [allow(condition={"StringEquals": {"aws:PrincipalArn": "arn:aws:iam::*:role/x"}})],
        [],
    ),
    "aws:userid without a star does not crash": (
        [allow(condition={"StringEquals": {"aws:userid": "AROAX"}})],
        ["account AROAX unknown"],
    ),
    "an unknown operator": ([allow(condition={"StringResembles": {"aws:PrincipalAccount": OWN}})], PUBLIC),
    # services
    "a service for nobody in particular": (
        [allow({"Service": "sns.amazonaws.com"})],
        ["confused_deputy sns.amazonaws.com unknown"],
    ),
    "a service for the owner": (
        [allow({"Service": "sns.amazonaws.com"}, {"StringEquals": {"aws:SourceAccount": OWN}})],
        ["service sns.amazonaws.com own"],
    ),
    "a service for another account": (
        [
            allow(
                {"Service": "sns.amazonaws.com"},
                {"ArnEquals": {"aws:SourceArn": f"arn:aws:sns:eu-west-1:{FOREIGN}:t"}},
            )
        ],
        [f"account arn:aws:sns:eu-west-1:{FOREIGN}:t unknown"],
    ),
    "everybody's topics": (
        [allow(condition={"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:*"}})],
        ["public_via_service * unknown"],
    ),
    # Deny
    "a Deny of all": ([allow(), deny(Action="*", Resource="*")], []),
    "a Deny of the same": ([allow(), deny()], []),
    "a Deny of another resource": ([allow(), deny(Resource=ARN + "-dead")], PUBLIC),
    "a Deny of one of two principals": (
        [allow({"AWS": [FOREIGN, THIRD]}), deny({"AWS": f"arn:aws:iam::{FOREIGN}:root"})],
        [f"account {THIRD} third-party"],
    ),
    "a Deny unless of the organisation": (
        [allow(), deny(condition={"StringNotEquals": {"aws:PrincipalOrgID": "o-ours"}})],
        ["any_account_of_org o-ours own"],
    ),
    "a Deny unless encrypted leaves who as it was": (
        [allow(), deny(condition={"Bool": {"aws:SecureTransport": "false"}})],
        PUBLIC,
    ),
    "a Deny of everybody but one account": (
        [allow(), {k: v for k, v in {**deny(), "NotPrincipal": {"AWS": PEER}}.items() if k != "Principal"}],
        [f"account {PEER} own"],
    ),
    "another queue's statement": ([allow(Resource="arn:aws:sqs:eu-west-1:111111111111:other")], []),
    "statements and elements may be scalars": ([allow(Action=["sqs:*"], Resource=["*"])], PUBLIC),
}  # fmt: skip


@pytest.mark.parametrize(("statements", "expected"), CASES.values(), ids=CASES)
def test_who_outside_may(statements: list[dict[str, Any]], expected: list[str]) -> None:
    access = queue(*statements)
    assert access.problems == ()
    assert said(access) == expected


def test_what_a_deny_takes_away_is_not_told() -> None:
    (grant,) = queue(
        allow(Action=["sqs:SendMessage", "sqs:PurgeQueue"]), deny(Action="sqs:Purge*", Resource="*")
    ).grants
    assert grant.actions == ("sqs:SendMessage",)
    assert grant.exact


@pytest.mark.parametrize(
    ("statements", "why"),
    [
        ([allow(), deny(condition={"StringResembles": {"aws:PrincipalAccount": PEER}})], "Deny #2: "),
        ([allow({"AWS": "arn:aws:iam::*:role/x"})], "AWS accepts no wildcard"),
        ([allow(condition={"StringResembles": {"aws:PrincipalAccount": OWN}})], "is not weighed"),
        ([allow(condition={"StringEquals": {"new:Key": "x"}})], "is not weighed"),
        ([allow({"Service": "sns.amazonaws.com"})], "whether the service itself checks"),
    ],
)
def test_what_is_not_decided_is_approximate_and_says_why(statements: list[dict[str, Any]], why: str) -> None:
    (grant,) = queue(*statements).grants
    assert not grant.exact
    assert why in grant.why_not_exact


def test_what_is_decided_is_exact() -> None:
    assert all(g.exact for g in queue(allow(), allow({"AWS": FOREIGN})).grants)
    mfa = deny({"AWS": PEER}, {"Bool": {"aws:MultiFactorAuthPresent": "false"}})
    assert all(g.exact for g in queue(allow(), mfa).grants)


@pytest.mark.parametrize(
    ("policy", "problem"),
    [
        ("{", "not JSON"),
        ([1], "not an object"),
        ({"Statement": [1, allow()]}, "statement 1: it is not an object"),
        ({"Statement": {"Effect": "Perhaps"}}, "Effect is 'Perhaps'"),
        ({"Statement": allow(Condition=[1])}, "Condition is not an object"),
        ({"Statement": allow({"Martian": "x"})}, "unknown kind"),
        ({"Statement": allow({"AWS": "nobody"})}, "could not be read"),
        ({"Statement": allow(3.5)}, "neither a string nor an object"),
    ],
)
def test_what_cannot_be_read_is_a_problem_and_never_a_crash(policy: Any, problem: str) -> None:
    access = judge("AWS::SQS::Queue", {"Attributes": {"Policy": policy}}, account=OWN, facts=FACTS, arn=ARN)
    assert len(access.problems) == 1
    assert problem in access.problems[0]


ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["*", OWN, "Allow", "${aws:x}", "0.0.0.0/33"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["AWS", "StringLike", "aws:SourceIp", "aws:PrincipalArn", "IpAddress", "Service", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(["Effect", "Principal", "NotPrincipal", "Action", "Resource", "NotResource", "Condition"]), ODD
    )
)
def test_no_document_makes_it_raise(statement: dict[str, Any]) -> None:
    queue({"Effect": "Allow", **statement}, allow(), {**statement, "Effect": "Deny"})
