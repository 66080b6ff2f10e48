"""Judging what is recorded, and what people say of findings."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from vigie.app.parts import Parts
from vigie.model.finding import Finding, Justification

if TYPE_CHECKING:
    from vigie.audit.worker import AuditReport
    from vigie.rules.declare import Rule
    from vigie.rules.examples import ExampleResult


class Judging(Parts):
    """Rules, their examples, findings and justifications."""

    def judge_everything(self) -> AuditReport:
        """Judge the whole recorded estate again."""
        return self.auditor.judge_everything(self._clock())

    def run_examples(self, path: Path | None) -> tuple[list[Rule], list[ExampleResult]]:
        """Run the examples of all rules, or of those below a path: the rules, and what came of their examples.

        Raises:
            RuleError: A file below the path cannot be read.
        """
        from vigie.model.errors import RuleError
        from vigie.rules.discover import discover
        from vigie.rules.examples import run_examples

        chosen = discover([path], group=None, shipped=False) if path else self.rules
        if path and chosen.problems:
            raise RuleError(" ".join(problem.message.removesuffix(".") + "." for problem in chosen.problems))
        samples = {**self.rules.samples, **chosen.samples}
        return list(chosen), [result for rule in chosen for result in run_examples(rule, samples)]

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
