"""Records after AWS's documented form, for tests of events."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CASES = Path(__file__).parent / "watch" / "events" / "cases"
ACCOUNT = "123456789012"
ALICE: dict[str, Any] = {
    "type": "IAMUser",
    "principalId": "AIDAALICE",
    "arn": f"arn:aws:iam::{ACCOUNT}:user/people/alice",
    "accountId": ACCOUNT,
    "accessKeyId": "AKIAI44QH8DHBEXAMPLE",
    "userName": "alice",
}


def record(source: str, name: str, request: Any = None, answer: Any = None, **more: Any) -> dict[str, Any]:
    """A successful write by alice in us-east-1, unless ``more`` says other."""
    return {
        "eventVersion": "1.08",
        "userIdentity": ALICE,
        "eventTime": "2026-03-01T12:00:00Z",
        "eventSource": f"{source}.amazonaws.com",
        "eventName": name,
        "awsRegion": "us-east-1",
        "sourceIPAddress": "192.0.2.44",
        "userAgent": "aws-cli/2.15",
        "requestParameters": request,
        "responseElements": answer,
        "requestID": "c0ffee",
        "eventID": "11111111-2222-3333-4444-555555555555",
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
        **more,
    }


def cases() -> Iterator[tuple[str, dict[str, Any], list[str]]]:
    """(name of the case, record, subjects that are expected) of every file in ``cases``."""
    for file in sorted(CASES.glob("*.toml")):
        for number, case in enumerate(tomllib.loads(file.read_text(encoding="utf-8"))["case"]):
            source, name = case["event"].split()
            request, answer = json.loads(case.get("request", "null")), json.loads(case.get("answer", "null"))
            yield f"{file.stem}-{number}-{name}", record(source, name, request, answer), case["subjects"]
