"""Triggers that refuse to rewrite or remove rows: history is only ever added to.

A retention erasure (invariant 1, history/retention.py) lifts them for its own transaction, and logs that it did.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import DDL, Connection, Table, event

MARK = "append_only"
"""In ``Table.info`` of those that have them."""


def refuse_rewriting(table: Table) -> None:
    """Create the triggers whenever the table is created."""
    table.info[MARK] = True
    for dialect, statements in statements_for(table.name).items():
        for statement in statements:
            event.listen(table, "after_create", _ddl(statement).execute_if(dialect=dialect))


def statements_for(table: str) -> dict[str, list[str]]:
    """The DDL by dialect. Also what the migrations run."""
    sentence = f"{table} is append-only"
    sqlite = [
        f"CREATE TRIGGER {table}_refuses_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{sentence}'); END"
        for verb in ("UPDATE", "DELETE")
    ]
    function = f"{table}_is_append_only"
    postgresql = [
        f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{sentence}'; END $$",
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {function}()",
        f"CREATE TRIGGER {table}_refuses_truncate BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {function}()",
    ]
    return {"sqlite": sqlite, "postgresql": postgresql}


@contextmanager
def lifted(tx: Connection, tables: Sequence[Table]) -> Iterator[None]:
    """Let this transaction, and no other, rewrite these tables, until the block ends or the transaction does.

    On PostgreSQL others cannot write to them meanwhile; on SQLite nobody else writes at all. After an exception the
    transaction must be rolled back: that puts the triggers back as well.
    """
    if tx.dialect.name == "postgresql":
        for table in tables:
            tx.execute(_ddl(f"ALTER TABLE {table.name} DISABLE TRIGGER {table.name}_append_only"))
        yield
        for table in tables:
            tx.execute(_ddl(f"ALTER TABLE {table.name} ENABLE TRIGGER {table.name}_append_only"))
        return
    made = [statement for table in tables for statement in statements_for(table.name)["sqlite"]]
    for statement in made:
        tx.execute(_ddl(f"DROP TRIGGER {statement.split()[2]}"))
    yield
    for statement in made:
        tx.execute(_ddl(statement))


def _ddl(statement: str) -> DDL:
    return DDL(statement.replace("%", "%%"))  # type: ignore[no-untyped-call]  # SQLAlchemy leaves this one untyped
