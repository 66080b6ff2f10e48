"""Events as the parser would give them, for tests of what becomes of them."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from typing import Any

from recordings import SCOPE, T0, queue
from vigie.model.event import Actor, ActorKind, Event, EventOutcome, Subject
from vigie.model.resource import Resource

_numbers = count(1)
ACCOUNT = SCOPE.account
ALICE = Actor(
    ActorKind.USER, arn=f"arn:aws:iam::{ACCOUNT}:user/alice", account=ACCOUNT, name="alice", access_key="AKIAALICE"
)
BOB = Actor(ActorKind.USER, arn=f"arn:aws:iam::{ACCOUNT}:user/bob", account=ACCOUNT, name="bob", access_key="AKIABOB")
DEPLOYER = Actor(
    ActorKind.ROLE_SESSION,
    arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/ci",
    account=ACCOUNT,
    name="deploy",
    session="ci",
    issuer=f"arn:aws:iam::{ACCOUNT}:role/deploy",
    access_key="ASIADEPLOY",
)


def subject(resource: Resource) -> Subject:
    return Subject(resource.type, resource.account, resource.region, resource.id, resource.arn, resource.name)


def event(
    name: str = "SetQueueAttributes",
    *about: Resource,
    at: datetime = T0,
    by: Actor = ALICE,
    request: dict[str, Any] | None = None,
    **parts: Any,
) -> Event:
    """A write that succeeded, on the resources given (one queue, if none)."""
    number = next(_numbers)
    failed = bool(parts.get("failed") or parts.get("read_only"))
    subjects = tuple(subject(one) for one in about or (queue("q"),))
    return Event(
        **{
            "id": f"event-{number}",
            "at": at,
            "source": "sqs.amazonaws.com",
            "name": name,
            "account": ACCOUNT,
            "region": SCOPE.region,
            "read_only": False,
            "actor": by,
            "subjects": () if failed else subjects,
            "about": subjects if failed else (),
            "outcome": EventOutcome.NONE if failed else EventOutcome.SUBJECTS,
            "record": {"eventName": name, "requestParameters": request or {}},
            **parts,
        }
    )
