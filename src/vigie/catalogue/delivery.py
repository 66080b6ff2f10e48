"""DECLARED: the calls by which events of CloudTrail are fetched and heads are signed, and what they may touch.

Beside the resource types, these are all that vigie calls (invariant 12). Unlike the types' calls they hand out contents
and, one of them, write: each such exception is named here with its reason, holds for what the settings name and for
nothing else, and the verifier sees to it that there are no others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from vigie.catalogue.defects import Defect
from vigie.catalogue.reading_only import gives_away, only_reads, permission_for
from vigie.catalogue.service_models import ServiceModels
from vigie.model.account import partition_of

Operations = frozenset[tuple[str, str]]

QUEUE: Final[Operations] = frozenset({("sqs", "ReceiveMessage"), ("sqs", "DeleteMessageBatch")})
"""A queue that EventBridge or S3 writes to."""
TRAIL: Final[Operations] = frozenset({("s3", "GetObject"), ("s3", "ListObjectsV2"), ("cloudtrail", "ListPublicKeys")})
"""The files of a trail, and the keys that their digests are signed with."""
LOOKUP: Final[Operations] = frozenset({("cloudtrail", "LookupEvents")})
SIGNING: Final[Operations] = frozenset({("kms", "Sign"), ("kms", "GetPublicKey")})
"""Heads of the evidence log are signed by a key in KMS, with the ambient credentials."""

EXCEPTIONS: Final[Mapping[str, str]] = {
    "sqs:ReceiveMessage": "hands out messages: of the queues that the settings name, which hold events only",
    "sqs:DeleteMessageBatch": "writes: takes a message off those queues once its events are recorded; "
    "without it each would come again and again",
    "s3:GetObject": "hands out files: below the prefix of the trails that the settings name",
    "s3:ListObjectsV2": "names files: below that prefix",
    "kms:Sign": "signs: heads of the evidence log, with the one key that the settings name for it",
    "cloudtrail:LookupEvents": "only reads, although its verb is none of those that do",
}
"""Operations that do more than read configurations, and why they are called all the same."""


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue, by its URL."""

    url: str

    @property
    def region(self) -> str | None:
        """``eu-west-1`` of ``https://sqs.eu-west-1.amazonaws.com/…``; None where the URL does not say."""
        parts = (urlsplit(self.url).hostname or "").split(".")
        return parts[1] if len(parts) > 3 and parts[0] == "sqs" else None

    def arn(self, partition: str = "aws") -> str:
        account, name = urlsplit(self.url).path.strip("/").rsplit("/", 1)
        return f"arn:{partition}:sqs:{self.region or '*'}:{account}:{name}"


@dataclass(frozen=True, slots=True)
class Trail:
    """Where a trail puts its files."""

    bucket: str
    prefix: str = ""
    kms_key: str | None = None
    """ARN of the key that encrypts them, where they are (SSE-KMS)."""


@dataclass(frozen=True, slots=True)
class Sources:
    """All that the settings name."""

    queues: Sequence[Queue] = ()
    trails: Sequence[Trail] = ()
    lookup: bool = False


def statements(sources: Sources, partition: str = "aws") -> list[dict[str, Any]]:
    """The statements of the IAM policy for fetching events: no action on anything else than what is named."""
    found: list[dict[str, Any]] = []
    if sources.queues:
        arns = sorted({queue.arn(partition) for queue in sources.queues})
        found.append(_statement("FetchEventsFromQueues", _actions(QUEUE), arns))
    for number, trail in enumerate(sources.trails, start=1):
        bucket = f"arn:{partition}:s3:::{trail.bucket}"
        below = f"{trail.prefix.strip('/')}/" if trail.prefix.strip("/") else ""
        found.append(_statement(f"ReadTrail{number}", ["s3:GetObject"], [f"{bucket}/{below}AWSLogs/*"]))
        listing = _statement(f"ListTrail{number}", ["s3:ListBucket"], [bucket])
        found.append(listing | {"Condition": {"StringLike": {"s3:prefix": [f"{below}AWSLogs/*"]}}})
        if trail.kms_key:
            found.append(_statement(f"DecryptTrail{number}", ["kms:Decrypt"], [trail.kms_key]))
    if sources.trails:
        found.append(_statement("VerifyTrails", ["cloudtrail:ListPublicKeys"], ["*"]))
    if sources.lookup:
        found.append(_statement("LookUpEvents", _actions(LOOKUP), ["*"]))
    return found


def signing_statement(kms_key: str) -> dict[str, Any]:
    """The statement of the IAM policy for signing heads with a key: on that key and on nothing else."""
    return _statement("SignHeads", _actions(SIGNING), [kms_key])


def delivery_defects(models: ServiceModels) -> Iterator[Defect]:
    """What is wrong with this declaration."""
    for service, operation in sorted(QUEUE | TRAIL | LOOKUP | SIGNING):
        name = f"{service}:{operation}"
        what = "evidence" if (service, operation) in SIGNING else "events"
        if models.operation(service, operation) is None:
            yield Defect(what, name, "operation", f"{service} has no operation {operation!r}")
            continue
        more = only_reads(service, operation) or (gives_away(service, operation) and "it hands out contents")
        if more and name not in EXCEPTIONS:
            yield Defect(what, name, "reads", f"{more}, and no exception says why")
        if not more and name in EXCEPTIONS:
            yield Defect(what, name, "reads", "it only reads: its exception is not needed")


def partition_of_region(region: str | None) -> str:
    """``aws-cn`` for ``cn-north-1``."""
    for start, partition in (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"), ("eusc-", "aws-eusc")):
        if region and region.startswith(start):
            return partition
    return partition_of("")


def _statement(sid: str, actions: Sequence[str], resources: Sequence[str]) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": list(resources)}


def _actions(operations: Operations) -> list[str]:
    return sorted({action for one in operations if (action := permission_for(*one)) is not None})
