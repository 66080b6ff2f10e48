"""The evidence log: leaves get their place, tiles are closed, proofs are read.

A leaf is made in the transaction that writes what it commits to. SQLite has one writer at a time, so there the leaf
gets its place at once. On PostgreSQL that would let one writer wait for another: leaves are put into ``log_pending``
and a sequencer (``vigie up``, every sweep, or whoever comes first) moves them on in the order of their numbers, under a
lock of its own. docs/decisions/evidence.md has the reasons.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, delete, func, insert, select, text

from vigie.history.blobs import batches
from vigie.history.tables.log import log_leaf, log_pending, log_tile, tree_head
from vigie.model import merkle
from vigie.model.leaves import SALT_BYTES, LeafKind, Statement

Begin = Callable[[], AbstractContextManager[Connection]]
BATCH: Final = 10_000
"""Leaves that the sequencer moves in one transaction."""
_LOCK = 7_614_390_113
"""PostgreSQL: one sequencer at a time."""


def salts(count: int) -> list[bytes]:
    """Fresh ones, from the system's randomness."""
    drawn = secrets.token_bytes(SALT_BYTES * count)
    return [drawn[n : n + SALT_BYTES] for n in range(0, len(drawn), SALT_BYTES)]


def commit(tx: Connection, statements: Sequence[Statement], salted: Sequence[bytes | None] = ()) -> None:
    """Enter leaves, in the transaction that writes what they commit to. ``salted``: the salt of each, if any."""
    if not statements:
        return
    kept = salted or [None] * len(statements)
    rows = [
        {"kind": int(one.kind), "row_pk": one.row, "salt": salt, "leaf": one.leaf()}
        for one, salt in zip(statements, kept, strict=True)
    ]
    if tx.dialect.name == "sqlite":
        _append(tx, rows)
    else:
        tx.execute(insert(log_pending), rows)


def size(tx: Connection) -> int:
    """How many leaves have a place."""
    last: int | None = tx.execute(select(func.max(log_leaf.c.position))).scalar_one()
    return 0 if last is None else last + 1


def _append(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    first = size(tx)
    tx.execute(insert(log_leaf), [{"position": first + n, **row} for n, row in enumerate(rows)])
    _close_tiles(tx, first, [row["leaf"] for row in rows])


def _move(tx: Connection, most: int) -> int:
    """Give the oldest pending leaves their place; how many. PostgreSQL: nothing but hashes leaves the server."""
    chosen = select(log_pending.c.pk).order_by(log_pending.c.pk).limit(most).scalar_subquery()
    taken = delete(log_pending).where(log_pending.c.pk.in_(chosen)).returning(log_pending).cte("taken")
    first = size(tx)
    place = func.row_number().over(order_by=taken.c.pk) - 1 + first
    moved = insert(log_leaf).from_select(
        ["position", "kind", "row_pk", "salt", "leaf"],
        select(place, taken.c.kind, taken.c.row_pk, taken.c.salt, taken.c.leaf),
    )
    placed = tx.execute(moved.returning(log_leaf.c.position, log_leaf.c.leaf).add_cte(taken)).all()
    _close_tiles(tx, first, [bytes(row.leaf) for row in sorted(placed, key=lambda row: row.position)])
    return len(placed)


def _close_tiles(tx: Connection, first: int, hashes: Sequence[bytes]) -> None:
    """Enter the roots of the tiles that are full now, level by level. ``hashes``: new ones below, from ``first``."""
    level = 1
    while hashes and (first + len(hashes)) // merkle.TILE > first // merkle.TILE:
        number, inside = divmod(first, merkle.TILE)
        before = _hashes(tx, level - 1, first - inside, first) if inside else []
        whole = [group for group in batches([*before, *hashes], merkle.TILE) if len(group) == merkle.TILE]
        roots = [merkle.root(group) for group in whole]
        rows = [{"level": level, "number": number + n, "root": root} for n, root in enumerate(roots)]
        tx.execute(insert(log_tile), rows)
        first, hashes, level = number, roots, level + 1


def _hashes(tx: Connection, level: int, start: int, end: int) -> list[bytes]:
    """Leaf hashes (level 0) or roots of tiles, in their order."""
    if level == 0:
        place, found = log_leaf.c.position, select(log_leaf.c.leaf)
    else:
        place, found = log_tile.c.number, select(log_tile.c.root).where(log_tile.c.level == level)
    rows = tx.execute(found.where(place >= start, place < end).order_by(place)).scalars()
    return [bytes(row) for row in rows]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf in its place."""

    position: int
    kind: LeafKind
    row: int
    salt: bytes | None
    hash: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """A tree head: the whole log up to a size, in one hash, signed."""

    size: int
    root: bytes
    at: datetime
    note: str
    """The signed checkpoint."""


class Tree:
    """The log as one transaction sees it: hashes of subtrees, roots, proofs."""

    def __init__(self, tx: Connection) -> None:
        self._tx = tx
        self._tiles: dict[tuple[int, int], list[bytes]] = {}

    def node(self, height: int, number: int) -> bytes:
        """See :data:`vigie.model.merkle.Node`. Out of the tile that holds it; at most 256 hashes are read."""
        level, up = divmod(height, merkle.TILE_HEIGHT)
        start = number << up
        tile, inside = divmod(start, merkle.TILE)
        held = self._tiles.get((level, tile))
        if held is None:
            held = _hashes(self._tx, level, tile * merkle.TILE, (tile + 1) * merkle.TILE)
            self._tiles[level, tile] = held
        return merkle.root(held[inside : inside + (1 << up)])

    def root(self, size: int) -> bytes:
        return merkle.span_root((0, size), self.node)

    def inclusion(self, position: int, size: int) -> list[bytes]:
        """Proof that the leaf is in the tree of that size."""
        return merkle.proof(merkle.inclusion_spans(position, size), self.node)

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Proof that the tree of ``new`` leaves begins with that of ``old``."""
        return merkle.proof(merkle.consistency_spans(old, new), self.node)


class Log:
    """Part of :class:`~vigie.history.store.History`."""

    def __init__(self, engine: Engine, begin: Begin) -> None:
        self._engine = engine
        self._begin = begin

    def sequence(self) -> int:
        """Give every leaf that waits its place; how many. Another process that is at it does it for us."""
        if self._engine.dialect.name == "sqlite":
            return 0
        moved = 0
        while True:
            with self._begin() as tx:
                if not tx.execute(text(f"SELECT pg_try_advisory_xact_lock({_LOCK})")).scalar_one():
                    return moved
                batch = _move(tx, BATCH)
            moved += batch
            if batch < BATCH:
                return moved

    def size(self) -> int:
        with self._engine.connect() as tx:
            return size(tx)

    def waiting(self) -> int:
        """Leaves that were committed and have no place yet."""
        with self._engine.connect() as tx:
            return int(tx.execute(select(func.count()).select_from(log_pending)).scalar_one())

    def leaves_of(self, kind: LeafKind, rows: Iterable[int]) -> dict[int, Leaf]:
        """The leaves of those rows, by row; one that waits is not among them."""
        query = select(log_leaf).where(log_leaf.c.kind == int(kind))
        found: dict[int, Leaf] = {}
        with self._engine.connect() as tx:
            for batch in batches(sorted(rows), 500):
                for row in tx.execute(query.where(log_leaf.c.row_pk.in_(batch))):
                    salt = bytes(row.salt) if row.salt is not None else None
                    found[row.row_pk] = Leaf(row.position, kind, row.row_pk, salt, bytes(row.leaf))
        return found

    def root(self, size: int) -> bytes:
        """Root of the log as it was with so many leaves. Raises ``ValueError`` where it has fewer."""
        with self._engine.connect() as tx:
            return self._tree(tx, size).root(size)

    def inclusion(self, position: int, size: int) -> list[bytes]:
        """Raises ``ValueError`` where there is no such leaf, or no such size."""
        with self._engine.connect() as tx:
            return self._tree(tx, size).inclusion(position, size)

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Raises ``ValueError`` where the log has no such sizes."""
        with self._engine.connect() as tx:
            return self._tree(tx, new).consistency(old, new)

    def _tree(self, tx: Connection, wanted: int) -> Tree:
        held = size(tx)
        if wanted > held:
            raise ValueError(f"the log has {held} leaves, not {wanted}")
        return Tree(tx)

    # --- heads

    def add_head(self, tx: Connection, head: Head) -> None:
        """Keep a signed head."""
        tx.execute(insert(tree_head).values(size=head.size, root=head.root, at=head.at, note=head.note))

    def last_head(self) -> Head | None:
        """The last that was made."""
        with self._engine.connect() as tx:
            row = tx.execute(select(tree_head).order_by(tree_head.c.pk.desc()).limit(1)).one_or_none()
        return _head(row) if row is not None else None

    def heads(self) -> list[Head]:
        """All of them, oldest first."""
        with self._engine.connect() as tx:
            return [_head(row) for row in tx.execute(select(tree_head).order_by(tree_head.c.pk))]


def _head(row: Any) -> Head:
    return Head(row.size, bytes(row.root), row.at, row.note)
