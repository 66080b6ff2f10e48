"""Reads what is recorded: resources, revisions, changes, coverage."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, Engine, and_, bindparam, exists, func, or_, select
from sqlalchemy import literal_column as literal

from vigie.history import asof, attributions, blobs, events, refs, scopes, verdicts
from vigie.history.columns import (
    BODY,
    CONTENTS,
    COVERAGE,
    HEADER,
    HEADS,
    RESOURCE,
    RESOURCES,
    REVISIONS,
    SCOPE,
    AnyRow,
    Query,
)
from vigie.history.cursors import decode, encode
from vigie.history.rows import coverage_of, diff_entry_of, resource_of, scope_of, unreadable_from
from vigie.history.tables.archive import blob, change_item, coverage, ref, resource, revision, scope
from vigie.model.attribution import Attribution
from vigie.model.canonical import canonical_text
from vigie.model.change import Change, ChangeKind, DiffEntry, Revision, StateAt
from vigie.model.paging import Page, Paged
from vigie.model.queries import ChangeFilter, Facets, ResourceFilter, Statistics
from vigie.model.recording import Head
from vigie.model.resource import Configuration, Resource
from vigie.model.scope import Coverage, Outcome, Scope
from vigie.model.verdict import ChangeVerdict

__all__ = ["Archive", "ChangeFilter", "Facets", "ResourceFilter", "Statistics"]

Condition = ColumnElement[bool]
_IN_LIST = 500
_MOST_A_PAGE = 1_000
_FOUND_AT_MOST = 50


class Archive:
    """Part of :class:`~vigie.history.store.History`. Reads only; every method is one consistent look at the store."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    # --- for the watcher

    def heads(self, scope: Scope, ids: Collection[str] | None = None) -> dict[str, Head]:
        """The last revision of each *present* resource of a scope (or of those of these ids), by id.

        What was deleted is not among them: seen again, a draft of kind created is recorded as recreated.
        """
        query = select(*RESOURCE, *HEADER, resource.c.parent, resource.c.unreadable.label("now_unreadable"))
        query = query.select_from(HEADS).where(_in_scope(scope), resource.c.present)
        with self._engine.connect() as tx:
            if ids is None:
                rows = list(tx.execute(query))
            else:
                parts = blobs.batches(sorted(ids), _IN_LIST)
                rows = [row for part in parts for row in tx.execute(query.where(resource.c.id.in_(part)))]
        return {row.resource_id: _head(row) for row in rows}

    def in_scope(self, scope: Scope, id: str) -> Resource | None:
        """The resource of that id in a scope, present or not; None where it was never recorded."""
        named = {"account": scope.account, "region": scope.region, "type": scope.type, "id": id}
        with self._engine.connect() as tx:
            row = tx.execute(_NAMED, named).one_or_none()
        return resource_of(row) if row is not None else None

    def configuration(self, config_sha: str) -> Configuration:
        """The configuration of that digest. Raises ``KeyError`` where none is stored."""
        return self.configurations([config_sha])[config_sha]

    def configurations(self, config_shas: Collection[str]) -> dict[str, Configuration]:
        """The configurations of those digests that are stored, by digest."""
        found: dict[str, Configuration] = {}
        with self._engine.connect() as tx:
            for batch in blobs.batches(sorted(set(config_shas)), _IN_LIST):
                rows = tx.execute(_CONFIGURATIONS, {"shas": batch})
                found.update((row.sha, blobs.configuration_from(row.body, row.dictionary)) for row in rows)
        return found

    def scope_coverage(self, scope: Scope) -> Coverage | None:
        """The coverage of one scope as it stands; None where it was never looked at."""
        with self._engine.connect() as tx:
            row = tx.execute(_coverage().where(_in_scope(scope))).one_or_none()
        return coverage_of(row) if row is not None else None

    # --- coverage

    def coverage(
        self,
        account: str | None = None,
        region: str | None = None,
        type: str | None = None,
        status: Outcome | None = None,
    ) -> list[Coverage]:
        """The coverage of every scope as it stands, by account, region and type."""
        wanted = [_same(scope.c.account, account), _same(scope.c.region, region), _same(scope.c.type, type)]
        query = _coverage().where(*_given(*wanted, _same(coverage.c.status, status)))
        with self._engine.connect() as tx:
            rows = tx.execute(query.order_by(scope.c.account, scope.c.region, scope.c.type)).all()
        return [coverage_of(row) for row in rows]

    def coverage_runs(self, scope: Scope) -> list[Coverage]:
        """What came of looking at a scope through time, oldest first."""
        with self._engine.connect() as tx:
            scope_pk = tx.execute(_scope_pk(scope)).scalar_one_or_none()
            return list(scopes.runs(tx, scope_pk)) if scope_pk is not None else []

    # --- resources

    def resources(self, filter: ResourceFilter, page: Page) -> Paged[Resource]:
        """Resources by scope and id."""
        query = select(*RESOURCE, resource.c.scope_pk.label("order_scope")).select_from(RESOURCES)
        query = query.where(*_resource_conditions(filter))
        if page.after is not None:
            after_scope, after_id = decode(page.after, int, str)
            query = query.where(
                or_(
                    resource.c.scope_pk > after_scope,
                    and_(resource.c.scope_pk == after_scope, resource.c.id > after_id),
                )
            )
        query = query.order_by(resource.c.scope_pk, resource.c.id)
        with self._engine.connect() as tx:
            rows = tx.execute(query.limit(_limit(page) + 1)).all()
        return _paged(rows, page, resource_of, lambda row: (row.order_scope, row.resource_id))

    def facets(self, filter: ResourceFilter) -> Facets:
        """How many of the resources of the filter there are by account, region and type."""
        columns = (scope.c.account, resource.c.region, scope.c.type)
        query = select(*columns, func.count()).select_from(RESOURCES).where(*_resource_conditions(filter))
        with self._engine.connect() as tx:
            rows = tx.execute(query.group_by(*columns)).all()
        return Facets(_summed(rows, 0), _summed(rows, 1), _summed(rows, 2), sum(row[3] for row in rows))

    def find(self, text: str) -> list[Resource]:
        """Resources of exactly that ARN, id or name, present ones first. At most 50."""
        named = or_(resource.c.arn == text, resource.c.id == text, resource.c.name == text)
        query = select(*RESOURCE).select_from(RESOURCES).where(named)
        query = query.order_by(resource.c.present.desc(), resource.c.pk).limit(_FOUND_AT_MOST)
        with self._engine.connect() as tx:
            return [resource_of(row) for row in tx.execute(query)]

    def resource(self, pk: int) -> Resource | None:
        with self._engine.connect() as tx:
            row = tx.execute(select(*RESOURCE).select_from(RESOURCES).where(resource.c.pk == pk)).one_or_none()
        return resource_of(row) if row is not None else None

    # --- revisions of one

    def latest(self, pk: int) -> Revision | None:
        """The last revision, with what could not be read at the last look."""
        return self.load([pk]).get(pk)

    def load(self, pks: Sequence[int]) -> dict[int, Revision]:
        """The last revisions of those resources, by their number."""
        found: dict[int, Revision] = {}
        with self._engine.connect() as tx:
            for batch in blobs.batches(pks, _IN_LIST):
                found.update((row.resource_pk, _latest(row)) for row in tx.execute(_LAST, {"pks": batch}))
        return found

    def revision(self, pk: int, number: int) -> Revision | None:
        """One revision of a resource; number 0 and below count from the last (0 = last, -1 = the one before)."""
        with self._engine.connect() as tx:
            if number > 0:
                row = tx.execute(_REVISION, {"resource": pk, "number": number}).one_or_none()
            else:
                query = _revisions().where(revision.c.resource_pk == pk).order_by(revision.c.number.desc())
                row = tx.execute(query.offset(-number).limit(1)).one_or_none()
        return _revision(row) if row is not None else None

    def revisions(self, pk: int, page: Page) -> Paged[Change]:
        """The history of one resource, newest first, with differences."""
        query = _revisions().where(revision.c.resource_pk == pk)
        if page.after is not None:
            (before,) = decode(page.after, int)
            query = query.where(revision.c.number < before)
        with self._engine.connect() as tx:
            rows = tx.execute(query.order_by(revision.c.number.desc()).limit(_limit(page) + 1)).all()
            told = _told(tx, rows[: _limit(page)])
        return _paged(rows, page, lambda row: _change(row, told), lambda row: (row.number,))

    def state_at(self, pk: int, when: datetime) -> StateAt:
        """How the resource was at that time, and how sure that is. Raises ``KeyError`` for one that is not recorded."""
        with self._engine.connect() as tx:
            known = asof.read(tx, pk, when)
        if known is None:
            raise KeyError(pk)
        return asof.state_at(known, when)

    # --- changes

    def change(self, revision_pk: int) -> Change | None:
        """The revision of that number in the store, with its differences."""
        return self.changes_of([revision_pk]).get(revision_pk)

    def changed_scopes(self, since: datetime) -> frozenset[Scope]:
        """The scopes in which something was done to a resource, as observed since then."""
        done = select(*SCOPE).select_from(REVISIONS).where(literal("revision.durable"), revision.c.observed_at >= since)
        with self._engine.connect() as tx:
            return frozenset(scope_of(row) for row in tx.execute(done.distinct()))

    def changes_of(self, revision_pks: Sequence[int]) -> dict[int, Change]:
        """The changes that those revisions are, by their number in the store."""
        found: dict[int, Change] = {}
        with self._engine.connect() as tx:
            for batch in blobs.batches(revision_pks, _IN_LIST):
                rows = tx.execute(_OF_NUMBERS, {"pks": batch}).all()
                told = _told(tx, rows)
                found.update((row.revision_pk, _change(row, told)) for row in rows)
        return found

    def changes(self, filter: ChangeFilter, page: Page) -> Paged[Change]:
        """Changes, the last observed first, with differences."""
        query = _revisions()
        if page.after is not None:
            before_time, before_pk = decode(page.after, datetime, int)
            earlier = and_(revision.c.observed_at == before_time, revision.c.pk < before_pk)
            query = query.where(or_(revision.c.observed_at < before_time, earlier))
        query = query.order_by(revision.c.observed_at.desc(), revision.c.pk.desc()).limit(_limit(page) + 1)
        with self._engine.connect() as tx:
            rows = tx.execute(query.where(*_change_conditions(tx, filter, with_kinds=True))).all()
            told = _told(tx, rows[: _limit(page)])
        return _paged(rows, page, lambda row: _change(row, told), lambda row: (row.observed_at, row.revision_pk))

    def change_counts(self, filter: ChangeFilter) -> dict[ChangeKind, int]:
        """How many changes of each kind; the filter's own kinds are not looked at."""
        query = select(revision.c.kind, func.count()).select_from(REVISIONS).group_by(revision.c.kind)
        with self._engine.connect() as tx:
            query = query.where(*_change_conditions(tx, filter, with_kinds=False))
            return {ChangeKind(row[0]): row[1] for row in tx.execute(query)}

    # --- for the estate

    def present_of_type(self, type: str, account: str | None = None, region: str | None = None) -> list[Revision]:
        """The last revisions of all present resources of a type."""
        wanted = [scope.c.type == type, resource.c.present]
        wanted += _given(_same(scope.c.account, account), _same(resource.c.region, region))
        return self._latest_of(and_(*wanted))

    def by_arn(self, arn: str) -> Revision | None:
        """The last revision of the present resource of that ARN."""
        found = self._latest_of(and_(resource.c.arn == arn, resource.c.present))
        return found[0] if found else None

    def referring_to(self, token: str, type: str | None = None) -> list[Revision]:
        """The last revisions of present resources that speak of that ARN, id, address or name (their own included)."""
        wanted = [_refers_to(token), resource.c.present]
        wanted += _given(_same(scope.c.type, type))
        return self._latest_of(and_(*wanted))

    def naming(self, tokens: Iterable[str], types: Iterable[str]) -> set[int]:
        """The numbers of the present resources of those types that speak of any of the tokens."""
        joined = ref.join(resource, ref.c.resource_pk == resource.c.pk).join(scope, resource.c.scope_pk == scope.c.pk)
        of_types = select(ref.c.resource_pk).select_from(joined)
        of_types = of_types.where(resource.c.present, scope.c.type.in_(list(types)))
        found: set[int] = set()
        with self._engine.connect() as tx:
            for batch in blobs.batches(sorted({refs.number_of(token) for token in tokens}), _IN_LIST):
                found.update(tx.execute(of_types.where(ref.c.token.in_(batch))).scalars())
        return found

    def statistics(self) -> Statistics:
        """Counts over the whole store."""
        with self._engine.connect() as tx:
            accounts, regions = tx.execute(select(_distinct(scope.c.account), _distinct(scope.c.region))).one()
            present = select(_distinct(scope.c.type), func.count()).select_from(RESOURCES).where(resource.c.present)
            types, here = tx.execute(present).one()
            stored = select(func.count(), func.sum(func.length(blob.c.body)), func.sum(blob.c.size)).select_from(blob)
            configurations, stored_bytes, canonical_bytes = tx.execute(stored).one()
            status = select(coverage.c.status, func.count()).where(coverage.c.current).group_by(coverage.c.status)
            return Statistics(
                accounts=accounts,
                regions=regions,
                types=types,
                resources=here,
                resources_ever=_count(tx, resource.c.pk),
                revisions=_count(tx, revision.c.pk),
                configurations=configurations,
                stored_bytes=int(stored_bytes or 0),
                canonical_bytes=int(canonical_bytes or 0),
                scopes={Outcome(row[0]): row[1] for row in tx.execute(status)},
                last_looked=tx.execute(select(func.max(coverage.c.last_looked))).scalar_one(),
            )

    def _latest_of(self, condition: Condition) -> list[Revision]:
        with self._engine.connect() as tx:
            return [_latest(row) for row in tx.execute(_heads(condition).order_by(resource.c.pk))]


# --- conditions


def _same(column: Any, value: Any) -> Condition | None:
    return None if value is None else column == value


def _given(*conditions: Condition | None) -> list[Condition]:
    return [condition for condition in conditions if condition is not None]


def _in_scope(wanted: Scope) -> Condition:
    return and_(scope.c.account == wanted.account, scope.c.region == wanted.region, scope.c.type == wanted.type)


def _scope_pk(wanted: Scope) -> Query:
    return select(scope.c.pk).where(_in_scope(wanted))


def _refers_to(token: str) -> Condition:
    return exists().where(ref.c.resource_pk == resource.c.pk, ref.c.token == refs.number_of(token))


def _resource_conditions(filter: ResourceFilter) -> list[Condition]:
    return _given(
        _same(scope.c.account, filter.account),
        _same(resource.c.region, filter.region),
        _same(scope.c.type, filter.type),
        _same(resource.c.present, filter.present),
        _contains(filter.text) if filter.text else None,
        _refers_to(f"tag:{filter.tag}") if filter.tag else None,
        _refers_to(filter.ref) if filter.ref else None,
    )


def _contains(text: str) -> Condition:
    columns = (resource.c.id, resource.c.name, resource.c.arn)
    return or_(*(func.lower(column).contains(text.lower(), autoescape=True) for column in columns))


def _change_conditions(tx: Connection, filter: ChangeFilter, *, with_kinds: bool) -> list[Condition]:
    return _given(
        revision.c.observed_at >= filter.since if filter.since is not None else None,
        revision.c.observed_at < filter.until if filter.until is not None else None,
        _same(scope.c.account, filter.account),
        _same(resource.c.region, filter.region),
        _same(scope.c.type, filter.type),
        _same(revision.c.resource_pk, filter.resource),
        _kinds(filter.kinds) if with_kinds and filter.kinds else None,
        attributions.is_by(events.numbers_of(filter.actor)) if filter.actor else None,
        _differs(filter.path, filter.value) if filter.path or filter.value else None,
        verdicts.is_judged(direction.value for direction in filter.verdicts) if filter.verdicts else None,
    )


def _kinds(kinds: Sequence[ChangeKind]) -> Condition:
    """With the very words of the partial index where it holds all that is asked for."""
    asked = revision.c.kind.in_([kind.value for kind in kinds])
    return and_(literal("revision.durable"), asked) if all(kind.durable for kind in kinds) else asked


def _differs(path: str | None, value: str | None) -> Condition:
    """One difference of the change has both."""
    said = [change_item.c.revision_pk == revision.c.pk]
    said += [change_item.c.path.startswith(path, autoescape=True)] if path else []
    if value:
        written = canonical_text(value)[1:-1]  # as it stands in canonical JSON, without the quotes
        said.append(or_(*(c.contains(written, autoescape=True) for c in (change_item.c.old, change_item.c.new))))
    return exists().where(*said)


# --- rows


def _coverage() -> Query:
    joined = coverage.join(scope, coverage.c.scope_pk == scope.c.pk)
    return select(*COVERAGE).select_from(joined).where(coverage.c.current)


def _heads(condition: Condition) -> Query:
    columns = (*RESOURCE, *HEADER, *CONTENTS, resource.c.unreadable.label("now_unreadable"))
    return select(*columns).select_from(HEADS).where(condition)


def _revisions() -> Query:
    return select(*RESOURCE, *HEADER, *CONTENTS).select_from(REVISIONS)


def _revision(row: AnyRow, unreadable: str | None = None) -> Revision:
    return asof.revision_of(row, unreadable if unreadable is not None else row.unreadable)


def _latest(row: AnyRow) -> Revision:
    return asof.revision_of(row, row.now_unreadable)


def _head(row: AnyRow) -> Head:
    return Head(
        resource=resource_of(row),
        number=row.number,
        kind=ChangeKind(row.kind),
        observed_at=row.observed_at,
        config_sha=row.config_sha or "",
        durable_sha=row.durable_sha or "",
        parent=row.parent,
        unreadable=unreadable_from(row.now_unreadable),
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """What is told of revisions besides themselves, by their number in the store."""

    diffs: dict[int, tuple[DiffEntry, ...]]
    attributions: dict[int, Attribution]
    verdicts: dict[int, ChangeVerdict]


def _told(tx: Connection, rows: Sequence[AnyRow]) -> _Told:
    pks = [row.revision_pk for row in rows]
    return _Told(_diffs(tx, rows), attributions.current(tx, pks), verdicts.newest(tx, pks))


def _change(row: AnyRow, told: _Told) -> Change:
    pk = row.revision_pk
    return Change(_revision(row), told.diffs.get(pk, ()), pk, told.attributions.get(pk), told.verdicts.get(pk))


def _diffs(tx: Connection, rows: Sequence[AnyRow]) -> dict[int, tuple[DiffEntry, ...]]:
    """The differences of those revisions, by their number in the store."""
    found: dict[int, list[DiffEntry]] = {}
    for batch in blobs.batches([row.revision_pk for row in rows], _IN_LIST):
        for item in tx.execute(_DIFFS, {"pks": batch}):
            found.setdefault(item.revision_pk, []).append(diff_entry_of(item))
    return {pk: tuple(entries) for pk, entries in found.items()}


def _limit(page: Page) -> int:
    return max(1, min(page.limit, _MOST_A_PAGE))


def _paged(
    rows: Sequence[AnyRow], page: Page, made: Callable[[AnyRow], Any], key: Callable[[AnyRow], tuple[Any, ...]]
) -> Paged[Any]:
    kept = rows[: _limit(page)]
    return Paged(tuple(made(row) for row in kept), encode(*key(kept[-1])) if len(rows) > len(kept) else None)


def _summed(rows: Sequence[AnyRow], column: int) -> dict[str, int]:
    totals: dict[str, int] = {}
    for row in rows:
        totals[row[column]] = totals.get(row[column], 0) + row[3]
    return dict(sorted(totals.items()))


def _distinct(column: Any) -> Any:
    return func.count(func.distinct(column))


def _count(tx: Connection, column: Any) -> int:
    return int(tx.execute(select(func.count(column))).scalar_one())


# --- put together once: SQLAlchemy takes longer to put a statement together than SQLite to run it


_PKS: BindParameter[Sequence[int]] = bindparam("pks", expanding=True)
_NAMED = (
    select(*RESOURCE)
    .select_from(RESOURCES)
    .where(
        scope.c.account == bindparam("account"),
        scope.c.region == bindparam("region"),
        scope.c.type == bindparam("type"),
        resource.c.id == bindparam("id"),
    )
)
_CONFIGURATIONS = select(blob.c.sha, *BODY).where(blob.c.sha.in_(bindparam("shas", expanding=True)))
_LAST = _heads(resource.c.pk.in_(_PKS))
_REVISION = _revisions().where(
    revision.c.resource_pk == bindparam("resource"), revision.c.number == bindparam("number")
)
_OF_NUMBERS = _revisions().where(revision.c.pk.in_(_PKS))
_DIFFS = select(change_item).where(change_item.c.revision_pk.in_(_PKS)).order_by(change_item.c.pk)
