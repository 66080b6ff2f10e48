"""The queue of due work."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table, Text

from vigie.history.tables.base import Instant, metadata

work = Table(
    "work",
    metadata,
    Column("topic", String(32), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("due_at", Instant, nullable=False),
    Column("leased_until", Instant, comment="null = nobody works on it"),
    Column("fence", Integer, nullable=False, comment="grows with every claim: tells the last claim from earlier ones"),
    Column("attempts", Integer, nullable=False, comment="claims since it was last put"),
    Column("again_at", Instant, comment="put while claimed: due again then, once done"),
    Column("error", Text, comment="why the last attempt failed"),
    Index("ix_work_due", "topic", "due_at"),
)
