"""The evidence log: leaves in their order, tiles, signed tree heads, and what was erased by which policy.

``log_pending`` is the door: on PostgreSQL writers put leaves there, and the sequencer gives them their place
(history/log.py says why). All else is append-only.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, SmallInteger, String, Table, Text

from vigie.history.tables.append_only import refuse_rewriting
from vigie.history.tables.base import Id, Instant, metadata

log_pending = Table(
    "log_pending",
    metadata,
    Column("pk", Id, primary_key=True, autoincrement=True),
    Column("kind", SmallInteger, nullable=False),
    Column("row_pk", BigInteger, nullable=False),
    Column("salt", LargeBinary),
    Column("leaf", LargeBinary, nullable=False),
    comment="leaves that were committed and have no place yet",
    sqlite_autoincrement=True,
)

log_leaf = Table(
    "log_leaf",
    metadata,
    Column("position", Id, primary_key=True, autoincrement=False, comment="counts from 0, without a gap"),
    Column("kind", SmallInteger, nullable=False, comment="vigie.model.leaves.LeafKind"),
    Column("row_pk", BigInteger, nullable=False, comment="in the table of the kind"),
    Column("salt", LargeBinary, comment="of the commitment to what may be erased; null = nothing, or erased"),
    Column("leaf", LargeBinary, nullable=False, comment="RFC 6962 leaf hash"),
    Index("uq_log_leaf_row", "row_pk", "kind", unique=True),
)

log_tile = Table(
    "log_tile",
    metadata,
    Column(
        "level", SmallInteger, primary_key=True, autoincrement=False, comment="1: over 256 leaves; 2: over 256 of 1"
    ),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

tree_head = Table(
    "tree_head",
    metadata,
    Column("pk", Id, primary_key=True, autoincrement=True),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("at", Instant, nullable=False),
    Column("note", Text, nullable=False, comment="signed checkpoint (C2SP tlog-checkpoint)"),
    Index("ix_tree_head_size", "size"),
)

coverage_sheet = Table(
    "coverage_sheet",
    metadata,
    Column("pk", Id, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("runs", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False, comment="zstd of JSON: every run that goes on, by number"),
)

erasure_run = Table(
    "erasure_run",
    metadata,
    Column("pk", Id, primary_key=True, autoincrement=True),
    Column("policy", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("author", Text, nullable=False),
    Column("parts", Integer, nullable=False),
    Column("root", LargeBinary, nullable=False, comment="Merkle root over its erasures"),
)

erasure = Table(
    "erasure",
    metadata,
    Column("pk", Id, primary_key=True, autoincrement=True),
    Column("run_pk", Id, ForeignKey("erasure_run.pk"), nullable=False),
    Column("revision_pk", Id, ForeignKey("revision.pk"), nullable=False),
    Column("part", String(16), nullable=False, comment="content, or differences alone"),
    Column("commitment", LargeBinary, nullable=False, comment="what the leaf holds in the erased part's place"),
    Index("uq_erasure_revision_pk_part", "revision_pk", "part", unique=True),
)

anchor_state = Table(
    "anchor_state",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("anchored_size", BigInteger, comment="of the last head that it took; null = none yet"),
    Column("anchored_at", Instant),
    Column("tried_at", Instant, nullable=False),
    Column("failures", Integer, nullable=False, comment="in a row"),
    Column("error", Text, comment="why the last attempt failed"),
)

for _table in (log_leaf, log_tile, tree_head, coverage_sheet, erasure_run, erasure):
    refuse_rewriting(_table)
