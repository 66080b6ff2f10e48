"""Reads what an evidence bundle holds: the committed rows around a time, their salts, and proofs for one head."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, select

from vigie.history import asof, blobs, log, sheets
from vigie.history.columns import COVERAGE, REVISIONS, AnyRow
from vigie.history.rows import coverage_of
from vigie.history.statements import item_members, revision_header, run_members
from vigie.history.tables.archive import blob, change_item, coverage, resource, revision, scope
from vigie.history.tables.log import coverage_sheet, erasure, erasure_run, log_leaf
from vigie.model.bundle import FORMAT
from vigie.model.canonical import instant_text
from vigie.model.change import StateAt
from vigie.model.errors import StoreError
from vigie.model.leaves import LeafKind, differences_commitment, micros, revision_content
from vigie.model.merkle import inclusion_spans, nodes_of, proof, root
from vigie.model.scope import Scope


def bundle(engine: Engine, pk: int, when: datetime, head: log.Head) -> dict[str, Any]:
    """The evidence of how a resource was at a time, but for the head and the keys.

    Raises:
        KeyError: the resource is not recorded.
        StoreError: what is to be proven has no leaf under that head.
    """
    with engine.connect() as tx:
        known = asof.read(tx, pk, when)
        if known is None:
            raise KeyError(pk)
        return _Reading(tx, pk, head).document(asof.state_at(known, when))


class _Reading:
    def __init__(self, tx: Connection, pk: int, head: log.Head) -> None:
        self.tx = tx
        self.head = head
        self.tree = log.Tree(tx)
        query = select(resource.c.id, resource.c.scope_pk, scope.c.account, scope.c.region, scope.c.type)
        joined = resource.join(scope, resource.c.scope_pk == scope.c.pk)
        self.resource = tx.execute(query.select_from(joined).where(resource.c.pk == pk)).one()
        self.scope = Scope(self.resource.account, self.resource.region, self.resource.type)

    def document(self, state: StateAt) -> dict[str, Any]:
        before, after = state.revision, state.next_revision
        if after is None and before is not None:
            following = (revision.c.resource_pk == before.resource.pk) & (revision.c.number == before.number + 1)
            found = self.tx.execute(select(revision.c.pk).where(following)).scalar_one_or_none()
        else:
            found = after.pk if after else None
        moments = [state.asked] + ([before.observed_at] if before else [])
        return {
            "format": FORMAT,
            "resource": {
                "account": self.scope.account,
                "region": self.scope.region,
                "type": self.scope.type,
                "id": self.resource.id,
            },
            "asked": instant_text(state.asked),
            "certainty": state.certainty.value,
            "explanation": state.explanation,
            "revision": self._revision(before.pk, whole=True) if before else None,
            "next": self._revision(found, whole=False) if found else None,
            "coverage": self._coverage(min(moments), max(moments)),
        }

    def _proven(self, position: int) -> dict[str, Any]:
        steps = self.tree.inclusion(position, self.head.size)
        return {"position": position, "proof": [step.hex() for step in steps]}

    def _leaf(self, kind: LeafKind, row: int) -> AnyRow:
        query = select(log_leaf).where(log_leaf.c.kind == int(kind), log_leaf.c.row_pk == row)
        found: AnyRow | None = self.tx.execute(query).one_or_none()
        if found is None or found.position >= self.head.size:
            raise StoreError(
                f"There is no evidence of the {kind.label} in row {row}: it is older than the evidence log, or was "
                "slipped in (`vigie verify` says which)."
            )
        return found

    def _revision(self, pk: int | None, *, whole: bool) -> dict[str, Any]:
        """With its configuration and differences; or only as much as shows when it was seen."""
        columns = (*revision.c, blob.c.sha, blob.c.body, blob.c.dictionary)
        row = self.tx.execute(select(*columns).select_from(REVISIONS).where(revision.c.pk == pk)).one()
        leaf = self._leaf(LeafKind.REVISION, row.pk)
        query = select(change_item).where(change_item.c.revision_pk == row.pk)
        items = [item_members(item) for item in self.tx.execute(query).mappings()]
        erased = {
            one.part: one
            for one in self.tx.execute(
                select(erasure.c.part, erasure.c.commitment, erasure_run.c.policy, erasure_run.c.at)
                .select_from(erasure.join(erasure_run, erasure.c.run_pk == erasure_run.c.pk))
                .where(erasure.c.revision_pk == row.pk)
            )
        }
        told: dict[str, Any] = {"header": revision_header(self.scope, self.resource.id, row._mapping)}
        gone, bare = erased.get("content"), erased.get("differences")
        if gone is not None:
            told["erased"] = {
                "policy": gone.policy,
                "at": instant_text(gone.at),
                "commitment": bytes(gone.commitment).hex(),
            }
            return told | self._proven(leaf.position)
        salt = bytes(leaf.salt)
        differences = bytes(bare.commitment).hex() if bare is not None else differences_commitment(salt, items)
        told |= {
            "erased": None,
            "salt": salt.hex(),
            "content": revision_content(row.sha, row.durable_sha, differences, row.unreadable),
            "differences": [list(item) for item in items] if bare is None else None,
        }
        if whole and row.body is not None:
            canonical = blobs.decompress(bytes(row.body), row.dictionary)
            told["configuration"] = base64.b64encode(canonical).decode()
        return told | self._proven(leaf.position)

    def _coverage(self, start: datetime, end: datetime) -> list[dict[str, Any]]:
        """The runs of looks at the scope that overlap that time, and the one after."""
        joined = coverage.join(scope, coverage.c.scope_pk == scope.c.pk)
        query = select(coverage.c.pk, coverage.c.current, *COVERAGE).select_from(joined)
        of_scope = query.where(coverage.c.scope_pk == self.resource.scope_pk, coverage.c.last_looked >= start)
        rows = self.tx.execute(of_scope.order_by(coverage.c.since, coverage.c.pk)).all()
        chosen = [row for row in rows if row.since <= end] or rows[:1]
        return [told for row in chosen if (told := self._run(row)) is not None]

    def _run(self, row: AnyRow) -> dict[str, Any] | None:
        told = {"problems": row.problems}
        if not row.current:
            leaf = self._leaf(LeafKind.COVERAGE_ENDED, row.pk)
            return told | {"run": run_members(coverage_of(row)), "sheet": None, **self._proven(leaf.position)}
        stored = self.tx.execute(select(coverage_sheet).order_by(coverage_sheet.c.pk.desc()).limit(1)).one_or_none()
        if stored is None:
            return None
        sheet = sheets.sheet_of(stored)
        if row.pk not in sheet.lines:
            return None
        line, hashes = list(sheet.lines).index(row.pk), sheet.hashes()
        leaf = self._leaf(LeafKind.COVERAGE_SHEET, sheet.pk)
        header = {"at": micros(sheet.at), "runs": len(hashes), "root": root(hashes).hex()}
        path = proof(inclusion_spans(line, len(hashes)), nodes_of(hashes))
        about = {"pk": row.pk, "line": line, "header": header, "proof": [step.hex() for step in path]}
        return told | {"run": dict(sheet.lines[row.pk]), "sheet": about, **self._proven(leaf.position)}
