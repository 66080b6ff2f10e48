"""Samples of what a channel has to carry: events and messages of every kind, and one that means harm.

For authors of channels: send each of ``sample_messages()`` through yours.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from vigie.history.notifications import NotificationKind
from vigie.history.outbox import Topic
from vigie.model.account import Relation
from vigie.model.finding import FindingStatus, Severity
from vigie.notify.event import DiffLine, Event
from vigie.notify.message import Message, compose

T0: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)

CHANGE = Event(
    Topic.CHANGE,
    "changed",
    T0,
    "111111111111",
    "eu-west-1",
    "AWS::EC2::SecurityGroup",
    "sg-1",
    "arn:aws:ec2:eu-west-1:111111111111:security-group/sg-1",
    "web",
    account_name="prod",
    relation=Relation.OWN,
    tags={"env": "production"},
    actor="role deploy (session ci-42)",
    actor_ids=("arn:aws:sts::111111111111:assumed-role/deploy/ci-42", "arn:aws:iam::111111111111:role/deploy", "ci-42"),
    confidence="exact",
    calls=("AuthorizeSecurityGroupIngress by role deploy (session ci-42) from 203.0.113.7 with aws-cli/2.31.0",),
    after=T0 - timedelta(hours=1),
    revision=4,
    paths=("/IpPermissions[tcp,22,22]", "/Description"),
    diff=(
        DiffLine("/IpPermissions[tcp,22,22]", "add", new='{"CidrIp": "0.0.0.0/0"}'),
        DiffLine("/Description", "replace", '"web"', '"web servers"'),
        DiffLine("/Tags/owner", "remove", '"ann"'),
    ),
    resource_pk=7,
)
WIDENED = replace(
    CHANGE,
    type="AWS::S3::Bucket",
    id="b",
    arn="arn:aws:s3:::b",
    name="b",
    paths=("/Policy",),
    diff=(DiffLine("/Policy", "replace", "null", '{"Statement": [{"Effect": "Allow", "Principal": "*"}]}'),),
    severity=Severity.CRITICAL,
    verdict="widened",
    gained=(
        "anyone on the internet may now s3:GetObject on arn:aws:s3:::b/*",
        "the unknown account 999999999999 may now s3:PutObject on arn:aws:s3:::b/*",
    ),
    lost=("the third-party account 444455556666 may no longer s3:ListBucket on arn:aws:s3:::b",),
    witness='{"account": null, "action": "s3:GetObject", "principal": "anonymous", "resource": "arn:aws:s3:::b/o"}',
)
FINDING = Event(
    Topic.FINDING,
    "new",
    T0,
    "111111111111",
    "eu-west-1",
    "AWS::SQS::Queue",
    "orders",
    "arn:aws:sqs:eu-west-1:111111111111:orders",
    "orders",
    account_name="prod",
    relation=Relation.OWN,
    rule="sqs-queue-public",
    severity=Severity.CRITICAL,
    status=FindingStatus.OPEN,
    title="SQS queue is open to everyone",
    message="anyone may sqs:ReceiveMessage",
    remedy="Name the accounts in Principal, or require aws:PrincipalOrgID.",
    first_seen=T0 - timedelta(days=3),
    resource_pk=8,
    finding_pk=9,
)
LOST = Event(
    Topic.COVERAGE,
    "lost",
    T0,
    "222222222222",
    "us-east-1",
    "AWS::SNS::Topic",
    title="denied",
    error="sns:ListTopics: AccessDenied: not authorized",
    missing_permission="sns:ListTopics",
    first_seen=T0,
)
BASELINE = Event(
    Topic.BASELINE,
    "baseline",
    T0,
    "111111111111",
    "eu-west-1",
    "AWS::SQS::Queue",
    account_name="prod",
    baseline=True,
    count=12,
)
HOSTILE = replace(
    FINDING,
    title="<script>alert(1)</script> <!channel> & *bold*\r\nBcc: thief@example.org",
    message="\u202egnp.exe\u202c ```x``` <b>\x00\x1b[31m\ud800",
    name='"><img src=x onerror=alert(1)>',
    remedy="line one\nline two",
    diff=(DiffLine("/Policy\u2066", "replace", '"</pre>"', '"\u200b"'),),
)


def make_message(kind: NotificationKind, *events: Event) -> Message:
    """A message that tells those events on route ``security``."""
    message = compose(kind, "security", "0123456789abcdef" * 2, T0, events)
    return replace(message, base_url="https://vigie.example.org")


def sample_messages() -> dict[str, Message]:
    """One message of every kind, by name. ``hostile`` holds markup, mentions, line breaks and hidden characters."""
    immediate = NotificationKind.IMMEDIATE
    resolved = replace(FINDING, kind="resolved", status=FindingStatus.RESOLVED)
    many = (replace(CHANGE, id=f"sg-{n}", arn=None, name=None, diff=()) for n in range(45))
    other = replace(BASELINE, type="AWS::S3::Bucket")
    return {
        "change": make_message(immediate, CHANGE),
        "widened": make_message(immediate, WIDENED),
        "deleted": make_message(immediate, replace(CHANGE, kind="deleted", diff=(), actor="role/admin")),
        "finding": make_message(immediate, FINDING),
        "resolved": make_message(immediate, resolved),
        "coverage": make_message(immediate, LOST, replace(LOST, type="AWS::SQS::Queue")),
        "group": make_message(immediate, CHANGE, replace(CHANGE, kind="deleted", diff=())),
        "digest": make_message(NotificationKind.DIGEST, CHANGE, FINDING, LOST, replace(FINDING, severity=Severity.LOW)),
        "summary": make_message(NotificationKind.SUMMARY, BASELINE, other, replace(FINDING, baseline=True)),
        "collapsed": make_message(NotificationKind.COLLAPSED, *many),
        "hostile": make_message(immediate, HOSTILE),
    }
