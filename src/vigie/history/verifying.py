"""Verifies the store against its evidence log: every leaf is made again from what it commits to, every hash again.

Rows are read as the database holds them, not as values of the model: what was tampered with may be no value at all. A
defect is named and does not end the verification.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import zstandard
from sqlalchemy import ColumnElement, Connection, Engine, and_, column, func, select, table
from sqlalchemy import true as always

from vigie.history import blobs, log, sheets
from vigie.history.columns import AnyRow
from vigie.history.statements import (
    CREDITED_ACTOR,
    Row,
    attribution_statement,
    coverage_begun,
    coverage_ended,
    erasure_statement,
    finding_state_statement,
    imported_statement,
    item_members,
    revision_header,
    run_seal,
    sheet_statement,
    stored_run,
)
from vigie.history.tables.all import metadata
from vigie.history.tables.base import digest_text
from vigie.model.canonical import canonical_bytes
from vigie.model.finding import FindingKey
from vigie.model.leaves import (
    LeafKind,
    Statement,
    commitment,
    content_salt,
    differences_commitment,
    revision_content,
)
from vigie.model.merkle import TILE, Frontier, leaf_hash, root, subtrees
from vigie.model.scope import Scope
from vigie.model.verification import Verified

CHUNK: Final = 5_000
"""Leaves that are looked at together."""
CONTENT: Final = "content"
DIFFERENCES: Final = "differences"


def raw(name: str) -> Any:
    """A table without types: columns come as the driver gives them."""
    return table(name, *(column(one.name) for one in metadata.tables[name].columns))


_leaf, _pending, _tile, _head = raw("log_leaf"), raw("log_pending"), raw("log_tile"), raw("tree_head")
_revision, _resource, _scope, _blob = raw("revision"), raw("resource"), raw("scope"), raw("blob")
_item, _coverage, _sheet = raw("change_item"), raw("coverage"), raw("coverage_sheet")
_state, _finding = raw("finding_state"), raw("finding")
_attribution, _credit, _event = raw("attribution"), raw("attribution_event"), raw("event")
_actor, _imported = raw("actor"), raw("imported_state")
_run, _erasure = raw("erasure_run"), raw("erasure")


def verify(engine: Engine, *, since: int = 0, last_configuration: int = 0) -> Verified:
    """Look at all of the store, or at what came after ``since`` leaves and that configuration.

    Raises:
        StoreError: the store cannot be read.
    """
    with engine.connect() as tx:
        if engine.dialect.name == "postgresql":
            tx = tx.execution_options(isolation_level="REPEATABLE READ")
        return verify_in(tx, Verified(since=since, last_configuration=last_configuration))


def verify_in(tx: Connection, found: Verified) -> Verified:
    """All of it, as one transaction sees the store."""
    found.leaves = log.size(tx)
    found.waiting = int(tx.execute(select(func.count()).select_from(_pending)).scalar_one())
    _Structure(tx, found).verify()
    for start, end in _chunks(tx, found.since):
        for kind, verifier in _VERIFIERS.items():
            verifier(tx, found, kind, _between(start, end))
    for row in tx.execute(select(_leaf).where(_leaf.c.kind.not_in([int(kind) for kind in _VERIFIERS]))):
        found.defect("leaf", f"leaf {row.position}", f"it is of a kind ({row.kind}) that this vigie does not know")
    for kind in _HOLDERS:
        _without_leaf(tx, found, kind)
    _verify_going_on(tx, found)
    _verify_present(tx, found)
    _verify_configurations(tx, found)
    return found


def _chunks(tx: Connection, start: int) -> Iterator[tuple[int, int]]:
    """Spans of positions with at most CHUNK leaves each; a position that was changed may be any number."""
    while True:
        some = select(_leaf.c.position).where(_leaf.c.position >= start).order_by(_leaf.c.position).limit(CHUNK)
        last = tx.execute(select(func.max(some.subquery().c.position))).scalar_one()
        if last is None:
            return
        yield start, last + 1
        start = last + 1


def _between(start: int, end: int) -> ColumnElement[bool]:
    return and_(_leaf.c.position >= start, _leaf.c.position < end)


# --- the log itself


class _Structure:
    """Leaves in their order, tiles and heads: the hashes alone."""

    def __init__(self, tx: Connection, found: Verified) -> None:
        self.tx = tx
        self.found = found
        self.frontier = Frontier()
        self.tiles = {(row.level, row.number): bytes(row.root) for row in tx.execute(select(_tile))}
        self.roots: dict[int, list[bytes]] = {level: [] for level in range(1, 6)}
        self.start = 0
        heads = tx.execute(select(_head).order_by(_head.c.pk)).all()
        self.heads: dict[int, list[AnyRow]] = {}
        for head in heads:
            self.heads.setdefault(head.size, []).append(head)

    def _begin(self) -> None:
        """Begin at the last whole tile that was verified before, from the hashes of subtrees to its left."""
        self.start = self.found.since // TILE * TILE
        tree = log.Tree(self.tx)
        self.frontier = Frontier(self.start, [tree.node(*subtree) for subtree in subtrees((0, self.start))])
        for level, roots in self.roots.items():
            roots += [self.tiles.get((level, number), b"") for number in range(self.start // TILE**level)]

    def verify(self) -> None:
        self._begin()
        self._heads_at(self.start)
        group: list[bytes] = []
        for row in self._leaves():
            if row.position != self.frontier.size:
                why = f"it is gone from the log, where leaf {row.position} comes next; what follows was not looked at"
                self.found.defect("leaf", f"leaf {self.frontier.size}", why)
                break
            self._grow(bytes(row.leaf), group)
        for number, heads in sorted(self.heads.items()):
            for head in heads if number > self.frontier.size else []:
                self.found.defect("head", _head_name(head), f"the log is whole only up to leaf {self.frontier.size:,}")
        for level, number in sorted(self.tiles):
            if number >= len(self.roots.get(level, ())):
                self.found.defect("tile", f"tile {number} of level {level}", "the log has no leaves for it")
        self.found.root = self.frontier.root()

    def _leaves(self) -> Iterator[AnyRow]:
        for start, end in _chunks(self.tx, self.start):
            query = select(_leaf.c.position, _leaf.c.leaf).where(_between(start, end))
            yield from self.tx.execute(query.order_by(_leaf.c.position))

    def _grow(self, leaf: bytes, group: list[bytes]) -> None:
        self.frontier.add(leaf)
        self._heads_at(self.frontier.size)
        group.append(leaf)
        if len(group) == TILE:
            self._close(1, root(group))
            group.clear()

    def _close(self, level: int, top: bytes) -> None:
        below = self.roots.setdefault(level, [])
        number = len(below)
        below.append(top)
        stored = self.tiles.get((level, number))
        if stored == top:
            self.found.tiles += 1
        else:
            first = number * TILE**level
            why = "it is gone" if stored is None else "it is not the root of its leaves"
            self.found.defect(
                "tile", f"tile {number} of level {level} (leaves {first} to {first + TILE**level - 1})", why
            )
        if len(below) % TILE == 0:
            self._close(level + 1, root(below[-TILE:]))

    def _heads_at(self, size: int) -> None:
        for head in self.heads.get(size, ()):
            if bytes(head.root) == self.frontier.root():
                self.found.heads += 1
            else:
                self.found.defect("head", _head_name(head), "its root is not that of the leaves: they, or it, changed")


def _head_name(head: AnyRow) -> str:
    return f"head {head.pk} (of {head.size:,} leaves)"


# --- rows and their leaves


def _joined(kind: LeafKind, between: ColumnElement[bool], onto: Any, *columns: Any, then: Sequence[Any] = ()) -> Any:
    """Leaves of a kind with their rows, and what else they name; members of what is gone are null."""
    source = _leaf.outerjoin(onto, onto.c.pk == _leaf.c.row_pk)
    for other, on in then:
        source = source.outerjoin(other, on)
    leaf = (_leaf.c.position, _leaf.c.row_pk, _leaf.c.salt, _leaf.c.leaf)
    query = select(*leaf, *columns).select_from(source).where(_leaf.c.kind == int(kind), between)
    return query.order_by(_leaf.c.position)


def _settle(
    found: Verified, kind: LeafKind, row: AnyRow, name: str, made: Callable[[], Statement], *, there: bool
) -> None:
    """Make the leaf of a row again and compare."""
    if not there:
        found.defect(kind.label, f"row {row.row_pk} of {_HOLDERS[kind].name} (leaf {row.position})", "the row is gone")
        return
    try:
        statement = made()
        if statement.commitment is None and row.salt is not None:
            raise ValueError("a salt, where nothing is salted")
        same = statement.leaf() == bytes(row.leaf)
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        found.defect(kind.label, f"{name} (leaf {row.position})", f"it holds what was never written: {error}")
        return
    if same:
        found.counted(kind.label)
    else:
        found.defect(kind.label, f"{name} (leaf {row.position})", "it is not what its leaf commits to")


def _verify_revisions(tx: Connection, found: Verified, kind: LeafKind, between: ColumnElement[bool]) -> None:
    then = [
        (_resource, _resource.c.pk == _revision.c.resource_pk),
        (_scope, _scope.c.pk == _resource.c.scope_pk),
        (_blob, _blob.c.pk == _revision.c.blob_pk),
    ]
    place = (_scope.c.account, _scope.c.region, _scope.c.type, _resource.c.id)
    query = _joined(kind, between, _revision, *_revision.c, *place, _blob.c.sha, then=then)
    of_these = select(_leaf.c.row_pk).where(_leaf.c.kind == int(kind), between)
    items: dict[int, list[Row]] = {}
    for item in tx.execute(select(_item).where(_item.c.revision_pk.in_(of_these))).mappings():
        items.setdefault(item["revision_pk"], []).append(item)
    erasures = {
        (row.revision_pk, row.part): bytes(row.commitment)
        for row in tx.execute(select(_erasure).where(_erasure.c.revision_pk.in_(of_these)))
    }
    for row in tx.execute(query):
        erased = {part: erasures.get((row.row_pk, part)) for part in (CONTENT, DIFFERENCES)}
        differences = items.get(row.row_pk, ())
        _settle(
            found,
            kind,
            row,
            f"revision {row.number} of {row.type} {row.id} in {row.account} {row.region}",
            lambda row=row, items=differences, erased=erased: _revision_again(row, items, erased),  # type: ignore[misc]
            there=row.pk is not None,
        )
        if row.pk is None:
            continue
        found.erased += erased[CONTENT] is not None
        if bool(row.durable) is (row.kind in ("ephemeral", "baseline")):
            found.defect("revision", f"revision {row.number} of {row.type} {row.id}", "its mark `durable` was changed")


def _revision_again(row: AnyRow, items: Iterable[Row], erased: Mapping[str, bytes | None]) -> Statement:
    header = revision_header(Scope(row.account, row.region, row.type), row.id, row._mapping)
    held = erased[CONTENT]
    if held is not None:
        if row.blob_pk is not None or row.durable_sha is not None or row.salt is not None or list(items):
            raise ValueError("its erased contents are there again")
        return Statement(LeafKind.REVISION, row.row_pk, header, held)
    if row.salt is None:
        raise ValueError("its salt is gone, and no erasure is logged")
    if row.blob_pk is None and row.kind != "deleted":
        raise ValueError("its configuration is gone, and no erasure is logged")
    salt, gone = bytes(row.salt), erased[DIFFERENCES]
    differences = differences_commitment(salt, map(item_members, items)) if gone is None else gone.hex()
    if gone is not None and list(items):
        raise ValueError("its erased differences are there again")
    content = revision_content(_digest(row.sha), _digest(row.durable_sha), differences, row.unreadable)
    return Statement(
        LeafKind.REVISION, row.row_pk, header, commitment(content_salt(salt) if gone is None else salt, content)
    )


def _digest(stored: Any) -> str | None:
    return None if stored is None else digest_text(bytes(stored))


def _verify_states(tx: Connection, found: Verified, kind: LeafKind, between: ColumnElement[bool]) -> None:
    of = (_finding.c.rule, _finding.c.resource_pk, _finding.c.subject)
    then = [(_finding, _finding.c.pk == _state.c.finding_pk)]
    for row in tx.execute(_joined(kind, between, _state, *_state.c, *of, then=then)):

        def made(row: AnyRow = row) -> Statement:
            key = FindingKey(row.rule, row.resource_pk, row.subject)
            return finding_state_statement(row.row_pk, key, row._mapping, bytes(row.salt or b""))

        name = f"state {row.pk} of finding {row.finding_pk} ({row.rule})"
        _settle(found, kind, row, name, made, there=row.pk is not None)


def _verify_runs(tx: Connection, found: Verified, kind: LeafKind, between: ColumnElement[bool]) -> None:
    then = [(_scope, _scope.c.pk == _coverage.c.scope_pk)]
    place = (_scope.c.account, _scope.c.region, _scope.c.type)
    make = coverage_begun if kind is LeafKind.COVERAGE_BEGUN else coverage_ended
    for row in tx.execute(_joined(kind, between, _coverage, *_coverage.c, *place, then=then)):

        def made(row: AnyRow = row) -> Statement:
            if kind is LeafKind.COVERAGE_ENDED and row.current:
                raise ValueError("it ended, and is marked as going on")
            return make(row.row_pk, _run_of(row))

        _settle(found, kind, row, _run_name(row), made, there=row.pk is not None)


def _run_of(row: AnyRow) -> dict[str, Any]:
    return stored_run(Scope(row.account, row.region, row.type), row._mapping)


def _run_name(row: AnyRow) -> str:
    return f"run {row.pk} ({row.status}) of {row.type} in {row.account} {row.region}"


def _verify_sheets(tx: Connection, found: Verified, kind: LeafKind, between: ColumnElement[bool]) -> None:
    for row in tx.execute(_joined(kind, between, _sheet, *_sheet.c)):

        def made(row: AnyRow = row) -> Statement:
            sheet = sheets.sheet_of(row)
            return sheet_statement(row.pk, row._mapping, root(sheet.hashes()))

        _settle(found, kind, row, f"coverage sheet {row.row_pk}", made, there=row.pk is not None)


def _verify_erasures(tx: Connection, found: Verified, kind: LeafKind, between: ColumnElement[bool]) -> None:
    for row in tx.execute(_joined(kind, between, _run, *_run.c)):

        def made(row: AnyRow = row) -> Statement:
            lines = tx.execute(select(_erasure).where(_erasure.c.run_pk == row.pk).order_by(_erasure.c.pk)).all()
            if len(lines) != row.parts or root([erasure_hash(*_erased(line)) for line in lines]) != bytes(row.root):
                raise ValueError("what it lists as erased was changed")
            return erasure_statement(row.pk, row._mapping)

        name = f"erasure {row.row_pk} by the policy {row.policy}"
        _settle(found, kind, row, name, made, there=row.pk is not None)


def erasure_hash(revision: int, part: str, committed: bytes) -> bytes:
    """What one erased part is in the tree of its run."""
    return leaf_hash(canonical_bytes([revision, part, committed.hex()]))


def _erased(line: AnyRow) -> tuple[int, str, bytes]:
    return line.revision_pk, line.part, bytes(line.commitment)


def _verify_attributions(tx: Connection, found: Verified, kind: LeafKind, between: ColumnElement[bool]) -> None:
    of_these = select(_leaf.c.row_pk).where(_leaf.c.kind == int(kind), between)
    joined = _credit.join(_event, _event.c.pk == _credit.c.event_pk).join(_actor, _actor.c.pk == _event.c.actor_pk)
    of_actor = (_actor.c[name] for name in CREDITED_ACTOR)
    columns = (*_credit.c, _event.c.id, _event.c.at.label("event_at"), _event.c.body, *of_actor)
    credits: dict[int, list[Row]] = {}
    for part in tx.execute(
        select(*columns).select_from(joined).where(_credit.c.attribution_pk.in_(of_these))
    ).mappings():
        credits.setdefault(part["attribution_pk"], []).append(part)
    for row in tx.execute(_joined(kind, between, _attribution, *_attribution.c)):

        def made(row: AnyRow = row) -> Statement:
            return attribution_statement(row.pk, row._mapping, credits.get(row.pk, ()))

        name = f"attribution {row.number} of revision row {row.revision_pk}"
        _settle(found, kind, row, name, made, there=row.pk is not None)


def _verify_imported(tx: Connection, found: Verified, kind: LeafKind, between: ColumnElement[bool]) -> None:
    then = [(_blob, _blob.c.pk == _imported.c.blob_pk)]
    for row in tx.execute(_joined(kind, between, _imported, *_imported.c, _blob.c.sha, then=then)):

        def made(row: AnyRow = row) -> Statement:
            return imported_statement(row.pk, row._mapping, _digest(row.sha) or "")

        name = f"state {row.pk} of {row.type} {row.id}, imported from {row.origin}"
        _settle(found, kind, row, name, made, there=row.pk is not None)


_VERIFIERS: Final = {
    LeafKind.IMPORTED_STATE: _verify_imported,
    LeafKind.ATTRIBUTION: _verify_attributions,
    LeafKind.REVISION: _verify_revisions,
    LeafKind.FINDING_STATE: _verify_states,
    LeafKind.COVERAGE_BEGUN: _verify_runs,
    LeafKind.COVERAGE_ENDED: _verify_runs,
    LeafKind.COVERAGE_SHEET: _verify_sheets,
    LeafKind.ERASURE: _verify_erasures,
}
_HOLDERS: Final = {
    LeafKind.IMPORTED_STATE: _imported,
    LeafKind.ATTRIBUTION: _attribution,
    LeafKind.REVISION: _revision,
    LeafKind.FINDING_STATE: _state,
    LeafKind.COVERAGE_BEGUN: _coverage,
    LeafKind.COVERAGE_ENDED: _coverage,
    LeafKind.COVERAGE_SHEET: _sheet,
    LeafKind.ERASURE: _run,
}


def _without_leaf(tx: Connection, found: Verified, kind: LeafKind) -> None:
    """Rows that nothing commits to: slipped in, or older than the log."""
    holder = _HOLDERS[kind]
    of_kind = _leaf.c.kind == int(kind)
    oldest = tx.execute(select(func.min(_leaf.c.row_pk)).where(of_kind)).scalar_one()
    committed = (
        select(_leaf.c.row_pk).where(of_kind).union_all(select(_pending.c.row_pk).where(_pending.c.kind == int(kind)))
    )
    ended = ~_coverage.c.current if kind is LeafKind.COVERAGE_ENDED else always()
    bare = select(holder.c.pk).where(holder.c.pk.not_in(committed), ended).order_by(holder.c.pk)
    older = 0
    for (pk,) in tx.execute(bare):
        if oldest is None or pk < oldest:
            older += 1
        else:
            found.defect(
                kind.label, f"row {pk} of {holder.name}", "nothing in the log commits to it: it was slipped in"
            )
    if older:
        found.before[kind.label] = older


# --- what may change


def _verify_going_on(tx: Connection, found: Verified) -> None:
    """Runs that go on, against the last sheet: they may have grown, and nothing else."""
    last = tx.execute(select(_sheet).order_by(_sheet.c.pk.desc()).limit(1)).one_or_none()
    joined = _coverage.join(_scope, _scope.c.pk == _coverage.c.scope_pk)
    rows = tx.execute(
        select(*_coverage.c, _scope.c.account, _scope.c.region, _scope.c.type)
        .select_from(joined)
        .where(_coverage.c.current)
    ).all()
    try:
        lines = dict(sheets.sheet_of(last).lines) if last is not None else {}
    except ValueError:
        return  # told already: the sheet has a leaf
    for row in rows:
        line = lines.get(row.pk)
        try:
            now = _run_of(row)
            if row.seal is not None and bytes(row.seal) != run_seal(now):
                found.defect("coverage", _run_name(row), "it does not have its seal")
            elif line is None or now["last_looked"] > line["last_looked"]:
                found.unproven_runs += 1
            elif now != line:
                found.defect("coverage", _run_name(row), "it is not what the last coverage sheet says")
        except (ValueError, TypeError) as error:
            found.defect("coverage", _run_name(row), f"it holds what was never written: {error}")


def _verify_present(tx: Connection, found: Verified) -> None:
    """The last revision of each resource is the one that counts as its present state."""
    newest = select(_revision.c.resource_pk, func.max(_revision.c.number).label("number")).group_by(
        _revision.c.resource_pk
    )
    last = newest.subquery()
    joined = _resource.outerjoin(last, last.c.resource_pk == _resource.c.pk).outerjoin(
        _revision, and_(_revision.c.resource_pk == _resource.c.pk, _revision.c.number == last.c.number)
    )
    query = select(
        _resource.c.pk, _resource.c.id, _resource.c.head, _resource.c.present, last.c.number, _revision.c.kind
    )
    for row in tx.execute(query.select_from(joined)):
        if row.head != row.number or bool(row.present) is (row.kind == "deleted"):
            found.defect(
                "resource", f"resource {row.pk} ({row.id})", "its present state is not that of its last revision"
            )


# --- configurations


def _verify_configurations(tx: Connection, found: Verified) -> None:
    last = found.last_configuration
    while True:
        query = select(_blob).where(_blob.c.pk > last).order_by(_blob.c.pk).limit(CHUNK // 5)
        rows = tx.execute(query).all()
        for row in rows:
            why = _configuration_defect(row)
            if why is None:
                found.configurations += 1
            else:
                found.defect("configuration", _configuration_name(tx, row), why)
        if not rows:
            break
        last = rows[-1].pk
    found.last_configuration = last


def _configuration_defect(row: AnyRow) -> str | None:
    try:
        canonical = blobs.decompress(bytes(row.body), row.dictionary)
    except (zstandard.ZstdError, KeyError, TypeError) as error:
        return f"its body cannot be read: {error}"
    sha = bytes(row.sha)
    if hashlib.sha256(canonical).digest() != sha[1:] or sha[0] != 1:
        return "its body does not have its digest"
    return None if len(canonical) == row.size else "its size was changed"


def _configuration_name(tx: Connection, row: AnyRow) -> str:
    joined = _revision.join(_resource, _resource.c.pk == _revision.c.resource_pk)
    query = select(_revision.c.number, _resource.c.id).select_from(joined).where(_revision.c.blob_pk == row.pk)
    of = [f"revision {one.number} of {one.id}" for one in tx.execute(query.limit(3))]
    return f"configuration {row.pk} ({', '.join(of) or 'of no revision'})"
