"""The real watcher with a real store, over an AWS on loopback: what a test of a fault, or of an author's type,
looks at.

tower = Watchtower(observatory, history)
tower.watch("AWS::KMS::Key")                # the baseline
observatory.aws.faults.add(faults.denied(), operation="GetKeyPolicy")
result = tower.watch("AWS::KMS::Key")
assert tower.recorded("AWS::KMS::Key") == before
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from vigie.aws.accounts import Entrances
from vigie.aws.caller import Caller
from vigie.model.account import Account
from vigie.model.change import ChangeKind
from vigie.model.recording import Head
from vigie.model.resource import Configuration
from vigie.model.scope import Coverage, Scope
from vigie.testing.endpoint import ACCOUNT
from vigie.testing.observatory import REDACTOR, REGION, Observatory
from vigie.watch.summary import ScopeResult, SweepSummary
from vigie.watch.sweep import Request, Sweeper, SweepOptions
from vigie.watch.worker import ScopeWorker, Store


class Clock:
    """Seconds that pass only by sleeping. Thread-safe."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._lock = threading.Lock()

    def __call__(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.seconds += seconds


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the store says of one resource: enough to see that nothing was recorded since."""

    number: int
    kind: ChangeKind
    present: bool
    config_sha: str


class Watchtower:
    """Watches scopes of an observatory's AWS, and records them."""

    def __init__(self, here: Observatory, history: Store) -> None:
        self.here = here
        self.history = history

    def watch(
        self, type: str, *, account: str = ACCOUNT, region: str = REGION, caller: Caller | None = None
    ) -> ScopeResult:
        """Look at one scope, confirm what is in doubt, record it."""
        line = self.here.line
        reader = self.here.reader(type, account=account, region=region, caller=caller)
        result, _ = ScopeWorker(self.history, line.now, line.sleep).run(reader)
        return result

    def sweep(self, *accounts: Account, types: tuple[str, ...] = (), regions: tuple[str, ...] = ()) -> SweepSummary:
        """A whole sweep of accounts, entered as vigie enters them."""
        sweeper = Sweeper(
            self.history,
            self.here.catalogue,
            Entrances(self.here.line),
            redactor=REDACTOR,
            options=SweepOptions(threads=8),
        )
        return sweeper.sweep(Request(accounts, regions, types))

    def heads(self, type: str, *, account: str = ACCOUNT, region: str = REGION) -> Mapping[str, Head]:
        return self.history.archive.heads(self.scope(type, account=account, region=region))

    def recorded(self, type: str, *, account: str = ACCOUNT, region: str = REGION) -> dict[str, Recorded]:
        """Id → what is recorded."""
        heads = self.heads(type, account=account, region=region)
        return {
            id: Recorded(head.number, head.kind, head.resource.present, head.config_sha) for id, head in heads.items()
        }

    def configuration(self, type: str, id: str, *, account: str = ACCOUNT, region: str = REGION) -> Configuration:
        """The recorded configuration of a resource."""
        head = self.heads(type, account=account, region=region)[id]
        return self.history.archive.configuration(head.config_sha)

    def coverage(self, type: str, *, account: str = ACCOUNT, region: str = REGION) -> Coverage:
        """What the store says of the scope. Raises LookupError where it was never looked at."""
        found = self.history.archive.scope_coverage(self.scope(type, account=account, region=region))
        if found is None:
            raise LookupError(f"{type} was never looked at")
        return found

    def scope(self, type: str, *, account: str = ACCOUNT, region: str = REGION) -> Scope:
        return self.here.scope_of(type, account=account, region=region)
