"""Writes what the watcher saw: one look at one scope is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from vigie.history import attributions, blobs, log, outbox, refs, scopes, verdicts, work
from vigie.history.plan import Planned, Recorded, check, plan
from vigie.history.rows import diff_entry_row, unreadable_from, unreadable_text
from vigie.history.statements import revision_header, revision_statement
from vigie.history.tables.archive import blob, change_item, resource, revision
from vigie.model.change import Change, ChangeKind, DiffEntry, Revision
from vigie.model.diff import diff
from vigie.model.recording import ScopeRecord
from vigie.model.scope import Coverage, Outcome, Problem, Scope

JUDGE = "judge"
"""Topic of the work that a revision makes for the auditor; the key is the resource's number."""
Begin = Callable[[], AbstractContextManager[Connection]]
_IN_LIST = 500
_KEPT_WITHOUT_DIFF = frozenset({ChangeKind.CREATED, ChangeKind.DELETED})


class Recorder:
    """Part of :class:`~vigie.history.store.History`."""

    def __init__(self, begin: Begin) -> None:
        self._begin = begin

    def record(self, record: ScopeRecord, now: datetime) -> tuple[Change, ...]:
        """Write one look at one scope: revisions, differences, references, coverage, what to judge and what to tell.

        All of it or nothing. A draft that says what is recorded already, or is older, is left out. Gives the changes
        that were written, in the order of the drafts.

        Raises:
            StoreError: the store cannot be written; nothing of it was.
            ValueError: the record contradicts itself.
        """
        check(record)
        with self._begin() as tx:
            return _Writing(tx, record, now).write()

    def note_coverage(self, scope: Scope, outcome: Outcome, problems: Sequence[Problem], looked_at: datetime) -> None:
        """Enter a look that did not come to look at anything (no credentials, a region that is off)."""
        look = scopes.Look(scope, outcome, looked_at, looked_at, tuple(problems))
        with self._begin() as tx:
            scope_pk = scopes.lock(tx, scope)
            previous = scopes.current(tx, scope_pk)
            coverage = scopes.note(tx, scope_pk, look, previous)
            _tell_coverage(tx, coverage, previous, (), looked_at)


class _Writing:
    """One transaction, step by step. Holds what the steps share."""

    def __init__(self, tx: Connection, record: ScopeRecord, now: datetime) -> None:
        self.tx = tx
        self.record = record
        self.now = now
        self.scope_pk = scopes.lock(tx, record.scope)
        self.previous = scopes.current(tx, self.scope_pk)

    def write(self) -> tuple[Change, ...]:
        recorded = self._recorded([draft.resource.id for draft in self.record.drafts])
        began = self.record.started_at
        asked = [plan(draft, recorded.get(draft.resource.id), self.previous, began) for draft in self.record.drafts]
        planned = [one for one in asked if one is not None]
        numbers = self._write_resources(planned)
        changes = self._write_revisions(planned, numbers) if planned else ()
        self._write_refs(planned, numbers)
        unread = self._note_seen({draft.resource.id for draft in self.record.drafts})
        coverage = self._note_coverage()
        work.put(self.tx, JUDGE, [str(pk) for pk in {*numbers, *unread}], self.now)
        durable = [str(change.pk) for change in changes if change.kind.durable]
        work.put(self.tx, attributions.ATTRIBUTE, durable, self.now)
        self._tell(changes, coverage)
        return changes

    def _recorded(self, ids: Sequence[str]) -> dict[str, Recorded]:
        """What is recorded of those resources."""
        found: dict[str, Recorded] = {}
        head = (revision.c.resource_pk == resource.c.pk) & (revision.c.number == resource.c.head)
        joined = resource.join(revision, head).outerjoin(blob, revision.c.blob_pk == blob.c.pk)
        columns = (
            resource.c.pk,
            resource.c.id,
            resource.c.present,
            resource.c.first_seen,
            resource.c.unreadable,
            revision.c.number,
            revision.c.observed_at,
            revision.c.durable_sha,
            revision.c.blob_pk,
            blob.c.sha,
        )
        query = select(*columns).select_from(joined).where(resource.c.scope_pk == self.scope_pk)
        for batch in blobs.batches(ids, _IN_LIST):
            for row in self.tx.execute(query.where(resource.c.id.in_(batch))):
                found[row.id] = Recorded(
                    pk=row.pk,
                    present=row.present,
                    number=row.number,
                    observed_at=row.observed_at,
                    config_sha=row.sha,
                    durable_sha=row.durable_sha,
                    last_blob=row.blob_pk if row.blob_pk is not None else self._last_blob(row.pk),
                    first_seen=row.first_seen,
                    unreadable=unreadable_from(row.unreadable),
                )
        return found

    def _last_blob(self, resource_pk: int) -> int | None:
        """Of a deleted resource: how it was before."""
        kept = (revision.c.resource_pk == resource_pk) & revision.c.blob_pk.is_not(None)
        query = select(revision.c.blob_pk).where(kept).order_by(revision.c.number.desc()).limit(1)
        return self.tx.execute(query).scalar_one_or_none()

    def _write_resources(self, planned: Sequence[Planned]) -> list[int]:
        """The numbers of the resources, in the order of ``planned``."""
        new = [one for one in planned if one.recorded is None]
        made: dict[str, int] = {}
        if new:
            statement = insert(resource).returning(resource.c.id, resource.c.pk)
            rows = [{**self._resource_values(one), **self._resource_key(one)} for one in new]
            made = {row.id: row.pk for row in self.tx.execute(statement, rows)}
        known = [(one, one.recorded.pk) for one in planned if one.recorded is not None]
        if known:
            statement_ = update(resource).where(resource.c.pk == bindparam("_pk"))
            self.tx.execute(statement_, [{**self._resource_values(one), "_pk": pk} for one, pk in known])
        return [one.recorded.pk if one.recorded else made[one.draft.resource.id] for one in planned]

    def _resource_key(self, one: Planned) -> dict[str, Any]:
        return {"scope_pk": self.scope_pk, "id": one.draft.resource.id, "first_seen": one.draft.observed_at}

    def _resource_values(self, one: Planned) -> dict[str, Any]:
        seen = one.draft.resource
        return {
            "region": seen.region,
            "arn": seen.arn,
            "name": seen.name,
            "uid": seen.uid,
            "parent": one.draft.parent,
            "present": not one.deleted,
            "head": one.number,
            "unreadable": None if one.deleted else unreadable_text(one.draft.unreadable),
            "seen_until": None,
        }

    def _write_revisions(self, planned: Sequence[Planned], numbers: Sequence[int]) -> tuple[Change, ...]:
        kept = {one.draft.config_sha: one.draft.canonical for one in planned if not one.deleted}
        blob_of = blobs.keep(self.tx, kept)
        rows = [self._revision_row(one, pk, blob_of) for one, pk in zip(planned, numbers, strict=True)]
        statement = insert(revision).returning(revision.c.resource_pk, revision.c.pk)
        made = {row.resource_pk: row.pk for row in self.tx.execute(statement, rows)}
        diffs = self._diffs(planned)
        changes = tuple(
            self._change(one, pk, made[pk], differences)
            for one, pk, differences in zip(planned, numbers, diffs, strict=True)
        )
        items = [[diff_entry_row(entry, change.revision.pk or 0) for entry in change.diff] for change in changes]
        if any(items):
            self.tx.execute(insert(change_item), [item for of_one in items for item in of_one])
        self._commit(rows, [change.revision for change in changes], items)
        return changes

    def _commit(
        self,
        rows: Sequence[Mapping[str, Any]],
        revisions: Sequence[Revision],
        items: Sequence[Sequence[Mapping[str, Any]]],
    ) -> None:
        """A leaf of the evidence log for each revision."""
        salts = log.salts(len(rows))
        statements = [
            revision_statement(
                written.pk or 0,
                revision_header(self.record.scope, written.id, row),
                salt,
                config=written.config_sha or None,
                durable=row["durable_sha"],
                unreadable=row["unreadable"],
                items=of_one,
            )
            for row, written, salt, of_one in zip(rows, revisions, salts, items, strict=True)
        ]
        log.commit(self.tx, statements, salts)

    def _revision_row(self, one: Planned, resource_pk: int, blob_of: Mapping[str, int]) -> dict[str, Any]:
        draft = one.draft
        return {
            "resource_pk": resource_pk,
            "number": one.number,
            "kind": one.kind.value,
            "durable": one.kind.durable,
            "changed_after": one.changed_after,
            "observed_at": draft.observed_at,
            "recorded_at": self.now,
            "looked_before": self.previous.last_listed_began if self.previous else None,
            "blob_pk": None if one.deleted else blob_of[draft.config_sha],
            "durable_sha": None if one.deleted else draft.durable_sha,
            "uid": draft.resource.uid,
            "unreadable": unreadable_text(draft.unreadable),
        }

    def _diffs(self, planned: Sequence[Planned]) -> list[tuple[DiffEntry, ...]]:
        """Of each to its last recorded configuration: none for what is new or gone, which is its own description."""
        olds = [
            one.recorded.last_blob if one.recorded and one.kind not in _KEPT_WITHOUT_DIFF else None for one in planned
        ]
        configurations = blobs.load(self.tx, [old for old in olds if old is not None])
        return [
            () if old is None else diff(configurations[old], one.draft.configuration, self.record.treatment)
            for one, old in zip(planned, olds, strict=True)
        ]

    def _change(self, one: Planned, pk: int, revision_pk: int, differences: tuple[DiffEntry, ...]) -> Change:
        draft = one.draft
        first_seen = one.recorded.first_seen if one.recorded else draft.observed_at
        written = Revision(
            resource=replace(draft.resource, pk=pk, present=not one.deleted, first_seen=first_seen),
            number=one.number,
            kind=one.kind,
            observed_at=draft.observed_at,
            configuration={} if one.deleted else draft.configuration,
            changed_after=one.changed_after,
            unreadable=draft.unreadable,
            config_sha="" if one.deleted else draft.config_sha,
            durable_sha="" if one.deleted else draft.durable_sha,
            pk=revision_pk,
        )
        return Change(written, differences, revision_pk)

    def _write_refs(self, planned: Sequence[Planned], numbers: Sequence[int]) -> None:
        wanted = {pk: self._tokens(one) for one, pk in zip(planned, numbers, strict=True)}
        new = [pk for one, pk in zip(planned, numbers, strict=True) if one.recorded is None]
        refs.rewrite(self.tx, wanted, new)

    def _tokens(self, one: Planned) -> set[str]:
        if one.deleted:
            return set()
        return refs.tokens(one.draft.resource, one.draft.canonical, one.draft.configuration.get("Tags"))

    def _note_seen(self, drafted: set[str]) -> set[int]:
        """Which present resources this look showed, and how whole. Gives those whose unreadable parts changed."""
        seen = self.record.seen | {draft.resource.id for draft in self.record.drafts}
        listed = self.record.outcome.listed_everything and not self.record.targeted
        if not seen and not listed:
            return set()
        columns = (resource.c.pk, resource.c.id, resource.c.unreadable, resource.c.seen_until)
        present = select(*columns).where(resource.c.scope_pk == self.scope_pk, resource.c.present)
        updates: list[dict[str, Any]] = []
        unread: set[int] = set()
        last = self.previous.last_listed_began if self.previous else None
        for row in self.tx.execute(present):
            shown = row.id in seen
            unreadable = row.unreadable
            if shown and row.id not in drafted:
                unreadable = unreadable_text(self.record.unreadable.get(row.id, {}))
            seen_until = None if shown else (row.seen_until or last if listed else row.seen_until)
            if (unreadable, seen_until) != (row.unreadable, row.seen_until):
                updates.append({"_pk": row.pk, "unreadable": unreadable, "seen_until": seen_until})
            if unreadable != row.unreadable:
                unread.add(row.pk)
        if updates:
            self.tx.execute(update(resource).where(resource.c.pk == bindparam("_pk")), updates)
        return unread

    def _note_coverage(self) -> Coverage | None:
        record = self.record
        if record.targeted:
            return self.previous
        look = scopes.Look(record.scope, record.outcome, record.started_at, record.finished_at, record.problems)
        return scopes.note(self.tx, self.scope_pk, look, self.previous)

    def _tell(self, changes: Sequence[Change], coverage: Coverage | None) -> None:
        told = [(change.pk, {"kind": change.kind.value}) for change in changes if change.kind.durable]
        outbox.put_all(self.tx, "change", told, self.now, verdicts.HOLD)
        work.put(self.tx, verdicts.TOPIC, [str(pk) for pk, _ in told], self.now)
        baseline = sum(change.kind is ChangeKind.BASELINE for change in changes)
        if baseline:
            scope = self.record.scope
            payload = {"account": scope.account, "region": scope.region, "type": scope.type, "count": baseline}
            outbox.put(self.tx, "baseline", None, payload, self.now)
        if coverage is not None and not self.record.targeted:
            _tell_coverage(self.tx, coverage, self.previous, self.record.notices, self.now)


def _tell_coverage(
    tx: Connection, now: Coverage, previous: Coverage | None, notices: Sequence[str], at: datetime
) -> None:
    if scopes.turned(previous, now):
        outbox.put(tx, "coverage", None, scopes.coverage_payload(now, previous), at)
    for notice in notices:
        outbox.put(tx, "coverage", None, scopes.coverage_payload(now, previous, notice), at)
