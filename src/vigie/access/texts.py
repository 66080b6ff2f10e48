"""Sets of texts: (one of some patterns) or (none of some patterns), and whether several of them have a text in common.

Decided by what is plain of two patterns (apart, or one inside the other), by filling the wildcards, and last by a
product of automata: best first, and capped.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import count
from typing import Final

from vigie.access.patterns import STAR, Machine, apart, covers, filled, is_literal, machine, matches

MOST_STEPS: Final = 120_000
"""Steps of one automaton that one product may take. Beyond, it is undecided: told as approximate."""
_FILLINGS: Final = (("x", "x"), ("", "x"), ("stranger", "s"), ("0", "0"), ("1", "1"))
_FRESH: Final = "x0qzj7-_~§¤¶þ"


@dataclass(slots=True)
class Budget:
    """Steps that are left for all the questions about one policy."""

    left: int = 400_000


class Undecided(Enum):
    """What stands where a common text would: there is none, or nobody knows."""

    EMPTY = auto()
    CAPPED = auto()


@dataclass(frozen=True, slots=True)
class Texts:
    """``positive``: the texts of any of the patterns. Otherwise: all others."""

    patterns: tuple[str, ...]
    fold: bool = False
    positive: bool = True

    def holds(self, text: str) -> bool:
        return any(matches(p, text, self.fold) for p in self.patterns) == self.positive

    def others(self) -> Texts:
        return Texts(self.patterns, self.fold, not self.positive)


def common_text(sets: Sequence[Texts], samples: Sequence[str] = (), budget: Budget | None = None) -> str | Undecided:
    """A text that is in all the sets, one of the samples if possible."""
    for sample in samples:
        if all(s.holds(sample) for s in sets):
            return sample
    budget = budget or Budget(MOST_STEPS)
    positive = [s for s in sets if s.positive]
    base = min(positive, key=_width, default=Texts((STAR,)))
    others = [s for s in sets if s is not base]
    alive = [p for p in base.patterns if not any(_ruled_out(p, base.fold, s) for s in others)]
    budget.left -= len(base.patterns) + sum(len(s.patterns) for s in sets)
    if not alive:
        return Undecided.EMPTY
    cost = sum(len(s.patterns) for s in others)
    for candidate in _candidates([Texts(tuple(alive), base.fold), *(s for s in positive if s is not base)]):
        budget.left -= cost
        if all(s.holds(candidate) for s in sets):
            return candidate
        if budget.left < 0:
            return Undecided.CAPPED
    if not base.fold and all(is_literal(p) for p in alive):
        return Undecided.EMPTY
    return _product([Texts(tuple(alive), base.fold), *others], budget)


def _ruled_out(pattern: str, fold: bool, other: Texts) -> bool:
    """Whether it is plain that no text of the pattern is in the other set."""
    if other.positive:
        return not fold and not other.fold and all(apart(pattern, p) for p in other.patterns)
    if fold and not other.fold:
        return False
    return any(covers(wide, pattern, other.fold) for wide in other.patterns)


def _width(texts: Texts) -> tuple[int, int]:
    return (sum(not is_literal(p) for p in texts.patterns) + texts.fold, len(texts.patterns))


def _candidates(positive: Sequence[Texts]) -> Iterator[str]:
    ordered = sorted(positive, key=_width)
    for pattern in ordered[0].patterns:
        if is_literal(pattern):
            yield pattern
        else:
            for run, one in _FILLINGS:
                yield filled(pattern, run, one)
    for texts in ordered[1:]:
        for pattern in texts.patterns:
            yield filled(pattern, "", "x")


# The product of automata


@dataclass(frozen=True, slots=True)
class _Side:
    machines: tuple[Machine, ...]
    positive: bool

    def left(self, places: Sequence[int]) -> int | None:
        """At least how many characters are missing; None where no text leads there any more."""
        if not self.positive:
            return 0
        alive = [m.left(p) for m, p in zip(self.machines, places, strict=True) if p]
        return min(alive) if alive else None

    def accepts(self, places: Sequence[int]) -> bool:
        return any(p & m.end for m, p in zip(self.machines, places, strict=True)) == self.positive


def _product(sets: Sequence[Texts], budget: Budget) -> str | Undecided:
    """One pattern of the widest set after the other, each with all other sets."""
    widest = max((s for s in sets if s.positive), key=lambda s: len(s.patterns))
    others = [s for s in sets if s is not widest]
    capped = False
    for pattern in widest.patterns:
        if any(_ruled_out(pattern, widest.fold, s) for s in others):
            continue
        found = _walk([Texts((pattern,), widest.fold), *others], budget)
        if isinstance(found, str):
            return found
        capped |= found is Undecided.CAPPED
        if budget.left < 0:
            break
    return Undecided.CAPPED if capped else Undecided.EMPTY


def _walk(sets: Sequence[Texts], budget: Budget) -> str | Undecided:
    sides = [_Side(tuple(machine(p, s.fold) for p in s.patterns), s.positive) for s in sets]
    folds = any(s.fold for s in sets)
    fresh = _fresh(sets)
    start = tuple(tuple(1 for _ in side.machines) for side in sides)
    order = count()
    queue: list[tuple[int, int, int, _State, str]] = [(0, 0, next(order), start, "")]
    seen = {start}
    machines = sum(len(side.machines) for side in sides)
    allowed = min(MOST_STEPS, budget.left)
    while queue:
        _, _, _, state, text = heapq.heappop(queue)
        if all(side.accepts(places) for side, places in zip(sides, state, strict=True)):
            return text
        letters = _letters(sides, state, fresh, folds)
        allowed -= len(letters) * machines
        budget.left -= len(letters) * machines
        if allowed < 0:
            return Undecided.CAPPED
        for letter in letters:
            reached = tuple(
                tuple(m.step(p, letter) for m, p in zip(side.machines, places, strict=True))
                for side, places in zip(sides, state, strict=True)
            )
            if reached in seen:
                continue
            seen.add(reached)
            left = [side.left(places) for side, places in zip(sides, reached, strict=True)]
            if None not in left:
                far = max(n for n in left if n is not None)
                heapq.heappush(queue, (far, len(text), next(order), reached, text + letter))
    return Undecided.EMPTY


_State = tuple[tuple[int, ...], ...]


def _letters(sides: Sequence[_Side], state: _State, fresh: str, folds: bool) -> list[str]:
    """The characters that some pattern waits for here (in both cases where some side ignores case), a colon, and one
    that no pattern names: every other character does the same as that.
    """
    waited = {":"}
    for side, places in zip(sides, state, strict=True):
        for machine_, at in zip(side.machines, places, strict=True):
            waited.update(sign for sign, mask in machine_.signs.items() if at & mask)
    if folds:
        waited |= {c.upper() for c in waited if len(c.upper()) == 1} | {c.lower() for c in waited}
    return [fresh, *sorted(waited)]


def _fresh(sets: Sequence[Texts]) -> str:
    named = {c.lower() for s in sets for p in s.patterns for c in p}
    return next((c for c in _FRESH if c not in named), "\u2603")
