"""Verdicts on changes: what is thought now of each, and what was thought before. Only ever added to.

Each durable change makes work of topic ``verdict`` (key: the revision's number in the store) in the transaction that
records it, and its row of the outbox is held for a while: the verdict lets it go (:meth:`Verdicts.settle`), so that it
is told with it. docs/decisions/verdicts.md says why nothing is lost or told late by that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine, and_, func, insert, select, update

from vigie.history import outbox as outbox_rows
from vigie.history.blobs import batches
from vigie.history.tables.archive import revision
from vigie.history.tables.outbox import outbox
from vigie.history.tables.verdicts import verdict
from vigie.model.account import Relation
from vigie.model.canonical import canonical_text
from vigie.model.documents import verdict_document
from vigie.model.verdict import ChangeVerdict, Dimension, Direction, Shift

TOPIC: Final = "verdict"
"""Of the work that a durable change makes; the key is the revision's number in the store."""
HOLD: Final = timedelta(minutes=1)
"""How long a change waits for its verdict before it is told without."""
_IN_LIST: Final = 500


class Verdicts:
    """Part of :class:`~vigie.history.store.History`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, revisions: Iterable[int], tx: Connection | None = None) -> dict[int, ChangeVerdict]:
        """The verdicts that hold, by the revision's number in the store; those that have none are not in it."""
        if tx is not None:
            return newest(tx, revisions)
        with self._engine.connect() as own:
            return newest(own, revisions)

    def past(self, revision_pk: int) -> list[tuple[datetime, ChangeVerdict]]:
        """Everything that was ever thought of a change, oldest first."""
        query = select(verdict).where(verdict.c.revision_pk == revision_pk).order_by(verdict.c.pk)
        with self._engine.connect() as tx:
            return [(row.judged_at, verdict_from(row.direction, row.content)) for row in tx.execute(query)]

    def put(self, tx: Connection, judged: Mapping[int, ChangeVerdict], now: datetime) -> int:
        """Write the verdicts that say something else than what holds; how many."""
        held = newest(tx, judged)
        rows = [_row(pk, one, now) for pk, one in judged.items() if held.get(pk) != one]
        if rows:
            tx.execute(insert(verdict), rows)
        return len(rows)

    def settle(self, tx: Connection, judged: Mapping[int, ChangeVerdict | None], now: datetime) -> None:
        """Write the verdicts on changes that waited for them, and let their notifications go. None: of such a change
        there is nothing to judge.

        What was told without its verdict (the hold was over) is told again, to those who ask for verdicts.
        """
        self.put(tx, {pk: one for pk, one in judged.items() if one is not None}, now)
        waiting = _let_go(tx, judged, now)
        late = [pk for pk, one in judged.items() if one is not None and pk not in waiting]
        told = [(pk, {"kind": kind, "late": True}) for pk, kind in _told_already(tx, late)]
        outbox_rows.put_all(tx, "change", told, now)

    def judgeable(self, after: int, limit: int) -> list[int]:
        """The numbers of durable changes in the store beyond ``after``, in order: to judge all history again."""
        query = select(revision.c.pk).where(revision.c.durable, revision.c.pk > after).order_by(revision.c.pk)
        with self._engine.connect() as tx:
            return list(tx.execute(query.limit(limit)).scalars())


def newest(tx: Connection, revisions: Iterable[int]) -> dict[int, ChangeVerdict]:
    """The verdicts that hold, of those revisions."""
    found: dict[int, ChangeVerdict] = {}
    for batch in batches(sorted(set(revisions)), _IN_LIST):
        last = select(func.max(verdict.c.pk)).where(verdict.c.revision_pk.in_(batch)).group_by(verdict.c.revision_pk)
        query = select(verdict.c.revision_pk, verdict.c.direction, verdict.c.content).where(verdict.c.pk.in_(last))
        found.update((row.revision_pk, verdict_from(row.direction, row.content)) for row in tx.execute(query))
    return found


def is_judged(directions: Iterable[str]) -> Any:
    """The condition that the verdict which holds on ``revision`` is one of these."""
    newer = verdict.alias("newer")
    superseded = select(newer.c.pk).where(newer.c.revision_pk == verdict.c.revision_pk, newer.c.pk > verdict.c.pk)
    holds = select(verdict.c.pk).where(
        verdict.c.revision_pk == revision.c.pk,
        verdict.c.direction.in_(list(directions)),
        ~superseded.correlate(verdict).exists(),
    )
    return holds.correlate(revision).exists()


def _let_go(tx: Connection, revisions: Iterable[int], now: datetime) -> set[int]:
    """Make the held rows of these changes due; which of them were not told yet.

    A notifier that has claimed one loses it: it read the change without the verdict.
    """
    found: set[int] = set()
    for batch in batches(sorted(revisions), _IN_LIST):
        waiting = and_(outbox.c.topic == "change", outbox.c.ref.in_(batch), outbox.c.status == "pending")
        free = {"next_at": now, "lease_until": None, "fence": outbox.c.fence + 1}
        found.update(tx.execute(update(outbox).where(waiting).values(free).returning(outbox.c.ref)).scalars())
    return found


def _told_already(tx: Connection, revisions: Iterable[int]) -> Iterator[tuple[int, str]]:
    """(revision, kind) of those whose row was routed."""
    for batch in batches(sorted(revisions), _IN_LIST):
        told = select(outbox.c.ref).where(outbox.c.topic == "change", outbox.c.ref.in_(batch))
        query = select(revision.c.pk, revision.c.kind).where(revision.c.pk.in_(batch), revision.c.pk.in_(told))
        yield from ((row.pk, row.kind) for row in tx.execute(query))


# --- rows


def _row(revision_pk: int, one: ChangeVerdict, now: datetime) -> dict[str, Any]:
    return {
        "revision_pk": revision_pk,
        "direction": one.direction.value,
        "severity": one.severity.value if one.severity else None,
        "content": content_of(one),
        "judged_at": now,
    }


def content_of(one: ChangeVerdict) -> str:
    members = verdict_document(one)
    return canonical_text({key: members[key] for key in ("gained", "lost", "problems")})


def verdict_from(direction: str, content: str) -> ChangeVerdict:
    members = json.loads(content)
    return ChangeVerdict(
        Direction(direction),
        tuple(map(_shift, members["gained"])),
        tuple(map(_shift, members["lost"])),
        tuple(members["problems"]),
    )


def _shift(members: Mapping[str, Any]) -> Shift:
    return Shift(
        Dimension(members["dimension"]),
        members["words"],
        members["who"],
        tuple(members["what"]),
        members["witness"],
        members["exact"],
        Relation(members["relation"]) if members["relation"] else None,
    )
