"""What a rule would have said through recorded history: when it would have opened, on what, for how long.

Findings are neither read nor touched. Who is who (accounts, organisation, networks) is taken as it is known now; what
rules look up of other resources, and what could not be looked at, is taken as it was then.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from vigie.audit.estate import EstateSettings, WholeEstate, make_estate
from vigie.audit.evaluate import Bench
from vigie.history.store import History
from vigie.model.backtest import Backtest, Episode
from vigie.model.change import ChangeKind, Revision
from vigie.model.scope import Coverage
from vigie.rules.declare import Rule
from vigie.rules.discover import RuleSet
from vigie.rules.estate import ACCOUNT_BLOCK, Estate
from vigie.rules.inventory import OWNING_TYPES, tokens
from vigie.rules.judging import Verdict
from vigie.rules.overrides import Overrides

_TOGETHER: Final = timedelta(minutes=1)
"""Revisions this close are one moment, as one sweep sees them; never two of one resource."""
_OWNING: Final = tuple({type_ for types in OWNING_TYPES.values() for type_ in types})


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be judged: one rule, over a time."""

    rule: Rule
    since: datetime
    until: datetime
    account: str | None = None


def backtest(history: History, asked: Asked, settings: EstateSettings, overrides: Overrides) -> Backtest:
    """Judge the recorded revisions of a time by one rule."""
    judged, looked_up = asked.rule.applies_to, (*asked.rule.looks_up, *_OWNING, ACCOUNT_BLOCK)
    types = tuple(dict.fromkeys((*judged, *looked_up)))
    revisions = history.past.revisions(types, until=asked.until)
    runs = history.past.coverage_runs(tuple(dict.fromkeys((*judged, *asked.rule.looks_up, ACCOUNT_BLOCK))))

    def estate_of(inventory: WholeEstate, now: datetime) -> Estate:
        return make_estate(history, settings, inventory, now)

    bench = Bench(RuleSet({asked.rule.id: asked.rule}), overrides)
    return _Replay(asked, bench, history.past.configurations, estate_of, runs).of(revisions)


@dataclass
class _Replay:
    asked: Asked
    bench: Bench
    load: Callable[[Iterable[Revision]], Mapping[int, Revision]]
    estate_of: Callable[[WholeEstate, datetime], Estate]
    runs: Sequence[Sequence[Coverage]]
    _now: dict[int, Revision] = field(default_factory=dict)
    """Resource → its last revision up to the moment that is judged, with its configuration."""
    _open: dict[tuple[int, str, bool], Episode] = field(default_factory=dict)
    _closed: list[Episode] = field(default_factory=list)
    _again: list[tuple[datetime, int]] = field(default_factory=list)
    _judgings: int = 0

    def of(self, revisions: Sequence[Revision]) -> Backtest:
        earlier = {_pk(r): r for r in revisions if r.observed_at <= self.asked.since}
        later = [r for r in revisions if r.observed_at > self.asked.since]
        self._take(list(earlier.values()))
        self._judge(self.asked.since, self._of_the_rule(self._now.values()))
        for moment in _moments(later):
            at = moment[-1].observed_at
            self._look_again(before=at)
            were = [self._now.get(_pk(r)) for r in moment]
            self._take(moment)
            self._judge(at, self._concerned(moment, were))
        self._look_again(before=self.asked.until)
        episodes = sorted(
            (*self._closed, *self._open.values()), key=lambda e: (e.opened_at, str(e.resource), e.subject)
        )
        seen = [r for r in (*earlier.values(), *later) if self._is_judged(r)]
        return Backtest(
            rule=self.asked.rule.id,
            since=self.asked.since,
            until=self.asked.until,
            resources=len({_pk(r) for r in seen}),
            revisions=len(seen),
            judgings=self._judgings,
            episodes=tuple(episodes),
        )

    def _take(self, revisions: Sequence[Revision]) -> None:
        whole = self.load(revisions)
        for revision in revisions:
            held = whole[revision.pk or 0]
            present = held.kind is not ChangeKind.DELETED
            self._now[_pk(held)] = replace(held, resource=replace(held.resource, present=present))

    def _judge(self, at: datetime, revisions: Iterable[Revision]) -> None:
        inventory = WholeEstate(self._now.values(), self._coverage_at(at))
        estate = self.estate_of(inventory, at)
        for revision in revisions:
            if revision.erased is not None:
                continue  # nobody can tell any more: what was open stays so
            judgement = self.bench.evaluate(revision, estate)
            self._judgings += 1
            verdict = judgement.verdicts[0] if judgement.verdicts else None
            self._follow(revision, verdict, at)
            if judgement.look_again is not None and judgement.look_again <= self.asked.until:
                heapq.heappush(self._again, (judgement.look_again, _pk(revision)))

    def _look_again(self, *, before: datetime) -> None:
        """Judge what asked to be judged again at a date that has passed by then."""
        while self._again and self._again[0][0] <= before:
            at = self._again[0][0]
            due = set()
            while self._again and self._again[0][0] == at:
                due.add(heapq.heappop(self._again)[1])
            self._judge(at, [self._now[pk] for pk in sorted(due)])

    def _follow(self, revision: Revision, verdict: Verdict | None, at: datetime) -> None:
        """Open and close episodes. What nobody can tell closes nothing."""
        pk = _pk(revision)
        said = {v.subject: v for v in verdict.violations} if verdict else {}
        unknown = verdict.error if verdict else None
        for subject, violation in said.items():
            held = self._open.get((pk, subject, False))
            severity = violation.severity or self.asked.rule.severity
            if held is None:
                self._open[pk, subject, False] = Episode(
                    revision.resource, subject, severity, violation.message, at, revision.number
                )
            elif severity.rank > held.severity.rank:
                self._open[pk, subject, False] = replace(held, severity=severity, message=violation.message)
        if unknown is None:
            gone = [key for key in self._open if key[0] == pk and (key[2] or key[1] not in said)]
            for key in gone:
                self._closed.append(replace(self._open.pop(key), closed_at=at, closed_by=revision.number))
        elif (pk, "", True) not in self._open:
            severity = self.asked.rule.severity
            self._open[pk, "", True] = Episode(
                revision.resource, "", severity, unknown, at, revision.number, unknown=True
            )

    # What a moment concerns

    def _is_judged(self, revision: Revision) -> bool:
        return revision.type in self.asked.rule.applies_to and self.asked.account in (None, revision.account)

    def _of_the_rule(self, revisions: Iterable[Revision]) -> list[Revision]:
        return [r for r in revisions if self._is_judged(r) and r.resource.present]

    def _concerned(self, moment: Sequence[Revision], were: Sequence[Revision | None]) -> list[Revision]:
        """The resources whose verdict may be another: those that changed, those of an account of which something
        changed that the rule looks up, and those that name something of which the owner came or went.
        """
        own = {_pk(r) for r in moment if self._is_judged(r)}
        accounts = {r.account for r in moment if r.type in self.asked.rule.looks_up or r.type == ACCOUNT_BLOCK}
        turned = [r for r, was in zip(moment, were, strict=True) if r.type in _OWNING and _came_or_went(r, was)]
        names = {name for r in turned for name in (r.id, r.arn, r.name, r.resource.uid) if name}
        others = {_pk(r) for r in self._of_the_rule(self._now.values()) if r.account in accounts or _names(r, names)}
        return [self._now[pk] for pk in sorted(own | others)]

    def _coverage_at(self, at: datetime) -> Iterator[Coverage]:
        """Of each scope, what came of the last look up to then."""
        for of_scope in self.runs:
            run = next((run for run in reversed(of_scope) if run.since <= at), None)
            if run is not None:
                yield run


def _moments(revisions: Sequence[Revision]) -> Iterator[list[Revision]]:
    """Revisions in the order of their observation, in groups that were seen together."""
    moment: list[Revision] = []
    seen: set[int] = set()
    for revision in revisions:
        if moment and (revision.observed_at - moment[0].observed_at > _TOGETHER or _pk(revision) in seen):
            yield moment
            moment, seen = [], set()
        moment.append(revision)
        seen.add(_pk(revision))
    if moment:
        yield moment


def _place(episode: Episode) -> tuple[datetime, str, str]:
    return (episode.opened_at, str(episode.resource), episode.subject)


def _came_or_went(revision: Revision, was: Revision | None) -> bool:
    there = was is not None and was.resource.present
    return there != (revision.kind is not ChangeKind.DELETED)


def _names(revision: Revision, names: set[str]) -> bool:
    return bool(names) and any(token in names for token in tokens(revision.configuration))


def _pk(revision: Revision) -> int:
    if revision.resource.pk is None:
        raise ValueError("only recorded resources have a history")
    return revision.resource.pk
