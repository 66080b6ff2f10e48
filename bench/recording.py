"""Recording: revisions a second, bytes a revision, and how fast the past is read back, on both databases."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.postgres import Server, server
from bench.swept import swept
from bench.tables import Table
from vigie.history.store import History, open_history
from vigie.model.canonical import canonical_bytes, digests
from vigie.model.change import ChangeKind, Revision
from vigie.model.queries import ResourceFilter
from vigie.model.recording import Draft, ScopeRecord
from vigie.model.scope import Outcome, Scope

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ROUNDS = 4
"""How often every resource changes."""
LOOK_UPS_OF_ONE = 2


@dataclass
class Spent:
    """CPU seconds, of this process and of the database's, and by the clock."""

    ours: float = 0
    server: float = 0
    wall: float = 0


@dataclass
class Store:
    """A store under test."""

    name: str
    url: str
    size: Callable[[History], int]
    """Bytes."""
    server: Server | None = None
    spent: dict[str, Spent] = field(default_factory=dict)

    @contextmanager
    def spending(self, what: str) -> Iterator[History]:
        """A connection of its own, so that the server has counted its work when it ends."""
        began = (time.process_time(), self.server.cpu() if self.server else 0.0, time.monotonic())
        with open_history(self.url) as history:
            yield history
        ended = (time.process_time(), self.server.cpu() if self.server else 0.0, time.monotonic())
        self.spent[what] = Spent(*(b - a for a, b in zip(began, ended, strict=True)))


def recording(resources: int) -> list[Table]:
    """Record an estate and its changes, then ask how it was."""
    with swept(resources) as data, open_history(f"sqlite:///{data / 'vigie.sqlite'}") as history:
        estate = [r for t in history.archive.facets(ResourceFilter()).types for r in history.archive.present_of_type(t)]
    with TemporaryDirectory() as folder, server() as postgres:
        file = Path(folder) / "vigie.sqlite"
        stores = [Store("SQLite", f"sqlite:///{file}", lambda _: file.stat().st_size)]
        if postgres:
            stores.append(Store("PostgreSQL", postgres.url, _postgres_size, postgres))
        rows = [row for store in stores for row in _measured(store, estate)]
    canonical = sum(len(canonical_bytes(revision.configuration)) for revision in estate) / len(estate)
    notes = [
        f"{len(estate):,} resources; a configuration is {canonical:,.0f} bytes of canonical JSON on average.",
        "Bytes: all of the database over its revisions, indexes and references included, findings not.",
        *([] if postgres else ["PostgreSQL is not installed here."]),
    ]
    columns = ("", "how many", "CPU s", "server CPU s", "a second of CPU", "bytes a revision", "wall s")
    return [Table("recording: revisions, and looking back", columns, rows, notes)]


def _measured(store: Store, estate: Sequence[Revision]) -> list[tuple[str, ...]]:
    looks = [_looks(estate, number) for number in range(ROUNDS + 1)]
    with store.spending("schema"):
        pass
    with store.spending("first look") as history:
        _record(history, looks[0])
        first_size = store.size(history)
    with store.spending("changes") as history:
        for look in looks[1:]:
            _record(history, look)
        size = store.size(history)
    with store.spending("state_at") as history:
        _look_back(history, len(estate), LOOK_UPS_OF_ONE * len(estate))
    n = len(estate)
    counts = {"first look": n, "changes": n * ROUNDS, "state_at": LOOK_UPS_OF_ONE * n}
    bytes_of = {"first look": first_size / n, "changes": (size - first_size) / (n * ROUNDS)}
    return [_row(store, what, count, bytes_of.get(what)) for what, count in counts.items()]


def _row(store: Store, what: str, count: int, size: float | None) -> tuple[str, ...]:
    spent = store.spent[what]
    both = spent.ours + spent.server
    return (
        f"{store.name}: {what}",
        f"{count:,}",
        f"{spent.ours:.2f}",
        f"{spent.server:.2f}" if store.server else "",
        f"{count / both:,.0f}",
        f"{size:,.0f}" if size is not None else "",
        f"{spent.wall:.1f}",
    )


def _looks(estate: Sequence[Revision], number: int) -> list[ScopeRecord]:
    """One look at each scope, at which every resource changed in two places (number 0: the first look)."""
    at = NOW + timedelta(hours=number)
    scopes: dict[Scope, list[Draft]] = {}
    for revision in estate:
        scopes.setdefault(revision.resource.scope, []).append(_draft(revision, number, at))
    return [
        ScopeRecord(
            scope, at, at, Outcome.COMPLETE, drafts=tuple(drafts), seen=frozenset(draft.resource.id for draft in drafts)
        )
        for scope, drafts in scopes.items()
    ]


def _draft(revision: Revision, number: int, at: datetime) -> Draft:
    configuration = dict(revision.configuration)
    if number:
        tags = dict(configuration["Tags"]) if isinstance(configuration.get("Tags"), dict) else {}
        configuration |= {"Description": f"change {number}", "Tags": {**tags, "Round": str(number)}}
    config_sha, durable_sha = digests(configuration)
    kind = ChangeKind.CHANGED if number else ChangeKind.BASELINE
    after = at - timedelta(hours=1) if number else None
    canonical = canonical_bytes(configuration)
    return Draft(revision.resource, kind, configuration, canonical, config_sha, durable_sha, at, after)


def _record(history: History, looks: Sequence[ScopeRecord]) -> None:
    for look in looks:
        history.recorder.record(look, look.finished_at)


def _look_back(history: History, resources: int, count: int) -> None:
    chance = random.Random(1)  # noqa: S311 - the same every time
    for _ in range(count):
        when = NOW + timedelta(minutes=chance.randrange(60 * (ROUNDS + 1)))
        history.archive.state_at(chance.randrange(1, resources + 1), when)


def _postgres_size(history: History) -> int:
    with history.engine.connect() as connection:
        found = connection.exec_driver_sql(
            "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' "
            "AND relnamespace = 'public'::regnamespace"
        ).scalar_one()
    return int(found)
