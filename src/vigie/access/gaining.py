"""Is there a request that one policy allows and another does not? The same search as of one policy, with both in it.

Allowed after and not before = Allow of after, minus Denies of after, and either minus every Allow of before, or within
one Deny of before. A condition that cannot be read stands for a set of requests of which only that is known: the same
condition is the same set in both. What is found within (or beside) such a set is no certainty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from vigie.access.classes import ANY_SERVICE, RequesterClass, classes_of, insiders_of, unreadable_principals
from vigie.access.constraints import Constraint
from vigie.access.document import Condition, Document, Statement
from vigie.access.evaluator import allows
from vigie.access.federation import is_claim
from vigie.access.granting import Granting, turned
from vigie.access.keys import is_known
from vigie.access.known_actions import domain
from vigie.access.operators import Reading, constraint_of, written
from vigie.access.patterns import STAR, arn_glob
from vigie.access.profiles import Profile
from vigie.access.reading import actions_of
from vigie.access.request import Request
from vigie.access.requesters import Bounds, Requester
from vigie.access.search import ACTION, RESOURCE, Box, Part, Rule, Search, Way
from vigie.access.texts import Texts
from vigie.access.verdict import Facts, GrantClass
from vigie.access.world import World

MOST_SEARCHES: Final = 6000
MOST_NAMES: Final = 24
"""Actions or resources of one statement that are tried one by one."""
CAPPED: Final = "the search for what it allows now and did not before was capped"
_UNREAD: Final = "?"
_TRUE: Final = Texts(("true",))
_SERVING: Final = (GrantClass.PUBLIC, GrantClass.PUBLIC_VIA_SERVICE)


@dataclass(frozen=True)
class Side:
    """A policy before or after a change."""

    document: Document
    bounds: Bounds = field(default_factory=dict)
    """What is known of the keys of requests to the resource."""
    restricted: bool = False
    """Something else keeps all but services from using it (RestrictPublicBuckets)."""

    def serves(self, who: RequesterClass) -> bool:
        if not self.restricted:
            return True
        serving = bool(who.via or who.kind is GrantClass.SERVICE) and who.who != ANY_SERVICE
        return serving and who.kind not in _SERVING

    def allows_as(self, other: Side) -> bool:
        """Whether it is the same policy, read and gated alike."""
        alike = self.document == other.document or _sense(self.document) == _sense(other.document)
        return alike and self.restricted == other.restricted and _shown(self.bounds) == _shown(other.bounds)


@dataclass(frozen=True, slots=True)
class Gain:
    """What a class of requesters may on one side and not on the other."""

    who: RequesterClass
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[str, ...]
    """What must hold."""
    before_only: tuple[str, ...]
    """What had to hold before, and need not any more."""
    witness: Request
    doubts: tuple[str, ...] = ()
    """Why it is not exact."""
    undecided: bool = False
    """It may be none: it rests on what could not be read or decided."""
    limited: bool = False
    """A Deny leaves some of it only: a class inside may have gained more."""


@dataclass(frozen=True)
class Pair:
    """One policy of a resource before and after."""

    before: Side
    after: Side
    account: str
    facts: Facts
    profile: Profile
    arn: str | None = None

    @cached_property
    def world(self) -> World:
        """Everybody whom either policy can tell from others."""
        statements = (*self.before.document.statements, *self.after.document.statements)
        partition = self.arn.split(":")[1] if self.arn and self.arn.count(":") >= 5 else "aws"
        return World(Document(statements), self.account, self.facts, self.profile, partition)

    @cached_property
    def classes(self) -> tuple[RequesterClass, ...]:
        outsiders = classes_of(self.world)
        # a role's trust decides alone who of its own account may take it; elsewhere that is a question of power
        return (*outsiders, *insiders_of(self.world)) if self.profile.trust else outsiders

    def turned_round(self) -> Pair:
        """The same pair the other way round, with the same classes of requesters."""
        found = Pair(self.after, self.before, self.account, self.facts, self.profile, self.arn)
        found.__dict__.update(world=self.world, classes=self.classes)
        return found

    def problems(self) -> list[str]:
        """What of the two policies could not be read, unless they are the same."""
        if self.before.allows_as(self.after):
            return []
        found = [f"before: {p}" for p in self.before.document.problems]
        found += [f"after: {p}" for p in self.after.document.problems]
        found += [f"statement {s}: the principal {value} could not be read" for s, value in self._odd_principals()]
        return list(dict.fromkeys(found))

    def _odd_principals(self) -> Iterator[tuple[str, str]]:
        before, after = set(self.before.document.statements), set(self.after.document.statements)
        world = World(Document(tuple(before ^ after)), self.account, self.facts, self.profile)
        yield from unreadable_principals(world)


@dataclass
class Gaining:
    """Finds the gains of one pair, in one direction."""

    pair: Pair
    capped: bool = False
    _searches: dict[int, Search] = field(default_factory=dict)
    _rules: dict[tuple[int, bool, int], Rule] = field(default_factory=dict)
    _count: int = 0

    @cached_property
    def granting(self) -> Granting:
        return Granting(self.pair.world, self.pair.arn, "", self.pair.after.bounds)

    @cached_property
    def start(self) -> Box:
        """The box of all requests that the resource can receive: by known actions, where they are known."""
        profile = self.pair.profile
        known = domain(profile.actions, self.pair.world.document.statements, profile.samples)
        begun = self.granting.start
        return begun if known is None else {**begun, ACTION: (Constraint(False, known),)}

    def gains(self) -> list[Gain]:
        """One for each statement and class of requesters that gained by it, but for those inside one that did."""
        if self.pair.before.allows_as(self.pair.after):
            return []
        found: list[Gain] = []
        for statement in self._statements():
            told: set[str] = set()
            for who in self.pair.classes:
                if told.intersection(who.inside) or (who.group and who.group in told):
                    continue
                gain = self._gain(statement, who)
                if gain is not None:
                    found.append(gain)
                    told.update([who.mark] if who.mark and not gain.undecided else [])
                    told.update([who.group] if who.group and not gain.undecided and not gain.limited else [])
        return found

    def _statements(self) -> Iterator[Statement]:
        """The Allows that can give something: one that stood there before gives nothing new if no Deny went."""
        before, after = self.pair.before, self.pair.after
        kept = set(before.document.statements) if self._same_reading and not before.restricted else set()
        gone = {d for d in before.document.statements if not d.allow} - set(after.document.statements)
        for statement in after.document.statements:
            if statement.allow and (gone or statement not in kept):
                yield statement

    @property
    def _same_reading(self) -> bool:
        before, after = self.pair.before, self.pair.after
        return before.document.variables == after.document.variables and _shown(before.bounds) == _shown(after.bounds)

    def _gain(self, statement: Statement, who: RequesterClass) -> Gain | None:
        if not self.pair.after.serves(who) or not who.requester.is_meant_by(statement):
            return None
        allow = self._rule(statement, who.requester, after=True)
        found = self._way(allow, who)
        if found is None:
            return None
        way, denied_by = found
        request = self.granting.request(way, who.requester)
        unread = any(key.startswith(_UNREAD) for key in way.box)
        undecided = unread or any(state.doubt for state in way.states.values())
        doubts = list(way.doubts)
        if unread:
            doubts.append("it rests on a condition that could not be read")
        if not undecided and not self._is_new(request, who):
            doubts.append("its witness was refused by the second evaluation")
            undecided = True
        spared = self._spared(who, way)
        own = [str(c) for s in (statement, denied_by) if s is not None for c in s.conditions]
        return Gain(
            who,
            self._actions(statement, who, allow, denied_by),
            self._resources(statement, who, allow, denied_by),
            tuple(dict.fromkeys([*own, *map(turned, spared)])),
            self._before_only(who, way, spared),
            request,
            tuple(dict.fromkeys(doubts)),
            undecided,
            bool(spared),
        )

    def _is_new(self, request: Request, who: RequesterClass) -> bool:
        before, after = self.pair.before, self.pair.after
        if not allows(after.document, request):
            return False
        gated = not before.serves(who) or _shown(before.bounds) != _shown(after.bounds)
        return gated or not allows(before.document, request)

    # Searching

    def _way(self, allow: Rule, who: RequesterClass) -> tuple[Way, Statement | None] | None:
        """A way that is allowed after and was not before, and the Deny that stood in it before, if one did."""
        after, before = self.pair.after, self.pair.before
        denies = [self._rule(s, who.requester, after=True) for s in _meant(after, who.requester, allow=False)]
        allowed = _meant(before, who.requester, allow=True) if before.serves(who) else []
        gate = _parts_of(before.bounds) if _shown(before.bounds) != _shown(after.bounds) else ()
        earlier = [self._gated(self._rule(s, who.requester, after=False), gate) for s in allowed]
        way = self._search(who, allow, [*denies, *earlier])
        if way is not None or not allowed:
            return (way, None) if way else None
        for statement in _meant(before, who.requester, allow=False):
            rule = self._rule(statement, who.requester, after=False)
            within = Rule(allow.label, (*allow.parts, *rule.parts), (*allow.doubts, *rule.doubts))
            way = self._search(who, within, denies)
            if way is not None:
                return way, statement
        return None

    def _search(self, who: RequesterClass, allow: Rule, denies: Sequence[Rule]) -> Way | None:
        self._count += 1
        if self._count > MOST_SEARCHES or self.granting.budget.left < 0:
            self.capped = True
            return None
        search = self._searches.get(id(who.requester))
        if search is None:
            search = Search(who.requester, self.granting.samples, self.granting.budget)
            self._searches[id(who.requester)] = search
        way = search.way(allow, denies, self.start)
        self.capped |= way is None and search.capped
        return way

    @staticmethod
    def _gated(rule: Rule, gate: tuple[Part, ...]) -> Rule:
        return Rule(rule.label, (*rule.parts, *gate), rule.doubts) if gate else rule

    def _rule(self, statement: Statement, requester: Requester, *, after: bool) -> Rule:
        key = (id(statement), after, id(requester) if statement.has_variables else 0)
        if key not in self._rules:
            side = self.pair.after if after else self.pair.before
            known = self.pair.world.variables(requester) if statement.has_variables else {}
            self._rules[key] = read_rule(statement, known if side.document.variables else None)
        return self._rules[key]

    # Telling

    def _actions(
        self, statement: Statement, who: RequesterClass, allow: Rule, denied_by: Statement | None
    ) -> tuple[str, ...]:
        source = _narrower(statement, denied_by, lambda s: s.actions, lambda s: s.not_action)
        if source.not_action:
            return (f"everything but {', '.join(source.actions)}",)
        return self._gained(source.actions, who, allow, lambda name: (ACTION, actions_of(source, name)))

    def _resources(
        self, statement: Statement, who: RequesterClass, allow: Rule, denied_by: Statement | None
    ) -> tuple[str, ...]:
        source = _narrower(statement, denied_by, lambda s: s.resources, lambda s: s.not_resource)
        if source.not_resource:
            return (f"everything but {', '.join(source.resources)}",)
        if source.resources in ((), ("*",)):
            return (self.pair.arn,) if self.pair.arn else ()

        def part(name: str) -> Part:
            return RESOURCE, Constraint(False, Texts((arn_glob(written_wild(name)),)), words=name)

        return self._gained(source.resources, who, allow, part)

    def _gained(
        self, names: tuple[str, ...], who: RequesterClass, allow: Rule, part: Callable[[str], Part]
    ) -> tuple[str, ...]:
        """Those of the names (of actions or resources) by which something is gained."""
        names = tuple(dict.fromkeys(names))
        if not 1 < len(names) <= MOST_NAMES:
            return names
        capped = self.capped
        kept = [n for n in names if self._way(Rule(allow.label, (part(n), *allow.parts), ()), who) is not None]
        self.capped = capped  # what is told may be shorter then; whether there is a gain is decided already
        return tuple(kept) or names

    def _spared(self, who: RequesterClass, way: Way) -> list[str]:
        """What must hold so that no Deny of after matches."""
        known = self._contraries(_meant(self.pair.after, who.requester, allow=False), who, after=True)
        return [words for words in way.left if words in known]

    def _before_only(self, who: RequesterClass, way: Way, spared: Sequence[str]) -> tuple[str, ...]:
        """The conditions of the Allows of before that the way breaks."""
        known = self._contraries(_meant(self.pair.before, who.requester, allow=True), who, after=False)
        return tuple(dict.fromkeys(known[words] for words in way.left if words in known and words not in spared))

    def _contraries(self, statements: Sequence[Statement], who: RequesterClass, *, after: bool) -> Mapping[str, str]:
        """Words of what breaks a condition → those of the condition."""
        rules = [self._rule(s, who.requester, after=after) for s in statements]
        parts = [part for rule in rules for part in rule.parts if part[0] not in (ACTION, RESOURCE)]
        return {constraint.contrary.words: constraint.words for _, constraint in parts}


# Statements as rules, with unreadable conditions as sets of which nothing is known


def read_rule(statement: Statement, variables: Mapping[str, str | None] | None) -> Rule:
    """The parts that must hold for a statement to match, the same for an Allow and for a Deny."""
    parts: list[Part] = [(ACTION, actions_of(statement))]
    doubts: list[str] = []
    if statement.resources:
        parts += _resource_parts(statement, variables)
    for condition in statement.conditions:
        parts.append(_condition_part(condition, variables))
        if not is_known(condition.key) and not is_claim(condition.key):
            doubts.append(f"what {condition.key} says is not known here")
    return Rule(statement.label, tuple(parts), tuple(doubts))


def _condition_part(condition: Condition, variables: Mapping[str, str | None] | None) -> Part:
    reading = Reading(True, variables)
    constraint = constraint_of(condition, reading)
    return _unread(str(condition), variables) if reading.doubts else (condition.key, constraint)


def _resource_parts(statement: Statement, variables: Mapping[str, str | None] | None) -> list[Part]:
    reading = Reading(True, variables)
    patterns = [p for r in statement.resources for p in written(r, reading, wild=True, inflate=True)]
    words = f"a resource {'but' if statement.not_resource else 'like'} {', '.join(statement.resources)}"
    if reading.doubts:
        return [_unread(words, variables)]
    if STAR in patterns and not statement.not_resource:
        return []
    texts = Texts(tuple(map(arn_glob, patterns)), False, not statement.not_resource)
    return [(RESOURCE, Constraint(False, texts, words=words))]


def _unread(words: str, variables: Mapping[str, str | None] | None) -> Part:
    """A set of requests of which nothing is known but by which words it is made."""
    known = "" if variables is None else str(sorted(variables.items(), key=str))
    return f"{_UNREAD}{words} {known}", Constraint(False, _TRUE, words=words)


def written_wild(text: str) -> str:
    """A resource as a pattern; its policy variables (told for people only) as any text."""
    return next(written(text, Reading(True, {}), wild=True, inflate=True))


def _narrower(
    statement: Statement,
    denied_by: Statement | None,
    names: Callable[[Statement], tuple[str, ...]],
    negated: Callable[[Statement], bool],
) -> Statement:
    """The statement that names the smaller set: the Deny that went, if it says what it denied, else the Allow."""
    if denied_by is None or negated(denied_by) or names(denied_by) in ((), ("*",)):
        return statement
    if negated(statement) or any(n.endswith("*") for n in names(statement)):
        return denied_by
    return statement


def _meant(side: Side, requester: Requester, *, allow: bool) -> list[Statement]:
    return [s for s in side.document.statements if s.allow is allow and requester.is_meant_by(s)]


def _parts_of(bounds: Bounds) -> tuple[Part, ...]:
    return tuple((key, constraint) for key, constraints in bounds.items() for constraint in constraints)


def _shown(bounds: Bounds) -> Mapping[str, list[tuple[object, ...]]]:
    """Bounds by content: constraints are compared by identity."""
    return {key: [(c.on_absent, c.values, c.every) for c in found] for key, found in bounds.items()}


def _sense(document: Document) -> object:
    """What a document says, whatever the order of its statements and their names."""
    return document.variables, document.problems, frozenset(map(_sense_of, document.statements))


def _sense_of(statement: Statement) -> object:
    return (
        statement.allow, frozenset(statement.principals), statement.not_principal,
        frozenset(a.lower() for a in statement.actions), statement.not_action, frozenset(statement.resources),
        statement.not_resource, frozenset(statement.conditions),
    )  # fmt: skip
