"""Tables of what is to be told to people: the outbox, what routes made of it, and the notifications that go out.

``outbox`` is written in the transaction of the change or finding itself. One routing transaction turns a row into
``notification_part`` rows, one for each route and channel that it matched, and marks it routed. Parts that are due are
composed into ``notification`` rows (one part, a group, a digest, a summary), which are delivered, retried, and kept as
dead letters.
"""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint, text

from vigie.history.tables.base import Id, Instant, metadata

outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("topic", String(16), nullable=False),
    Column("ref", Id),
    Column("payload", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("status", String(16), nullable=False, server_default=text("'pending'")),  # pending, routed, dead
    Column("event", JSON),  # what the notifier understood it to be, when it was routed
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_at", Instant, nullable=False),
    Column("last_error", Text),
    Column("lease_until", Instant),
    Column("fence", Integer, nullable=False, server_default=text("0")),
    Column("routed_at", Instant),
    Index("ix_outbox_due", "status", "next_at", "id"),
    sqlite_autoincrement=True,
)

notification = Table(
    "notification",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("uid", String(32), nullable=False, unique=True),  # the same in every attempt: receivers drop repeats by it
    Column("route", String(128), nullable=False),
    Column("channel", String(128), nullable=False),
    Column("kind", String(16), nullable=False),  # immediate, digest, summary, collapsed, test
    Column("group_key", Text, nullable=False, server_default=text("''")),
    Column("payload", JSON, nullable=False),  # the structured message; rendered when it is sent
    Column("status", String(16), nullable=False, server_default=text("'pending'")),  # pending, sent, dead
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_at", Instant, nullable=False),
    Column("last_error", Text),
    Column("lease_until", Instant),
    Column("fence", Integer, nullable=False, server_default=text("0")),
    Column("created_at", Instant, nullable=False),
    Column("sent_at", Instant),
    Column("receipt", Text),  # what the channel answered: a message id, a thread
    Index("ix_notification_due", "status", "next_at", "id"),
    Index("ix_notification_recent", "route", "channel", "created_at"),
    sqlite_autoincrement=True,
)

notification_part = Table(
    "notification_part",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("outbox_id", Id, ForeignKey("outbox.id"), nullable=False),
    Column("route", String(128), nullable=False),
    Column("channel", String(128), nullable=False),
    Column("kind", String(16), nullable=False),  # immediate, digest, summary
    Column("group_key", Text, nullable=False, server_default=text("''")),
    Column("created_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("notification_id", Id, ForeignKey("notification.id")),
    UniqueConstraint("outbox_id", "route", "channel"),
    Index("ix_notification_part_due", "notification_id", "due_at"),
    sqlite_autoincrement=True,
)
