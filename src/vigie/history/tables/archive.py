"""What was seen: scopes, resources, configurations, revisions and their differences, coverage, references.

``blob``, ``revision`` and ``change_item`` are append-only: triggers refuse UPDATE and DELETE (tables/append_only.py).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
)
from sqlalchemy import text as sql

from vigie.history.tables.append_only import refuse_rewriting
from vigie.history.tables.base import Digest, Id, Instant, metadata

scope = Table(
    "scope",
    metadata,
    Column("pk", Id, primary_key=True, autoincrement=True),
    Column("account", String(12), nullable=False),
    Column("region", String(32), nullable=False),
    Column("type", String(128), nullable=False),
    Index("uq_scope_account_region_type", "account", "region", "type", unique=True),
    Index("ix_scope_type", "type"),
)

resource = Table(
    "resource",
    metadata,
    Column("pk", Id, primary_key=True, autoincrement=True),
    Column("scope_pk", Id, ForeignKey("scope.pk"), nullable=False),
    Column("id", Text, nullable=False),
    Column("region", String(32), nullable=False, comment="where it lives"),
    Column("arn", Text),
    Column("name", Text),
    Column("uid", Text, comment="tells incarnations under one id apart"),
    Column("parent", Text, comment="id of the parent that it was listed under"),
    Column("present", Boolean, nullable=False),
    Column("first_seen", Instant, nullable=False),
    Column("head", Integer, nullable=False, comment="number of the last revision"),
    Column("unreadable", Text, comment="JSON: top-level key → problem, as of the last look"),
    Column("seen_until", Instant, comment="start of the last look that showed it, where later ones did not"),
    Index("uq_resource_scope_pk_id", "scope_pk", "id", unique=True),
    Index("ix_resource_arn", "arn"),
    Index("ix_resource_id", "id"),
    Index("ix_resource_name", "name"),
)

blob = Table(
    "blob",
    metadata,
    Column("pk", Id, primary_key=True, autoincrement=True),
    Column("sha", Digest, nullable=False, unique=True, comment="of the canonical bytes"),
    Column("dictionary", SmallInteger, nullable=False, comment="number of the zstd dictionary; 0 = none"),
    Column("size", Integer, nullable=False, comment="of the canonical bytes"),
    Column("body", LargeBinary, nullable=False, comment="zstd"),
)

revision = Table(
    "revision",
    metadata,
    Column("pk", Id, primary_key=True, autoincrement=True),
    Column("resource_pk", Id, ForeignKey("resource.pk"), nullable=False),
    Column("number", Integer, nullable=False, comment="counts from 1 for each resource"),
    Column("kind", String(12), nullable=False),
    Column("durable", Boolean, nullable=False, comment="of the kind: done to the resource"),
    Column("changed_after", Instant, comment="the old state still held then; null = vigie had not looked"),
    Column("observed_at", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("looked_before", Instant, comment="start of the last look before that showed the whole listing"),
    Column("blob_pk", Id, ForeignKey("blob.pk"), comment="null = a deletion"),
    Column("durable_sha", Digest),
    Column("uid", Text, comment="incarnation at the time"),
    Column("unreadable", Text, comment="JSON: top-level key → problem, when it was recorded"),
    Index("uq_revision_resource_pk_number", "resource_pk", "number", unique=True),
    Index("ix_revision_as_of", "resource_pk", "observed_at", "number"),
    Index("ix_revision_observed_at", "observed_at", "pk"),
    Index(
        "ix_revision_durable",
        "observed_at",
        "pk",
        sqlite_where=sql("durable = 1"),
        postgresql_where=sql("durable"),
    ),
)

change_item = Table(
    "change_item",
    metadata,
    Column("pk", Id, primary_key=True, autoincrement=True),
    Column("revision_pk", Id, ForeignKey("revision.pk"), nullable=False),
    Column("path", Text, nullable=False),
    Column("op", String(8), nullable=False),
    Column("old", Text, comment="canonical JSON; null = nothing was there"),
    Column("new", Text, comment="canonical JSON; null = nothing is there"),
    Column("ephemeral", Boolean, nullable=False),
    Index("ix_change_item_revision_pk", "revision_pk", "pk"),
)

coverage = Table(
    "coverage",
    metadata,
    Column("pk", Id, primary_key=True, autoincrement=True),
    Column("scope_pk", Id, ForeignKey("scope.pk"), nullable=False),
    Column("status", String(20), nullable=False),
    Column("since", Instant, nullable=False, comment="end of the first look of this run"),
    Column("last_looked", Instant, nullable=False, comment="end of the last look of this run"),
    Column("last_ok", Instant, comment="end of the last look at which everything was read, in this run or before"),
    Column("last_ok_began", Instant, comment="start of that look"),
    Column("last_listed_began", Instant, comment="start of the last look whose listing was whole"),
    Column("problems", Text, nullable=False, comment="JSON list, of the last look of this run"),
    Column("current", Boolean, nullable=False, comment="the last run of its scope"),
    Column("seal", LargeBinary, comment="digest of the run as it stood after its last look"),
    Index("ix_coverage_scope_pk", "scope_pk", "since"),
    Index(
        "uq_coverage_current",
        "scope_pk",
        unique=True,
        sqlite_where=sql("current = 1"),
        postgresql_where=sql("current"),
    ),
)

ref = Table(
    "ref",
    metadata,
    Column("token", BigInteger, primary_key=True, autoincrement=False, comment="its number (history/refs.py)"),
    Column("resource_pk", Id, ForeignKey("resource.pk"), primary_key=True, autoincrement=False),
    Index("ix_ref_resource_pk", "resource_pk"),
    comment="what present resources speak of: ARNs, ids, addresses, names, tags (tag:Key, tag:Key=value)",
    sqlite_with_rowid=False,
)

for _table in (blob, revision, change_item):
    refuse_rewriting(_table)
