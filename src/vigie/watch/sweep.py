"""One pass over scopes: all accounts, regions and types that are asked for, by the threads of this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import zip_longest
from typing import Final
from zlib import crc32

from vigie.aws.accounts import Entrances, Regions
from vigie.aws.caller import Caller, RestrictedCaller
from vigie.aws.errors import CallFailed
from vigie.aws.options import DEFAULT_REGION, HOME_REGIONS
from vigie.catalogue.declaration import Reach, TypeDeclaration
from vigie.catalogue.loader import Catalogue
from vigie.model.account import Account
from vigie.model.canonical import Redactor
from vigie.model.scope import GLOBAL, Coverage, Outcome, Problem, Scope
from vigie.watch.listing import Parents
from vigie.watch.read import Reader
from vigie.watch.schedule import Calm, due_scopes
from vigie.watch.shared import SharedAnswers
from vigie.watch.spread import PoolSpread
from vigie.watch.summary import Progress, ScopeResult, SweepSummary, no_progress
from vigie.watch.worker import ScopeWorker, Store

PARENT_UNREAD: Final = "ParentUnread"


@dataclass(frozen=True, slots=True)
class SweepOptions:
    """How a process sweeps."""

    threads: int = 24
    fan_out: int = 8
    """Threads that may complete the resources of one scope."""
    scope_seconds: float = 900.0
    """The deadline of a scope."""
    hold_seconds: float = 2.0


@dataclass(frozen=True, slots=True)
class Request:
    """What to sweep."""

    accounts: tuple[Account, ...]
    """Empty: the account of the ambient credentials."""
    regions: tuple[str, ...] = ()
    """Empty: those of each account's settings, else all that are enabled."""
    types: tuple[str, ...] = ()
    """Patterns, as ``Catalogue.select`` takes them; empty: all."""
    due_every: timedelta | None = None
    """Only scopes that were not looked at for so long (or for the type's own cadence); None: all."""
    calm: Calm | None = None
    """Scopes that are swept less often than ``due_every``, as events tell of their changes."""
    shard: tuple[int, int] = (0, 1)
    """(which, of how many): the part of the (account, region) pairs that this process sweeps."""


@dataclass(frozen=True)
class _Entered:
    """An account that may be read."""

    account: Account
    caller: Caller
    regions: Regions
    shared: SharedAnswers = field(default_factory=SharedAnswers)


@dataclass(frozen=True)
class _Unit:
    """A piece of work: a type in one region of one account, with the types that are listed under it."""

    entered: _Entered
    region: str
    family: tuple[TypeDeclaration, ...]
    """Parents before children."""
    wanted: frozenset[Scope]

    def scope(self, declaration: TypeDeclaration) -> Scope:
        return Scope(self.entered.account.id, self.region, declaration.type)


class Sweeper:
    """Sweeps. One for a process; a sweep at a time."""

    def __init__(
        self,
        history: Store,
        catalogue: Catalogue,
        entrances: Entrances,
        *,
        redactor: Redactor | None = None,
        options: SweepOptions | None = None,
    ) -> None:
        self._history = history
        self._catalogue = catalogue
        self._entrances = entrances
        self._line = entrances.line
        self._redactor = redactor
        self._options = options or SweepOptions()
        local = self._line.clients.local
        hold = self._options.hold_seconds / 20 if local else self._options.hold_seconds
        self._worker = ScopeWorker(history, self._line.now, self._line.sleep, hold)

    def sweep(self, request: Request, progress: Progress = no_progress) -> SweepSummary:
        """Look at everything that is asked for, and record it scope by scope.

        What cannot be read is in the summary and in the coverage, never an exception.

        Raises:
            CallFailed: There are no ambient credentials, and no account was named.
            CatalogueError: A pattern matches no type.
            StoreError: The store cannot be written: the sweep stops; what was recorded before stays.
        """
        started = time.monotonic()
        catalogue = self._catalogue.select(request.types)
        accounts = request.accounts or (self._entrances.current(),)
        with ThreadPoolExecutor(self._options.threads, "vigie-sweep") as pool:
            run = _Run(self, request, catalogue, pool, progress)
            try:
                run.enter(accounts)
                run.work()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        run.summary.seconds = time.monotonic() - started
        return run.summary


class _Run:
    """One sweep under way."""

    def __init__(
        self,
        sweeper: Sweeper,
        request: Request,
        catalogue: Catalogue,
        pool: ThreadPoolExecutor,
        progress: Progress,
    ) -> None:
        self.summary = SweepSummary()
        self._request = request
        self._families = families(catalogue)
        self._types = catalogue.types
        self._pool = pool
        self._progress = progress
        self._sweeper = sweeper
        self._worker = sweeper._worker
        self._options = sweeper._options
        self._line = sweeper._line
        self._units: list[_Unit] = []
        self._entered: list[_Entered] = []
        self._lock = threading.Lock()
        self._total = 0

    # accounts

    def enter(self, accounts: Sequence[Account]) -> None:
        """Find out which accounts may be read, and where; note the others."""
        self._progress(0, 0, "entering accounts")
        for account, outcome in zip(accounts, self._pool.map(self._enter, accounts), strict=True):
            if isinstance(outcome, CallFailed):
                self._refused(account, outcome)
            else:
                self._entered.append(outcome)
                self.summary.accounts.append(account.id)
        queues = [self._units_of(entered) for entered in self._entered]
        # one of each account in turn, so that one that is slow or throttled does not hold the threads
        self._units = [unit for turn in zip_longest(*queues) for unit in turn if unit is not None]
        self._total = sum(len(unit.wanted) for unit in self._units)

    def _enter(self, account: Account) -> _Entered | CallFailed:
        try:
            caller = self._sweeper._entrances.enter(account)
            return _Entered(account, caller, self._sweeper._entrances.regions(caller))
        except CallFailed as failure:
            return failure

    def _refused(self, account: Account, failure: CallFailed) -> None:
        """Nothing is known of the account now: every scope of it that was ever looked at says so."""
        self.summary.failed_accounts[account.id] = f"{failure.operation}: {failure.code}: {failure.message}"
        known = {coverage.scope for coverage in self._coverage(account.id)}
        expected = {Scope(account.id, GLOBAL, name) for name, one in self._types.items() if one.scope is Reach.GLOBAL}
        for scope in sorted(known | expected):
            if self._is_asked(scope) and self._is_mine(scope.account, scope.region):
                self.summary.add(self._worker.note(scope, failure.outcome, (failure.problem(),)))

    def _is_asked(self, scope: Scope) -> bool:
        regions = self._request.regions
        return scope.type in self._types and (scope.region == GLOBAL or not regions or scope.region in regions)

    def _coverage(self, account: str) -> Iterable[Coverage]:
        found: Iterable[Coverage] = self._sweeper._history.archive.coverage(account=account)
        return found

    # what there is to do

    def _units_of(self, entered: _Entered) -> list[_Unit]:
        account, regions = entered.account, entered.regions
        coverages = {coverage.scope: coverage for coverage in self._coverage(account.id)}
        asked = self._request.regions or account.regions or regions.names
        enabled = [region for region in asked if region in regions.names or not regions.certain]
        self._note_disabled(account, regions, asked, coverages)
        if not regions.certain and self._request.shard[0] == 0:
            causes = "; ".join(f"{problem.operation}: {problem.code}" for problem in regions.problems)
            self.summary.notices.append(
                f"The enabled regions of {account.id} could not be learnt ({causes}): all that are known are tried."
            )
        wanted = self._wanted(account.id, enabled, coverages)
        units: list[_Unit] = []
        # the global ones first: they are the largest
        for region in (GLOBAL, *enabled):
            if not self._is_mine(account.id, region):
                continue
            for family in self._families:
                scopes = frozenset(Scope(account.id, region, one.type) for one in family) & wanted
                if scopes:
                    units.append(_Unit(entered, region, family, scopes))
        return units

    def _wanted(self, account: str, regions: Sequence[str], coverages: Mapping[Scope, Coverage]) -> frozenset[Scope]:
        every = self._request.due_every
        scopes = [
            (Scope(account, region, one.type), one)
            for one in self._types.values()
            for region in ((GLOBAL,) if one.scope is Reach.GLOBAL else regions)
        ]
        if every is None:
            return frozenset(scope for scope, _ in scopes)
        return due_scopes(scopes, coverages, every, self._line.now(), self._request.calm)

    def _is_mine(self, account: str, region: str) -> bool:
        which, of = self._request.shard
        return of == 1 or crc32(f"{account}/{region}".encode()) % of == which

    def _note_disabled(
        self, account: Account, regions: Regions, asked: Sequence[str], coverages: Mapping[Scope, Coverage]
    ) -> None:
        """Regions that were watched, or are asked for, and are not enabled: nothing is concluded there."""
        if not regions.certain:
            return
        expected = {scope for scope in coverages if scope.region != GLOBAL and scope.region not in regions.names}
        for region in set(asked) - set(regions.names):
            regional = (one for one in self._types.values() if one.scope is Reach.REGIONAL)
            expected |= {Scope(account.id, region, one.type) for one in regional}
        problem = Problem(Outcome.REGION_DISABLED, "account:ListRegions", "NotEnabled", "the region is not enabled")
        for scope in sorted(expected):
            if self._is_asked(scope) and self._is_mine(scope.account, scope.region):
                self.summary.add(self._worker.note(scope, Outcome.REGION_DISABLED, (problem,)))

    # doing it

    def work(self) -> None:
        """Raises StoreError, and whatever else is no failure of AWS."""
        futures: list[Future[None]] = [self._pool.submit(self._do, unit) for unit in self._units]
        done, _ = wait(futures, return_when=FIRST_EXCEPTION)
        for future in done:
            future.result()
        self.summary.calls = sum(entered.caller.calls for entered in self._entered)
        for entered in self._entered:
            if entered.caller.aborted is not None:
                self.summary.failed_accounts[entered.account.id] = str(entered.caller.aborted)

    def _do(self, unit: _Unit) -> None:
        parents: dict[str, Parents | Problem] = {}
        for declaration in unit.family:
            scope = unit.scope(declaration)
            above = parents.get(declaration.parent) if declaration.parent else Parents()
            if isinstance(above, Problem):
                self._count(self._worker.note(scope, above.outcome, (above,)), unit)
                parents[declaration.type] = above
                continue
            reader = self._reader(unit, declaration, above or Parents())
            if scope in unit.wanted:
                result, look = self._worker.run(reader)
                self._count(result, unit)
                failed = not result.outcome.listed_everything
                parents[declaration.type] = _unread(result.problems, declaration) if failed else look.parents
            elif any(one.parent == declaration.type for one in unit.family):
                parents[declaration.type] = _listed_only(reader, declaration)

    def _reader(self, unit: _Unit, declaration: TypeDeclaration, parents: Parents) -> Reader:
        caller = unit.entered.caller
        region = HOME_REGIONS.get(caller.partition, DEFAULT_REGION) if unit.region == GLOBAL else unit.region
        deadline = self._line.clock() + self._options.scope_seconds
        return Reader(
            declaration=declaration,
            scope=unit.scope(declaration),
            caller=RestrictedCaller(caller, declaration.operations, region, deadline),
            now=self._line.now,
            redactor=self._sweeper._redactor,
            shared=unit.entered.shared,
            spread=PoolSpread(self._pool, self._options.fan_out),
            parents=parents,
        )

    def _count(self, result: ScopeResult, unit: _Unit) -> None:
        with self._lock:
            if result.scope in unit.wanted:
                self.summary.add(result)
            scope = result.scope
            self._progress(self.summary.scopes, self._total, f"{scope.account} {scope.region} {scope.type}")


def families(catalogue: Catalogue) -> tuple[tuple[TypeDeclaration, ...], ...]:
    """The types of a catalogue, each root with all that is listed under it: parents before children."""
    children: dict[str | None, list[TypeDeclaration]] = {}
    for declaration in catalogue.types.values():
        children.setdefault(declaration.parent, []).append(declaration)

    def below(declaration: TypeDeclaration) -> list[TypeDeclaration]:
        found = [declaration]
        for child in children.get(declaration.type, ()):
            found += below(child)
        return found

    return tuple(tuple(below(root)) for root in children.get(None, ()))


def _unread(problems: Sequence[Problem], declaration: TypeDeclaration) -> Problem:
    first = problems[0] if problems else Problem(Outcome.ERROR, str(declaration.calls[0]), PARENT_UNREAD, "")
    message = f"the resources of the type {declaration} above could not be listed: {first.message}"
    return replace(first, message=message, path="", count=1)


def _listed_only(reader: Reader, declaration: TypeDeclaration) -> Parents | Problem:
    try:
        return reader.list_only()
    except CallFailed as failure:
        return _unread((failure.problem(),), declaration)
