"""What is certain and what is possible: a set of packets known from below and from above."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from vigie.access.reach.boxes import EVERYTHING, NOTHING, Boxes


@dataclass(frozen=True, slots=True)
class Bounds:
    """``certain`` is let through; what is not in ``possible`` is not; ``reasons`` say why they differ."""

    certain: Boxes
    possible: Boxes
    reasons: tuple[str, ...] = ()

    def __and__(self, other: Bounds) -> Bounds:
        possible = self.possible & other.possible
        reasons = together(self.reasons, other.reasons) if possible else ()
        return Bounds(self.certain & other.certain, possible, reasons)

    def __or__(self, other: Bounds) -> Bounds:
        return Bounds(
            self.certain | other.certain, self.possible | other.possible, together(self.reasons, other.reasons)
        )

    @property
    def exact(self) -> bool:
        return not self.reasons


def exactly(boxes: Boxes) -> Bounds:
    return Bounds(boxes, boxes)


def undecided(reason: str, most: Boxes = EVERYTHING) -> Bounds:
    """It could not be looked at, or is not modelled: it may let through as much as ``most``."""
    return Bounds(NOTHING, most, (reason,))


def together(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*one, *other)))


ALL: Final = exactly(EVERYTHING)
NONE: Final = exactly(NOTHING)
