"""The verdict on a change: who may more than before, and who less."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from vigie.model.account import Relation
from vigie.model.finding import Severity

ANYONE: Final = ("*", "0.0.0.0/0", "::/0")
"""``who`` of a shift that is everybody on the internet."""


class Direction(StrEnum):
    """What a change did to what others may."""

    WIDENED = "widened"
    """Something was gained, whatever was lost besides."""
    NARROWED = "narrowed"
    NEUTRAL = "neutral"
    """Looked at, and the same as before."""
    UNKNOWN = "unknown"
    """It could not be decided: never taken for neutral."""


class Dimension(StrEnum):
    """Of what a change is judged."""

    ACCESS = "access"
    """Who outside the account can reach the resource."""
    POWER = "power"
    """What a principal may do."""
    REACHABILITY = "reachability"
    """From where packets get in."""


@dataclass(frozen=True, slots=True)
class Shift:
    """One thing that was gained or lost."""

    dimension: Dimension
    words: str
    """For people, whole: ``anyone on the internet may now s3:GetObject on arn:aws:s3:::b/*``."""
    who: str
    """Who gained or lost: ``*``, an account, an ARN, a network."""
    what: tuple[str, ...] = ()
    """Actions, or ports (``tcp/22``)."""
    witness: Mapping[str, Any] | None = None
    """A request (or packet) that is let in now and was not before; of a loss, the other way round."""
    exact: bool = True
    relation: Relation | None = None
    """Label of the account behind ``who``, where there is one: weighs in how grave it is."""

    @property
    def severity(self) -> Severity:
        """How grave it is that this was gained."""
        if self.who in ANYONE:
            return Severity.CRITICAL
        if self.dimension is Dimension.POWER and self.relation is Relation.OWN:
            return Severity.MEDIUM  # somebody of ours may act as another: by a role's trust, a key, a password
        return _SEVERITIES.get(self.relation, Severity.HIGH)


_SEVERITIES: Final[Mapping[Relation | None, Severity]] = {
    Relation.OWN: Severity.LOW,
    Relation.THIRD_PARTY: Severity.MEDIUM,
    Relation.UNKNOWN: Severity.HIGH,
}


def direction_of(*, gained: bool, lost: bool, undecided: bool) -> Direction:
    """What is gained for certain weighs most; without it, what could not be decided."""
    if gained:
        return Direction.WIDENED
    if undecided:
        return Direction.UNKNOWN
    return Direction.NARROWED if lost else Direction.NEUTRAL


@dataclass(frozen=True, slots=True)
class ChangeVerdict:
    """What a change did. Stored with the change."""

    direction: Direction
    gained: tuple[Shift, ...] = ()
    lost: tuple[Shift, ...] = ()
    problems: tuple[str, ...] = ()
    """Why something could not be decided."""

    @property
    def severity(self) -> Severity | None:
        """Of what was gained: the gravest. Of what could not be decided: medium. None where nothing was gained."""
        if self.direction is Direction.UNKNOWN:
            return Severity.MEDIUM
        if self.direction is not Direction.WIDENED:
            return None
        return max((shift.severity for shift in self.gained), key=lambda severity: severity.rank)

    @property
    def headline(self) -> str:
        """In one line: ``widened: anyone on the internet may now …, and 2 more``."""
        told = [*self.gained, *self.lost] if self.direction is Direction.WIDENED else self.lost
        if self.direction is Direction.UNKNOWN:
            return f"{self.direction.value}: {self.problems[0] if self.problems else 'no reason is recorded'}"
        if not told:
            return self.direction.value
        more = f", and {len(told) - 1} more" if len(told) > 1 else ""
        return f"{self.direction.value}: {told[0].words}{more}"


def joined(verdicts: Iterable[ChangeVerdict | None]) -> ChangeVerdict | None:
    """One verdict of those on several dimensions (or on several resources); None where there is none."""
    parts = [one for one in verdicts if one is not None]
    if not parts:
        return None
    return ChangeVerdict(
        min((one.direction for one in parts), key=_WEIGHT.index),
        tuple({shift.words: shift for one in parts for shift in one.gained}.values()),
        tuple({shift.words: shift for one in parts for shift in one.lost}.values()),
        tuple(dict.fromkeys(problem for one in parts for problem in one.problems)),
    )


_WEIGHT: Final = (Direction.WIDENED, Direction.UNKNOWN, Direction.NARROWED, Direction.NEUTRAL)
"""What is said first of a change of which several hold."""
