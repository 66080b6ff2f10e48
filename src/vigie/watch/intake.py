"""Events in: recorded once, and what they changed is put down to be read. One transaction a batch."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from vigie.catalogue.declaration import Reach
from vigie.catalogue.loader import Catalogue
from vigie.history.store import History, Transaction
from vigie.model.attribution import LATE
from vigie.model.event import Event, KnownBy, Malformed, RecordsFile, Subject
from vigie.model.scope import GLOBAL, Coverage, Scope
from vigie.watch.events import scope_of

READ: Final = "read"
"""Topic of the work to read one resource; keys of :func:`read_key`."""
LIST: Final = "list"
"""Topic of the work to list a scope; keys of :func:`list_key`."""
STAGES: Final = (3, 30, 300)
"""Seconds after an event at which its resources are read: AWS shows a change late, sometimes."""
LIST_AFTER: Final = timedelta(seconds=3)
LIST_PACE: Final = timedelta(minutes=2)
"""A scope is not listed more often than this because of events."""
FRESH: Final = timedelta(hours=1)
"""Nothing is read because of an event that is older, in a scope that was never looked at since."""


@dataclass
class Taken:
    """What came in."""

    events: int = 0
    """Recorded now."""
    duplicates: int = 0
    passed_over: int = 0
    """Successful reads, which are not kept."""
    malformed: int = 0
    files: list[RecordsFile] = field(default_factory=list)
    """Files that hold records, to be fetched."""
    reads: int = 0
    """Resources and scopes that are to be read now."""

    def add(self, other: Taken) -> None:
        self.events += other.events
        self.duplicates += other.duplicates
        self.passed_over += other.passed_over
        self.malformed += other.malformed
        self.reads += other.reads


Found = Event | Malformed | RecordsFile


class Intake:
    """Takes events in. Threads share it."""

    def __init__(
        self,
        history: History,
        catalogue: Catalogue,
        now: Callable[[], datetime],
        *,
        is_watched: Callable[[Scope], bool] = lambda scope: True,
        quicker: float = 1.0,
    ) -> None:
        """
        Args:
            is_watched: Whether a scope is among those that are swept.
            quicker: Delays are divided by it (an AWS on this machine shows everything at once).
        """
        self._history = history
        self._catalogue = catalogue
        self._now = now
        self._is_watched = is_watched
        self._quicker = quicker

    def take(self, source: str, found: Iterable[Found], *, position: str | None = None) -> Taken:
        """Record a batch in one transaction.

        Args:
            source: The source, as deliveries are counted by.
            position: Where reading of the source goes on afterwards.

        Raises:
            StoreError: nothing of the batch was recorded.
        """
        taken = Taken()
        events: list[Event] = []
        malformed: list[Malformed] = []
        for one in found:
            if isinstance(one, RecordsFile):
                taken.files.append(one)
            elif isinstance(one, Malformed):
                malformed.append(one)
            elif is_kept(one):
                events.append(one)
            else:
                taken.passed_over += 1
        now = self._now()
        wanted = self._wanted(events, now)
        with self._history.begin() as tx:
            stored = self._history.events.record(tx, events, now)
            self._history.events.keep_aside(tx, source, malformed, now)
            count = len(events) + taken.passed_over
            self._history.events.note_delivery(
                tx, source, now, events=count, malformed=len(malformed), position=position
            )
            taken.reads = self._put(tx, wanted, {event.id for _, event in stored.new}, now)
        taken.events, taken.duplicates, taken.malformed = len(stored.new), stored.duplicates, len(malformed)
        return taken

    def _put(self, tx: Transaction, wanted: Sequence[_Wanted], new: set[str], now: datetime) -> int:
        reads = {(one.scope, one.id) for one in wanted if one.event in new and one.id is not None}
        listings = {one.scope: one.coverage for one in wanted if one.event in new and one.id is None}
        for stage in STAGES:
            due = now + timedelta(seconds=stage / self._quicker)
            self._history.work.put(tx, READ, [read_key(scope, id, stage) for scope, id in reads], due)
        for scope, coverage in listings.items():
            due = now + LIST_AFTER / self._quicker
            if coverage is not None:
                due = max(due, coverage.last_looked + LIST_PACE / self._quicker)
            self._history.work.put(tx, LIST, [list_key(scope)], due)
        return len(reads) + len(listings)

    def _wanted(self, events: Sequence[Event], now: datetime) -> list[_Wanted]:
        """What is to be read because of events that changed something."""
        coverages: dict[Scope, Coverage | None] = {}
        found: list[_Wanted] = []
        for event in events:
            if event.failed or event.read_only:
                continue
            for scope, id in self._targets(event):
                if not self._is_watched(scope):
                    continue
                if scope not in coverages:
                    coverages[scope] = self._history.archive.scope_coverage(scope)
                if _is_news(event, coverages[scope], now):
                    found.append(_Wanted(event.id, scope, id, coverages[scope]))
        return found

    def _targets(self, event: Event) -> Iterable[tuple[Scope, str | None]]:
        """Scope and id of what an event changed; id None: the scope is to be listed."""
        for subject in (*event.subjects, *event.implied):
            scope = scope_of(subject, self._catalogue)
            if scope is not None:
                yield scope, self._id_of(subject)
        for name in event.scopes:
            declared = self._catalogue.types.get(name)
            if declared is not None:
                region = GLOBAL if declared.scope is Reach.GLOBAL else event.region
                yield Scope(event.account, region, name), None

    def _id_of(self, subject: Subject) -> str | None:
        if subject.known_by is KnownBy.ID:
            return subject.id
        known = self._history.events.resource_of(subject)
        return known.id if known is not None else None


@dataclass(frozen=True, slots=True)
class _Wanted:
    event: str
    scope: Scope
    id: str | None
    coverage: Coverage | None


def is_kept(event: Event) -> bool:
    """Whether an event is stored: whatever changes, fails, or hands out keys. Successful reads are counted only."""
    return not event.read_only or event.failed or bool(event.made_keys)


def _is_news(event: Event, coverage: Coverage | None, now: datetime) -> bool:
    """Whether no look at the scope has seen yet what the event did."""
    if coverage is None or coverage.last_ok_began is None:
        return event.at > now - FRESH
    return event.at > coverage.last_ok_began - LATE


def read_key(scope: Scope, id: str, stage: int) -> str:
    return json.dumps([scope.account, scope.region, scope.type, id, stage])


def list_key(scope: Scope) -> str:
    return json.dumps([scope.account, scope.region, scope.type])
