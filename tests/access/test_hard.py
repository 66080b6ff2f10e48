"""Policies made to be hard: bounded work, counted in steps, and what was not decided is told as approximate."""

from __future__ import annotations

from typing import Any

import pytest

from vigie.access import Access, Facts, judge
from vigie.access.document import parse
from vigie.access.profiles import PROFILES
from vigie.access.resource_policy import Policy, policy_access
from vigie.access.texts import Budget

OWN = "111111111111"
OPEN = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}
OVERSHOOT = 30_000
"""Steps that one question may take beyond the budget before it is stopped."""


def judged(*statements: dict[str, Any]) -> Access:
    return judge("AWS::S3::Bucket", {"Policy": {"Statement": list(statements)}}, account=OWN)


def allow(condition: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**OPEN, "Condition": condition, **more}


def deny(condition: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {**OPEN, "Effect": "Deny", **({"Condition": condition} if condition else {}), **more}


def account(number: int) -> str:
    return f"{100000000000 + number}"


HARD: dict[str, tuple[list[dict[str, Any]], bool, bool]] = {
    # name: (statements, public, exact)
    "products of globs that all Denies ask for": (
        [OPEN, *(deny({"StringNotLike": {"s3:prefix": f"*{chr(97 + n)}*{chr(98 + n)}*"}}) for n in range(20))],
        True,
        False,
    ),
    "twenty statements with fifty accounts each": (
        [
            allow({"StringEquals": {"aws:PrincipalAccount": [account(50 * n + m) for m in range(50)]}})
            for n in range(20)
        ],
        False,
        True,
    ),
    "five hundred roles by patterns": (
        [
            allow({"ArnLike": {"aws:PrincipalArn": [f"arn:aws:iam::{account(20 * n + m)}:role/r*" for m in range(20)]}})
            for n in range(25)
        ],
        False,
        True,
    ),
    "prefixes that Denies take one by one": (
        [
            *({**OPEN, "Resource": [f"arn:aws:s3:::b/{n}/{m}/*" for m in range(20)]} for n in range(10)),
            *(deny(Resource=f"arn:aws:s3:::b/*/{m}/*") for m in range(20)),
        ],
        False,
        True,
    ),
    "three hundred sources": (
        [
            {
                **allow({"ArnLike": {"aws:SourceArn": [f"arn:aws:sns:*:{account(n)}:*" for n in range(300)]}}),
                "Principal": {"Service": "sns.amazonaws.com"},
            }
        ],
        False,
        True,
    ),
    "two hundred user ids": (
        [allow({"StringLike": {"aws:userid": [f"AROA{n:016}:*" for n in range(200)]}})],
        False,
        True,
    ),
    "four hundred networks": (
        [allow({"IpAddress": {"aws:SourceIp": [f"192.{n // 250}.{n % 250}.0/25" for n in range(400)]}})],
        False,
        True,
    ),
    "case that some ignore and some do not": (
        [
            allow({"StringEqualsIgnoreCase": {"s3:prefix": "a" * 300}}),
            *(deny({"StringLike": {"s3:prefix": "*" + "aA"[n % 2] + "*" + "Aa"[n % 2] * n + "*"}}) for n in range(20)),
        ],
        True,
        False,
    ),
    "five keys in each of sixty Denies": (
        [
            OPEN,
            *(
                deny({"StringEquals": {f"s3:k{(n * 7 + m) % 23}": f"v{(n * m) % 3}" for m in range(5)}})
                for n in range(60)
            ),
        ],
        True,
        True,
    ),
    "more Denies with a choice than are weighed": (
        [OPEN, *(deny({"StringNotEquals": {f"s3:a{n}": "x"}, "StringNotLike": {f"s3:b{n}": "y"}}) for n in range(600))],
        True,
        False,
    ),
    "sixty-four globs and four Denies that hold them all": (
        [
            allow({"StringLike": {"s3:prefix": [f"*{a}*{b}*{c}*" for a in "abcd" for b in "abcd" for c in "abcd"]}}),
            *(deny({"StringLike": {"s3:prefix": [f"*{a}*{b}*" for b in "abcd"]}}) for a in "abcd"),
        ],
        False,
        True,
    ),
}


@pytest.mark.parametrize(("statements", "public", "exact"), HARD.values(), ids=HARD)
def test_work_is_bounded_and_what_was_not_decided_is_told(
    statements: list[dict[str, Any]], public: bool, exact: bool
) -> None:
    document = parse({"Version": "2012-10-17", "Statement": statements})
    policy = Policy(document, OWN, Facts(), profile=PROFILES["AWS::S3::Bucket"])
    access = policy_access(policy)
    assert policy.granting.budget.left >= -OVERSHOOT
    assert bool(access.public()) is public
    assert all(g.exact for g in access.grants) is exact
    assert all("capped" in g.why_not_exact for g in access.grants if not g.exact)


def test_the_budget_is_one_for_the_whole_policy() -> None:
    assert Budget().left == 400_000


def test_denies_of_every_combination_of_three_keys_leave_nothing() -> None:
    denies = [
        deny({a: {"s3:k0": "x"}, b: {"s3:k1": "x"}, c: {"s3:k2": "x"}})
        for a in ("StringEquals", "StringNotEquals")
        for b in ("StringLike", "StringNotLike")
        for c in ("ArnLike", "ArnNotLike")
    ]
    assert judged(OPEN, *denies).grants == ()
    (grant,) = judged(OPEN, *denies[1:]).grants
    assert grant.exact


def test_a_hundred_actions_and_ten_denies_take_no_search_each() -> None:
    many = {**OPEN, "Action": [f"s3:A{n}*" for n in range(100)]}
    (grant,) = judged(
        many, *(deny({"StringEquals": {"aws:Referer": f"{n}"}}, Action="s3:A*") for n in range(10))
    ).grants
    assert len(grant.actions) == 100
    assert grant.exact
