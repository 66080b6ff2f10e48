"""Rows of events and actors as values of the model, and back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from vigie.history import blobs
from vigie.history.columns import AnyRow, Columns
from vigie.history.tables.events import actor, event
from vigie.model.canonical import canonical_bytes, canonical_text
from vigie.model.event import Actor, ActorKind, Event, EventOutcome, KnownBy, Subject

ACTOR: Columns = tuple(actor.c[field.name].label(f"actor_{field.name}") for field in fields(Actor))
EVENT: Columns = (
    event.c.pk.label("event_pk"),
    event.c.id.label("event_id"),
    event.c.at.label("event_at"),
    event.c.recorded_at.label("event_recorded_at"),
    event.c.source,
    event.c.name.label("event_name"),
    event.c.account.label("event_account"),
    event.c.region.label("event_region"),
    event.c.read_only,
    event.c.failed,
    event.c.error_code,
    event.c.error_message,
    event.c.outcome.label("event_outcome"),
    event.c.category,
    event.c.type.label("event_type"),
    event.c.shared_id,
    event.c.request_id,
    *ACTOR,
)
"""An event without its record, with its actor."""
RECORD: Columns = (event.c.dictionary, event.c.body)

EVENTS = event.join(actor, event.c.actor_pk == actor.c.pk)


def actor_digest(who: Actor) -> bytes:
    """The same for actors that are equal in all members."""
    return hashlib.sha256(canonical_bytes(_actor_members(who))).digest()


def actor_row(who: Actor) -> dict[str, Any]:
    return {"digest": actor_digest(who), **_actor_members(who)}


def actor_of(row: AnyRow) -> Actor:
    """From the columns of :data:`ACTOR`."""
    members = {field.name: getattr(row, f"actor_{field.name}") for field in fields(Actor)}
    return Actor(**{**members, "kind": ActorKind(members["kind"])})


def event_row(one: Event, actor_pk: int) -> dict[str, Any]:
    """All but ``recorded_at``."""
    record = canonical_text(one.record).encode()
    return {
        "id": one.id,
        "at": one.at,
        "source": one.source,
        "name": one.name,
        "account": one.account,
        "region": one.region,
        "read_only": one.read_only,
        "failed": one.failed,
        "error_code": one.error_code,
        "error_message": one.error_message,
        "outcome": one.outcome.value,
        "category": one.category,
        "type": one.type,
        "shared_id": one.shared_id,
        "request_id": one.request_id,
        "actor_pk": actor_pk,
        "dictionary": blobs.DICTIONARY,
        "size": len(record),
        "body": blobs.compress(record),
    }


def event_of(row: AnyRow, subjects: Mapping[str, tuple[Subject, ...]] | None = None, *, record: bool = False) -> Event:
    """From the columns of :data:`EVENT`, and of :data:`RECORD` where the record is wanted."""
    told = subjects or {}
    return Event(
        id=row.event_id,
        at=row.event_at,
        source=row.source,
        name=row.event_name,
        account=row.event_account,
        region=row.event_region,
        read_only=row.read_only,
        actor=actor_of(row),
        error_code=row.error_code,
        error_message=row.error_message,
        failed=row.failed,
        subjects=told.get("subject", ()),
        implied=told.get("implied", ()),
        about=told.get("about", ()),
        outcome=EventOutcome(row.event_outcome),
        shared_id=row.shared_id,
        request_id=row.request_id,
        category=row.category,
        type=row.event_type,
        record=json.loads(blobs.decompress(bytes(row.body), row.dictionary)) if record else {},
    )


def subject_rows(one: Event, event_pk: int) -> list[dict[str, Any]]:
    roles = (("subject", one.subjects), ("implied", one.implied), ("about", one.about))
    return [
        {
            "event_pk": event_pk,
            "role": role,
            "type": subject.type,
            "account": subject.account,
            "region": subject.region,
            "id": subject.id,
            "arn": subject.arn,
            "name": subject.name,
            "known_by": subject.known_by.value,
        }
        for role, subjects in roles
        for subject in dict.fromkeys(subjects)
    ]


def subject_of(row: AnyRow) -> Subject:
    return Subject(row.type, row.account, row.region, row.id, row.arn, row.name, KnownBy(row.known_by))


def _actor_members(who: Actor) -> dict[str, Any]:
    members = {field.name: getattr(who, field.name) for field in fields(Actor)}
    return {**members, "kind": who.kind.value}
