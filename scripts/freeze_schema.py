"""Write the first migration out of the tables as they are declared: ``python scripts/freeze_schema.py``.

To be run once, before the first release (while unreleased: remove the old file, run it again). What it writes does not
refer to the tables any more, so that it stays what it was when they change.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext

from vigie.history.migrations import FOLDER
from vigie.history.tables import append_only
from vigie.history.tables.all import metadata
from vigie.history.tables.base import Digest, Instant

NAME = "v0001_initial.py"
HEAD = '''"""The schema of the first release. Written by scripts/freeze_schema.py; never to be edited."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None
'''


def initial_migration() -> str:
    """The file's text."""
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        produced = produce_migrations(context, metadata)
        if produced.upgrade_ops is None:
            raise RuntimeError("there is nothing to freeze")
        rendered = render_python_code(
            produced.upgrade_ops, render_item=_frozen_type, migration_context=context, render_as_batch=False
        )
    return f"{HEAD}\n\ndef upgrade() -> None:\n    {rendered}\n{_triggers()}"


def _frozen_type(kind: str, value: Any, _context: Any) -> str | Literal[False]:
    if kind != "type":
        return False
    if isinstance(value, Instant):
        return "sa.BigInteger()"
    if isinstance(value, Digest):
        return "sa.LargeBinary()"
    return False


def _triggers() -> str:
    return "\n".join(["    triggers = {", *_trigger_lines(), "    }", _RUN])


_RUN = """    for statement in triggers[op.get_bind().dialect.name]:
        op.execute(sa.text(statement))
"""


def _trigger_lines() -> Iterator[str]:
    by_dialect: dict[str, list[str]] = {}
    for table in (one for one in metadata.sorted_tables if one.info.get(append_only.MARK)):
        for dialect, statements in append_only.statements_for(table.name).items():
            by_dialect.setdefault(dialect, []).extend(statements)
    for dialect, statements in by_dialect.items():
        yield f"        {dialect!r}: ["
        yield from (f"            {statement!r}," for statement in statements)
        yield "        ],"


def main(path: Path) -> None:
    if path.exists():
        sys.exit(f"{path} exists: a released migration is never written again")
    path.write_text(initial_migration())
    print(f"wrote {path}; now: ruff format {path}")  # noqa: T201


if __name__ == "__main__":
    main(FOLDER / "versions" / NAME)
