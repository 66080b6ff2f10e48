"""Keeps and reads what others recorded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, and_, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from vigie.history import blobs, log
from vigie.history.columns import BODY, AnyRow
from vigie.history.statements import imported_statement
from vigie.history.tables.archive import blob
from vigie.history.tables.imported import imported_state
from vigie.model.canonical import canonical_bytes
from vigie.model.imported import ImportedAt, ImportedState, ImportSource
from vigie.model.resource import Resource

_FOUND_AT_MOST = 1000
_IN_LIST = 500


class Imported:
    """Part of :class:`~vigie.history.store.History`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def record(self, tx: Connection, states: Sequence[ImportedState], now: datetime) -> int:
        """Keep those that are not kept yet; returns how many that were."""
        if not states:
            return 0
        numbers = blobs.keep(tx, {state.config_sha: canonical_bytes(state.configuration) for state in states})
        new: Any = postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert
        statement = new(imported_state).on_conflict_do_nothing().returning(imported_state.c.pk)
        rows = [_row(state, numbers[state.config_sha], now) for state in states]
        made = [row.pk for row in tx.execute(statement, rows)]
        for batch in blobs.batches(made, _IN_LIST):
            written = tx.execute(_query().where(imported_state.c.pk.in_(batch))).mappings()
            log.commit(tx, [imported_statement(row["pk"], row, row["config_sha"]) for row in written])
        return len(made)

    def at(self, of: Resource | str, when: datetime) -> ImportedAt | None:
        """The last state up to a time, and when the next one began. ``of``: a resource, or an ARN, id or name."""
        said = _is(of)
        at = imported_state.c.captured_at
        query = _query().where(said)
        following = select(at).where(said, at > when).order_by(at).limit(1)
        with self._engine.connect() as tx:
            row = tx.execute(
                query.where(at <= when).order_by(at.desc(), imported_state.c.pk.desc()).limit(1)
            ).one_or_none()
            return None if row is None else ImportedAt(_state(row), tx.execute(following).scalar_one_or_none())

    def states(self, of: Resource | str) -> list[ImportedState]:
        """All that is kept of it, newest first; at most a thousand."""
        query = _query().where(_is(of)).order_by(imported_state.c.captured_at.desc(), imported_state.c.pk.desc())
        with self._engine.connect() as tx:
            return [_state(row) for row in tx.execute(query.limit(_FOUND_AT_MOST))]

    def identities(self, text: str) -> list[tuple[str, str, str, str]]:
        """(account, region, type, id) of what is named so, by ARN, id or name: to tell several apart."""
        columns = (imported_state.c.account, imported_state.c.region, imported_state.c.type, imported_state.c.id)
        query = select(*columns).where(_is(text)).distinct().order_by(*columns).limit(_FOUND_AT_MOST)
        with self._engine.connect() as tx:
            return [(row.account, row.region, row.type, row.id) for row in tx.execute(query)]


def _is(of: Resource | str) -> ColumnElement[bool]:
    c = imported_state.c
    if isinstance(of, str):
        return or_(c.arn == of, c.id == of, c.name == of)
    ids = [name for name in (of.id, of.uid, of.name) if name]
    same = and_(c.type == of.type, c.account == of.account, c.id.in_(ids), c.region.in_([of.region, of.scope.region]))
    return same if of.arn is None else or_(and_(c.arn == of.arn, c.type == of.type), same)


def _query() -> Any:
    columns: Iterable[Any] = (*imported_state.c, blob.c.sha.label("config_sha"), *BODY)
    return select(*columns).join_from(imported_state, blob, imported_state.c.blob_pk == blob.c.pk)


def _state(row: AnyRow) -> ImportedState:
    return ImportedState(
        source=ImportSource(row.source),
        account=row.account,
        region=row.region,
        type=row.type,
        id=row.id,
        captured_at=row.captured_at,
        present=row.present,
        configuration=blobs.configuration_from(row.body, row.dictionary),
        status=row.status,
        arn=row.arn,
        name=row.name,
        origin=row.origin,
        config_sha=row.config_sha,
        pk=row.pk,
    )


def _row(state: ImportedState, blob_pk: int, now: datetime) -> dict[str, Any]:
    return {
        "source": state.source.value,
        "account": state.account,
        "region": state.region,
        "type": state.type,
        "id": state.id,
        "arn": state.arn,
        "name": state.name,
        "captured_at": state.captured_at,
        "present": state.present,
        "status": state.status,
        "blob_pk": blob_pk,
        "origin": state.origin,
        "recorded_at": now,
    }
