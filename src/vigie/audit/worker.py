"""The auditor at work: claims what is due, judges it, and writes what follows in one transaction.

Killed at any time, it loses nothing: a claim ends with its lease, and what was not committed is judged again.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from vigie.access.mechanisms import MECHANISMS
from vigie.audit.changes import ChangeJudge, counted
from vigie.audit.estate import (
    EstateSettings,
    HistoryInventory,
    WholeEstate,
    estate_digest,
    known_accounts,
    make_estate,
)
from vigie.audit.evaluate import Bench, Judgement
from vigie.audit.reconcile import Before, reconcile
from vigie.history import verdicts
from vigie.history.store import History, Transaction
from vigie.model.change import ChangeKind, Revision
from vigie.model.finding import FindingStatus
from vigie.model.finding_plan import Cause, FindingPlan
from vigie.model.paging import Page
from vigie.model.queries import ResourceFilter
from vigie.rules.discover import RuleSet
from vigie.rules.inventory import OWNING_TYPES
from vigie.rules.overrides import Overrides

TOPIC: Final = "judge"
BATCH: Final = 1000
LEASE: Final = timedelta(minutes=1)
"""After it, others judge what one that died had claimed. If it was only slow, its claim is void: that harms nobody."""
OF_ORGANIZATION: Final = "AWS::Organizations::"
_CHUNK: Final = 500
_CHANGES: Final = 50
"""Changes judged in one transaction."""
_BASIS: Final = "basis"
_RULES: Final = "rules"
_TURNED: Final = "turned_scopes"
_OWNING: Final = frozenset(type_ for types in OWNING_TYPES.values() for type_ in types)
_OPENING: Final = (
    Cause.OPENED,
    Cause.REOPENED,
    Cause.JUSTIFICATION_BROKEN,
    Cause.JUSTIFICATION_EXPIRED,
    Cause.WITHDRAWN,
)
_OVERLAP: Final = 200
"""PostgreSQL numbers rows before they are committed: a look back over the last numbers finds those that came late."""


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What a judging came to."""

    judged: int = 0
    """Resources."""
    opened: int = 0
    """Findings that are new, found again, or not justified any more."""
    resolved: int = 0
    unknown: int = 0
    """Findings of which nobody can tell now."""
    changes: int = 0
    """Changes whose verdict was decided."""
    widened: int = 0
    """Of those: that gave somebody more than before."""

    def __add__(self, other: AuditReport) -> AuditReport:
        return AuditReport(
            self.judged + other.judged,
            self.opened + other.opened,
            self.resolved + other.resolved,
            self.unknown + other.unknown,
            self.changes + other.changes,
            self.widened + other.widened,
        )

    def __str__(self) -> str:
        changes = f" {self.changes:,} changes judged: {self.widened:,} widened what others may." if self.changes else ""
        return (
            f"{self.judged:,} resources judged: {self.opened:,} findings opened, {self.resolved:,} resolved, "
            f"{self.unknown:,} unknown.{changes}"
        )


@dataclass(frozen=True)
class Auditor:
    """Judges what is recorded. Several may work on one store."""

    history: History
    rules: RuleSet
    settings: EstateSettings = field(default_factory=EstateSettings)
    overrides: Overrides = field(default_factory=Overrides)

    @property
    def bench(self) -> Bench:
        return Bench(self.rules, self.overrides)

    def run(self, now: datetime) -> AuditReport:
        """Judge all that is due, batch after batch, until nothing is: changes first, for people wait to be told."""
        report = self.judge_changes(now)
        self.notice(now)
        while True:
            done = self.run_once(now)
            if done is None:
                return report
            report += done

    def run_once(self, now: datetime) -> AuditReport | None:
        """Judge one batch of what is due. None: nothing was."""
        claims = sorted(self.history.work.claim(TOPIC, BATCH, now, LEASE), key=lambda claim: claim.key)
        if not claims:
            return None
        revisions = list(self.history.archive.load([int(claim.key) for claim in claims]).values())
        inventory = HistoryInventory(self.history)
        estate = make_estate(self.history, self.settings, inventory, now)
        judgements = [self.bench.evaluate(revision, estate) for revision in revisions]
        self._put_dependents(revisions, now)
        self._put_look_agains(judgements)
        with self.history.begin() as tx:
            self.history.findings.serialise(tx)  # before any row of work: who waits for it then holds nothing
            held = {int(claim.key) for claim in self.history.work.done(tx, claims)}
            plan = self._record(tx, [j for j in judgements if _pk(j.revision) in held], now)
        return report_of(plan)

    def judge_changes(self, now: datetime) -> AuditReport:
        """Decide what each recorded change did to what others may, and let its notification go."""
        report = AuditReport()
        while claims := self.history.work.claim(verdicts.TOPIC, _CHANGES, now, LEASE):
            judge = ChangeJudge.over(self.history, self.settings, now)
            judged = judge.verdicts([int(claim.key) for claim in claims])
            with self.history.begin() as tx:
                held = self.history.work.done(tx, claims)
                self.history.verdicts.settle(tx, {int(c.key): judged[int(c.key)] for c in held}, now)
            told = [one for c in held if (one := judged[int(c.key)]) is not None]
            report += AuditReport(changes=len(told), widened=counted(told))
        return report

    def judge_all_changes(self, now: datetime) -> AuditReport:
        """Decide again what every recorded change did, by what is known now. What comes out differently supersedes
        what was thought; nobody is told again.
        """
        report, last = AuditReport(), 0
        while pks := self.history.verdicts.judgeable(last, _CHANGES):
            judge = ChangeJudge.over(self.history, self.settings, now)
            judged = {pk: one for pk, one in judge.verdicts(pks).items() if one is not None}
            with self.history.begin() as tx:
                self.history.verdicts.put(tx, judged, now)
            report += AuditReport(changes=len(judged), widened=counted(list(judged.values())))
            last = pks[-1]
        return report

    def judge_everything(self, now: datetime) -> AuditReport:
        """Judge the whole recorded estate by all rules, without reading AWS."""
        basis = self._basis()
        revisions = self._everything()
        inventory = WholeEstate(revisions, self.history.archive.coverage())
        estate = make_estate(self.history, self.settings, inventory, now)
        judgements = [self.bench.evaluate(revision, estate) for revision in revisions]
        self._put_look_agains(judgements)
        report = AuditReport()
        for start in range(0, len(judgements), _CHUNK):
            with self.history.begin() as tx:
                report += report_of(self._record(tx, judgements[start : start + _CHUNK], now))
        with self.history.begin() as tx:
            self._remember_basis(tx, basis, now)
        return report

    def _record(self, tx: Transaction, judgements: Sequence[Judgement], now: datetime) -> FindingPlan:
        """Write what follows from the judgements, but for those of a revision that is older than one judged
        meanwhile.
        """
        findings = self.history.findings
        findings.serialise(tx)
        pks = [_pk(j.revision) for j in judgements]
        judged = findings.judged_revisions(pks, tx)
        fresh = [j for j in judgements if judged.get(_pk(j.revision), 0) <= j.revision.number]
        known = findings.of_resources(pks, tx)
        before = Before(findings.judged_at(pks, tx), *self._new_rules(tx, now))
        plan = reconcile(fresh, known, findings.patterns(tx), self.rules.rules, now, before)
        findings.apply(tx, plan, now)
        return plan

    def _everything(self) -> list[Revision]:
        """Every present resource, and those that are gone with findings that say otherwise."""
        archive = self.history.archive
        present = [r for type_ in archive.facets(ResourceFilter()).types for r in archive.present_of_type(type_)]
        gone = self.history.findings.unresolved() - {_pk(r) for r in present}
        return [*present, *archive.load(sorted(gone)).values()]

    def _put_look_agains(self, judgements: Sequence[Judgement]) -> None:
        dates: dict[datetime, list[str]] = defaultdict(list)
        for judgement in judgements:
            if judgement.look_again is not None:
                dates[judgement.look_again].append(str(_pk(judgement.revision)))
        for date, keys in dates.items():
            self._put(keys, date)

    def _put(self, keys: Iterable[str], due_at: datetime) -> None:
        """In a transaction of its own, one statement: never two of them waiting for each other's rows."""
        with self.history.begin() as tx:
            self.history.work.put(tx, TOPIC, keys, due_at)

    # What makes resources due besides their own revisions

    def notice(self, now: datetime) -> None:
        """Make due what must be judged again besides what changed.

        All, after a change of rules, overrides or estate. What looks up a type, after its coverage took another status.
        """
        if self.history.findings.remembered(_BASIS) != self._basis():
            self._judge_all_again(now)
        self._notice_coverage(now)

    def _basis(self) -> str:
        accounts = known_accounts(self.history, self.settings)
        facts = (self.rules.digest, repr(self.overrides), estate_digest(accounts, self.settings))
        return hashlib.sha256("\n".join(facts).encode()).hexdigest()

    def _judge_all_again(self, now: datetime) -> None:
        keys = self._all_pks()
        with self.history.begin() as tx:
            self.history.work.put(tx, TOPIC, map(str, keys), now)
            self._remember_basis(tx, self._basis(), now)

    def _remember_basis(self, tx: Transaction, basis: str, now: datetime) -> None:
        self.history.findings.remember(tx, _BASIS, basis)
        here = sorted(self.rules.rules)
        remembered = self.history.findings.remembered(_RULES, tx)
        if remembered is None or json.loads(remembered)["rules"] != here:
            new, _ = self._new_rules(tx, now)
            said = {"rules": here, "new": sorted(new), "since": now.isoformat()}
            self.history.findings.remember(tx, _RULES, json.dumps(said))

    def _new_rules(self, tx: Transaction, now: datetime) -> tuple[frozenset[str], datetime | None]:
        """The rules that came last, and since when they are there. At the first start, none is new."""
        remembered = self.history.findings.remembered(_RULES, tx)
        if remembered is None:
            return frozenset(), None
        said = json.loads(remembered)
        if said["rules"] == sorted(self.rules.rules):
            return frozenset(said["new"]), datetime.fromisoformat(said["since"])
        return frozenset(self.rules.rules.keys() - set(said["rules"])), now

    def _notice_coverage(self, now: datetime) -> None:
        remembered = json.loads(self.history.findings.remembered(_TURNED) or '{"last": 0, "seen": []}')
        runs = self.history.findings.turned_scopes(max(0, remembered["last"] - _OVERLAP))
        turned = [scope for number, scope in runs if number not in remembered["seen"]]
        if not turned:
            return
        keys = {pk for scope in turned for pk in self._looking_up(scope.type, scope.account)}
        last = max(number for number, _ in runs)
        seen = [number for number, _ in runs if number > last - _OVERLAP]
        with self.history.begin() as tx:
            self.history.work.put(tx, TOPIC, map(str, keys), now)
            self.history.findings.remember(tx, _TURNED, json.dumps({"last": last, "seen": seen}))

    # Dependents

    def _put_dependents(self, revisions: Sequence[Revision], now: datetime) -> None:
        """Make due the resources whose verdict may rest on one that changed.

        Only a revision that was never judged concerns others, or the circle would not end; and what changed without
        meaning (a last use) concerns nobody else.
        """
        judged = self.history.findings.judged_revisions([_pk(r) for r in revisions])
        changed = [r for r in revisions if judged.get(_pk(r)) != r.number and r.kind is not ChangeKind.EPHEMERAL]
        found: set[int] = set()
        for type_, account in {(r.type, r.account) for r in changed}:
            found |= self._looking_up(type_, account)
        found |= self._naming(changed)
        dependents = found - {_pk(r) for r in revisions}
        if dependents:
            self._put(map(str, dependents), now)

    def _looking_up(self, type_: str, account: str) -> set[int]:
        """The resources of an account that are judged by rules which look up that type."""
        judged_types = {t for rule in self.rules.depending_on(type_) for t in rule.applies_to}
        # what the management account records of the organisation concerns the principals of every account
        within = None if type_.startswith(OF_ORGANIZATION) else account
        found: set[int] = set()
        for judged_type in judged_types:
            found |= self._pks(ResourceFilter(account=within, type=judged_type))
        return found

    def _naming(self, revisions: Iterable[Revision]) -> set[int]:
        """Resources of any account that name one of these, where that can matter to a rule for them."""
        names_for: dict[frozenset[str], set[str]] = defaultdict(set)
        for revision in revisions:
            own = (revision.id, revision.arn, revision.resource.uid)
            names_for[self._types_resting_on(revision)].update(name for name in own if name)
        found: set[int] = set()
        for types, names in names_for.items():
            if types:
                found |= self.history.archive.naming(names, types)
        return found

    def _types_resting_on(self, revision: Revision) -> frozenset[str]:
        """The types of which a resource that names this one may be judged differently."""
        types = {t for rule in self.rules.resting_on(revision.type) for t in rule.applies_to}
        if revision.type in _OWNING and _came_or_went(revision):
            types |= MECHANISMS.keys()  # whose it is decides how access by it is judged
        return frozenset(types)

    def _all_pks(self) -> set[int]:
        return self._pks(ResourceFilter()) | self.history.findings.unresolved()

    def _pks(self, wanted: ResourceFilter) -> set[int]:
        found: set[int] = set()
        page = Page(limit=1000)
        while True:
            listed = self.history.archive.resources(wanted, page)
            found |= {resource.pk for resource in listed.items if resource.pk is not None}
            if listed.next is None:
                return found
            page = Page(limit=1000, after=listed.next)


def report_of(plan: FindingPlan) -> AuditReport:
    opened = sum(step.status is FindingStatus.OPEN and step.cause in _OPENING for step in plan.steps)
    resolved = sum(step.status is FindingStatus.RESOLVED for step in plan.steps)
    unknown = sum(step.status is FindingStatus.UNKNOWN for step in plan.steps)
    return AuditReport(len(plan.judged), opened, resolved, unknown)


def _came_or_went(revision: Revision) -> bool:
    return revision.number == 1 or revision.kind in (ChangeKind.DELETED, ChangeKind.RECREATED)


def _pk(revision: Revision) -> int:
    if revision.resource.pk is None:
        raise ValueError("only recorded resources are judged by the auditor")
    return revision.resource.pk
