"""Is there a request that an Allow matches and no Deny does? Allow minus Deny, depth first.

A box holds for each key (the action and the resource among them) the constraints that must hold; keys are independent.
A Deny that cannot meet the box is skipped; another is left by making one of its parts false. The Deny with the fewest
ways out comes first. Beyond a number of steps it is undecided: told as approximate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from vigie.access.constraints import Constraint, Found, state_of
from vigie.access.keys import has_several
from vigie.access.requesters import Requester
from vigie.access.texts import Budget

ACTION, RESOURCE = "#action", "#resource"
MOST_BOXES: Final = 4000
MOST_CHOICES: Final = 200
"""How many Denies with several ways out may have to be left one within the other."""
_COST_OF_A_BOX: Final = 10

Part = tuple[str, Constraint]
Box = Mapping[str, tuple[Constraint, ...]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A statement as the parts that must all hold for it to match."""

    label: str
    parts: tuple[Part, ...]
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Way:
    """A box of requests that are allowed, and one of its requests."""

    box: Box
    states: Mapping[str, Found]
    left: tuple[str, ...] = ()
    """What had to be so for the Denies not to match, in words."""
    doubts: tuple[str, ...] = ()


@dataclass
class Search:
    """Searches for one requester; what is known of a key's constraints is kept between searches."""

    requester: Requester
    samples: Mapping[str, tuple[str, ...]]
    budget: Budget = field(default_factory=Budget)
    _known: dict[tuple[str, tuple[int, ...]], Found | None] = field(default_factory=dict)
    _alive: list[Constraint] = field(default_factory=list)
    _steps: int = 0
    capped: bool = False

    def joined(self, box: Box, parts: Sequence[Part]) -> Box | None:
        """The box within further parts; None where nothing is left."""
        found: dict[str, tuple[Constraint, ...]] | None = None
        for key, constraint in parts:
            current = (found or box).get(key)
            if current is None:
                current = self.requester.bound(key)
            if constraint in current and key in (found or box):
                continue
            constraints = current if constraint in current else (*current, constraint)
            if self.state(key, constraints) is None:
                return None
            found = dict(box) if found is None else found
            found[key] = constraints
        return box if found is None else found

    def state(self, key: str, constraints: tuple[Constraint, ...]) -> Found | None:
        ids = tuple(map(id, constraints))
        known = (key, ids)
        if known not in self._known:
            self._alive.extend(constraints)  # an id stands for its constraint only while that lives
            self.budget.left -= 1
            before = self._known.get((key, ids[:-1]))
            if before is not None and not before.doubt and constraints[-1].admits(before.values):
                self._known[known] = before  # what met the others meets this one too
                return before
            samples = self.requester.samples.get(key) or self.samples.get(key, ())
            self._known[known] = state_of(constraints, several=has_several(key), samples=samples, budget=self.budget)
        return self._known[known]

    def way(self, allow: Rule, denies: Sequence[Rule], start: Box) -> Way | None:
        """A way for the requester from within ``start``; None where there is none (or the search was capped)."""
        self._steps, self.capped = 0, False
        box = self.joined(self.begin(start), allow.parts)
        if box is None:
            return None
        left: list[str] = []
        final = self._beyond(box, [d for d in denies if self.joined(box, d.parts) is not None], left)
        if final is None:
            return None
        return self._way(final, box, (allow,), denies, left)

    def through(
        self, layers: Sequence[Sequence[Rule]], denies: Sequence[Rule], start: Box
    ) -> tuple[Way, tuple[Rule, ...]] | None:
        """A way that some Allow of every layer lets through and no Deny stops, and those Allows.

        None where there is none, or the search was capped (``capped`` says so then).
        """
        self._steps, self.capped = 0, False
        return self._layer(layers, denies, self.begin(start), ())

    def _layer(
        self, layers: Sequence[Sequence[Rule]], denies: Sequence[Rule], box: Box, passed: tuple[Rule, ...]
    ) -> tuple[Way, tuple[Rule, ...]] | None:
        if not layers:
            left: list[str] = []
            final = self._beyond(box, denies, left)
            return None if final is None else (self._way(final, box, passed, denies, left), passed)
        tried: list[Box] = []
        for rule in sorted(layers[0], key=lambda rule: len(rule.parts)):
            self._steps += 1
            if self._steps > MOST_BOXES or self.budget.left < 0:
                self.capped = True
                return None
            smaller = self.joined(box, rule.parts)
            if smaller is None or smaller in tried:
                continue
            tried.append(smaller)
            found = self._layer(layers[1:], denies, smaller, (*passed, rule))
            if found is not None or self.capped:
                return found
            if smaller is box:  # it let everything through: no other rule of the layer lets more
                return None
        return None

    def _way(self, final: Box, box: Box, allows: Sequence[Rule], denies: Sequence[Rule], left: Sequence[str]) -> Way:
        states = {key: found for key, cs in final.items() if (found := self.state(key, cs)) is not None}
        doubts = [d for allow in allows for d in allow.doubts]
        doubts += [d for deny in denies if deny.doubts and self._concerned(box, deny) for d in deny.doubts]
        if any(found.doubt for found in states.values()):
            doubts.append("whether its conditions can be met together was not decided: the search was capped")
        return Way(final, states, tuple(dict.fromkeys(left)), tuple(dict.fromkeys(doubts)))

    def outside(self, rules: Sequence[Rule], start: Box) -> Box | None:
        """A box within ``start`` that none of the rules meets; None where they leave nothing (or it was capped)."""
        self._steps, self.capped = 0, False
        return self._beyond(self.begin(start), rules, [])

    def begin(self, start: Box) -> Box:
        """The start of a search, within the bounds that the requester has there too."""
        found = dict(start)
        for key in start.keys() & self.requester.bounds.keys():
            found[key] = (*start[key], *self.requester.bound(key))
        return found

    def _beyond(self, box: Box, denies: Sequence[Rule], left: list[str], depth: int = 0) -> Box | None:
        """A box within this one that no Deny meets. A Deny with one way out is left by it, before any is chosen."""
        best: list[tuple[Part, Box]] | None = None
        chosen: Rule | None = None
        forced = True
        while forced:
            self._steps += 1
            self.budget.left -= _COST_OF_A_BOX * len(denies)
            if self._steps > MOST_BOXES or self.budget.left < 0 or depth > MOST_CHOICES:
                self.capped = True
                return None
            forced, best, chosen, rest = False, None, None, []
            for deny in denies:
                if self.joined(box, deny.parts) is None:
                    continue
                ways = self._ways_out(box, deny)
                if not ways:
                    return None
                if len(ways) == 1:
                    ((_, constraint), box), forced = ways[0], True
                    left.append(constraint.words)
                    continue
                rest.append(deny)
                if best is None or len(ways) < len(best):
                    best, chosen = ways, deny
            denies = rest
        if best is None or chosen is None:
            return box
        denies = [d for d in denies if d is not chosen]
        for (_, constraint), smaller in best:
            mark = len(left)
            left.append(constraint.words)
            final = self._beyond(smaller, denies, left, depth + 1)
            if final is not None:
                return final
            del left[mark:]
            if self.capped:
                return None
        return None

    def _concerned(self, box: Box, deny: Rule) -> bool:
        """Whether it speaks of such actions and resources."""
        return self.joined(box, [p for p in deny.parts if p[0] in (ACTION, RESOURCE)]) is not None

    def _ways_out(self, box: Box, deny: Rule) -> list[tuple[Part, Box]]:
        found = []
        for key, constraint in deny.parts:
            part = (key, constraint.contrary)
            smaller = self.joined(box, (part,))
            if smaller is not None:
                found.append((part, smaller))
        # who calls is bounded already: what the caller may choose is the smaller restriction, and is told as one
        return sorted(found, key=lambda way: way[0][0] in (ACTION, RESOURCE))
