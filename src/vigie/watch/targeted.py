"""Reads what events say changed: just those resources, by the same engine as sweeps, within seconds.

A resource is read at three stages after an event (``vigie.watch.intake.STAGES``): AWS may show a change late, and a
resource may be on its way from one state to another. The later stages are dropped once every event shows its effect.
What is due is in the work queue, so that nothing is lost whatever process dies.

A deletion is concluded only with proof: a call that ended the resource, and its absence at two looks; and where it was
made again since, not before the second stage. Absence without such a call has the whole scope listed: only that may
then conclude it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from vigie.aws.caller import RestrictedCaller
from vigie.aws.errors import CallFailed
from vigie.aws.options import DEFAULT_REGION, HOME_REGIONS
from vigie.catalogue.declaration import TypeDeclaration
from vigie.catalogue.loader import Catalogue
from vigie.history.store import History
from vigie.history.work import Claim
from vigie.model.attribution import LATE
from vigie.model.canonical import Redactor
from vigie.model.change import Change, ChangeKind
from vigie.model.event import Event
from vigie.model.recording import Draft, Head, ScopeRecord
from vigie.model.resource import Configuration
from vigie.model.scope import GLOBAL, Outcome, Scope
from vigie.watch.attributor import Attributor
from vigie.watch.confirm import Confirmed, confirm
from vigie.watch.decide import Known, Plan, decide
from vigie.watch.intake import LIST, READ, STAGES, list_key, read_key
from vigie.watch.listing import Parents
from vigie.watch.problems import counted
from vigie.watch.read import Look, Reader
from vigie.watch.shared import SharedAnswers
from vigie.watch.sources.calling import Calling, told
from vigie.watch.spread import PoolSpread
from vigie.watch.verbs import creates, ends
from vigie.watch.worker import ScopeWorker

log = structlog.get_logger(__name__)

LEASE: Final = timedelta(minutes=5)
_BATCH: Final = 200
_DEADLINE_SECONDS: Final = 120.0
_AGAIN: Final = timedelta(minutes=1)
_ATTEMPTS: Final = 6
"""So often a read that fails is tried; then the next sweep has it."""
_SECOND_STAGE: Final = STAGES[1]
_TRANSITIONAL: Final = ("creating", "pending", "modifying", "updating", "deleting", "in-progress", "in_progress")
_STATES: Final = ("State", "Status", "DBInstanceStatus", "TableStatus", "LastUpdateStatus", "KeyState", "StackStatus")


@dataclass(frozen=True, slots=True)
class Due:
    """One resource to be read."""

    claim: Claim
    scope: Scope
    id: str
    stage: int


@dataclass
class TargetedSummary:
    """What one run did."""

    resources: int = 0
    """Read, at any stage."""
    scopes_listed: int = 0
    changes: list[Change] = field(default_factory=list)
    failed: int = 0

    @property
    def did_something(self) -> bool:
        return bool(self.resources or self.scopes_listed or self.failed)


class TargetedReader:
    """Reads what is due. Several processes may do so on one store."""

    def __init__(
        self,
        history: History,
        catalogue: Catalogue,
        calling: Calling,
        *,
        redactor: Redactor | None = None,
        threads: int = 8,
    ) -> None:
        self._history = history
        self._catalogue = catalogue
        self._calling = calling
        self._line = calling.entrances.line
        self._redactor = redactor
        self._threads = threads
        self._attributor = Attributor(history, self._line.now)
        self._quicker = quicker(calling)

    def run(self) -> TargetedSummary:
        """Read all that is due now, record and attribute it.

        Raises:
            StoreError: The store cannot be written; what is due stays due.
        """
        summary = TargetedSummary()
        now = self._line.now()
        waiting = [due for topic in (READ, LIST) if (due := self._history.work.next_due(topic)) is not None]
        if not waiting or min(waiting) > now:
            return summary
        reads = [_due(claim) for claim in self._history.work.claim(READ, _BATCH, now, LEASE)]
        listings = self._history.work.claim(LIST, _BATCH, now, LEASE)
        by_scope: dict[Scope, list[Due]] = {}
        for one in reads:
            by_scope.setdefault(one.scope, []).append(one)
        with ThreadPoolExecutor(self._threads, "vigie-read") as pool:
            jobs = [pool.submit(self._read, scope, due, pool, summary) for scope, due in by_scope.items()]
            jobs += [pool.submit(self._list, claim, pool, summary) for claim in listings]
            for job in jobs:
                job.result()
        self._attributor.run()
        for scope, settled in by_scope.items():
            self._settle(scope, settled)
        return summary

    # reading some resources of a scope

    def _read(self, scope: Scope, due: Sequence[Due], pool: ThreadPoolExecutor, summary: TargetedSummary) -> None:
        declaration = self._catalogue.types.get(scope.type)
        if declaration is None or not self._is_own(scope.account):
            return  # not watched (any more): nothing is read, and the work is settled
        try:
            reader = self._reader(declaration, scope, pool)
        except CallFailed as failure:
            self._again(due, told(failure), summary)
            return
        ids = frozenset(one.id for one in due)
        known = self._known(declaration, scope, ids)
        look = reader.read_again(ids, self._names(declaration, ids, known), 1)
        if not look.reading.outcome.listed_everything:
            problem = look.reading.problems[0] if look.reading.problems else None
            self._again(due, f"{problem.operation}: {problem.code}" if problem else "not readable", summary)
            return
        changes = self._recorded(reader, look, known, due)
        summary.resources += len(ids)
        summary.changes += changes

    def _recorded(self, reader: Reader, look: Look, known: Known, due: Sequence[Due]) -> list[Change]:
        """Decide, look again where in doubt, record."""
        plan = decide(look.reading, known)
        gone = {head.resource.id: head for head in plan.missing}
        proven = {one.id for one in due if one.id in gone and self._is_proven(gone[one.id], one.stage)}
        unproven = gone.keys() - proven
        if unproven:
            self._list_soon(reader.scope)
        plan = replace(plan, missing=tuple(gone[id] for id in sorted(proven)), mass_loss=False)
        confirmed = self._confirmed(plan, known, reader)
        drafts = tuple(draft for draft in confirmed.drafts if self._may_record(draft, known, due, proven))
        if not drafts:
            return []
        reading = look.reading
        record = ScopeRecord(
            scope=reader.scope,
            started_at=reading.started_at,
            finished_at=reading.finished_at,
            outcome=Outcome.PARTIAL if confirmed.outcome is not None else reading.outcome,
            problems=counted((*reading.problems, *confirmed.problems)),
            drafts=drafts,
            unreadable={one.resource.id: one.unreadable for one in reading.observations if one.unreadable},
            seen=frozenset(one.resource.id for one in reading.observations) - proven,
            treatment=known.treatment,
            targeted=True,
        )
        return list(self._history.recorder.record(record, self._line.now()))

    def _may_record(self, draft: Draft, known: Known, due: Sequence[Due], proven: set[str]) -> bool:
        """A resource that was there at the first look and gone at the second needs the same proof as one that was gone
        at both."""
        if draft.kind is not ChangeKind.DELETED or draft.resource.id in proven:
            return True
        stage = max((one.stage for one in due if one.id == draft.resource.id), default=0)
        if self._is_proven(known.heads[draft.resource.id], stage):
            return True
        self._list_soon(draft.resource.scope)
        return False

    def _confirmed(self, plan: Plan, known: Known, reader: Reader) -> Confirmed:
        if not plan.doubtful and not plan.missing:
            return Confirmed(plan.settled)
        return confirm(plan, known, lambda ids, names, number: reader.read_again(ids, names, number + 1))

    def _known(self, declaration: TypeDeclaration, scope: Scope, ids: frozenset[str]) -> Known:
        archive = self._history.archive
        heads = archive.heads(scope, ids)
        configurations = archive.configurations([head.config_sha for head in heads.values() if head.config_sha])
        return Known(
            heads=heads,
            coverage=archive.scope_coverage(scope),
            configuration=configurations.__getitem__,
            treatment=declaration.treatment,
            own_keys=declaration.keys,
        )

    def _names(self, declaration: TypeDeclaration, ids: frozenset[str], known: Known) -> Mapping[str, Configuration]:
        """By what each is asked for: as it is recorded; what is not recorded yet by its id, where that will do."""
        names: dict[str, Configuration] = {
            id: known.configuration(head.config_sha) for id, head in known.heads.items() if head.config_sha
        }
        narrow = declaration.listing.narrow if declaration.listing else None
        if narrow is not None and narrow.item.text == declaration.id.text and narrow.item.text.isidentifier():
            names.update({id: {narrow.item.text: id} for id in ids if id not in names})
        return names

    # proof

    def _is_proven(self, head: Head, stage: int) -> bool:
        """Whether a call ended the resource since it was last seen; one that was made again since is waited for."""
        events = self._history.events.recorded_since(head.resource, head.observed_at - LATE)
        calls = [event for _, event, _ in events if event.at > head.observed_at - LATE]
        ended = [event.at for event in calls if ends(event.source, event.name, head.resource.type)]
        if not ended:
            return False
        made = [event.at for event in calls if creates(event.source, event.name, head.resource.type)]
        return not made or max(made) < max(ended) or stage >= _SECOND_STAGE

    # what comes next

    def _settle(self, scope: Scope, due: Sequence[Due]) -> None:
        """Take off the queue what was read; and the later stages, where every event shows its effect."""
        now = self._line.now()
        calm_ids = self._calm(scope, {one.id for one in due})
        calm = [one for one in due if one.id in calm_ids]
        with self._history.begin() as tx:
            self._history.work.done(tx, [one.claim for one in due])
            later = [read_key(scope, one.id, stage) for one in calm for stage in STAGES if stage > one.stage]
            self._history.work.drop(tx, READ, later)
            for one in due:
                again = self._again_at(one) if one.stage == STAGES[-1] else None
                if again is not None and again > now:
                    self._history.work.put(tx, READ, [read_key(scope, one.id, one.stage)], again)

    def _calm(self, scope: Scope, ids: Collection[str]) -> set[str]:
        """Those of which every recent event shows its effect, and that are not on their way to another state."""
        archive = self._history.archive
        heads = archive.heads(scope, ids)
        configurations = archive.configurations([head.config_sha for head in heads.values() if head.config_sha])
        since = self._line.now() - timedelta(seconds=2 * STAGES[-1])
        recent: dict[str, list[tuple[int, Event, datetime]]] = {}
        for id in ids:
            head = heads.get(id)
            if head is not None and head.config_sha and _is_transitional(configurations[head.config_sha]):
                continue
            resource = head.resource if head is not None else archive.in_scope(scope, id)
            if resource is not None:  # otherwise: an event spoke of it, and it was never seen: it may still show up
                recent[id] = self._history.events.recorded_since(resource, since)
        credited = self._history.attributions.credited([pk for told in recent.values() for pk, _, _ in told])
        return {
            id
            for id, told in recent.items()
            if all(pk in credited or _shows(event, scope.type, id in heads) for pk, event, _ in told)
        }

    def _again_at(self, one: Due) -> datetime | None:
        """When a resource is to be read a last time: the full delay after the last event on it."""
        resource = self._history.archive.in_scope(one.scope, one.id)
        if resource is None:
            return None
        delay = timedelta(seconds=STAGES[-1] / self._quicker)
        recent = self._history.events.recorded_since(resource, self._line.now() - delay)
        last = max((recorded_at for _, _, recorded_at in recent), default=None)
        return last + delay if last is not None else None

    def _again(self, due: Sequence[Due], why: str, summary: TargetedSummary) -> None:
        """They could not be read: nothing is concluded, and they are tried again; in the end the sweep has them."""
        summary.failed += len(due)
        for one in due:
            if one.claim.attempts < _ATTEMPTS:
                self._history.work.retry(one.claim, self._line.now() + _AGAIN / self._quicker, why)
            else:
                log.warning(
                    "a resource that an event spoke of cannot be read", id=one.id, scope=str(one.scope), why=why
                )

    # listing a scope

    def _list_soon(self, scope: Scope) -> None:
        with self._history.begin() as tx:
            self._history.work.put(tx, LIST, [list_key(scope)], self._line.now())

    def _list(self, claim: Claim, pool: ThreadPoolExecutor, summary: TargetedSummary) -> None:
        scope = Scope(*json.loads(claim.key))
        declaration = self._catalogue.types.get(scope.type)
        if declaration is not None and self._is_own(scope.account):
            try:
                reader = self._reader(declaration, scope, pool)
            except CallFailed as failure:
                summary.failed += 1
                self._history.work.retry(claim, self._line.now() + _AGAIN / self._quicker, told(failure))
                return
            worker = ScopeWorker(self._history, self._line.now, self._line.sleep, 2.0 / self._quicker)
            result, _ = worker.run(reader)
            summary.scopes_listed += 1
            summary.changes += result.changes
        with self._history.begin() as tx:
            self._history.work.done(tx, [claim])

    # calling

    def _is_own(self, account: str) -> bool:
        """Whether the account is one that is read: an event may speak of any."""
        known = self._calling.accounts().get(account)
        return known is not None and known.watched

    def _reader(self, declaration: TypeDeclaration, scope: Scope, pool: ThreadPoolExecutor) -> Reader:
        """Raises CallFailed: the account cannot be entered, or the parents cannot be listed."""
        caller = self._calling.caller(scope.account)
        region = HOME_REGIONS.get(caller.partition, DEFAULT_REGION) if scope.region == GLOBAL else scope.region
        deadline = self._line.clock() + _DEADLINE_SECONDS
        parents = Parents()
        if declaration.parent is not None:
            above = self._catalogue.types[declaration.parent]
            parents = self._reader(above, replace(scope, type=above.type), pool).list_only()
        return Reader(
            declaration=declaration,
            scope=scope,
            caller=RestrictedCaller(caller, declaration.operations, region, deadline),
            now=self._line.now,
            redactor=self._redactor,
            shared=SharedAnswers(),
            spread=PoolSpread(pool, 4),
            parents=parents,
        )


def quicker(calling: Calling) -> float:
    """By what delays are divided: an AWS on this machine shows everything at once."""
    return 20.0 if calling.local else 1.0


def _due(claim: Claim) -> Due:
    account, region, type_, id, stage = json.loads(claim.key)
    return Due(claim, Scope(account, region, type_), id, stage)


def _shows(event: Event, type_: str, present: bool) -> bool:
    """Whether what is there now is the effect of a call that made or ended it."""
    if ends(event.source, event.name, type_):
        return not present
    return present and creates(event.source, event.name, type_)


def _is_transitional(configuration: Mapping[str, Any]) -> bool:
    """Whether a resource says that it is on its way to another state."""
    for name in _STATES:
        state = configuration.get(name)
        word = state.get("Name") if isinstance(state, Mapping) else state
        if isinstance(word, str) and word.lower().startswith(_TRANSITIONAL):
            return True
    return False
