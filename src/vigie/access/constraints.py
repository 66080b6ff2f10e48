"""What must hold of one key of a request's context, and whether several such constraints can hold together.

A key is absent, or has one value, or (keys that AWS documents as multivalued) several. A constraint says what it makes
of an absent key, and a set that some or all of the values lie in; so its contrary is one again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from vigie.access.patterns import is_literal
from vigie.access.spans import Line, Spans
from vigie.access.texts import Budget, Texts, Undecided, common_text

Values = Texts | Spans | bool
"""A set of values; ``True``: every value, ``False``: none."""


@dataclass(frozen=True, eq=False)
class Constraint:
    """Compared by identity: the same part of a document is the same constraint."""

    on_absent: bool
    """Whether it holds where the key is absent."""
    values: Values = True
    every: bool = False
    """Whether all values of a key with several must lie in the set, or one is enough."""
    words: str = ""

    @cached_property
    def contrary(self) -> Constraint:
        values = not self.values if isinstance(self.values, bool) else self.values.others()
        words = self.words.removeprefix("not ") if self.words.startswith("not ") else f"not {self.words}"
        return Constraint(not self.on_absent, values, not self.every, words)

    def admits(self, values: Sequence[str]) -> bool:
        """Whether it holds of a key with these values; none: of an absent key."""
        if not values:
            return self.on_absent
        held = self.values
        if isinstance(held, bool):
            return held
        return all(map(held.holds, values)) if self.every else any(map(held.holds, values))


@dataclass(frozen=True, slots=True)
class Found:
    """A state of a key that fulfils all constraints: ``values`` empty = the key is absent."""

    values: tuple[str, ...] = ()
    doubt: bool = False
    """It was not decided whether there is one: the search was capped."""


ABSENT: Final = Constraint(True, False, words="absent")
PRESENT: Final = Constraint(False, True, words="present")
_UNDECIDED: Final = Found(doubt=True)


def equal(*texts: str) -> Constraint:
    """Present, with one of these values."""
    return Constraint(False, Texts(texts), every=True)


def among(patterns: Sequence[str], *, optional: bool = False) -> Constraint:
    """Present with values of these patterns (as vigie.access.patterns makes them), or, ``optional``, absent."""
    return Constraint(optional, Texts(tuple(patterns)), every=True)


def none_of(patterns: Sequence[str]) -> Constraint:
    """Absent, or with values of none of these patterns."""
    return Constraint(True, Texts(tuple(patterns), positive=False), every=True)


def state_of(
    constraints: Sequence[Constraint], *, several: bool, samples: Sequence[str] = (), budget: Budget | None = None
) -> Found | None:
    """A state of the key that fulfils them all; None where there is none."""
    if not constraints:
        return Found(tuple(samples[:1]))
    if all(c.on_absent for c in constraints):
        return Found()
    wanted = [c for c in constraints if c.values is not True]
    if any(c.values is False for c in wanted):
        return None
    if not several:
        return _one([c.values for c in wanted], samples, budget)
    shared = [c.values for c in wanted if c.every]
    found: list[str] = []
    doubt = False
    for values in [c.values for c in wanted if not c.every] or [True]:
        one = _one([*shared, values] if values is not True else shared, samples, budget)
        if one is None:
            return None
        found += [v for v in one.values if v not in found]
        doubt |= one.doubt
    return Found(tuple(found), doubt)


def _one(sets: Sequence[Values], samples: Sequence[str], budget: Budget | None) -> Found | None:
    """One value that lies in all the sets."""
    texts = [s for s in sets if isinstance(s, Texts)]
    spans = [s for s in sets if isinstance(s, Spans)]
    if not spans:
        found = common_text(texts, samples, budget) if texts else (samples[0] if samples else "x")
        return _found(found)
    joined: dict[Line, Spans] = {}
    for span in spans:
        joined[span.line] = joined[span.line].common(span) if span.line in joined else span
    if any(not span.runs for span in joined.values()):
        return None
    for text in _candidates(list(joined.values()), texts, samples):
        if all(s.holds(text) for s in joined.values()) and all(s.holds(text) for s in texts):
            return Found((text,))
    complete = any(t.positive and not t.fold and all(map(is_literal, t.patterns)) for t in texts)
    return None if complete or (len(joined) == 1 and not texts) else _UNDECIDED


def _candidates(spans: Sequence[Spans], texts: Sequence[Texts], samples: Sequence[str]) -> list[str]:
    in_spans = [text for s in spans for run in s.runs if (text := Spans(s.line, (run,)).text()) is not None]
    return [*samples, *in_spans, *(p for t in texts if t.positive for p in t.patterns)]


def _found(text: str | Undecided) -> Found | None:
    if isinstance(text, str):
        return Found((text,))
    return None if text is Undecided.EMPTY else _UNDECIDED
