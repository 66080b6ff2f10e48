"""Known accounts."""

from sqlalchemy import Boolean, Column, String, Table, Text

from vigie.history.tables.base import Instant, metadata

account = Table(
    "account",
    metadata,
    Column("id", String(12), primary_key=True),
    Column("name", Text),
    Column("relation", String(16), nullable=False),
    Column("watched", Boolean, nullable=False),
    Column("partition", String(32), nullable=False),
    Column("role_arn", Text),
    Column("external_id", Text),
    Column("regions", Text, nullable=False, comment="comma-separated; empty = all that are enabled"),
    Column("reason", Text),
    Column("canonical_ids", Text, nullable=False, comment="comma-separated"),
    Column("added_at", Instant, nullable=False),
)
