"""May a principal do this? On every target, on some, only under conditions, or not: decided by the box engine.

Every decision that something is allowed comes with a request, which the independent evaluator has tried.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from vigie.access.constraints import ABSENT, PRESENT, Constraint, Found, equal
from vigie.access.granting import turned
from vigie.access.keys import has_several
from vigie.access.patterns import arn_glob, filled, glob, is_literal, matches
from vigie.access.power.effective import Effective
from vigie.access.power.recheck import permits
from vigie.access.power.statements import Written
from vigie.access.power.targets import Branch, Target, branches
from vigie.access.request import Request
from vigie.access.search import ACTION, RESOURCE, Box, Rule, Search, Way
from vigie.access.texts import Budget, Texts

STEPS: Final = 150_000
"""Steps that one decision may take: about a tenth of a second. Beyond, it is told as approximate."""
EVERY: Final = ("*",)
CHOSEN: Final = tuple(
    map(
        glob,
        ("aws:requestedregion", "aws:securetransport", "aws:useragent", "aws:referer", "aws:requesttag/*",
         "aws:tagkeys", "sts:rolesessionname", "sts:externalid", "sts:sourceidentity"),
    )
)  # fmt: skip
"""Keys that the caller fills as it likes: a condition on them stops nobody who knows the policy."""
_CAPPED: Final = "the search was capped"
_REFUSED: Final = "its witness was refused by the second evaluation"
_OF_PLACES: Final = ("not a resource ", "not an action ", "a resource ", "an action ")


class Extent(StrEnum):
    """How far a permission reaches."""

    EVERYWHERE = "everywhere"
    """On every target that was asked about, whatever else the request says."""
    SOME = "some"
    """On some of the targets, whatever else the request says."""
    CONDITIONAL = "conditional"
    """Only where something else holds."""
    NOT = "not"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a principal may. ``statements`` are those that allow it, of every layer."""

    extent: Extent
    action: str
    resources: tuple[str, ...] = EVERY
    """As asked."""
    statements: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    """The resources that those statements name."""
    conditions: tuple[str, ...] = ()
    """What has to hold, in words."""
    exceptions: tuple[str, ...] = ()
    """Which targets or actions were left out for a Deny, in words."""
    freely: bool = False
    """Nothing has to hold but what the caller chooses (a region, a user agent)."""
    witness: Mapping[str, Any] | None = field(default=None, metadata={"state": False})
    exact: bool = True
    why_not_exact: str = ""
    notes: tuple[str, ...] = ()
    """What is not known and might narrow it."""
    own_policies: bool = True
    """It rests on the principal's own policies too, not on the resource's alone."""

    @property
    def allowed(self) -> bool:
        return self.extent in (Extent.EVERYWHERE, Extent.SOME, Extent.CONDITIONAL)

    @property
    def surely(self) -> bool:
        """Allowed, whatever the request says besides what the caller chooses."""
        return self.allowed and self.freely


def can(
    effective: Effective,
    action: str,
    resources: Sequence[str] = EVERY,
    context: Mapping[str, str] | None = None,
    *,
    target: Target | None = None,
    steps: int = STEPS,
) -> Decision:
    """Whether the principal may do ``action`` (a pattern asks for any such) to ``resources`` (ARNs, or patterns).

    ``context``: keys that the request holds, whatever else is in it. ``target``: the resource with its own policy.
    Without it, the principal's own policies decide alone. Never raises.
    """
    return Question(effective, action, tuple(resources), context or {}, target, steps).decide()


class Question:
    """One question to one principal."""

    def __init__(
        self,
        effective: Effective,
        action: str,
        resources: tuple[str, ...],
        context: Mapping[str, str],
        target: Target | None = None,
        steps: int = STEPS,
    ) -> None:
        self.effective, self.action, self.resources = effective, action, resources
        self.context = {key.lower(): value for key, value in context.items()}
        self.target = target
        self.whole = "*" in action or "?" in action
        self._service = _service_of(action)
        self._written: dict[int, Written] = {}
        self._capped = False
        self.search: Search = effective.search
        self.search.budget = Budget(steps)
        self.search.samples = {**effective.requester.samples, **self._samples()}
        ways, denies = branches(effective, target)
        self.denies = self.rules(denies)
        self.branches = [(b, [self.rules(gate) for gate in b.gates]) for b in ways]
        self.start = self._start()

    # The statements that matter

    def rules(self, statements: Iterable[Written]) -> list[Rule]:
        """The statements as rules, without those that do not hold the action where it is a single one."""
        return self.rules_of(self.effective, statements)

    def rules_of(self, holder: Effective, statements: Iterable[Written]) -> list[Rule]:
        """The same, read for another holder."""
        found = []
        for written in statements:
            rule = self._rule(holder, written)
            if rule is not None:
                self._written[id(rule)] = written
                found.append(rule)
        return found

    def _rule(self, holder: Effective, written: Written) -> Rule | None:
        if not self.whole:
            return holder.rule(written, whole=False) if written.actions.holds(self.action.lower()) else None
        if self._service:
            return holder.rule_within(written, self._service)
        return holder.rule(written, whole=True)

    def _start(self) -> dict[str, tuple[Constraint, ...]]:
        found: dict[str, tuple[Constraint, ...]] = {key: (equal(value),) for key, value in self.context.items()}
        if self.whole:
            found[ACTION] = (Constraint(False, Texts((glob(self.action),), fold=True)),)
        found[RESOURCE] = (PRESENT,)
        if self.resources != EVERY:
            found[RESOURCE] = (Constraint(False, Texts(tuple(arn_glob(glob(r)) for r in self.resources))),)
        if self.target is not None:
            for key in ("aws:resourceaccount", "s3:resourceaccount"):
                found.setdefault(key, (equal(self.target.account),))
        return found

    def _samples(self) -> dict[str, tuple[str, ...]]:
        shown = tuple(filled(glob(r), "x", "x") for r in self.resources)
        return {RESOURCE: () if self.resources == EVERY else shown}

    # Deciding

    def decide(self) -> Decision:
        best: Decision | None = None
        for branch, gates in self.branches:
            found = self._by(branch, gates)
            if found is not None and (best is None or _rank(found) > _rank(best)):
                best = found
            if best is not None and best.extent is Extent.EVERYWHERE:
                break
        if best is not None:
            return best
        unread = self._unread
        if unread or self._capped:
            return self._told(Extent.UNKNOWN, doubts=[*unread, *([_CAPPED] if self._capped else [])])
        return self._told(Extent.NOT)

    @property
    def _unread(self) -> tuple[str, ...]:
        """What could not be read of the principal's policies, or of the resource's."""
        own = self.target.policy if self.target is not None else None
        return (*self.effective.unread, *(own.problems if own is not None else ()))

    def _by(self, branch: Branch, gates: Sequence[Sequence[Rule]]) -> Decision | None:
        if not all(gates):
            return None
        found = self.search.through(gates, self.denies, self.start)
        self._capped |= self.search.capped
        if found is None:
            return None
        way, passed = found
        doubts = [*way.doubts, *self._unread]
        extent, freely = self._extent(gates, way)
        request = self.request(way)
        if not way.doubts and not permits(self.effective, request, self.target):
            doubts.append(_REFUSED)
        statements = [self._written[id(rule)] for rule in passed]
        left = [turned(words) for words in way.left]
        conditions = [*(str(c) for w in statements for c in w.statement.conditions)]
        conditions += [words for words in left if not words.startswith(_OF_PLACES)]
        return self._told(
            extent,
            statements,
            tuple(dict.fromkeys(conditions)) if extent is Extent.CONDITIONAL else (),
            tuple(dict.fromkeys(w.removeprefix("not ") for w in left if w.startswith(_OF_PLACES))),
            freely,
            request,
            doubts,
            branch.own_policies,
        )

    def _extent(self, gates: Sequence[Sequence[Rule]], way: Way) -> tuple[Extent, bool]:
        if self.is_whole(gates, self.start):
            return Extent.EVERYWHERE, True
        pinned = _pinned(self.start, way, (RESOURCE, ACTION))
        if self.is_whole(gates, pinned):
            return Extent.SOME, True
        chosen = [key for key in way.states if any(matches(p, key) for p in CHOSEN)]
        freely = bool(chosen) and self.is_whole(gates, _pinned(pinned, way, chosen))
        return Extent.CONDITIONAL, freely

    def is_whole(self, gates: Sequence[Sequence[Rule]], start: Box) -> bool:
        """Whether every request within ``start`` is allowed."""
        box = self.search.begin(start)
        if any(self.search.joined(box, deny.parts) is not None for deny in self.denies):
            return False
        return all(self._lets_all(gate, start) for gate in gates)

    def _lets_all(self, gate: Sequence[Rule], start: Box) -> bool:
        sure = [rule for rule in gate if not rule.doubts]
        if any(not rule.parts for rule in sure):
            return True
        found = self.search.outside(sure, start)
        return found is None and not self.search.capped

    # Telling

    def request(self, way: Way) -> Request:
        """One request of a way, with all that is known of the principal in it."""
        context: dict[str, str | tuple[str, ...]] = {}
        requester = self.effective.requester
        for key in (*requester.bounds, *self.start, *way.states):
            if key in (ACTION, RESOURCE) or key.endswith("/*") or key in context:
                continue
            state = way.states.get(key) or self._usual(key)
            if state is not None and state.values:
                context[key] = state.values if has_several(key) else state.values[0]
        action, resource = way.states.get(ACTION), way.states.get(RESOURCE)
        return Request(
            action.values[0] if action and action.values else self.action,
            resource.values[0] if resource and resource.values else _sample(self.resources),
            dict(requester.principal),
            requester.account,
            context,
        )

    def _usual(self, key: str) -> Found | None:
        constraints = (*self.start.get(key, ()), *self.effective.requester.bound(key))
        return self.search.state(key, constraints) if constraints else None

    def _told(
        self,
        extent: Extent,
        statements: Sequence[Written] = (),
        conditions: tuple[str, ...] = (),
        exceptions: tuple[str, ...] = (),
        freely: bool = False,
        request: Request | None = None,
        doubts: Sequence[str] = (),
        own_policies: bool = True,
    ) -> Decision:
        return Decision(
            extent,
            self.action,
            self.resources,
            tuple(dict.fromkeys(w.label for w in statements)),
            tuple(dict.fromkeys(r for w in statements if not w.statement.not_resource for r in w.statement.resources)),
            conditions,
            exceptions,
            freely,
            request.document() if request is not None else None,
            exact=not doubts,
            why_not_exact="; ".join(dict.fromkeys(doubts)),
            notes=self.effective.notes,
            own_policies=own_policies,
        )


def _service_of(action: str) -> str:
    """The service of an action or pattern, in lower case; empty where a wildcard stands for it."""
    service, colon, _ = action.lower().partition(":")
    return service if colon and "*" not in service and "?" not in service else ""


_ORDER: Final = (Extent.NOT, Extent.UNKNOWN, Extent.CONDITIONAL, Extent.SOME, Extent.EVERYWHERE)


def _rank(decision: Decision) -> tuple[int, bool]:
    return _ORDER.index(decision.extent), decision.freely


def _pinned(start: Box, way: Way, keys: Iterable[str]) -> Box:
    """``start``, with these keys held as the way has them."""
    found = dict(start)
    for key in keys:
        state = way.states.get(key)
        if state is not None:
            found[key] = (*start.get(key, ()), equal(*state.values) if state.values else ABSENT)
    return found


def _sample(resources: Sequence[str]) -> str:
    first = resources[0]
    return first if is_literal(glob(first)) else filled(glob(first), "x", "x") if first != "*" else "*"
