"""What others recorded."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "imported_state",
        sa.Column("pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("account", sa.String(length=12), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("type", sa.String(length=128), nullable=False),
        sa.Column("id", sa.Text(), nullable=False, comment="as the source identifies it"),
        sa.Column("arn", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("captured_at", sa.BigInteger(), nullable=False, comment="by the source's clock"),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("blob_pk", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False, comment="name of the file"),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["blob_pk"], ["blob.pk"], name=op.f("fk_imported_state_blob_pk_blob")),
        sa.PrimaryKeyConstraint("pk", name=op.f("pk_imported_state")),
        info={"append_only": True},
    )
    op.create_index(
        "uq_imported_state",
        "imported_state",
        ["type", "id", "account", "region", "captured_at", "source", "blob_pk"],
        unique=True,
    )
    op.create_index("ix_imported_state_arn", "imported_state", ["arn", "captured_at"], unique=False)
    op.create_index("ix_imported_state_name", "imported_state", ["name"], unique=False)
    triggers = {
        "sqlite": [
            "CREATE TRIGGER imported_state_refuses_update BEFORE UPDATE ON imported_state BEGIN SELECT RAISE(ABORT, 'imported_state is append-only'); END",
            "CREATE TRIGGER imported_state_refuses_delete BEFORE DELETE ON imported_state BEGIN SELECT RAISE(ABORT, 'imported_state is append-only'); END",
        ],
        "postgresql": [
            "CREATE OR REPLACE FUNCTION imported_state_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'imported_state is append-only'; END $$",
            "CREATE TRIGGER imported_state_append_only BEFORE UPDATE OR DELETE ON imported_state FOR EACH ROW EXECUTE FUNCTION imported_state_is_append_only()",
            "CREATE TRIGGER imported_state_refuses_truncate BEFORE TRUNCATE ON imported_state FOR EACH STATEMENT EXECUTE FUNCTION imported_state_is_append_only()",
        ],
    }
    for statement in triggers[op.get_bind().dialect.name]:
        op.execute(sa.text(statement))
