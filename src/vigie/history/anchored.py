"""How the anchors of the evidence log are doing: what they hold, and why the last attempt failed.

A key in KMS that signs heads is kept here too, by its ARN, which no anchor can be named: what it
took, it signed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, update

from vigie.history.tables.log import anchor_state


@dataclass(frozen=True, slots=True)
class AnchorState:
    name: str
    anchored_size: int | None
    """Of the last head that it took."""
    anchored_at: datetime | None
    tried_at: datetime
    failures: int
    """In a row."""
    error: str | None


class Anchored:
    """Part of :class:`~vigie.history.store.History`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def state(self, name: str) -> AnchorState | None:
        """None where it was never tried."""
        with self._engine.connect() as tx:
            row = tx.execute(select(anchor_state).where(anchor_state.c.name == name)).one_or_none()
        return AnchorState(*row) if row is not None else None

    def note(self, tx: Connection, name: str, size: int | None, now: datetime, error: str | None) -> None:
        """An attempt: ``size`` of the head that was taken, or the error."""
        values: dict[str, Any] = {"tried_at": now, "error": error}
        if size is not None:
            values |= {"anchored_size": size, "anchored_at": now, "failures": 0}
        else:
            values |= {"failures": anchor_state.c.failures + 1}
        same = anchor_state.c.name == name
        if tx.execute(update(anchor_state).where(same).values(values)).rowcount == 0:
            tx.execute(insert(anchor_state).values(values | {"name": name, "failures": 0 if size is not None else 1}))
