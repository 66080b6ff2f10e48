"""Verdicts on changes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def number() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "verdict",
        sa.Column("pk", number(), autoincrement=True, nullable=False),
        sa.Column("revision_pk", number(), nullable=False),
        sa.Column("direction", sa.String(length=12), nullable=False),
        sa.Column("severity", sa.String(length=16), nullable=True, comment="of what was gained; null = nothing was"),
        sa.Column("content", sa.Text(), nullable=False, comment="JSON: gained, lost, problems"),
        sa.Column("judged_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["revision_pk"], ["revision.pk"], name=op.f("fk_verdict_revision_pk_revision")),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_verdict")),
        info={"append_only": True},
    )
    op.create_index("ix_verdict_revision_pk", "verdict", ["revision_pk", "pk"], unique=False)
    triggers = {
        "sqlite": [
            "CREATE TRIGGER verdict_refuses_update BEFORE UPDATE ON verdict "
            "BEGIN SELECT RAISE(ABORT, 'verdict is append-only'); END",
            "CREATE TRIGGER verdict_refuses_delete BEFORE DELETE ON verdict "
            "BEGIN SELECT RAISE(ABORT, 'verdict is append-only'); END",
        ],
        "postgresql": [
            "CREATE OR REPLACE FUNCTION verdict_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'verdict is append-only'; END $$",
            "CREATE TRIGGER verdict_append_only BEFORE UPDATE OR DELETE ON verdict "
            "FOR EACH ROW EXECUTE FUNCTION verdict_is_append_only()",
            "CREATE TRIGGER verdict_refuses_truncate BEFORE TRUNCATE ON verdict "
            "FOR EACH STATEMENT EXECUTE FUNCTION verdict_is_append_only()",
        ],
    }
    for statement in triggers[op.get_bind().dialect.name]:
        op.execute(sa.text(statement))
