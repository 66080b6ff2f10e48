"""The same document is judged once, and judged anew when anything that it depends on is another."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from vigie.access import Facts, judge
from vigie.access.remembering import Remembered

OWN, FOREIGN = "111111111111", "999999999999"
BUCKET_SOURCE = {
    "Policy": {
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Service": "s3.amazonaws.com"},
            "Action": "*",
            "Resource": "*",
            "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::their-bucket"}},
        }
    }
}
FACTS = Facts(own_accounts=frozenset({OWN}), owners={"their-bucket": FOREIGN})


def test_the_same_is_judged_once_and_answered_as_before() -> None:
    store = Remembered()
    first = store.judge("AWS::S3::Bucket", BUCKET_SOURCE, account=OWN, facts=FACTS)
    again = store.judge("AWS::S3::Bucket", {**BUCKET_SOURCE}, account=OWN, facts=Facts(**_fields(FACTS)))
    assert again is first
    assert store.judged == 1
    assert first == judge("AWS::S3::Bucket", BUCKET_SOURCE, account=OWN, facts=FACTS)


@pytest.mark.parametrize(
    "changed",
    [
        {"own_accounts": frozenset({OWN, FOREIGN})},
        {"third_party_accounts": frozenset({FOREIGN})},
        {"organization_id": "o-abc123"},
        {"known_networks": ("192.0.2.0/24",)},
        {"account_settings": {"PublicAccessBlock": {"RestrictPublicBuckets": True}}},
        {"unread_settings": {"PublicAccessBlock": "denied"}},
        {"canonical_ids": {"c0ffee": OWN}},
        {"owners": {"their-bucket": OWN}},
        {"owners": {}},
        {"now": datetime(2026, 1, 1, tzinfo=UTC)},
    ],
)
def test_another_world_is_judged_anew(changed: dict[str, Any]) -> None:
    store = Remembered()
    store.judge("AWS::S3::Bucket", BUCKET_SOURCE, account=OWN, facts=FACTS)
    other = Facts(**{**_fields(FACTS), **changed})
    access = store.judge("AWS::S3::Bucket", BUCKET_SOURCE, account=OWN, facts=other)
    assert store.judged == 2
    assert access == judge("AWS::S3::Bucket", BUCKET_SOURCE, account=OWN, facts=other)


@pytest.mark.parametrize(
    "changed",
    [
        {"resource_type": "AWS::SQS::Queue"},
        {"account": FOREIGN},
        {"arn": "arn:aws:s3:::b"},
        {"configuration": {}},
        {"unread": {"Acl": "denied"}},
    ],
)
def test_another_question_is_judged_anew(changed: dict[str, Any]) -> None:
    store = Remembered()
    asked: dict[str, Any] = {"resource_type": "AWS::S3::Bucket", "configuration": BUCKET_SOURCE, "account": OWN}
    store.judge(**asked, facts=FACTS)
    store.judge(**{**asked, **changed}, facts=FACTS)
    assert store.judged == 2


def test_an_owner_nobody_asked_about_makes_no_difference() -> None:
    store = Remembered()
    store.judge("AWS::S3::Bucket", BUCKET_SOURCE, account=OWN, facts=FACTS)
    more = Facts(**{**_fields(FACTS), "owners": {"their-bucket": FOREIGN, "another": OWN}})
    store.judge("AWS::S3::Bucket", BUCKET_SOURCE, account=OWN, facts=more)
    assert store.judged == 1


def test_it_keeps_a_bounded_number_and_drops_what_was_not_used() -> None:
    store = Remembered(most=3)
    for name in ("a", "b", "c", "a", "d"):
        store.judge("AWS::S3::Bucket", {"Policy": {"Id": name, "Statement": []}}, account=OWN)
    assert store.judged == 4
    store.judge("AWS::S3::Bucket", {"Policy": {"Id": "a", "Statement": []}}, account=OWN)
    assert store.judged == 4
    store.judge("AWS::S3::Bucket", {"Policy": {"Id": "b", "Statement": []}}, account=OWN)
    assert store.judged == 5


def test_what_is_no_json_is_judged_each_time() -> None:
    store = Remembered()
    for _ in range(2):
        store.judge("AWS::S3::Bucket", {"Policy": None, "odd": {1, 2}}, account=OWN)
    assert store.judged == 2


def _fields(facts: Facts) -> dict[str, Any]:
    return {name: getattr(facts, name) for name in Facts.__slots__}
