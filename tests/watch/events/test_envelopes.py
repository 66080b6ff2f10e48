"""Whatever envelope records come in, the same events come out, in order; what is no record stops nothing."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

from records import record
from vigie.model.event import Event, Malformed, RecordsFile
from vigie.watch.events import read

ONE = record("s3", "PutBucketPolicy", {"bucketName": "logs"}, eventID="one")
TWO = record("iam", "DeleteUser", {"userName": "bob"}, eventID="two")
BOTH = [ONE, TWO]


def bridge(detail: Any) -> dict[str, Any]:
    return {
        "version": "0",
        "id": "b",
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.s3",
        "account": "123456789012",
        "time": "2026-03-01T12:00:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": detail,
    }


def sns(message: str) -> dict[str, Any]:
    return {"Type": "Notification", "MessageId": "m", "TopicArn": "arn:aws:sns:us-east-1:1:t", "Message": message}


def packed(value: Any) -> str:
    return base64.b64encode(gzip.compress(json.dumps(value).encode())).decode()


ENVELOPES: dict[str, Callable[[list[Any]], Any]] = {
    "a list": lambda records: records,
    "CloudTrail's file": lambda records: json.dumps({"Records": records}),
    "CloudTrail's file, compressed": lambda records: gzip.compress(json.dumps({"Records": records}).encode()),
    "compressed twice": lambda records: gzip.compress(gzip.compress(json.dumps({"Records": records}).encode())),
    "two compressed parts": lambda records: b"".join(gzip.compress(json.dumps(r).encode() + b"\n") for r in records),
    "with a byte order mark": lambda records: b"\xef\xbb\xbf" + json.dumps(records).encode(),
    "UTF-16": lambda records: json.dumps(records).encode("utf-16"),
    "JSON lines": lambda records: "\n".join(json.dumps(r) for r in records) + "\n",
    "JSON lines of Windows": lambda records: "\r\n".join(json.dumps(r) for r in records),
    "one after the other": lambda records: "".join(json.dumps(r) for r in records),
    "one after the other, indented": lambda records: "\n".join(json.dumps(r, indent=2) for r in records),
    "EventBridge": lambda records: [bridge(r) for r in records],
    "EventBridge in SQS": lambda records: {
        "Messages": [{"MessageId": "m", "Body": json.dumps(bridge(r))} for r in records]
    },
    "SNS in SQS": lambda records: {"Messages": [{"Body": json.dumps(sns(json.dumps(r)))} for r in records]},
    "the body of a message": lambda records: json.dumps(sns(json.dumps({"Records": records}))),
    "SQS for Lambda": lambda records: {
        "Records": [{"messageId": "m", "eventSource": "aws:sqs", "body": json.dumps(r)} for r in records]
    },
    "SNS for Lambda": lambda records: {
        "Records": [{"EventSource": "aws:sns", "Sns": sns(json.dumps(r))} for r in records]
    },
    "LookupEvents": lambda records: {
        "Events": [
            {
                "EventId": r["eventID"],
                "EventName": r["eventName"],
                "EventTime": 1.0,
                "Username": "alice",
                "CloudTrailEvent": json.dumps(r),
            }
            for r in records
        ]
    },
    "CloudTrail Lake": lambda records: {
        "QueryStatus": "FINISHED",
        "QueryResultRows": [[{key: value} for key, value in r.items()] for r in records],
    },
    "CloudWatch Logs, subscribed": lambda records: {
        "awslogs": {
            "data": packed(
                {"messageType": "DATA_MESSAGE", "logEvents": [{"id": "1", "message": json.dumps(r)} for r in records]}
            )
        }
    },
    "CloudWatch Logs, listed": lambda records: {
        "events": [{"timestamp": 1, "message": json.dumps(r)} for r in records]
    },
    "Kinesis": lambda records: {
        "Records": [
            {"eventSource": "aws:kinesis", "kinesis": {"data": base64.b64encode(json.dumps(r).encode()).decode()}}
            for r in records
        ]
    },
    "Firehose": lambda records: {
        "records": [{"recordId": "1", "data": base64.b64encode(json.dumps(r).encode()).decode()} for r in records]
    },
    "a text of JSON in JSON": lambda records: json.dumps([json.dumps(r) for r in records]),
    "Elasticsearch": lambda records: {"hits": [{"_source": r} for r in records]},
}


@pytest.mark.parametrize("name", sorted(ENVELOPES))
def test_every_envelope_gives_the_same_events(name: str) -> None:
    assert list(read(ENVELOPES[name](BOTH))) == list(read(BOTH))
    assert [event.id for event in read(BOTH) if isinstance(event, Event)] == ["one", "two"]


def test_a_row_of_athena_is_a_record_in_lower_case() -> None:
    row = {key.lower(): value for key, value in ONE.items()}
    row["requestparameters"] = json.dumps(ONE["requestParameters"])
    row["useridentity"] = {key.lower(): value for key, value in ONE["userIdentity"].items()}
    row["readonly"] = "false"
    [event] = read(row)
    [same] = read(ONE)
    assert isinstance(event, Event) and isinstance(same, Event)
    assert (event.id, event.actor, event.subjects) == (same.id, same.actor, same.subjects)


def test_eventbridge_says_what_the_record_lacks() -> None:
    bare = {key: value for key, value in ONE.items() if key not in ("recipientAccountId", "awsRegion", "eventTime")}
    [found] = read(bridge(bare))
    assert isinstance(found, Event)
    assert (found.account, found.region, found.at.year) == ("123456789012", "us-east-1", 2026)


def test_a_notification_of_s3_says_where_records_are() -> None:
    key = "AWSLogs/1/CloudTrail/us-east-1/2026/03/01/a+b%3D.json.gz"
    given = {
        "Records": [
            {
                "eventVersion": "2.1",
                "eventSource": "aws:s3",
                "awsRegion": "us-east-1",
                "eventTime": "2026-03-01T12:00:00.000Z",
                "eventName": "ObjectCreated:Put",
                "userIdentity": {"principalId": "AWS:x"},
                "s3": {"bucket": {"name": "trail"}, "object": {"key": key, "size": 42, "versionId": "v"}},
            }
        ]
    }
    found = RecordsFile("trail", "AWSLogs/1/CloudTrail/us-east-1/2026/03/01/a b=.json.gz", "us-east-1", "v", 42)
    assert list(read(given)) == [found]
    assert list(read({"Messages": [{"Body": json.dumps(sns(json.dumps(given)))}]})) == [found]


def test_eventbridge_tells_of_objects_too_and_cloudtrail_itself() -> None:
    told = {
        **bridge({"bucket": {"name": "trail"}, "object": {"key": "a+b", "size": 1}}),
        "detail-type": "Object Created",
    }
    assert list(read(told)) == [RecordsFile("trail", "a+b", "us-east-1", None, 1)]
    own = sns(json.dumps({"s3Bucket": "trail", "s3ObjectKey": ["k1", "k2"]}))
    assert list(read(own)) == [RecordsFile("trail", "k1"), RecordsFile("trail", "k2")]


BROKEN = [
    '{"eventName": "CreateUser", "eventSource":',
    "not JSON at all",
    "17",
    "null",
    "[[[]]] trailing",
    '{"eventVersion": "1.08", "userIdentity": {}}',
    '{"a": 1}',
    json.dumps({**ONE, "eventTime": "yesterday"}),
    json.dumps({**ONE, "eventName": None}),
    json.dumps({**ONE, "eventSource": {}}),
    "[" * 3_000,
    '{"eventName": ' * 2_000,
]


@pytest.mark.parametrize("line", BROKEN, ids=range(len(BROKEN)))
def test_what_is_no_record_is_answered_once_and_stops_nothing(line: str) -> None:
    first, broken, last = read("\n".join([json.dumps(ONE), line, json.dumps(TWO)]))
    assert isinstance(first, Event) and isinstance(last, Event)
    assert (first.id, last.id) == ("one", "two")
    assert isinstance(broken, Malformed)
    assert broken.error.startswith("It ") and broken.error.endswith(".")
    assert len(broken.digest) == 64


def test_lines_that_are_all_broken_are_answered_one_by_one() -> None:
    assert len(list(read('{"a\n{"b\n{"c'))) == 3


def test_a_file_that_is_cut_off_in_the_middle_says_so() -> None:
    whole = gzip.compress(json.dumps({"Records": BOTH * 100}).encode())
    [broken] = read(whole[: len(whole) // 2])
    assert isinstance(broken, Malformed) and "ends in the middle" in broken.error
    [broken] = read(whole[:20] + b"\xff" * 20 + whole[40:])
    assert isinstance(broken, Malformed)


def test_of_a_broken_file_the_whole_records_are_read() -> None:
    whole = json.dumps({"Records": [ONE, TWO]})
    first, cut = read(whole[:-40])
    assert isinstance(first, Event) and first.id == "one" and isinstance(cut, Malformed)
    damaged = json.dumps({"Records": [ONE, {**ONE, "eventID": "x"}, TWO]}).replace('"eventID": "x"', '"eventID": "x')
    events = [each.id for each in read(damaged) if isinstance(each, Event)]
    assert events == ["one", "two"]
    assert sum(isinstance(each, Malformed) for each in read(damaged)) == 1


@pytest.mark.parametrize("given", [b"", "", "  \n ", [], {"Records": []}, {"Events": []}])
def test_of_nothing_nothing_comes(given: Any) -> None:
    assert list(read(given)) == []


@pytest.mark.parametrize("given", [b"\xff\xfe\xfa", b"\x80abc", 1, None, 1.5, True, object()])
def test_what_is_no_text_is_malformed(given: Any) -> None:
    [broken] = read(given)
    assert isinstance(broken, Malformed)


def test_a_digest_file_and_a_test_message_say_what_they_are() -> None:
    [digest] = read({"digestS3Object": "x", "logFiles": []})
    assert isinstance(digest, Malformed) and "digest" in digest.error
    [test] = read({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"})
    assert isinstance(test, Malformed) and "test message" in test.error


def test_a_damaged_record_is_still_called_by_its_id() -> None:
    [broken] = read({**ONE, "eventTime": None})
    assert isinstance(broken, Malformed)
    assert broken.id == "one"


def test_what_was_not_a_record_is_not_kept() -> None:
    [broken] = read('{"secretAccessKey": "wJalrXUtnFEMI", ')
    assert "wJalr" not in repr(broken)
