"""What others recorded, apart from vigie's own revisions: with its source, its time, and the file it came from."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, String, Table, Text

from vigie.history.tables.append_only import refuse_rewriting
from vigie.history.tables.base import Id, Instant, metadata

imported_state = Table(
    "imported_state",
    metadata,
    Column("pk", Id, primary_key=True, autoincrement=True),
    Column("source", String(16), nullable=False),
    Column("account", String(12), nullable=False),
    Column("region", String(32), nullable=False),
    Column("type", String(128), nullable=False),
    Column("id", Text, nullable=False, comment="as the source identifies it"),
    Column("arn", Text),
    Column("name", Text),
    Column("captured_at", Instant, nullable=False, comment="by the source's clock"),
    Column("present", Boolean, nullable=False),
    Column("status", Text, nullable=False),
    Column("blob_pk", Id, ForeignKey("blob.pk"), nullable=False),
    Column("origin", Text, nullable=False, comment="name of the file"),
    Column("recorded_at", Instant, nullable=False),
    Index(
        "uq_imported_state",
        "type",
        "id",
        "account",
        "region",
        "captured_at",
        "source",
        "blob_pk",
        unique=True,
    ),
    Index("ix_imported_state_arn", "arn", "captured_at"),
    Index("ix_imported_state_name", "name"),
)

refuse_rewriting(imported_state)
