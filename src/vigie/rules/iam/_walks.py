"""Which of the rules on power a path to an administrator belongs to, and how they tell it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final

from vigie.access.power.methods import Gain
from vigie.access.power.paths import ASSUME_ROLE, Path
from vigie.rules import Estate, LookAgain, Revision, Severity, Violation
from vigie.rules.iam._standing import OF_SERVICES, path_evidence, path_of, path_words, refuse_unread, weighed
from vigie.rules.power import Power

LOOK_AGAIN: Final = timedelta(days=1)
"""Functions and instances come and go: what hangs on them is looked at again this often."""
_OF_OTHERS: Final = frozenset({Gain.PASSED_ROLE, Gain.HOLDER_ROLE})


def told(principal: Revision, estate: Estate, first: Callable[[Power], Path | None]) -> Iterator[Violation | LookAgain]:
    """What a rule on paths says of a principal that is no administrator: the path it looks for, where there is one."""
    if path_of(principal).startswith(OF_SERVICES):
        return
    power = estate.power(principal)
    if not power.stand.is_administrator:
        path = first(power)
        if path is not None:
            severity = weighed(Severity.HIGH, sure=path.sure)
            yield Violation(path_words(path), evidence={"path": path_evidence(path)}, severity=severity)
        if power.can_act:
            yield LookAgain(estate.now + LOOK_AGAIN)
    refuse_unread(power)


def rewriting(path: Path) -> bool:
    """One step of IAM alone."""
    (first, *rest) = path.hops
    return not rest and first.method.id != ASSUME_ROLE and first.method.gain not in _OF_OTHERS


def escalating(path: Path) -> bool:
    """Over others, and not by assuming alone: that is what somebody set up, and is reported where it is wide."""
    return not rewriting(path) and any(hop.method.id != ASSUME_ROLE for hop in path.hops)
