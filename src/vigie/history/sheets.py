"""Coverage sheets: how all runs that go on stood at one time.

A run grows with every look, and a leaf for each look would be most of the log. So a run has a leaf when it begins and
when it ends, and in between there are sheets of all runs: the leaf of one commits
to the Merkle root of its lines.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import zstandard
from sqlalchemy import Connection, func, insert, select

from vigie.history import log
from vigie.history.columns import COVERAGE
from vigie.history.rows import coverage_of
from vigie.history.statements import run_members, sheet_statement
from vigie.history.tables.archive import coverage, scope
from vigie.history.tables.log import coverage_sheet
from vigie.model.canonical import canonical_bytes
from vigie.model.merkle import leaf_hash, root

_LEVEL = 9


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet, as it is stored."""

    pk: int
    at: datetime
    lines: Mapping[int, Mapping[str, Any]]
    """Number of the run → its members, in the order of the lines."""

    def hashes(self) -> list[bytes]:
        """Leaf hashes of the lines."""
        return [line_hash(pk, members) for pk, members in self.lines.items()]


def line_hash(pk: int, members: Mapping[str, Any]) -> bytes:
    """What a line is in the tree of its sheet."""
    return leaf_hash(canonical_bytes([pk, dict(members)]))


def enter(tx: Connection, now: datetime) -> bool:
    """Make a sheet, if anything was looked at since the last one."""
    last: datetime | None = tx.execute(select(func.max(coverage_sheet.c.at))).scalar_one()
    joined = coverage.join(scope, coverage.c.scope_pk == scope.c.pk)
    query = select(coverage.c.pk, *COVERAGE).select_from(joined).where(coverage.c.current).order_by(coverage.c.pk)
    lines = {row.pk: run_members(coverage_of(row)) for row in tx.execute(query)}
    if not lines or (last is not None and lines == read(tx)[-1].lines):
        return False
    members = {"at": now, "runs": len(lines)}
    body = zstandard.ZstdCompressor(level=_LEVEL).compress(canonical_bytes([[pk, line] for pk, line in lines.items()]))
    pk = tx.execute(insert(coverage_sheet).values(**members, body=body).returning(coverage_sheet.c.pk)).scalar_one()
    top = root([line_hash(number, line) for number, line in lines.items()])
    log.commit(tx, [sheet_statement(pk, members, top)])
    return True


def read(tx: Connection, pks: Sequence[int] | None = None) -> list[Sheet]:
    """Those sheets, in their order; without numbers, the last alone.

    Raises:
        ValueError: a body cannot be read (it was changed).
    """
    query = select(coverage_sheet).order_by(coverage_sheet.c.pk)
    if pks is None:
        query = select(coverage_sheet).order_by(coverage_sheet.c.pk.desc()).limit(1)
    else:
        query = query.where(coverage_sheet.c.pk.in_(pks))
    return [sheet_of(row) for row in tx.execute(query)]


def sheet_of(row: Any) -> Sheet:
    """Raises ``ValueError``: the body cannot be read."""
    try:
        lines = json.loads(zstandard.ZstdDecompressor().decompress(bytes(row.body)))
        return Sheet(row.pk, row.at, {int(pk): line for pk, line in lines})
    except (zstandard.ZstdError, UnicodeDecodeError, TypeError, ValueError) as error:
        raise ValueError(f"its body cannot be read: {error}") from error
