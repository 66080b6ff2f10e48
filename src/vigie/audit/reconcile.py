"""Findings through time: what is recorded, what the rules say now, and so what is to be written. Pure.

Identity is (rule, resource, subject). Text, severity and evidence may change under it; age and justification stay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from vigie.audit.evaluate import Judgement
from vigie.model.change import ChangeKind, Revision
from vigie.model.finding import Compliance, FindingKey, FindingStatus, Severity, Violation
from vigie.model.finding_plan import (
    Cause,
    Confirmation,
    FindingPlan,
    GivenJustification,
    Judged,
    RuleFailure,
    RuleText,
    Step,
    StoredFinding,
)
from vigie.rules.declare import Rule
from vigie.rules.judging import Verdict

FIRST_LOOK: Final = timedelta(hours=1)
"""So long after a resource was first seen, what is found on it counts as found at the first look: what a rule looks up
besides may be seen later in the same sweep."""
OPEN, JUSTIFIED = FindingStatus.OPEN, FindingStatus.JUSTIFIED
RESOLVED, UNKNOWN = FindingStatus.RESOLVED, FindingStatus.UNKNOWN
_STANDING = (OPEN, JUSTIFIED)


@dataclass(frozen=True, slots=True)
class Before:
    """What was judged before. Findings that only now *could* be found go into a summary, others are told at once."""

    judged_at: Mapping[int, datetime] = field(default_factory=dict)
    """Resource → when it was judged last; one that is not here never was."""
    new_rules: frozenset[str] = frozenset()
    """Rules that were not there before ``rules_since``."""
    rules_since: datetime | None = None

    def is_first_look(self, revision: Revision, rule: str, now: datetime) -> bool:
        """Whether the resource, or the rule, is looked at for the first time."""
        judged_at = self.judged_at.get(revision.resource.pk or 0)
        if revision.kind is ChangeKind.BASELINE and (judged_at is None or now - revision.observed_at <= FIRST_LOOK):
            return True
        if rule not in self.new_rules or self.rules_since is None:
            return False
        return judged_at is not None and judged_at < self.rules_since


def reconcile(
    judgements: Sequence[Judgement],
    known: Mapping[int, Sequence[StoredFinding]],
    patterns: Sequence[GivenJustification],
    rules: Mapping[str, Rule],
    now: datetime,
    before: Before | None = None,
) -> FindingPlan:
    """What to write about the resources that were judged.

    ``known``: all their findings, resolved ones too. ``patterns``: the justifications by pattern that are in force.
    """
    draft = _Draft()
    for judgement in judgements:
        pk = judgement.revision.resource.pk
        if pk is None:
            raise ValueError("only recorded resources have findings")
        _Resource(judgement, pk, known.get(pk, ()), patterns, rules, now, draft, before or Before()).reconcile()
    names = {step.key.rule for step in draft.steps}
    texts = tuple(RuleText(id_, rules[id_].title, rules[id_].remedy) for id_ in sorted(names) if id_ in rules)
    told = {step.key.resource for step in draft.steps if step.told}
    tags = {j.revision.resource.pk: dict(j.revision.tags) for j in judgements if j.revision.resource.pk in told}
    return FindingPlan(
        judged=draft.judged,
        steps=draft.steps,
        confirmed=draft.confirmed,
        failures=draft.failures,
        texts=texts,
        tags={pk: of for pk, of in tags.items() if pk is not None},
    )


def no_worse(then: Any, now: Any) -> bool:
    """Whether evidence now holds nothing beyond the evidence then: equal, or lists in it are shorter."""
    if then == now:
        return True
    if isinstance(then, dict) and isinstance(now, dict):
        return then.keys() == now.keys() and all(no_worse(then[key], now[key]) for key in now)
    if isinstance(then, list) and isinstance(now, list):
        return all(element in then for element in now)
    return False


@dataclass
class _Draft:
    judged: list[Judged] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    confirmed: list[Confirmation] = field(default_factory=list)
    failures: list[RuleFailure] = field(default_factory=list)


@dataclass(frozen=True)
class _Resource:
    """One resource: its judgement, and its findings as recorded."""

    judgement: Judgement
    pk: int
    known: Sequence[StoredFinding]
    patterns: Sequence[GivenJustification]
    rules: Mapping[str, Rule]
    now: datetime
    draft: _Draft
    before: Before

    @property
    def revision(self) -> Revision:
        return self.judgement.revision

    def reconcile(self) -> None:
        by_rule: dict[str, dict[str, StoredFinding]] = {}
        for stored in self.known:
            by_rule.setdefault(stored.finding.rule, {})[stored.finding.subject] = stored
        for verdict in self.judgement.verdicts:
            self._rule(verdict, by_rule.pop(verdict.rule, {}))
        cause = Cause.NOT_JUDGED if self.revision.resource.present else Cause.DELETED
        for others in by_rule.values():
            for stored in others.values():
                self._resolve(stored, cause)
        self.draft.judged.append(self._judged())

    def _judged(self) -> Judged:
        return Judged(
            self.pk,
            self.revision.number,
            self.judgement.count(Compliance.COMPLIANT),
            self.judgement.count(Compliance.NON_COMPLIANT),
            self.judgement.count(Compliance.UNKNOWN),
        )

    def _rule(self, verdict: Verdict, known: Mapping[str, StoredFinding]) -> None:
        seen = {violation.subject for violation in verdict.violations}
        for violation in verdict.violations:
            self._seen(verdict, violation, known.get(violation.subject))
        missing = [stored for subject, stored in known.items() if subject not in seen]
        if verdict.error is None:
            for stored in missing:
                self._resolve(stored, Cause.RESOLVED)
            return
        self.draft.failures.append(RuleFailure(verdict.rule, self.pk, verdict.error, verdict.failed))
        unresolved = [stored for stored in missing if stored.finding.status is not RESOLVED]
        for stored in unresolved:
            self._cannot_tell(stored, verdict.error)
        if not unresolved and not seen:
            self._unknown_at_all(verdict, known.get(""))

    # A violation is there

    def _seen(self, verdict: Verdict, violation: Violation, stored: StoredFinding | None) -> None:
        own = violation.severity if violation.subject in verdict.graded else None
        justified, ended, why = self._justification(verdict.rule, violation, own, stored)
        status = JUSTIFIED if justified is not None else OPEN
        cause = _cause_seen(stored, status, why, violation)
        if stored is not None and cause is None and ended is None:
            self.draft.confirmed.append(Confirmation(stored.finding.pk or 0, violation.message))
            return
        cause = cause or Cause.CHANGED  # another justification holds now
        previous = stored.finding.status if stored else None
        self.draft.steps.append(
            Step(
                key=FindingKey(verdict.rule, self.pk, violation.subject),
                pk=stored.finding.pk if stored else None,
                cause=cause,
                status=status,
                severity=violation.severity or Severity.LOW,
                message=violation.message,
                evidence=violation.evidence,
                own_severity=own,
                previous=previous,
                justified_by=justified,
                ends_justification=ended,
                told=status is OPEN and cause in _TOLD_WHEN_OPEN,
                baseline=cause is Cause.OPENED and self.before.is_first_look(self.revision, verdict.rule, self.now),
            )
        )

    def _justification(
        self, rule: str, violation: Violation, own: Severity | None, stored: StoredFinding | None
    ) -> tuple[int | None, int | None, Cause | None]:
        """The justification that holds, the one that does not any more, and why not."""
        given = stored.given if stored else None
        ended, why = None, None
        if given is not None:
            why = self._why_void(given, violation, own)
            if why is None:
                return given.pk, None, None
            ended = given.pk
        for pattern in self.patterns:
            if self._fits(pattern, rule):
                return pattern.pk, ended, None
        if stored is not None and why is None and _was(stored) is JUSTIFIED:
            why = Cause.JUSTIFICATION_EXPIRED  # a pattern was withdrawn, or expired, or means this resource no more
        return None, ended, why

    def _why_void(self, given: GivenJustification, violation: Violation, own: Severity | None) -> Cause | None:
        if _expired(given, self.now):
            return Cause.JUSTIFICATION_EXPIRED
        graver = own is not None and given.severity is not None and own.rank > given.severity.rank
        return Cause.JUSTIFICATION_BROKEN if graver or not no_worse(given.evidence, violation.evidence) else None

    def _fits(self, given: GivenJustification, rule: str) -> bool:
        if given.pattern is None or _expired(given, self.now):
            return False
        return given.pattern.fits(rule, self.revision.resource, self.revision.tags)

    # It is not

    def _resolve(self, stored: StoredFinding, cause: Cause) -> None:
        found = stored.finding
        if found.status is RESOLVED:
            return
        told = _was(stored) in _STANDING and cause is not Cause.NOT_JUDGED
        step = _step(stored, cause, RESOLVED, found.message, told=told)
        if cause is Cause.DELETED and stored.given is not None:
            # what comes back under the same name is another thing: nobody accepted that
            step = replace(step, ends_justification=stored.given.pk)
        self.draft.steps.append(step)

    # Nobody can tell

    def _cannot_tell(self, stored: StoredFinding, error: str) -> None:
        found = stored.finding
        if found.status is UNKNOWN:
            return
        message = f"{found.message} (could not be judged again: {error})"
        self.draft.steps.append(_step(stored, Cause.UNKNOWN, UNKNOWN, message, held=found.status))

    def _unknown_at_all(self, verdict: Verdict, resolved: StoredFinding | None) -> None:
        """No finding of the rule stands on this resource: one says that it could not be judged."""
        message = f"Could not be judged: {verdict.error}"
        if resolved is not None:
            self.draft.steps.append(_step(resolved, Cause.UNKNOWN, UNKNOWN, message, held=RESOLVED))
            return
        key = FindingKey(verdict.rule, self.pk)
        severity = self.rules[verdict.rule].severity
        self.draft.steps.append(Step(key, None, Cause.UNKNOWN, UNKNOWN, severity, message))


_TOLD_WHEN_OPEN = (
    Cause.OPENED,
    Cause.REOPENED,
    Cause.JUSTIFICATION_BROKEN,
    Cause.JUSTIFICATION_EXPIRED,
)


def _was(stored: StoredFinding) -> FindingStatus | None:
    """The last status in which something was known."""
    return stored.held if stored.finding.status is UNKNOWN else stored.finding.status


def _cause_seen(
    stored: StoredFinding | None, status: FindingStatus, why: Cause | None, violation: Violation
) -> Cause | None:
    """Why a violation that is there makes a new state; None: it makes none."""
    was = _was(stored) if stored else None
    if stored is None or was is None:
        return Cause.OPENED
    if was is RESOLVED:
        return Cause.REOPENED
    if was is JUSTIFIED and status is OPEN:
        return why or Cause.WITHDRAWN
    if was is OPEN and status is JUSTIFIED:
        return Cause.JUSTIFIED
    if stored.finding.status is UNKNOWN:
        return Cause.CONFIRMED
    if stored.finding.evidence != violation.evidence:
        return Cause.CHANGED
    return Cause.RESCORED if stored.finding.severity is not violation.severity else None


def _step(
    stored: StoredFinding,
    cause: Cause,
    status: FindingStatus,
    message: str,
    *,
    held: FindingStatus | None = None,
    told: bool = False,
) -> Step:
    """A step that leaves what the finding rests on as it was."""
    found = stored.finding
    return Step(
        key=found.key,
        pk=found.pk,
        cause=cause,
        status=status,
        severity=found.severity,
        message=message,
        evidence=found.evidence,
        own_severity=stored.own_severity,
        held=held,
        previous=found.status,
        told=told,
    )


def _expired(given: GivenJustification, now: datetime) -> bool:
    return given.justification.expires_at is not None and given.justification.expires_at <= now
