"""Which of the rules on power a path to an administrator belongs to."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from vigie.access.power.methods import Gain
from vigie.access.power.paths import ASSUME_ROLE, Path

LOOK_AGAIN: Final = timedelta(days=1)
"""Functions and instances come and go: what hangs on them is looked at again this often."""
_OF_OTHERS: Final = frozenset({Gain.PASSED_ROLE, Gain.HOLDER_ROLE})


def rewriting(path: Path) -> bool:
    """One step of IAM alone."""
    (first, *rest) = path.hops
    return not rest and first.method.id != ASSUME_ROLE and first.method.gain not in _OF_OTHERS


def escalating(path: Path) -> bool:
    """Over others, and not by assuming alone: that is what somebody set up, and is reported where it is wide."""
    return not rewriting(path) and any(hop.method.id != ASSUME_ROLE for hop in path.hops)
