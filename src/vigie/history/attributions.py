"""Which events explain which revision: appended, superseded by a later conclusion, never rewritten."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, Engine, Select, and_, bindparam, exists, func, insert, select
from sqlalchemy import true as always

from vigie.history import log, session_chain
from vigie.history.blobs import batches
from vigie.history.columns import AnyRow
from vigie.history.event_rows import EVENT, event_of
from vigie.history.statements import CREDITED_ACTOR, attribution_statement
from vigie.history.tables.archive import resource, revision, scope
from vigie.history.tables.events import actor, attribution, attribution_event, event
from vigie.model.attribution import LATE, Attribution, Confidence, Credit
from vigie.model.event import Event

ATTRIBUTE: Final = "attribute"
"""Topic of the work that a revision, an event or newly read logs make; the key is the revision's number."""
Begin = Callable[[], AbstractContextManager[Connection]]
_IN_LIST = 500


@dataclass(frozen=True, slots=True)
class CreditRow:
    """An event's part in a change, by its number in the store."""

    event_pk: int
    confidence: Confidence
    paths: tuple[str, ...] = ()


class Attributions:
    """Part of :class:`~vigie.history.store.History`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def current(self, revision_pks: Sequence[int]) -> dict[int, Attribution]:
        """What holds now, by the number of the revision; absent where nothing was ever concluded."""
        with self._engine.connect() as tx:
            return current(tx, revision_pks)

    def history(self, revision_pk: int) -> list[Attribution]:
        """All conclusions about a revision, oldest first."""
        with self._engine.connect() as tx:
            return list(_load(tx, attribution.c.revision_pk == revision_pk, latest=False).get(revision_pk, ()))

    def append(
        self,
        tx: Connection,
        revision_pk: int,
        confidence: Confidence,
        credits: Sequence[CreditRow],
        reason: str,
        now: datetime,
    ) -> bool:
        """Write a conclusion, where it says something else than the last one. Credits are never of reads or failed
        calls.

        Raises:
            ValueError: a credited event is a read or a failed call.
        """
        _check(tx, credits)
        last = _last(tx, revision_pk)
        if last is not None and last.says(confidence, credits):
            return False
        row = {
            "revision_pk": revision_pk,
            "number": last.number + 1 if last else 1,
            "at": now,
            "confidence": confidence.value,
            "reason": reason,
        }
        pk = tx.execute(_CONCLUDE, row).scalar_one()
        rows = [
            {
                "attribution_pk": pk,
                "event_pk": credit.event_pk,
                "confidence": credit.confidence.value,
                "paths": json.dumps(list(credit.paths), ensure_ascii=False),
            }
            for credit in credits
        ]
        if rows:
            tx.execute(_CREDIT, rows)
        parts = tx.execute(_COMMITTED, {"attribution": pk})
        log.commit(tx, [attribution_statement(pk, row, parts.mappings())])
        return True

    def credited_elsewhere(self, event_pks: Sequence[int], revision_pk: int) -> set[int]:
        """Those of the events that explain exactly another revision of the same resource, as things stand."""
        if not event_pks:
            return set()
        found: set[int] = set()
        with self._engine.connect() as tx:
            for batch in batches(list(event_pks), _IN_LIST):
                asked = {"events": batch, "revision": revision_pk}
                found.update(tx.execute(_CREDITED_ELSEWHERE, asked).scalars())
        return found

    def credited(self, event_pks: Sequence[int]) -> set[int]:
        """Those of the events that explain some revision, as things stand."""
        if not event_pks:
            return set()
        joined = attribution_event.join(attribution, attribution_event.c.attribution_pk == attribution.c.pk)
        query = select(attribution_event.c.event_pk).select_from(joined).where(is_latest())
        found: set[int] = set()
        with self._engine.connect() as tx:
            for batch in batches(list(event_pks), _IN_LIST):
                found.update(tx.execute(query.where(attribution_event.c.event_pk.in_(batch))).scalars())
        return found

    def counts(self, since: datetime | None = None) -> dict[Confidence, int]:
        """How many revisions observed since then are attributed how."""
        joined = attribution.join(revision, attribution.c.revision_pk == revision.c.pk)
        query = select(attribution.c.confidence, func.count()).select_from(joined).where(is_latest())
        query = query.where(revision.c.observed_at >= since if since is not None else always())
        with self._engine.connect() as tx:
            return {Confidence(row[0]): row[1] for row in tx.execute(query.group_by(attribution.c.confidence))}


def is_latest() -> ColumnElement[bool]:
    """Whether a row of ``attribution`` is what holds."""
    return _LATEST


_later = attribution.alias("later")
_LATEST: Final[ColumnElement[bool]] = ~exists().where(
    _later.c.revision_pk == attribution.c.revision_pk, _later.c.number > attribution.c.number
)


def is_by(actors: Select[tuple[int]]) -> ColumnElement[bool]:
    """Whether a row of ``revision`` is credited to one of the actors (their numbers, as a query)."""
    joined = attribution.join(attribution_event, attribution_event.c.attribution_pk == attribution.c.pk)
    joined = joined.join(event, attribution_event.c.event_pk == event.c.pk)
    credited = select(attribution.c.revision_pk).select_from(joined)
    return revision.c.pk.in_(credited.where(event.c.actor_pk.in_(actors), is_latest()))


def current(tx: Connection, revision_pks: Sequence[int]) -> dict[int, Attribution]:
    found: dict[int, Attribution] = {}
    for batch in batches(list(revision_pks), _IN_LIST):
        loaded = _load(tx, attribution.c.revision_pk.in_(batch), latest=True)
        found.update((pk, every[-1]) for pk, every in loaded.items())
    return found


def waiting_for_logs(tx: Connection, account: str, until: datetime) -> list[int]:
    """The revisions of an account, observed before then, that wait for the logs."""
    joined = attribution.join(revision, attribution.c.revision_pk == revision.c.pk)
    joined = joined.join(resource, revision.c.resource_pk == resource.c.pk).join(
        scope, resource.c.scope_pk == scope.c.pk
    )
    query = select(attribution.c.revision_pk).select_from(joined)
    pending = attribution.c.confidence == Confidence.PENDING.value
    query = query.where(pending, is_latest(), scope.c.account == account, revision.c.observed_at <= until + LATE)
    return list(tx.execute(query).scalars())


@dataclass(frozen=True, slots=True)
class _Last:
    number: int
    confidence: Confidence
    credits: frozenset[CreditRow]

    def says(self, confidence: Confidence, credits: Sequence[CreditRow]) -> bool:
        return confidence is self.confidence and frozenset(credits) == self.credits


def _last(tx: Connection, revision_pk: int) -> _Last | None:
    row = tx.execute(_LAST, {"revision": revision_pk}).one_or_none()
    if row is None:
        return None
    parts = tx.execute(_PARTS, {"attribution": row.pk}).all()
    credits = frozenset(
        CreditRow(part.event_pk, Confidence(part.confidence), tuple(json.loads(part.paths))) for part in parts
    )
    return _Last(row.number, Confidence(row.confidence), credits)


def _check(tx: Connection, credits: Sequence[CreditRow]) -> None:
    credited = {"events": [credit.event_pk for credit in credits]}
    found = list(tx.execute(_WRONG, credited).scalars()) if credits else []
    if found:
        raise ValueError(f"reads and failed calls change nothing: {', '.join(found)} cannot be credited")


def _load(tx: Connection, condition: ColumnElement[bool], *, latest: bool) -> Mapping[int, list[Attribution]]:
    columns = (attribution.c.pk, attribution.c.revision_pk, attribution.c.number, attribution.c.at)
    query = select(*columns, attribution.c.confidence, attribution.c.reason).where(condition)
    if latest:
        query = query.where(is_latest())
    rows = tx.execute(query.order_by(attribution.c.revision_pk, attribution.c.number)).all()
    parts: list[AnyRow] = []
    for batch in batches([row.pk for row in rows], _IN_LIST):
        parts += tx.execute(_CREDITS.where(attribution_event.c.attribution_pk.in_(batch)))
    chains = session_chain.behind(tx, (part.actor_access_key for part in parts))
    credits: dict[int, list[Credit]] = {}
    for part in parts:
        chain = chains.get(part.actor_access_key, ())
        credits.setdefault(part.attribution_pk, []).append(_credit(part, chain))
    found: dict[int, list[Attribution]] = {}
    for row in rows:
        concluded = Attribution(
            Confidence(row.confidence), tuple(credits.get(row.pk, ())), row.reason, row.number, row.at
        )
        found.setdefault(row.revision_pk, []).append(concluded)
    return found


def _credit(row: AnyRow, chain: Sequence[Event]) -> Credit:
    confidence, paths = Confidence(row.credit_confidence), tuple(json.loads(row.credit_paths))
    return Credit(event_of(row), confidence, paths, tuple(call.actor for call in chain))


# Put together once: SQLAlchemy takes longer to put a statement together than SQLite to run it.
_CONCLUDE = insert(attribution).returning(attribution.c.pk)
_CREDIT = insert(attribution_event)
_WRONG = select(event.c.id).where(
    event.c.pk.in_(bindparam("events", expanding=True)), event.c.failed | event.c.read_only
)
_LAST = (
    select(attribution)
    .where(attribution.c.revision_pk == bindparam("revision"))
    .order_by(attribution.c.number.desc())
    .limit(1)
)
_PARTS = select(attribution_event).where(attribution_event.c.attribution_pk == bindparam("attribution"))
_CREDITED_ELSEWHERE = (
    select(attribution_event.c.event_pk)
    .select_from(
        attribution_event.join(attribution, attribution_event.c.attribution_pk == attribution.c.pk).join(
            revision, attribution.c.revision_pk == revision.c.pk
        )
    )
    .where(
        attribution_event.c.event_pk.in_(bindparam("events", expanding=True)),
        revision.c.resource_pk
        == select(revision.c.resource_pk)
        .where(revision.c.pk == bindparam("revision"))
        .correlate(None)
        .scalar_subquery(),
        attribution.c.revision_pk != bindparam("revision"),
        attribution_event.c.confidence == Confidence.EXACT.value,
        _LATEST,
    )
)
_COMMITTED = (
    select(
        attribution_event.c.confidence,
        attribution_event.c.paths,
        event.c.id,
        event.c.at.label("event_at"),
        event.c.body,
        *(actor.c[name] for name in CREDITED_ACTOR),
    )
    .select_from(
        attribution_event.join(event, attribution_event.c.event_pk == event.c.pk).join(
            actor, event.c.actor_pk == actor.c.pk
        )
    )
    .where(attribution_event.c.attribution_pk == bindparam("attribution"))
)
_CREDITS = (
    select(
        attribution_event.c.attribution_pk,
        attribution_event.c.confidence.label("credit_confidence"),
        attribution_event.c.paths.label("credit_paths"),
        *EVENT,
    )
    .select_from(
        attribution_event.join(event, attribution_event.c.event_pk == event.c.pk).join(
            actor, and_(event.c.actor_pk == actor.c.pk)
        )
    )
    .order_by(event.c.at, event.c.pk)
)
