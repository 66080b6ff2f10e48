"""Retention: contents of old revisions are erased, and that they were is logged. The only code that deletes history.

Everything happens in one transaction a batch, which alone has the triggers lifted: the revision keeps its row and its
leaf; its configuration, differences and salt go, and a row of ``erasure`` keeps the commitment that the leaf holds in
their place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, bindparam, delete, exists, func, insert, select, update

from vigie.history import blobs, log
from vigie.history.columns import AnyRow
from vigie.history.statements import erasure_statement, item_members
from vigie.history.tables.all import metadata
from vigie.history.tables.append_only import lifted
from vigie.history.tables.archive import blob, change_item, resource, revision, scope
from vigie.history.tables.events import attribution_event, event, event_key, event_resource
from vigie.history.tables.log import erasure, erasure_run, log_leaf
from vigie.history.verifying import CONTENT, DIFFERENCES, erasure_hash
from vigie.model.change import ChangeKind
from vigie.model.leaves import LeafKind, commitment, content_salt, differences_commitment, revision_content
from vigie.model.merkle import root
from vigie.model.retention import Action, Candidate, Going, Hold, Policy, chosen

Begin = Callable[[], AbstractContextManager[Connection]]
BATCH: Final = 1_000
"""Revisions that are erased in one transaction."""
_IN_LIST = 500
_LIFTED = (revision, change_item, blob, log_leaf)


class Retention:
    """Part of :class:`~vigie.history.store.History`."""

    def __init__(self, engine: Engine, begin: Begin) -> None:
        self._engine = engine
        self._begin = begin

    def plan(self, policies: Sequence[Policy], holds: Sequence[Hold], now: datetime) -> list[Going]:
        """What each policy would erase; a revision that several want is the first one's."""
        taken: set[int] = set()
        plans = []
        with self._engine.connect() as tx:
            for policy in policies:
                candidates = _candidates(tx, policy, now, with_tags=any(hold.tag for hold in holds))
                going = chosen(policy, holds, (one for one in candidates if one.pk not in taken), now)
                taken.update(going.revisions)
                plans.append(_with_room(tx, going))
        return plans

    def apply(self, going: Going, author: str, now: datetime) -> int:
        """Erase what was planned, and log it; how many revisions. What was erased meanwhile is left alone."""
        erased = 0
        for batch in blobs.batches(going.revisions, BATCH):
            with self._begin() as tx:
                erased += _Erasing(tx, going.policy, author, now).erase(batch)
        return erased

    def runs(self) -> list[Mapping[str, Any]]:
        """All erasures, oldest first: ``policy``, ``at``, ``author``, ``parts``."""
        query = select(erasure_run.c.policy, erasure_run.c.at, erasure_run.c.author, erasure_run.c.parts)
        with self._engine.connect() as tx:
            return [dict(row) for row in tx.execute(query.order_by(erasure_run.c.pk)).mappings()]

    def old_events(self, before: datetime) -> int:
        """How many events from before then explain no revision."""
        with self._engine.connect() as tx:
            return int(tx.execute(select(func.count()).select_from(event).where(*_unused(before))).scalar_one())

    def erase_events(self, before: datetime, author: str, now: datetime) -> int:
        """Remove events from before then that explain no revision, and log how many."""
        with self._begin() as tx:
            old = list(tx.execute(select(event.c.pk).where(*_unused(before))).scalars())
            if not old:
                return 0
            with lifted(tx, (event, event_resource, event_key)):
                for batch in blobs.batches(old, _IN_LIST):
                    tx.execute(delete(event_resource).where(event_resource.c.event_pk.in_(batch)))
                    tx.execute(delete(event_key).where(event_key.c.event_pk.in_(batch)))
                    tx.execute(delete(event).where(event.c.pk.in_(batch)))
            policy = f"events: {len(old)} from before {before:%Y-%m-%d} that explain no change"
            _log_run(tx, policy, author, now, [])
        return len(old)


def _unused(before: datetime) -> tuple[Any, ...]:
    return event.c.at < before, ~exists().where(attribution_event.c.event_pk == event.c.pk)


def _candidates(tx: Connection, policy: Policy, now: datetime, *, with_tags: bool) -> Iterator[Candidate]:
    after = revision.alias("after")
    following = (after.c.resource_pk == revision.c.resource_pk) & (after.c.number == revision.c.number + 1)
    joined = revision.join(resource, revision.c.resource_pk == resource.c.pk)
    joined = joined.join(scope, resource.c.scope_pk == scope.c.pk).outerjoin(after, following)
    columns = (
        *(revision.c.pk, revision.c.resource_pk, revision.c.number, revision.c.kind, revision.c.observed_at),
        *(revision.c.blob_pk, after.c.observed_at.label("next_at"), scope.c.account, scope.c.type),
        *(resource.c.id, resource.c.arn),
    )
    wanted = [
        revision.c.observed_at < now - policy.older_than,
        revision.c.blob_pk.is_not(None),
        revision.c.number < resource.c.head,  # how it is now is what the next look is compared with
    ]
    if policy.kinds:
        wanted.append(revision.c.kind.in_([kind.value for kind in policy.kinds]))
    query = select(*columns).select_from(joined).where(*wanted)
    rows = tx.execute(query.order_by(revision.c.resource_pk, revision.c.number)).all()
    for batch in blobs.batches(rows, _IN_LIST):
        tags = _tags(tx, batch) if with_tags else {}
        for row in batch:
            yield Candidate(
                pk=row.pk,
                resource=row.resource_pk,
                number=row.number,
                kind=ChangeKind(row.kind),
                observed_at=row.observed_at,
                next_at=row.next_at,
                account=row.account,
                type=row.type,
                id=row.id,
                arn=row.arn,
                tags=tags.get(row.pk, ()),
            )


def _tags(tx: Connection, rows: Sequence[AnyRow]) -> dict[int, list[Mapping[str, Any]]]:
    """Tags of those revisions, and of the last known configurations of their resources."""
    of = {row.resource_pk for row in rows}
    kept = select(revision.c.resource_pk, func.max(revision.c.number).label("number"))
    kept = kept.where(revision.c.resource_pk.in_(of), revision.c.blob_pk.is_not(None)).group_by(revision.c.resource_pk)
    last = kept.subquery()
    same = (revision.c.resource_pk == last.c.resource_pk) & (revision.c.number == last.c.number)
    query = select(revision.c.resource_pk, revision.c.blob_pk).select_from(revision.join(last, same))
    lasts = {row.resource_pk: row.blob_pk for row in tx.execute(query)}
    held = blobs.load(tx, [*(row.blob_pk for row in rows), *lasts.values()])
    found: dict[int, list[Mapping[str, Any]]] = {}
    for row in rows:
        both = (held[row.blob_pk].get("Tags"), held[lasts[row.resource_pk]].get("Tags"))
        found[row.pk] = [tags for tags in both if isinstance(tags, Mapping)]
    return found


def _with_room(tx: Connection, going: Going) -> Going:
    """With how much room it makes: configurations that nothing else refers to."""
    uses: Counter[int] = Counter()
    for batch in blobs.batches(going.revisions, _IN_LIST):
        uses.update(tx.execute(select(revision.c.blob_pk).where(revision.c.pk.in_(batch))).scalars())
    freed, size = 0, 0
    for some in blobs.batches(sorted(uses), _IN_LIST):
        alone = _uses(tx, some)
        free = [pk for pk in some if alone[pk] == uses[pk]]
        freed += len(free)
        sizes = select(func.sum(func.length(blob.c.body))).where(blob.c.pk.in_(free))
        size += int(tx.execute(sizes).scalar_one() or 0)
    return replace(going, blobs=freed, stored_bytes=size)


def _uses(tx: Connection, pks: Sequence[int]) -> Counter[int]:
    """How many rows of any table refer to each of those configurations."""
    found: Counter[int] = Counter()
    for table in metadata.tables.values():
        for column in table.columns:
            if any(key.column is blob.c.pk for key in column.foreign_keys):
                rows = tx.execute(select(column, func.count()).where(column.in_(pks)).group_by(column))
                found.update({row[0]: row[1] for row in rows})
    return found


class _Erasing:
    """One transaction of a policy."""

    def __init__(self, tx: Connection, policy: Policy, author: str, now: datetime) -> None:
        self.tx = tx
        self.policy = policy
        self.author = author
        self.now = now
        self.gone: list[tuple[int, str, bytes]] = []
        self.salts: dict[int, bytes] = {}
        """The salts that stay, of revisions that lose their differences alone."""

    def erase(self, pks: Sequence[int]) -> int:
        rows = self._rows(revision.c.pk.in_(pks), revision.c.blob_pk.is_not(None))
        if not rows:
            return 0
        quoting = self._quoting(rows) if self.policy.action is Action.ERASE else []
        both = [row.pk for row in (*rows, *quoting)]
        items = self._items(both)
        before = self._erased_before(both)
        for row in rows:
            self._note_content(row, items.get(row.pk, ()), before.get(row.pk))
        for row in quoting:
            if items.get(row.pk) and row.pk not in before:
                self._note_differences(row, items[row.pk])
        with lifted(self.tx, _LIFTED):
            self._remove(rows)
        _log_run(self.tx, self.policy.name, self.author, self.now, self.gone)
        return len(rows)

    def _rows(self, *conditions: Any) -> Sequence[AnyRow]:
        """Revisions with their digest and their salt (one that is older than the log has none)."""
        leaf = (log_leaf.c.row_pk == revision.c.pk) & (log_leaf.c.kind == int(LeafKind.REVISION))
        joined = revision.outerjoin(blob, blob.c.pk == revision.c.blob_pk).outerjoin(log_leaf, leaf)
        columns = (*revision.c, blob.c.sha, log_leaf.c.salt, log_leaf.c.position)
        return self.tx.execute(select(*columns).select_from(joined).where(*conditions)).all()

    def _quoting(self, rows: Sequence[AnyRow]) -> Sequence[AnyRow]:
        """The revisions after those, that are not erased themselves: their differences hold the old values."""
        before, erased = revision.alias("before"), [row.pk for row in rows]
        follows = (before.c.resource_pk == revision.c.resource_pk) & (before.c.number == revision.c.number - 1)
        after = select(revision.c.pk).select_from(revision.join(before, follows)).where(before.c.pk.in_(erased))
        return self._rows(revision.c.pk.in_(after), revision.c.pk.not_in(erased))

    def _items(self, pks: Sequence[int]) -> dict[int, list[Any]]:
        found: dict[int, list[Any]] = {}
        for item in self.tx.execute(select(change_item).where(change_item.c.revision_pk.in_(pks))).mappings():
            found.setdefault(item["revision_pk"], []).append(item_members(item))
        return found

    def _erased_before(self, pks: Sequence[int]) -> dict[int, bytes]:
        query = select(erasure.c.revision_pk, erasure.c.commitment).where(erasure.c.part == DIFFERENCES)
        rows = self.tx.execute(query.where(erasure.c.revision_pk.in_(pks)))
        return {row.revision_pk: bytes(row.commitment) for row in rows}

    def _note_content(self, row: AnyRow, items: Iterable[Any], before: bytes | None) -> None:
        salt = bytes(row.salt) if row.salt is not None else log.salts(1)[0]
        if before is not None:
            content = revision_content(row.sha, row.durable_sha, before.hex(), row.unreadable)
            self.gone.append((row.pk, CONTENT, commitment(salt, content)))
            return
        content = revision_content(row.sha, row.durable_sha, differences_commitment(salt, items), row.unreadable)
        self.gone.append((row.pk, CONTENT, commitment(content_salt(salt), content)))

    def _note_differences(self, row: AnyRow, items: Iterable[Any]) -> None:
        salt = bytes(row.salt) if row.salt is not None else log.salts(1)[0]
        committed = differences_commitment(salt, items)
        self.gone.append((row.pk, DIFFERENCES, bytes.fromhex(committed or "")))
        self.salts[row.pk] = content_salt(salt)

    def _remove(self, rows: Sequence[AnyRow]) -> None:
        whole = [pk for pk, part, _ in self.gone if part == CONTENT]
        touched = [pk for pk, _, _ in self.gone]
        tx = self.tx
        for batch in blobs.batches(touched, _IN_LIST):
            tx.execute(delete(change_item).where(change_item.c.revision_pk.in_(batch)))
        bare = update(revision).where(revision.c.pk == bindparam("_pk"))
        tx.execute(bare.values(blob_pk=None, durable_sha=None, unreadable=None), [{"_pk": pk} for pk in whole])
        for batch in blobs.batches(whole, _IN_LIST):
            leaves = update(log_leaf).where(log_leaf.c.row_pk.in_(batch), log_leaf.c.kind == int(LeafKind.REVISION))
            tx.execute(leaves.values(salt=None))
        if self.salts:
            of_one = update(log_leaf).where(
                log_leaf.c.row_pk == bindparam("_pk"), log_leaf.c.kind == int(LeafKind.REVISION)
            )
            tx.execute(of_one.values(salt=bindparam("_salt")), [{"_pk": k, "_salt": v} for k, v in self.salts.items()])
        for some in blobs.batches(sorted({row.blob_pk for row in rows}), _IN_LIST):
            used = _uses(tx, some)
            tx.execute(delete(blob).where(blob.c.pk.in_([pk for pk in some if not used[pk]])))


def _log_run(tx: Connection, policy: str, author: str, now: datetime, gone: Sequence[tuple[int, str, bytes]]) -> None:
    """The record of an erasure, and its leaf."""
    row = {
        "policy": policy,
        "at": now,
        "author": author,
        "parts": len(gone),
        "root": root([erasure_hash(*one) for one in gone]),
    }
    pk = tx.execute(insert(erasure_run).returning(erasure_run.c.pk), row).scalar_one()
    lines = [{"run_pk": pk, "revision_pk": of, "part": part, "commitment": held} for of, part, held in gone]
    if lines:
        tx.execute(insert(erasure), lines)
    log.commit(tx, [erasure_statement(pk, row)])
