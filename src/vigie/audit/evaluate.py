"""Judging: which rules apply to a revision, and what each says. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from vigie.model.change import Revision
from vigie.model.finding import Compliance
from vigie.rules.discover import RuleSet
from vigie.rules.estate import Estate
from vigie.rules.judging import Verdict, judge
from vigie.rules.overrides import Overrides


@dataclass(frozen=True, slots=True)
class Judgement:
    """All verdicts on one revision. Rules that are switched off for it are not among them."""

    revision: Revision
    verdicts: tuple[Verdict, ...] = ()

    @property
    def look_again(self) -> datetime | None:
        """When a verdict may change without a change of the resource."""
        return min((v.look_again for v in self.verdicts if v.look_again is not None), default=None)

    def count(self, compliance: Compliance) -> int:
        return sum(verdict.compliance is compliance for verdict in self.verdicts)


@dataclass(frozen=True)
class Bench:
    """The rules with the overrides laid over them: what judges."""

    rules: RuleSet
    overrides: Overrides = field(default_factory=Overrides)

    def evaluate(self, revision: Revision, estate: Estate) -> Judgement:
        """Judge one revision by every rule for its type. A deletion is judged by none.

        Never raises: each (rule, resource) is isolated (vigie.rules.judging).
        """
        if not revision.resource.present:
            return Judgement(revision)
        return Judgement(revision, tuple(self._verdicts(revision, estate)))

    def _verdicts(self, revision: Revision, estate: Estate) -> Iterable[Verdict]:
        for rule in self.rules.for_type(revision.type):
            effect = self.overrides.effect(rule, revision)
            if effect.enabled:
                yield judge(rule, revision, estate, severity=effect.severity, parameters=effect.parameters)
