"""The evidence log: leaves a second, verifying, proofs, and what a leaf costs in room, on both databases."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.postgres import server
from bench.tables import Table
from vigie.history import log, verifying
from vigie.history.store import History, open_history
from vigie.model.canonical import canonical_bytes, digests
from vigie.model.change import ChangeKind
from vigie.model.leaves import LeafKind, Statement
from vigie.model.recording import Draft, ScopeRecord
from vigie.model.resource import Resource
from vigie.model.scope import Outcome, Scope
from vigie.testing.recorded import START

BATCH = 1_000
PROOFS = 200
SCOPE = Scope("111111111111", "eu-west-1", "AWS::SQS::Queue")


@dataclass
class Spent:
    """CPU seconds of this process, and by the clock."""

    cpu: float
    wall: float


def evidence(resources: int) -> list[Table]:
    """Append leaves, record revisions and verify them, make proofs."""
    with TemporaryDirectory() as folder, server() as postgres:
        file = Path(folder) / "vigie.sqlite"
        rows = _measured("SQLite", f"sqlite:///{file}", resources)
        if postgres:
            rows += _measured("PostgreSQL", postgres.url, resources)
    columns = ("", "how many", "CPU s", "wall s", "a second of CPU")
    notes = ["CPU: of this process; on PostgreSQL the server's comes to it."]
    return [Table("evidence: leaves, proofs, verifying", columns, rows, notes)]


def _measured(name: str, url: str, resources: int) -> list[tuple[str, ...]]:
    leaves = 10 * resources
    with open_history(url) as history:
        recorded = _spent(lambda: _record(history, resources))
        placed = _spent(history.log.sequence)
        verified = _spent(lambda: _sound(history))
        entered = _spent(lambda: _append(history, leaves))
        moved = _spent(history.log.sequence)
        size = history.log.size()
        proofs = _spent(lambda: [history.log.inclusion(n * size // PROOFS, size) for n in range(PROOFS)])
    return [
        _row(f"{name}: revisions recorded", resources, recorded),
        _row(f"{name}: their leaves given their place", resources, placed),
        _row(f"{name}: revisions verified", resources, verified),
        _row(f"{name}: leaves appended", leaves, Spent(entered.cpu + moved.cpu, entered.wall + moved.wall)),
        _row(f"{name}: inclusion proofs in {size:,} leaves", PROOFS, proofs),
    ]


def _spent(work: Callable[[], Any]) -> Spent:
    cpu, wall = time.process_time(), time.monotonic()
    work()
    return Spent(time.process_time() - cpu, time.monotonic() - wall)


def _record(history: History, resources: int) -> None:
    for start in range(0, resources, BATCH):
        drafts = tuple(_draft(number) for number in range(start, min(start + BATCH, resources)))
        seen = frozenset(draft.resource.id for draft in drafts)
        history.recorder.record(ScopeRecord(SCOPE, START, START, Outcome.PARTIAL, drafts=drafts, seen=seen), START)


def _draft(number: int) -> Draft:
    configuration = {"QueueName": f"queue-{number}", "Attributes": {str(n): f"value {n * number}" for n in range(30)}}
    config_sha, durable_sha = digests(configuration)
    resource = Resource(SCOPE, f"queue-{number}", SCOPE.region, name=f"queue-{number}")
    canonical = canonical_bytes(configuration)
    return Draft(resource, ChangeKind.CREATED, configuration, canonical, config_sha, durable_sha, START, None)


def _append(history: History, leaves: int) -> None:
    for start in range(0, leaves, BATCH):
        statements = [Statement(LeafKind.ATTRIBUTION, start + n, {"n": start + n}) for n in range(BATCH)]
        with history.begin() as tx:
            log.commit(tx, statements)


def _sound(history: History) -> None:
    if verifying.verify(history.engine).defects:
        raise RuntimeError("what was just recorded does not verify")


def _row(what: str, count: int, spent: Spent) -> tuple[str, ...]:
    rate = f"{count / spent.cpu:,.0f}" if spent.cpu > 0.005 else ""
    return what, f"{count:,}", f"{spent.cpu:.2f}", f"{spent.wall:.2f}", rate
