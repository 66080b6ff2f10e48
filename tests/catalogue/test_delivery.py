"""Fetching events: what may be called for it, on what, and that every exception is named with its reason."""

from __future__ import annotations

from vigie.catalogue.delivery import (
    EXCEPTIONS,
    LOOKUP,
    QUEUE,
    SIGNING,
    TRAIL,
    Queue,
    Sources,
    Trail,
    delivery_defects,
    signing_statement,
    statements,
)
from vigie.catalogue.loader import load
from vigie.catalogue.policy import iam_policy
from vigie.catalogue.reading_only import access_levels, permission_for
from vigie.catalogue.service_models import installed

URL = "https://sqs.eu-west-1.amazonaws.com/111122223333/vigie"
ALL = Sources((Queue(URL),), (Trail("our-trail", "logs", "arn:aws:kms:eu-west-1:111122223333:key/k"),), lookup=True)


def test_the_declaration_has_no_defect_and_each_exception_a_reason() -> None:
    assert list(delivery_defects(installed())) == []
    assert all(len(reason) > 20 for reason in EXCEPTIONS.values())


def test_the_only_call_of_vigie_that_writes_takes_messages_off_the_named_queues() -> None:
    needed = {permission_for(*one) or "" for one in QUEUE | TRAIL | LOOKUP}
    writes = {one for one in needed if one.split(":")[1] not in access_levels()[one.split(":")[0]]}
    assert writes == {"sqs:DeleteMessage"}


def test_nothing_is_allowed_on_anything_that_the_settings_do_not_name() -> None:
    found = {action: one["Resource"] for one in statements(ALL) for action in one["Action"]}
    assert found == {
        "sqs:DeleteMessage": ["arn:aws:sqs:eu-west-1:111122223333:vigie"],
        "sqs:ReceiveMessage": ["arn:aws:sqs:eu-west-1:111122223333:vigie"],
        "s3:GetObject": ["arn:aws:s3:::our-trail/logs/AWSLogs/*"],
        "s3:ListBucket": ["arn:aws:s3:::our-trail"],
        "kms:Decrypt": ["arn:aws:kms:eu-west-1:111122223333:key/k"],
        "cloudtrail:ListPublicKeys": ["*"],
        "cloudtrail:LookupEvents": ["*"],
    }


def test_without_sources_the_policy_allows_none_of_it() -> None:
    allowed = {action for one in iam_policy(load(), Sources())["Statement"] for action in one["Action"]}
    assert allowed.isdisjoint({"sqs:DeleteMessage", "sqs:ReceiveMessage", "s3:GetObject", "cloudtrail:LookupEvents"})


def test_the_region_of_a_queue_is_in_its_url() -> None:
    assert Queue(URL).region == "eu-west-1"
    assert Queue("http://127.0.0.1:5000/111122223333/vigie").region is None


def test_heads_are_signed_with_the_named_key_and_no_other() -> None:
    key = "arn:aws:kms:eu-west-1:111122223333:key/k"
    assert signing_statement(key)["Resource"] == [key]
    assert signing_statement(key)["Action"] == ["kms:GetPublicKey", "kms:Sign"]
    assert {f"{service}:{operation}" for service, operation in SIGNING} - EXCEPTIONS.keys() == {"kms:GetPublicKey"}
