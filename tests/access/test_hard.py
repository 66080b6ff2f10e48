"""Policies made to be hard: bounded work, and what was not decided is told as approximate, never left out."""

from __future__ import annotations

import time
from typing import Any

from vigie.access import Access, judge

OWN = "111111111111"
OPEN = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}


def judged(*statements: dict[str, Any]) -> Access:
    return judge("AWS::S3::Bucket", {"Policy": {"Statement": list(statements)}}, account=OWN)


def deny(condition: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**OPEN, "Effect": "Deny", "Condition": condition, **more}


def test_a_search_that_is_cut_short_is_a_grant_that_is_approximate() -> None:
    pairs = [f"*{chr(97 + n)}*{chr(98 + n)}*" for n in range(20)]
    began = time.process_time()
    access = judged(OPEN, *(deny({"StringNotLike": {"s3:prefix": pair}}) for pair in pairs))
    assert time.process_time() - began < 5
    assert [g.kind.value for g in access.grants] == ["public"]
    assert not access.grants[0].exact
    assert "capped" in access.grants[0].why_not_exact


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
    began = time.process_time()
    many = {**OPEN, "Action": [f"s3:A{n}*" for n in range(100)]}
    (grant,) = judged(
        many, *(deny({"StringEquals": {"aws:Referer": f"{n}"}}, Action="s3:A*") for n in range(10))
    ).grants
    assert len(grant.actions) == 100
    assert time.process_time() - began < 2
