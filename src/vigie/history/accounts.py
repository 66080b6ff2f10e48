"""Known accounts, as added by administrators (``vigie accounts add``, the page) or met by a sweep."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Engine, RowMapping, delete, insert, select, update

from vigie.history.tables.accounts import account as table
from vigie.model.account import Account, Relation
from vigie.model.errors import UsageError


class Accounts:
    """The accounts that the store knows. Those of the settings file are laid over them by the program."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def all(self) -> list[Account]:
        """Every known account, by id."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(table).order_by(table.c.id)).mappings()
            return [_account(row) for row in rows]

    def get(self, account_id: str) -> Account | None:
        """The account of that id, or None."""
        with self._engine.connect() as connection:
            row = connection.execute(select(table).where(table.c.id == account_id)).mappings().first()
            return _account(row) if row else None

    def put(self, account: Account, now: datetime) -> None:
        """Add an account, or replace what is known of it."""
        values = _values(account)
        with self._engine.begin() as connection:
            done = connection.execute(update(table).where(table.c.id == account.id).values(values))
            if not done.rowcount:
                connection.execute(insert(table).values(values | {"added_at": now}))

    def remove(self, account_id: str) -> None:
        """Forget an account: it is unknown from now on. Its history stays.

        Raises:
            UsageError: No such account.
        """
        with self._engine.begin() as connection:
            done = connection.execute(delete(table).where(table.c.id == account_id))
        if not done.rowcount:
            raise UsageError(f"The account {account_id} is not known: `vigie accounts list` shows those that are.")


def _values(account: Account) -> dict[str, Any]:
    return {
        "id": account.id,
        "name": account.name,
        "relation": account.relation.value,
        "watched": account.watched,
        "partition": account.partition,
        "role_arn": account.role_arn,
        "external_id": account.external_id,
        "regions": ",".join(account.regions),
        "reason": account.reason,
        "canonical_ids": ",".join(account.canonical_ids),
    }


def _account(row: RowMapping) -> Account:
    return Account(
        id=row["id"],
        name=row["name"],
        relation=Relation(row["relation"]),
        watched=row["watched"],
        partition=row["partition"],
        role_arn=row["role_arn"],
        external_id=row["external_id"],
        regions=tuple(part for part in row["regions"].split(",") if part),
        reason=row["reason"],
        canonical_ids=tuple(part for part in row["canonical_ids"].split(",") if part),
    )
