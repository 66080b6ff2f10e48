"""The past of a whole account: as of a time, over a store that holds fifty revisions of every resource."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from sqlalchemy import insert, text

from bench.postgres import server
from bench.tables import Table
from vigie.history import blobs
from vigie.history.store import History, open_history
from vigie.history.tables.archive import coverage, resource, revision, scope
from vigie.model.canonical import canonical_bytes, digests
from vigie.model.change import ChangeKind
from vigie.model.queries import ResourceFilter

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ACCOUNT = "111111111111"
REVISIONS = 50
"""Of each resource, an hour apart."""
ASKED = 5
"""How often each question is asked, each time about another moment."""
_CHUNK = 50_000


def past(resources: int) -> list[Table]:
    """Fill a store on each database, then ask how the account was."""
    many = resources * 10
    rows: list[tuple[str, ...]] = []
    with TemporaryDirectory() as folder, server() as postgres:
        urls = {"SQLite": f"sqlite:///{Path(folder) / 'vigie.sqlite'}"}
        if postgres:
            urls["PostgreSQL"] = postgres.url
        for name, url in urls.items():
            with open_history(url) as history:
                _fill(history, many)
                rows += _asked(name, history, many)
    columns = ("", "resources", "revisions stored", "median s", "worst s", "µs a resource")
    notes = [f"Each question {ASKED} times, each about another moment; wall-clock seconds of this run, in one thread."]
    return [Table("past: an account at a time", columns, rows, notes)]


def _asked(name: str, history: History, many: int) -> Iterator[tuple[str, ...]]:
    chance = random.Random(1)  # noqa: S311 - the same every time
    moments = [NOW + timedelta(minutes=chance.randrange(60 * REVISIONS)) for _ in range(ASKED)]
    everything = ResourceFilter(account=ACCOUNT, present=None)
    questions: dict[str, Callable[[datetime], object]] = {
        "estate at a time": lambda when: history.past.estate(everything, when),
        "one resource at a time": lambda when: history.archive.state_at(chance.randrange(1, many + 1), when),
        "with configurations": lambda when: list(
            history.past.with_configurations(history.past.estate(everything, when).resources)
        ),
    }
    for what, ask in questions.items():
        spent: list[float] = []
        for when in moments:
            with _timed(spent):
                ask(when)
        of = 1 if what.startswith("one") else many
        figures = (f"{median(spent):.4f}", f"{max(spent):.4f}", f"{1e6 * median(spent) / of:,.0f}")
        yield (f"{name}: {what}", f"{of:,}", f"{many * REVISIONS:,}", *figures)


@contextmanager
def _timed(spent: list[float]) -> Iterator[None]:
    began = time.monotonic()
    yield
    spent.append(time.monotonic() - began)


def _fill(history: History, many: int) -> None:
    """Rows as a recorder writes them, without their differences and references."""
    with history.begin() as tx:
        tx.execute(insert(scope).values(pk=1, account=ACCOUNT, region="eu-west-1", type="AWS::SQS::Queue"))
        looked = {"since": NOW, "last_looked": NOW + timedelta(hours=REVISIONS), "last_listed_began": NOW}
        tx.execute(insert(coverage).values(scope_pk=1, status="complete", problems="[]", current=True, **looked))
        numbers = blobs.keep(tx, dict(_configuration(number) for number in range(REVISIONS)))
        rows = [_resource(pk) for pk in range(1, many + 1)]
        for start in range(0, many, _CHUNK):
            tx.execute(insert(resource), rows[start : start + _CHUNK])
        pks = sorted(numbers.values())
        for number in range(1, REVISIONS + 1):
            tx.execute(insert(revision), [_revision(pk, number, pks[number - 1]) for pk in range(1, many + 1)])
    with history.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))


def _configuration(number: int) -> tuple[str, bytes]:
    configuration = {"Number": number, "Policy": {"Statement": [{"Sid": f"s{n}"} for n in range(20)]}}
    return digests(configuration)[0], canonical_bytes(configuration)


def _resource(pk: int) -> dict[str, object]:
    name = f"queue-{pk}"
    arn = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:{name}"
    where = {"pk": pk, "scope_pk": 1, "id": name, "region": "eu-west-1", "arn": arn, "name": name}
    return {**where, "present": True, "first_seen": NOW, "head": REVISIONS}


def _revision(pk: int, number: int, blob: int) -> dict[str, object]:
    seen = NOW + timedelta(hours=number - 1, milliseconds=pk)
    return {
        "resource_pk": pk,
        "number": number,
        "kind": ChangeKind.BASELINE.value if number == 1 else ChangeKind.CHANGED.value,
        "durable": number > 1,
        "changed_after": None if number == 1 else seen - timedelta(hours=1),
        "observed_at": seen,
        "recorded_at": seen,
        "blob_pk": blob,
    }
