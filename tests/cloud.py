"""An AWS in this process that has queues and nothing else: quick, with a clock of its own, stale and torn on demand."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from happenings import ALICE, event
from recordings import SCOPE, T0
from vigie.aws.caller import RestrictedCaller
from vigie.aws.errors import CallFailed
from vigie.catalogue.loader import Catalogue
from vigie.history.store import History
from vigie.model.account import Account
from vigie.model.event import Actor, Event
from vigie.model.resource import Resource
from vigie.model.scope import Outcome
from vigie.watch.intake import Intake
from vigie.watch.read import Reader
from vigie.watch.sources.calling import Calling
from vigie.watch.targeted import TargetedReader, TargetedSummary
from vigie.watch.worker import ScopeWorker

GONE = "AWS.SimpleQueueService.NonExistentQueue"
SECOND = timedelta(seconds=1)
State = dict[str, dict[str, str]]
"""URL of a queue → its attributes."""


class Killed(BaseException):
    """The process dies here."""


def url(name: str) -> str:
    return f"https://sqs.{SCOPE.region}.amazonaws.com/{SCOPE.account}/{name}"


def arn(name: str) -> str:
    return f"arn:aws:sqs:{SCOPE.region}:{SCOPE.account}:{name}"


@dataclass
class Cloud:
    """Queues, and what happens to them."""

    now: datetime = T0
    queues: State = field(default_factory=dict)
    past: list[tuple[datetime, State]] = field(default_factory=list)
    """Every state with the time since when it held."""
    stale: int = 0
    """So many of the next looks (one listing and what follows) show the state before the last change."""
    failing: int = 0
    """So many of the next calls fail."""
    dies_at: int | None = None
    """The process dies at the call of that number from now."""
    during: dict[str, Any] = field(default_factory=dict)
    """Operation → something that happens right before its next call is answered (a change in the middle of a look)."""
    calls: int = 0
    partition: str = "aws"
    account: str = SCOPE.account
    aborted: None = None
    _shown: State | None = None

    def __post_init__(self) -> None:
        self._log()

    # what is done

    def make(self, name: str, by: Actor = ALICE, **attributes: str) -> Event:
        attributes = {"CreatedTimestamp": str(int(self.now.timestamp())), "QueueArn": arn(name)} | attributes
        self.queues[url(name)] = attributes
        return self._done("CreateQueue", name, by, {"queueName": name, "attributes": attributes})

    def set(self, name: str, by: Actor = ALICE, **attributes: str) -> Event:
        self.queues[url(name)] = self.queues[url(name)] | attributes
        return self._done("SetQueueAttributes", name, by, {"queueUrl": url(name), "attributes": attributes})

    def end(self, name: str, by: Actor = ALICE) -> Event:
        del self.queues[url(name)]
        return self._done("DeleteQueue", name, by, {"queueUrl": url(name)})

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def existed(self, name: str, at: datetime) -> bool:
        return any(url(name) in state for state in self._states_around(at))

    def was_absent(self, name: str, at: datetime) -> bool:
        return any(url(name) not in state for state in self._states_around(at))

    def _states_around(self, at: datetime) -> list[State]:
        """The states that held in the two minutes before a time."""
        ended = [then for then, _ in self.past[1:]] + [self.now + SECOND]
        return [
            state
            for (since, state), until in zip(self.past, ended, strict=True)
            if since <= at and until >= at - 120 * SECOND
        ]

    def _done(self, name: str, on: str, by: Actor, request: Mapping[str, Any]) -> Event:
        self._log()
        about = Resource(SCOPE, url(on), SCOPE.region, arn(on), arn(on))
        return event(name, about, at=self.now.replace(microsecond=0), by=by, request=dict(request))

    def _log(self) -> None:
        self.past.append((self.now, deepcopy(self.queues)))

    # what is answered: the part of a caller that RestrictedCaller uses

    @property
    def line(self) -> Any:
        clients = SimpleNamespace(local=False, default_region=SCOPE.region)
        return SimpleNamespace(
            clock=self.now.timestamp, sleep=self.later, now=lambda: self.now, clients=clients, per_service=16
        )

    def call(self, service: str, region: str, operation: str, parameters: Any = None, **_: Any) -> dict[str, Any]:
        self.calls += 1
        self.later(0.01)
        if self.dies_at is not None:
            self.dies_at -= 1
            if self.dies_at < 0:
                self.dies_at = None
                raise Killed
        happens = self.during.pop(operation, None)
        if happens is not None:
            happens()
        if self.failing:
            self.failing -= 1
            raise CallFailed(Outcome.THROTTLED, "Throttling", "slow down", f"{service}:{operation}")
        if operation == "ListQueues":
            self._shown = self._stale_state()
        state = self._shown if self._shown is not None else self.queues
        if operation == "ListQueues":
            return {"QueueUrls": sorted(state)}
        queue = state.get(parameters["QueueUrl"])
        if queue is None:
            raise CallFailed(Outcome.NOT_FOUND, GONE, "no such queue", f"{service}:{operation}")
        return {"Tags": {}} if operation == "ListQueueTags" else {"Attributes": dict(queue)}

    def pages(self, service: str, region: str, operation: str, parameters: Any = None, **_: Any) -> list[Any]:
        return [self.call(service, region, operation, parameters)]

    def _stale_state(self) -> State | None:
        """What a look shows that is stale; None: what is there, as it is when each call is answered."""
        if self.stale and len(self.past) > 1:
            self.stale -= 1
            return self.past[-2][1]
        return None


@dataclass
class Lookout:
    """The watcher over a cloud, with a store: events in, targeted reads, sweeps of the one scope."""

    history: History
    catalogue: Catalogue
    cloud: Cloud = field(default_factory=Cloud)

    @property
    def calling(self) -> Calling:
        entrances = SimpleNamespace(line=self.cloud.line)
        made = Calling(cast(Any, entrances), lambda: {SCOPE.account: Account(SCOPE.account)})
        made._entered[SCOPE.account] = cast(Any, self.cloud)
        return made

    def hear(self, *events: Event) -> None:
        """The events come in."""
        Intake(self.history, self.catalogue, lambda: self.cloud.now).take("queue:q", events)

    def read(self) -> TargetedSummary:
        """Read what is due now. Raises Killed."""
        return TargetedReader(self.history, self.catalogue, self.calling, threads=1).run()

    def read_after(self, seconds: float) -> TargetedSummary:
        self.cloud.later(seconds)
        return self.read()

    def sweep(self) -> None:
        """Raises Killed."""
        self.cloud.later(1)
        declared = self.catalogue.types[SCOPE.type]
        caller = RestrictedCaller(cast(Any, self.cloud), declared.operations, SCOPE.region)
        now = lambda: self.cloud.now  # noqa: E731 - the clock, by name
        ScopeWorker(self.history, now, self.cloud.later).run(Reader(declared, SCOPE, caller, now))

    def kinds(self, name: str) -> list[str]:
        """The kinds of the revisions of a queue, oldest first."""
        from vigie.model.paging import Page

        found = [one for one in self.history.archive.find(url(name)) if one.id == url(name)]
        if not found:
            return []
        changes = self.history.archive.revisions(found[0].pk or 0, Page(limit=1000)).items
        return [change.kind.value for change in reversed(changes)]
