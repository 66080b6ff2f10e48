"""Run by alembic. The connection, in its transaction, is handed in by vigie.history.schema."""

from __future__ import annotations

from alembic import context

from vigie.history.tables.all import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
