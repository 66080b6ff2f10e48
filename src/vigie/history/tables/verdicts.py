"""Verdicts on changes: append-only. The newest row of a revision holds; the others say what was thought before."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text

from vigie.history.tables.append_only import refuse_rewriting
from vigie.history.tables.base import Id, Instant, metadata

verdict = Table(
    "verdict",
    metadata,
    Column("pk", Id, primary_key=True, autoincrement=True),
    Column("revision_pk", Id, ForeignKey("revision.pk"), nullable=False),
    Column("direction", String(12), nullable=False),
    Column("severity", String(16), comment="of what was gained; null = nothing was"),
    Column("content", Text, nullable=False, comment="JSON: gained, lost, problems"),
    Column("judged_at", Instant, nullable=False),
    Index("ix_verdict_revision_pk", "revision_pk", "pk"),
)

refuse_rewriting(verdict)
