"""What CloudTrail told: events, who made them, what they touched, which of them explain which revision; and how far the
logs are known to be complete.

``actor``, ``event``, ``event_resource``, ``event_key``, ``attribution`` and ``attribution_event`` are append-only: an
attribution is superseded by a later one, never updated.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, SmallInteger, String, Table, Text
from sqlalchemy import text as sql

from vigie.history.tables.append_only import refuse_rewriting
from vigie.history.tables.base import Id, Instant, metadata

actor = Table(
    "actor",
    metadata,
    Column("pk", Id, primary_key=True, autoincrement=True),
    Column("digest", LargeBinary, nullable=False, unique=True, comment="SHA-256 of all its members: stored once"),
    Column("kind", String(16), nullable=False),
    Column("arn", Text),
    Column("account", String(12)),
    Column("principal_id", Text),
    Column("name", Text),
    Column("session", Text),
    Column("issuer", Text),
    Column("access_key", String(128)),
    Column("source_identity", Text),
    Column("invoked_by", Text),
    Column("on_behalf_of", Text),
    Column("provider", Text),
    Column("mfa", Boolean),
    Column("address", Text),
    Column("agent", Text),
    Column("tls", Text),
    Column("vpc_endpoint", Text),
    Index("ix_actor_arn", "arn"),
    Index("ix_actor_issuer", "issuer"),
    Index("ix_actor_access_key", "access_key"),
)

event = Table(
    "event",
    metadata,
    Column("pk", Id, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True, comment="eventID; a digest where there is none"),
    Column("at", Instant, nullable=False, comment="eventTime: whole seconds, by AWS's clock"),
    Column("recorded_at", Instant, nullable=False),
    Column("source", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("account", String(12), nullable=False),
    Column("region", String(32), nullable=False),
    Column("read_only", Boolean, nullable=False),
    Column("failed", Boolean, nullable=False),
    Column("error_code", Text),
    Column("error_message", Text),
    Column("outcome", String(12), nullable=False),
    Column("category", String(24), nullable=False),
    Column("type", String(48), nullable=False),
    Column("shared_id", Text, comment="pairs the copies that two accounts got of one call"),
    Column("request_id", Text),
    Column("actor_pk", Id, ForeignKey("actor.pk"), nullable=False),
    Column("dictionary", SmallInteger, nullable=False, comment="number of the zstd dictionary; 0 = none"),
    Column("size", Integer, nullable=False, comment="of the record, in bytes"),
    Column("body", LargeBinary, nullable=False, comment="the redacted record, JSON, zstd"),
    Index("ix_event_at", "at", "pk"),
    Index("ix_event_actor_pk", "actor_pk", "at"),
    Index("ix_event_place", "account", "region", "recorded_at"),
    Index(
        "ix_event_shared_id",
        "shared_id",
        sqlite_where=sql("shared_id IS NOT NULL"),
        postgresql_where=sql("shared_id IS NOT NULL"),
    ),
)

event_resource = Table(
    "event_resource",
    metadata,
    Column("pk", Id, primary_key=True, autoincrement=True),
    Column("event_pk", Id, ForeignKey("event.pk"), nullable=False),
    Column("role", String(8), nullable=False, comment="subject, implied, about (a read or a failed call)"),
    Column("type", String(128), nullable=False),
    Column("account", String(12), nullable=False),
    Column("region", String(32), nullable=False, comment="where it lives"),
    Column("id", Text, nullable=False),
    Column("arn", Text),
    Column("name", Text),
    Column("known_by", String(8), nullable=False, comment="what id is: id, name, arn"),
    Index("ix_event_resource_event_pk", "event_pk"),
    Index("ix_event_resource_id", "id", "type"),
    Index("ix_event_resource_arn", "arn"),
)

event_key = Table(
    "event_key",
    metadata,
    Column("access_key", String(128), primary_key=True, comment="id of a key that the call handed out"),
    Column("event_pk", Id, ForeignKey("event.pk"), primary_key=True, autoincrement=False),
)

attribution = Table(
    "attribution",
    metadata,
    Column("pk", Id, primary_key=True, autoincrement=True),
    Column("revision_pk", Id, ForeignKey("revision.pk"), nullable=False),
    Column("number", Integer, nullable=False, comment="counts from 1 for each revision; the highest is what holds"),
    Column("at", Instant, nullable=False),
    Column("confidence", String(12), nullable=False),
    Column("reason", Text, nullable=False),
    Index("uq_attribution_revision_pk_number", "revision_pk", "number", unique=True),
    Index(
        "ix_attribution_pending",
        "revision_pk",
        sqlite_where=sql("confidence = 'pending'"),
        postgresql_where=sql("confidence = 'pending'"),
    ),
)

attribution_event = Table(
    "attribution_event",
    metadata,
    Column("attribution_pk", Id, ForeignKey("attribution.pk"), primary_key=True, autoincrement=False),
    Column("event_pk", Id, ForeignKey("event.pk"), primary_key=True, autoincrement=False),
    Column("confidence", String(12), nullable=False),
    Column("paths", Text, nullable=False, comment="JSON list: the paths of the difference that it explains"),
    Index("ix_attribution_event_event_pk", "event_pk"),
)

log_coverage = Table(
    "log_coverage",
    metadata,
    Column("pk", Id, primary_key=True, autoincrement=True),
    Column("source", Text, nullable=False, comment="trail:<bucket>/<prefix>, lookup"),
    Column("account", String(12), nullable=False),
    Column("region", String(32), nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant, nullable=False, comment="all events of the time between are known to have been read"),
    Index("ix_log_coverage_place", "account", "region", "until"),
)

delivery = Table(
    "event_delivery",
    metadata,
    Column("source", Text, primary_key=True, comment="queue:<url>, trail:<bucket>/<prefix>, lookup:<account>/<region>"),
    Column("position", Text, comment="where reading goes on"),
    Column("last_ok_at", Instant, comment="when it was last read without an error"),
    Column("last_event_at", Instant, comment="when it last gave an event"),
    Column("error", Text, comment="why the last reading failed"),
    Column("error_at", Instant),
    Column("events", Id, nullable=False, comment="records read so far, duplicates included"),
    Column("malformed", Id, nullable=False, comment="records that were none"),
)

malformed = Table(
    "event_malformed",
    metadata,
    Column("digest", String(64), primary_key=True, comment="SHA-256 of what came: finds it again at its source"),
    Column("source", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("count", Integer, nullable=False),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Index("ix_event_malformed_last_at", "last_at"),
    comment="what came where a record should be; its content is not kept, as it may hold secrets",
)

for _table in (actor, event, event_resource, event_key, attribution, attribution_event):
    refuse_rewriting(_table)
