"""Judging what is recorded, and what people say of findings."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from vigie.app.parts import Parts
from vigie.model.errors import RuleError, UsageError
from vigie.model.finding import Finding, Justification

if TYPE_CHECKING:
    from vigie.audit.worker import AuditReport
    from vigie.model.backtest import Backtest
    from vigie.rules.declare import Rule
    from vigie.rules.discover import RuleSet
    from vigie.rules.estate import Estate
    from vigie.rules.examples import ExampleResult


class Judging(Parts):
    """Rules, their examples, findings and justifications."""

    def judge_everything(self) -> AuditReport:
        """Judge the whole recorded estate again, and every recorded change."""
        now = self._clock()
        self.auditor.judge_changes(now)  # those that are waited for
        return self.auditor.judge_all_changes(now) + self.auditor.judge_everything(now)

    def run_examples(self, path: Path | None) -> tuple[list[Rule], list[ExampleResult]]:
        """Run the examples of all rules, or of those below a path: the rules, and what came of their examples.

        Raises:
            RuleError: A file below the path cannot be read.
        """
        from vigie.rules.examples import run_examples

        chosen = self._rules_below(path) if path else self.rules
        samples = {**self.rules.samples, **chosen.samples}
        return list(chosen), [result for rule in chosen for result in run_examples(rule, samples)]

    def _rules_below(self, path: Path) -> RuleSet:
        from vigie.rules.discover import discover

        found = discover([path], group=None, shipped=False)
        if found.problems:
            raise RuleError(" ".join(problem.message.removesuffix(".") + "." for problem in found.problems))
        return found

    def estate(self) -> Estate:
        """The recorded estate as it is now, for questions to it."""
        from vigie.audit.estate import HistoryInventory, make_estate

        return make_estate(self.history, self.estate_settings, HistoryInventory(self.history), self._clock())

    def backtest(self, wanted: str, since: datetime, until: datetime, account: str | None) -> Backtest:
        """What a rule would have said of recorded history. ``wanted``: its id, or a file of one.

        Raises:
            UsageError: There is no such rule, or the file holds none or several.
            RuleError: The file cannot be read.
        """
        from vigie.audit.backtest import Asked, backtest

        asked = Asked(self._one_rule(wanted), since, until, account)
        return backtest(self.history, asked, self.estate_settings, self.overrides)

    def _one_rule(self, wanted: str) -> Rule:
        path = Path(wanted)
        if path.suffix not in (".py", ".toml") or not path.exists():
            return self.rules.get(wanted)
        found = self._rules_below(path)
        if len(found) != 1:
            raise UsageError(f"{path} holds {len(found)} rules: name a file with one.")
        return next(iter(found))

    def justify(
        self, finding: Finding, *, author: str, reason: str, expires_at: datetime | None, now: datetime
    ) -> None:
        """Raises UsageError: nothing is wrong now that could be accepted."""
        with self.history.begin() as tx:
            given = Justification(author=author, reason=reason, created_at=now, expires_at=expires_at)
            self.history.findings.justify(tx, finding.pk or 0, given)

    def withdraw(self, finding: Finding, *, author: str, now: datetime) -> None:
        """Raises UsageError: the finding has no justification of its own."""
        with self.history.begin() as tx:
            self.history.findings.withdraw(tx, finding.pk or 0, author, now)
