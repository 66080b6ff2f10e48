"""One scope: look, decide, look again where in doubt, record. The only place of this stage that writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from vigie.model.change import Change
from vigie.model.recording import Head, ScopeRecord
from vigie.model.resource import Configuration, Reading
from vigie.model.scope import Coverage, Outcome, Problem, Scope
from vigie.watch.confirm import Confirmed, confirm
from vigie.watch.decide import Known, Plan, decide
from vigie.watch.problems import counted
from vigie.watch.read import Look, Reader
from vigie.watch.summary import ScopeResult


class RecorderPart(Protocol):
    """What is used of ``history.recorder``."""

    def record(self, record: ScopeRecord, now: datetime) -> tuple[Change, ...]: ...

    def note_coverage(
        self, scope: Scope, outcome: Outcome, problems: tuple[Problem, ...], looked_at: datetime
    ) -> Any: ...


class ArchivePart(Protocol):
    """What is used of ``history.archive``."""

    def heads(self, scope: Scope) -> Mapping[str, Head]: ...

    def configuration(self, config_sha: str) -> Configuration: ...

    def scope_coverage(self, scope: Scope) -> Coverage | None: ...

    def coverage(self, account: str | None = None) -> Any: ...


class Store(Protocol):
    """What is used of :class:`vigie.history.store.History`."""

    @property
    def recorder(self) -> RecorderPart: ...

    @property
    def archive(self) -> ArchivePart: ...


@dataclass(frozen=True)
class ScopeWorker:
    """Reads and records scopes. Threads share it."""

    history: Store
    now: Callable[[], datetime]
    pause: Callable[[float], None]
    hold_seconds: float = 2.0
    """Between a mass disappearance and the second look at it."""

    def run(self, reader: Reader) -> tuple[ScopeResult, Look]:
        """Look at one scope and record it.

        Raises:
            StoreError: The look could not be recorded; nothing of it was.
        """
        look = reader.read()
        reading = look.reading
        if not reading.outcome.listed_everything:
            return self.note(reading.scope, reading.outcome, reading.problems), look
        known = self._known(reader)
        plan = decide(reading, known)
        confirmed = self._confirmed(plan, known, reader)
        if confirmed.outcome is Outcome.CREDENTIALS:
            return self.note(reading.scope, confirmed.outcome, confirmed.problems), look
        record = _record(reading, plan, confirmed, known)
        changes = self.history.recorder.record(record, self.now())
        result = ScopeResult(
            reading.scope, record.outcome, len(reading.observations), changes, record.problems, record.notices
        )
        return result, look

    def note(self, scope: Scope, outcome: Outcome, problems: tuple[Problem, ...]) -> ScopeResult:
        """Record that a scope could not be looked at: nothing is said of its resources."""
        self.history.recorder.note_coverage(scope, outcome, problems, self.now())
        return ScopeResult(scope, outcome, problems=problems)

    def _known(self, reader: Reader) -> Known:
        archive = self.history.archive
        scope, declaration = reader.scope, reader.declaration
        kept: dict[str, Configuration] = {}

        def configuration(config_sha: str) -> Configuration:
            if config_sha not in kept:
                kept[config_sha] = archive.configuration(config_sha)
            return kept[config_sha]

        return Known(
            heads=archive.heads(scope),
            coverage=archive.scope_coverage(scope),
            configuration=configuration,
            treatment=declaration.treatment,
            own_keys=declaration.keys,
        )

    def _confirmed(self, plan: Plan, known: Known, reader: Reader) -> Confirmed:
        if not plan.doubtful and not plan.missing:
            return Confirmed(plan.settled)
        if plan.mass_loss:
            self.pause(self.hold_seconds)
        return confirm(plan, known, partial(_look_again, reader))


def _look_again(reader: Reader, ids: frozenset[str], names: Mapping[str, Configuration], look: int) -> Look:
    return reader.read_again(ids, names, look)


def _record(reading: Reading, plan: Plan, confirmed: Confirmed, known: Known) -> ScopeRecord:
    problems = counted((*reading.problems, *confirmed.problems))
    notices: tuple[str, ...] = ()
    if plan.mass_loss and confirmed.still_missing:
        present = sum(head.resource.present for head in known.heads.values())
        scope = reading.scope
        notices = (
            f"{confirmed.still_missing} of {present} resources of the type {scope.type} in {scope.account} "
            f"({scope.region}) were gone at once; a second reading showed the same: they are recorded as deleted.",
        )
    return ScopeRecord(
        scope=reading.scope,
        started_at=reading.started_at,
        finished_at=reading.finished_at,
        outcome=Outcome.PARTIAL if confirmed.outcome is not None else reading.outcome,
        problems=problems,
        drafts=confirmed.drafts,
        unreadable={one.resource.id: one.unreadable for one in reading.observations if one.unreadable},
        seen=frozenset(one.resource.id for one in reading.observations) | reading.unread,
        treatment=known.treatment,
        notices=notices,
    )
