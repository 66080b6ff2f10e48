"""CloudTrail for a local AWS, which has none: writes the records that CloudTrail would write of calls made by hand.

trail = Trail()
trail.watch(account("s3"), by=user("alice", account.id))
account("s3").put_bucket_policy(...)
trail.send(account("sqs"), queue_url)          # as EventBridge would
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from vigie.catalogue.events import RENAMED
from vigie.catalogue.reading_only import READING_VERBS

Record = dict[str, Any]
_SOURCES: Final = {"elbv2": "elasticloadbalancing", "elb": "elasticloadbalancing", "s3control": "s3"}
_ADDRESS: Final = "203.0.113.7"
_AGENT: Final = "aws-cli/2.31.0"


def user(name: str, account: str) -> Record:
    """``userIdentity`` of an IAM user."""
    return {
        "type": "IAMUser",
        "principalId": "AIDA" + name.upper().ljust(17, "X")[:17],
        "arn": f"arn:aws:iam::{account}:user/{name}",
        "accountId": account,
        "accessKeyId": "AKIA" + name.upper().ljust(16, "X")[:16],
        "userName": name,
    }


def role(name: str, session: str, account: str) -> Record:
    """``userIdentity`` of a session of a role."""
    principal = "AROA" + name.upper().ljust(17, "X")[:17]
    return {
        "type": "AssumedRole",
        "principalId": f"{principal}:{session}",
        "arn": f"arn:aws:sts::{account}:assumed-role/{name}/{session}",
        "accountId": account,
        "accessKeyId": "ASIA" + session.upper().ljust(16, "X")[:16],
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": principal,
                "arn": f"arn:aws:iam::{account}:role/{name}",
                "accountId": account,
                "userName": name,
            },
            "attributes": {"mfaAuthenticated": "false"},
        },
    }


@dataclass
class Trail:
    """Records of the calls of the clients that it watches, in order."""

    records: list[Record] = field(default_factory=list)
    _parameters: threading.local = field(default_factory=threading.local)

    def watch(self, client: Any, by: Record, address: str = _ADDRESS) -> Any:
        """Record the client's calls as made by somebody from now on. Gives the client."""
        self.unwatch(client)
        events = client.meta.events

        def remember(params: Mapping[str, Any], **_: Any) -> None:
            self._parameters.given = params

        def write(parsed: Mapping[str, Any], model: Any, **_: Any) -> None:
            region = client.meta.region_name
            self.records.append(
                _record(model, region, self._parameters.given, parsed, by) | {"sourceIPAddress": address}
            )

        events.register("provide-client-params", remember, unique_id="vigie-trail")
        events.register("after-call", write, unique_id="vigie-trail-write")
        return client

    def unwatch(self, client: Any) -> None:
        events = client.meta.events
        events.unregister("provide-client-params", unique_id="vigie-trail")
        events.unregister("after-call", unique_id="vigie-trail-write")

    def send(self, sqs: Any, queue: str) -> int:
        """Put the records into a queue as EventBridge's rule for writes would, and forget them. How many."""
        records, self.records = self.records, []
        writes = [record for record in records if not record["readOnly"]]
        for record in writes:
            sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(enveloped(record)))
        return len(writes)


def _record(model: Any, region: str, given: Mapping[str, Any], answer: Mapping[str, Any], by: Record) -> Record:
    service = model.service_model.service_name
    name = RENAMED.get(service, {}).get(model.name, model.name)
    failure = answer.get("Error") or {}
    is_global = service in ("iam", "cloudfront", "route53", "organizations")
    response = {key: value for key, value in answer.items() if key not in ("ResponseMetadata", "Error")}
    record = {
        "eventVersion": "1.11",
        "userIdentity": by,
        "eventTime": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": f"{_SOURCES.get(service, service)}.amazonaws.com",
        "eventName": name,
        "awsRegion": "us-east-1" if is_global else region,
        "userAgent": _AGENT,
        "requestParameters": _request(service, given),
        "responseElements": _written(service, response) or None,
        "requestID": str(uuid.uuid4()),
        "eventID": str(uuid.uuid4()),
        "readOnly": name.startswith(READING_VERBS),
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": by["accountId"],
        "eventCategory": "Management",
    }
    if failure:
        record |= {"errorCode": failure.get("Code"), "errorMessage": failure.get("Message")}
    return record


def enveloped(record: Record) -> Record:
    """As EventBridge hands a record on."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws." + record["eventSource"].partition(".")[0],
        "account": record["recipientAccountId"],
        "time": record["eventTime"],
        "region": record["awsRegion"],
        "resources": [],
        "detail": record,
    }


def _request(service: str, given: Mapping[str, Any]) -> Record:
    request = _written(service, given)
    if service == "s3":
        request = {("bucketName" if key == "bucket" else key): value for key, value in request.items()}
        if isinstance(request.get("policy"), str):
            request["bucketPolicy"] = json.loads(request.pop("policy"))
    return dict(request)


def _written(service: str, value: Any) -> Any:
    """With the names that CloudTrail uses: a small first letter; EC2's lists below ``items``."""
    if isinstance(value, Mapping):
        return {_small(str(key)): _written(service, inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        elements = [_written(service, inner) for inner in value]
        return {"items": elements} if service == "ec2" else elements
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)


def _small(name: str) -> str:
    return name[:1].lower() + name[1:]
