"""The queue of due work: claimed with a lease, settled with a fencing token.

A key is in the queue once per topic. A process that dies loses nothing: its lease runs out, the key is claimed again
with a higher fence, and whatever the late one still writes is refused (``done`` gives back only the claims that held).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, and_, case, delete, func, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from vigie.history.tables.work import work

Begin = Callable[[], AbstractContextManager[Connection]]
_BATCH = 500
_ERROR_LENGTH = 2_000
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Claim:
    """One key that is ours until the lease ends."""

    topic: str
    key: str
    fence: int
    attempts: int
    """Claims since it was put, this one included."""


class Work:
    """Part of :class:`~vigie.history.store.History`. Threads and processes may share the queue."""

    def __init__(self, engine: Engine, begin: Begin) -> None:
        self._engine = engine
        self._begin = begin

    def put(self, tx: Connection, topic: str, keys: Iterable[str], due_at: datetime) -> None:
        """Make the keys due at that time, or earlier where they already are.

        A key that is claimed right now becomes due again after it is done.
        """
        put(tx, topic, keys, due_at)

    def claim(self, topic: str, n: int, now: datetime, lease: timedelta) -> list[Claim]:
        """Take up to ``n`` due keys, the longest due first; nobody else gets them for the time of the lease."""
        free = or_(work.c.leased_until.is_(None), work.c.leased_until <= now)
        due = (
            select(work.c.key)
            .where(work.c.topic == topic, work.c.due_at <= now, free)
            .order_by(work.c.due_at, work.c.key)
            .limit(n)
            .with_for_update(skip_locked=True)
        )
        with self._begin() as tx:
            keys = list(tx.execute(due).scalars())
            return [claim for batch in _batches(keys) for claim in _take(tx, topic, batch, now + lease)]

    def done(self, tx: Connection, claims: Sequence[Claim]) -> set[Claim]:
        """Settle claims in the caller's transaction. Gives those that still held: for the others, write nothing."""
        again = {"leased_until": None, "due_at": work.c.again_at, "again_at": None, "attempts": 0, "error": None}
        held: set[tuple[str, str, int]] = set()
        for batch in _batches(claims):
            finished = delete(work).where(_are(batch), work.c.again_at.is_(None)).returning(*_CLAIMED)
            held.update((row.topic, row.key, row.fence) for row in tx.execute(finished))
            put_meanwhile = update(work).where(_are(batch)).values(again).returning(*_CLAIMED)
            held.update((row.topic, row.key, row.fence) for row in tx.execute(put_meanwhile))
        return {claim for claim in claims if (claim.topic, claim.key, claim.fence) in held}

    def drop(self, tx: Connection, topic: str, keys: Iterable[str]) -> None:
        """Take keys out of the queue that nobody holds: they are not needed any more."""
        for batch in _batches(list(keys)):
            tx.execute(delete(work).where(work.c.topic == topic, work.c.key.in_(batch), work.c.leased_until.is_(None)))

    def retry(self, claim: Claim, at: datetime, error: str) -> bool:
        """The work failed: due again at ``at``. False where the claim no longer holds."""
        values = {"leased_until": None, "due_at": at, "again_at": None, "error": error[:_ERROR_LENGTH]}
        with self._begin() as tx:
            return tx.execute(update(work).where(_is(claim)).values(values)).rowcount == 1

    def renew(self, claims: Sequence[Claim], until: datetime) -> None:
        """Keep claims that still hold until then: for work that may take longer than anyone who died is waited for."""
        with self._begin() as tx:
            for batch in _batches(claims):
                tx.execute(update(work).where(_are(batch)).values(leased_until=until))

    def claimed(self, topic: str, now: datetime) -> int:
        """How many keys somebody holds."""
        held = select(func.count()).select_from(work).where(work.c.topic == topic, work.c.leased_until > now)
        with self._engine.connect() as connection:
            return int(connection.execute(held).scalar_one())

    def next_due(self, topic: str) -> datetime | None:
        """When there is something to claim: a free key is due, or the lease of a claimed one ends. None = no work."""
        ready = func.min(case((work.c.leased_until > work.c.due_at, work.c.leased_until), else_=work.c.due_at))
        with self._engine.connect() as connection:
            found: datetime | None = connection.execute(select(ready).where(work.c.topic == topic)).scalar_one()
        return found

    def waiting(self, topic: str) -> int:
        """How many keys are in the queue, claimed ones included."""
        with self._engine.connect() as connection:
            count = select(func.count()).select_from(work).where(work.c.topic == topic)
            return int(connection.execute(count).scalar_one())


def put(tx: Connection, topic: str, keys: Iterable[str], due_at: datetime) -> None:
    """See :meth:`Work.put`."""
    rows = [_new(topic, key, due_at) for key in sorted(set(keys))]  # one order of row locks for everybody
    if not rows:
        return
    new: Any = postgresql.insert(work) if tx.dialect.name == "postgresql" else sqlite.insert(work)
    claimed = work.c.leased_until.is_not(None)
    statement = new.on_conflict_do_update(
        index_elements=["topic", "key"],
        set_={
            "due_at": case((claimed, work.c.due_at), else_=_earlier(work.c.due_at, new.excluded.due_at)),
            "again_at": case(
                (claimed, _earlier(func.coalesce(work.c.again_at, new.excluded.due_at), new.excluded.due_at)),
                else_=None,
            ),
            "attempts": case((claimed, work.c.attempts), else_=0),
        },
    )
    tx.execute(statement, rows)


def _earlier(one: Any, other: Any) -> Any:
    return case((one < other, one), else_=other)


def _new(topic: str, key: str, due_at: datetime) -> dict[str, Any]:
    return {"topic": topic, "key": key, "due_at": due_at, "fence": 0, "attempts": 0}


def _take(tx: Connection, topic: str, keys: Sequence[str], until: datetime) -> list[Claim]:
    """``again_at`` goes: who claims after a put sees what it was put for."""
    values = {
        "leased_until": until,
        "fence": work.c.fence + 1,
        "attempts": work.c.attempts + 1,
        "again_at": None,
    }
    taken = (
        update(work)
        .where(work.c.topic == topic, work.c.key.in_(keys))
        .values(values)
        .returning(work.c.key, work.c.fence, work.c.attempts)
    )
    rows = {row.key: row for row in tx.execute(taken)}
    return [Claim(topic, key, rows[key].fence, rows[key].attempts) for key in keys]


def _batches(values: Sequence[T]) -> list[Sequence[T]]:
    return [values[start : start + _BATCH] for start in range(0, len(values), _BATCH)]


def _is(claim: Claim) -> Any:
    return _are([claim])


def _are(claims: Sequence[Claim]) -> Any:
    """Held until somebody else claims it: a lease that merely ran out harms nobody."""
    named = tuple_(*_CLAIMED).in_([(claim.topic, claim.key, claim.fence) for claim in claims])
    return and_(named, work.c.leased_until.is_not(None))


_CLAIMED = (work.c.topic, work.c.key, work.c.fence)
