"""Outbox rows → events: what a row refers to, read back from history."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from vigie.history.outbox import OutboxRow, Topic
from vigie.model.account import Account, Relation
from vigie.model.attribution import Attribution, Credit, label, names_of
from vigie.model.change import Change, ChangeKind, DiffEntry
from vigie.model.finding import FindingStatus, Severity
from vigie.model.verdict import ChangeVerdict
from vigie.notify.event import DiffLine, Event, time_of

MAX_LINES = 30
MAX_VALUE = 300

ChangeOf = Callable[[int], Change | None]
"""A recorded change by its revision's pk."""


class UnreadableRow(Exception):  # noqa: N818 - it is about the row
    """A row that says too little, or refers to what is not there. The message says what lacks."""


def read_row(row: OutboxRow, change_of: ChangeOf, accounts: Mapping[str, Account]) -> Event:
    """The event that a row tells of.

    Raises:
        UnreadableRow: the payload is not one of its topic, or its change is not in history.
    """
    try:
        return _READERS[row.topic](row, change_of, accounts)
    except KeyError as error:
        raise UnreadableRow(f"the payload of outbox row {row.id} ({row.topic.value}) lacks {error}") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise UnreadableRow(f"the payload of outbox row {row.id} ({row.topic.value}) is wrong: {error}") from error


def _change(row: OutboxRow, change_of: ChangeOf, accounts: Mapping[str, Account]) -> Event:
    change = change_of(row.ref) if row.ref is not None else None
    if change is None:
        raise UnreadableRow(f"outbox row {row.id} refers to revision {row.ref}, which is not in history")
    event = change_event(change, accounts)
    return replace(event, late=True) if row.payload.get("late") else event


def change_event(change: Change, accounts: Mapping[str, Account]) -> Event:
    """The event of a recorded change."""
    revision, resource = change.revision, change.resource
    told = [entry for entry in change.diff if not entry.ephemeral]
    return Event(
        topic=Topic.CHANGE,
        kind=change.kind.value,
        at=revision.observed_at,
        account=resource.account,
        region=resource.region,
        type=resource.type,
        id=resource.id,
        arn=resource.arn,
        name=resource.name,
        **_of_account(resource.account, accounts),
        tags={str(key): str(value) for key, value in revision.tags.items()},
        **_of_attribution(change.attribution),
        after=revision.changed_after,
        revision=revision.number,
        paths=tuple(entry.path for entry in told),
        diff=tuple(_line(entry) for entry in told[:MAX_LINES]) if change.kind is ChangeKind.CHANGED else (),
        diff_left_out=max(0, len(told) - MAX_LINES) if change.kind is ChangeKind.CHANGED else 0,
        resource_pk=resource.pk,
        **_of_verdict(change.verdict),
    )


def _of_attribution(found: Attribution | None) -> dict[str, Any]:
    if found is None:
        return {}
    people = [who for credit in found.credits for who in (credit.event.actor, *credit.behind)]
    ids = (
        id
        for who in people
        for id in (who.arn, who.issuer, who.name, who.session, who.source_identity, who.invoked_by)
        if id
    )
    return {
        "actor": found.words if found.confidence.names_somebody else None,
        "actor_ids": tuple(dict.fromkeys(ids)),
        "confidence": found.confidence.value,
        "calls": tuple(_call(credit) for credit in found.credits[:MAX_LINES]),
    }


def _call(credit: Credit) -> str:
    event, who = credit.event, credit.event.actor
    behind = f" (behind the session: {names_of(credit.behind)})" if credit.behind else ""
    address = f" from {who.address}" if who.address else ""
    agent = f" with {who.agent[:MAX_VALUE]}" if who.agent else ""
    return f"{event.name} by {label(who)}{behind}{address}{agent}"


def _of_verdict(verdict: ChangeVerdict | None) -> dict[str, Any]:
    if verdict is None:
        return {}
    witness = next((shift.witness for shift in verdict.gained if shift.witness is not None), None)
    return {
        "verdict": verdict.direction.value,
        "severity": verdict.severity,
        "gained": tuple(shift.words for shift in verdict.gained[:MAX_LINES]),
        "lost": tuple(shift.words for shift in verdict.lost[:MAX_LINES]),
        "undecided": tuple(verdict.problems[:MAX_LINES]),
        "witness": json.dumps(witness, ensure_ascii=False) if witness is not None else "",
    }


def _finding(row: OutboxRow, change_of: ChangeOf, accounts: Mapping[str, Account]) -> Event:
    return finding_event(row.payload, row.created_at, accounts)


def finding_event(payload: Mapping[str, Any], at: datetime, accounts: Mapping[str, Account]) -> Event:
    """The event of a finding's state, as ``vigie.history.outbox.finding_payload`` tells it."""
    status = FindingStatus(payload["status"])
    previous = FindingStatus(payload["previous"]) if payload.get("previous") else None
    severity = Severity(payload["severity"])
    return Event(
        topic=Topic.FINDING,
        kind=payload.get("kind") or finding_kind(previous, status),
        at=at,
        **_of_resource(payload, accounts),
        tags={str(key): str(value) for key, value in (payload.get("tags") or {}).items()},
        actor=payload.get("actor"),
        rule=payload["rule"],
        subject=payload.get("subject") or "",
        severity=severity,
        status=status,
        title=payload.get("title") or payload["rule"],
        message=payload.get("message") or "",
        remedy=payload.get("remedy") or "",
        first_seen=time_of(payload.get("first_seen")),
        baseline=bool(payload.get("baseline")),
        resource_pk=payload.get("resource"),
        finding_pk=payload.get("finding"),
    )


def finding_kind(previous: FindingStatus | None, status: FindingStatus) -> str:
    """The word for a finding's step from one status to another."""
    if status is not FindingStatus.OPEN:
        return status.value
    if previous in (None, FindingStatus.UNKNOWN):
        return "new"
    return "updated" if previous is FindingStatus.OPEN else "reopened"


def _baseline(row: OutboxRow, change_of: ChangeOf, accounts: Mapping[str, Account]) -> Event:
    return Event(
        topic=Topic.BASELINE,
        kind="baseline",
        at=row.created_at,
        **_of_resource(row.payload, accounts),
        baseline=True,
        count=int(row.payload.get("count") or 0),
    )


def _coverage(row: OutboxRow, change_of: ChangeOf, accounts: Mapping[str, Account]) -> Event:
    payload = row.payload
    whole = payload.get("status") == "complete"
    kind = "notice" if payload.get("notice") else "restored" if whole else "lost"
    return Event(
        topic=Topic.COVERAGE,
        kind=kind,
        at=row.created_at,
        **_of_resource(payload, accounts),
        title=str(payload.get("status") or ""),
        message=payload.get("notice") or "",
        first_seen=time_of(payload.get("since")),
        error=payload.get("error"),
        missing_permission=payload.get("missing_permission"),
    )


def _of_resource(payload: Mapping[str, Any], accounts: Mapping[str, Account]) -> dict[str, Any]:
    account = str(payload["account"])
    return {
        "account": account,
        "region": payload.get("region") or "",
        "type": payload.get("type") or "",
        "id": payload.get("id") or "",
        "arn": payload.get("arn"),
        "name": payload.get("name"),
        **_of_account(account, accounts),
    }


def _of_account(account: str, accounts: Mapping[str, Account]) -> dict[str, Any]:
    known = accounts.get(account)
    return {"account_name": known.name if known else None, "relation": known.relation if known else Relation.UNKNOWN}


def _line(entry: DiffEntry) -> DiffLine:
    old = "" if entry.op == "add" else value_text(entry.old)
    new = "" if entry.op == "remove" else value_text(entry.new)
    return DiffLine(entry.path, entry.op, old, new)


def value_text(value: Any) -> str:
    """A value of a configuration as compact JSON, cut at ``MAX_VALUE`` characters."""
    text = json.dumps(value, ensure_ascii=False, separators=(", ", ": "))
    return text if len(text) <= MAX_VALUE else text[: MAX_VALUE - 1] + "…"


_READERS: Mapping[Topic, Callable[[OutboxRow, ChangeOf, Mapping[str, Account]], Event]] = {
    Topic.CHANGE: _change,
    Topic.FINDING: _finding,
    Topic.BASELINE: _baseline,
    Topic.COVERAGE: _coverage,
}
