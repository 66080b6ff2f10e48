"""The outbox: what is to be told to people, written in the same transaction as what happened.

What goes in (``put``), by topic:

``change``
    ref = the revision's pk. The notifier reads the change from the archive; the payload needs only ``{"kind": change.kind}``.
``finding``
    ref = the finding state's pk. Payload: :func:`finding_payload`.
``baseline``
    One a scope, at its first complete look. Payload: ``{"account", "region", "type", "count"}`` (count of resources seen).
``coverage``
    A scope whose coverage got worse or is whole again, or a notice for the administrators. Payload:
    ``{"account", "region", "type", "status", "previous", "since", "error", "missing_permission", "notice"}``, all but account
    optional, times as RFC 3339.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Engine, insert

from vigie.history.tables.outbox import outbox
from vigie.model.change import ChangeKind
from vigie.model.finding import Finding, FindingStatus


class Topic(StrEnum):
    CHANGE = "change"
    FINDING = "finding"
    BASELINE = "baseline"
    COVERAGE = "coverage"


def put(
    tx: Connection, topic: str, ref: int | None, payload: Mapping[str, Any], created_at: datetime
) -> int | None:
    """Write one row, in the caller's transaction; its id, or None for what is never told to anyone (an ephemeral change).

    The payload must be plain JSON. Raises ``ValueError`` for an unknown topic.
    """
    known = Topic(topic)
    kind = payload.get("kind")
    if known is Topic.CHANGE and kind is not None and not ChangeKind(kind).durable:
        return None
    row = insert(outbox).values(
        topic=known.value, ref=ref, payload=dict(payload), created_at=created_at, next_at=created_at
    )
    return int(tx.execute(row.returning(outbox.c.id)).scalar_one())


def finding_payload(
    finding: Finding,
    *,
    previous: FindingStatus | None,
    baseline: bool,
    remedy: str = "",
    tags: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The payload of topic ``finding``: the finding as it stands after this state.

    ``previous`` is its status before (None: it is new). ``baseline``: it was found at the first look at the resource (the
    revision judged is of kind baseline), so that it goes into the account's summary instead of a message of its own.
    """
    resource = finding.resource
    return {
        "rule": finding.rule,
        "subject": finding.subject,
        "status": finding.status.value,
        "previous": previous.value if previous else None,
        "severity": finding.severity.value,
        "title": finding.title,
        "message": finding.message,
        "remedy": remedy,
        "first_seen": finding.first_seen.isoformat(),
        "baseline": baseline,
        "finding": finding.pk,
        "resource": resource.pk,
        "account": resource.account,
        "region": resource.region,
        "type": resource.type,
        "id": resource.id,
        "arn": resource.arn,
        "name": resource.name,
        "tags": dict(tags or {}),
    }


class Outbox:
    """The part of a :class:`~vigie.history.store.History` that the notifier works on."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def put(
        self, tx: Connection, topic: str, ref: int | None, payload: Mapping[str, Any], created_at: datetime
    ) -> int | None:
        """See :func:`put`."""
        return put(tx, topic, ref, payload, created_at)
