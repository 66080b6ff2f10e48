"""``vigie events explain``: one answer a record, and text for people."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from records import record

ONE = record("s3", "PutBucketPolicy", {"bucketName": "logs"})
FAILED = record("iam", "DeleteUser", {"userName": "bob"}, errorCode="AccessDenied")


def explain(content: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "vigie", "events", "explain", "-", *options]
    return subprocess.run(command, input=content, capture_output=True, text=True, timeout=60)


def answers(content: str) -> list[dict[str, Any]]:
    done = explain(content, "--json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_each_line_is_answered_in_order_and_what_is_no_record_too() -> None:
    lines = [json.dumps(ONE), '{"eventName": "x"', json.dumps(FAILED), "7", json.dumps(ONE)]
    found = answers("\n".join(lines))
    assert [bool(answer["error"]) for answer in found] == [False, True, False, True, False]
    first, _, failed, *_ = found
    assert first["write"] is True and first["failed"] is False
    assert first["outcome"] == "subjects"
    assert first["subjects"] == [
        {
            "type": "AWS::S3::Bucket",
            "account": "123456789012",
            "region": "us-east-1",
            "id": "logs",
            "arn": "arn:aws:s3:::logs",
            "name": "logs",
            "known_by": "id",
            "needs_store": False,
            "watched": True,
        }
    ]
    assert first["actor"]["kind"] == "user" and first["actor"]["arn"] == first["actor"]["principal"]
    assert failed["failed"] is True and failed["outcome"] == "none" and failed["subjects"] == []
    assert [subject["id"] for subject in failed["about"]] == ["bob"]


def test_what_is_implied_and_not_named_has_no_id() -> None:
    [found] = answers(json.dumps(record("ec2", "CreateVpc", {}, {"vpc": {"vpcId": "vpc-1"}})))
    assert {(each["type"], each["id"]) for each in found["implied"]} >= {("AWS::EC2::SecurityGroup", None)}
    assert all(each["needs_store"] for each in found["implied"])


def test_people_are_told_why_a_change_was_not_noticed() -> None:
    unwatched = record("quux", "Frobnicate")
    done = explain("\n".join(json.dumps(each) for each in (ONE, FAILED, unwatched, {"a": 1})))
    assert done.returncode == 0
    assert "AWS::S3::Bucket logs" in done.stdout
    assert "The call failed (AccessDenied)" in done.stdout
    assert "Nothing is known of this call" in done.stdout
    assert "no record" in done.stdout
    assert "3 records, and 1 of what is none." in done.stderr


def test_an_empty_file_is_no_mistake(tmp_path: Path) -> None:
    done = explain('{"Records": []}', "--json")
    assert (done.returncode, done.stdout) == (0, "")
    assert "No record" in done.stderr


def test_text_from_a_record_cannot_write_on_the_terminal() -> None:
    done = explain(json.dumps({**ONE, "userAgent": "a\x1b[2Jb"}))
    assert "\x1b" not in done.stdout
