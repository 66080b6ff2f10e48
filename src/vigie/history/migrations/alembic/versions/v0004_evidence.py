"""The evidence log: leaves, tiles, heads, coverage sheets, erasures, anchors."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

APPEND_ONLY = ("log_leaf", "log_tile", "tree_head", "coverage_sheet", "erasure_run", "erasure")


def number() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "log_pending",
        sa.Column("pk", number(), autoincrement=True, nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("row_pk", sa.BigInteger(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_log_pending")),
        comment="leaves that were committed and have no place yet",
        sqlite_autoincrement=True,
    )
    op.create_table(
        "log_leaf",
        sa.Column("position", number(), autoincrement=False, nullable=False, comment="counts from 0, without a gap"),
        sa.Column("kind", sa.SmallInteger(), nullable=False, comment="vigie.model.leaves.LeafKind"),
        sa.Column("row_pk", sa.BigInteger(), nullable=False, comment="in the table of the kind"),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("leaf", sa.LargeBinary(), nullable=False, comment="RFC 6962 leaf hash"),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_log_leaf")),
    )
    op.create_index("uq_log_leaf_row", "log_leaf", ["row_pk", "kind"], unique=True)
    op.create_table(
        "log_tile",
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "number", name=op.f("pk_log_tile")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tree_head",
        sa.Column("pk", number(), autoincrement=True, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False, comment="signed checkpoint (C2SP tlog-checkpoint)"),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_tree_head")),
    )
    op.create_index("ix_tree_head_size", "tree_head", ["size"])
    op.create_table(
        "coverage_sheet",
        sa.Column("pk", number(), autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_coverage_sheet")),
    )
    op.create_table(
        "erasure_run",
        sa.Column("pk", number(), autoincrement=True, nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False, comment="Merkle root over its erasures"),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_erasure_run")),
    )
    op.create_table(
        "erasure",
        sa.Column("pk", number(), autoincrement=True, nullable=False),
        sa.Column("run_pk", number(), nullable=False),
        sa.Column("revision_pk", number(), nullable=False),
        sa.Column("part", sa.String(length=16), nullable=False),
        sa.Column("commitment", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["run_pk"], ["erasure_run.pk"], name=op.f("fk_erasure_run_pk_erasure_run")),
        sa.ForeignKeyConstraint(["revision_pk"], ["revision.pk"], name=op.f("fk_erasure_revision_pk_revision")),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_erasure")),
    )
    op.create_index("uq_erasure_revision_pk_part", "erasure", ["revision_pk", "part"], unique=True)
    op.create_table(
        "anchor_state",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("anchored_size", sa.BigInteger(), nullable=True),
        sa.Column("anchored_at", sa.BigInteger(), nullable=True),
        sa.Column("tried_at", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False, comment="in a row"),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_anchor_state")),
    )
    op.add_column("coverage", sa.Column("seal", sa.LargeBinary(), nullable=True))
    for table in APPEND_ONLY:
        for statement in triggers(table)[op.get_bind().dialect.name]:
            op.execute(sa.text(statement))


def triggers(table: str) -> dict[str, list[str]]:
    refusal, function = f"{table} is append-only", f"{table}_is_append_only"
    return {
        "sqlite": [
            f"CREATE TRIGGER {table}_refuses_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
            for verb in ("UPDATE", "DELETE")
        ],
        "postgresql": [
            f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{refusal}'; END $$",
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {function}()",
            f"CREATE TRIGGER {table}_refuses_truncate BEFORE TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {function}()",
        ],
    }
