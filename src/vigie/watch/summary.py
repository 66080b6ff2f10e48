"""What a sweep came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from vigie.model.change import Change, ChangeKind
from vigie.model.scope import Outcome, Problem, Scope

Progress = Callable[[int, int, str], None]
"""(scopes done, scopes in all, what is being read) – called from many threads, one at a time."""


def no_progress(done: int, total: int, what: str) -> None:
    """Tells nobody."""


@dataclass(frozen=True, slots=True)
class ScopeResult:
    """What came of one scope."""

    scope: Scope
    outcome: Outcome
    resources: int = 0
    """As seen at this look."""
    changes: tuple[Change, ...] = ()
    problems: tuple[Problem, ...] = ()
    notices: tuple[str, ...] = ()


@dataclass
class SweepSummary:
    """Counts and gaps of one sweep. Those of several processes can be added up."""

    accounts: list[str] = field(default_factory=list)
    """Those that were entered."""
    failed_accounts: dict[str, str] = field(default_factory=dict)
    """Account → why it could not be read at all, in one sentence."""
    scopes: int = 0
    whole: int = 0
    """Scopes of which everything was read."""
    resources: int = 0
    changes: Counter[ChangeKind] = field(default_factory=Counter)
    not_whole: dict[Scope, tuple[Outcome, tuple[Problem, ...]]] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    calls: int = 0
    """Attempts, whatever came of them."""
    seconds: float = 0.0

    def add(self, result: ScopeResult) -> None:
        """Count one scope."""
        self.scopes += 1
        self.resources += result.resources
        self.changes.update(change.kind for change in result.changes)
        self.notices.extend(result.notices)
        if result.outcome.saw_everything:
            self.whole += 1
        else:
            self.not_whole[result.scope] = (result.outcome, result.problems)

    def join(self, other: SweepSummary) -> None:
        """Add what another process did at the same time."""
        self.accounts = sorted({*self.accounts, *other.accounts})
        self.failed_accounts |= other.failed_accounts
        self.scopes += other.scopes
        self.whole += other.whole
        self.resources += other.resources
        self.changes += other.changes
        self.not_whole |= other.not_whole
        self.notices += other.notices
        self.calls += other.calls

    @property
    def change_counts(self) -> Mapping[str, int]:
        """Kind → how many were recorded, for kinds of which there are any."""
        return {kind.value: count for kind, count in self.changes.items() if count}
