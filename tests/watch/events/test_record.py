"""Fields of a record: whatever is there, and of whatever type, is read for what it is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from records import record
from vigie.model.event import Event, EventOutcome, Malformed
from vigie.watch.events import read


def event(*arguments: Any, **more: Any) -> Event:
    [found] = read(record(*arguments, **more))
    assert isinstance(found, Event), found
    return found


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2026-03-01T12:00:00Z", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("2026-03-01T12:00:00.123Z", datetime(2026, 3, 1, 12, 0, 0, 123000, UTC)),
        ("2026-03-01T12:00:00.123456789Z", datetime(2026, 3, 1, 12, 0, 0, 123456, UTC)),
        ("2026-03-01T14:00:00+02:00", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("2026-03-01 12:00:00", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("20260301T120000Z", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        (1772366400, datetime(2026, 3, 1, 12, tzinfo=UTC)),
        (1772366400000, datetime(2026, 3, 1, 12, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_however_it_is_written(given: Any, expected: datetime) -> None:
    assert event("s3", "PutBucketAcl", eventTime=given).at == expected


@pytest.mark.parametrize(
    ("source", "name", "said", "reads"),
    [
        ("s3", "PutBucketAcl", False, False),
        ("s3", "PutBucketAcl", "false", False),
        ("s3", "GetBucketAcl", "true", True),
        ("s3", "GetBucketAcl", True, True),
        ("s3", "GetBucketAcl", None, True),
        ("ec2", "DescribeInstances", None, True),
        ("ec2", "RunInstances", None, False),
        ("iam", "ListUsers", 1, True),
        ("sts", "AssumeRole", None, True),
        ("kms", "Decrypt", None, False),
        ("cloudtrail", "LookupEvents", None, True),
        ("lambda", "GetFunction20150331v2", None, True),
        ("iam", "SimulatePrincipalPolicy", None, True),
        ("signin", "ConsoleLogin", None, False),
        ("iam", "CreateUser", "what?", False),
    ],
)
def test_whether_a_call_reads_is_what_the_record_says_or_what_is_known_of_the_call(
    source: str, name: str, said: Any, reads: bool
) -> None:
    assert event(source, name, readOnly=said).read_only is reads


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("DeleteTrail", {"errorCode": "AccessDenied", "errorMessage": "no"}),
        ("RunInstances", {"errorCode": "Client.DryRunOperation", "errorMessage": "Request would have succeeded"}),
        ("ConsoleLogin", {"errorMessage": "Failed authentication", "responseElements": {"ConsoleLogin": "Failure"}}),
        ("ConsoleLogin", {"responseElements": {"ConsoleLogin": "Failure"}}),
        ("CredentialVerification", {"serviceEventDetails": {"CredentialVerification": "Failure"}}),
        ("DeleteSecurityGroup", {"responseElements": {"_return": False}}),
        ("CheckMfa", {"responseElements": {"CheckMfa": "Failure"}}),
    ],
)
def test_a_failed_call_changes_nothing(name: str, more: dict[str, Any]) -> None:
    found = event("ec2", name, {"groupId": "sg-1", "name": "t"}, **more)
    assert found.failed
    assert found.outcome is EventOutcome.NONE
    assert (found.subjects, found.implied, found.scopes) == ((), (), ())


def test_what_a_failed_call_was_about_is_evidence() -> None:
    found = event("cloudtrail", "StopLogging", {"name": "t"}, errorCode="AccessDenied")
    [subject] = found.about
    assert subject.arn == "arn:aws:cloudtrail:us-east-1:123456789012:trail/t"


@pytest.mark.parametrize(
    "more", [{"errorCode": "200"}, {"errorCode": None}, {"errorCode": ""}, {"responseElements": {"_return": True}}]
)
def test_a_call_that_did_not_fail_is_none(more: dict[str, Any]) -> None:
    assert not event("ec2", "DeleteSecurityGroup", {"groupId": "sg-1"}, **more).failed


def test_a_record_without_an_id_gets_a_digest_that_is_always_the_same() -> None:
    first, second = event("s3", "PutBucketAcl", eventID=None), event("s3", "PutBucketAcl", eventID=None)
    assert first.id == second.id
    assert first.id.startswith("sha256:")
    assert first.id != event("s3", "PutBucketPolicy", eventID=None).id


WRONG = [None, "", "text", 0, 1.5, True, [], [1], {}, {"a": {"b": [None]}}, 10**30, "\ud800", "\x00"]
REQUIRED = {"eventName", "eventSource", "eventTime"}


@pytest.mark.parametrize("field", sorted(record("s3", "PutBucketAcl", {"bucketName": "b"})))
def test_any_type_of_any_field_is_survived(field: str) -> None:
    for value in WRONG:
        [found] = read(record("s3", "PutBucketAcl", {"bucketName": "b"}, **{field: value}))
        assert isinstance(found, Event) or (field in REQUIRED and isinstance(found, Malformed))


@pytest.mark.parametrize("field", ["requestParameters", "responseElements"])
def test_parameters_may_be_a_text_of_json(field: str) -> None:
    given = record("ec2", "CreateVpc", None, None, **{field: '{"vpc": {"vpcId": "vpc-1"}, "vpcId": "vpc-1"}'})
    [found] = read(given)
    assert isinstance(found, Event)


def test_a_record_without_a_recipient_belongs_to_the_account_of_its_actor() -> None:
    assert event("s3", "PutBucketAcl", recipientAccountId=None).account == "123456789012"
    assert event("s3", "PutBucketAcl", recipientAccountId=1234567890).account == "001234567890"


def test_data_and_insights_change_no_configuration() -> None:
    put = event("s3", "PutObject", {"bucketName": "b", "key": "k"}, managementEvent=False, eventCategory="Data")
    assert (put.outcome, put.subjects) == (EventOutcome.NONE, ())
    assert [subject.id for subject in put.about] == ["b"]
    old = event("s3", "PutObject", {"bucketName": "b", "key": "k"}, eventCategory=None, managementEvent=None)
    assert old.outcome is EventOutcome.NONE
    insight = event("ec2", "RunInstances", eventCategory="Insight", insightDetails={"state": "Start"})
    assert (insight.category, insight.outcome) == ("Insight", EventOutcome.NONE)


def test_ids_of_keys_that_were_handed_out_lead_on() -> None:
    answer = {"credentials": {"accessKeyId": "ASIAEXAMPLE", "sessionToken": "x", "expiration": "y"}}
    assert event("sts", "AssumeRole", {"roleArn": "r"}, answer).made_keys == ("ASIAEXAMPLE",)
    key = {"accessKey": {"accessKeyId": "AKIAEXAMPLE", "userName": "bob"}}
    assert event("iam", "CreateAccessKey", {"userName": "bob"}, key).made_keys == ("AKIAEXAMPLE",)
    assert event("iam", "DeleteAccessKey", {"accessKeyId": "AKIAEXAMPLE"}).made_keys == ()


def test_accounts_of_records_that_were_made_anonymous_are_kept_as_they_are() -> None:
    identity = {
        "type": "IAMUser",
        "arn": "arn:aws:iam::000000000:user/ada",
        "accountId": "000000000",
        "userName": "ada",
    }
    request = {"DeleteFlowLogsRequest": {"FlowLogId": {"content": "fl-1", "tag": 1}}}
    found = event("ec2", "DeleteFlowLogs", request, userIdentity=identity, recipientAccountId="000000000")
    [subject] = found.subjects
    assert (found.account, found.actor.account, subject.account) == ("000000000",) * 3
    assert subject.arn == "arn:aws:ec2:us-east-1:000000000:vpc-flow-log/fl-1"
