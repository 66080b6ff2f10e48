"""One Allow for one class of requesters: the grant it comes to, with its actions, conditions and witness; or none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from vigie.access.constraints import PRESENT, Constraint, Found, state_of
from vigie.access.document import Statement
from vigie.access.evaluator import allows
from vigie.access.keys import has_several
from vigie.access.patterns import STAR, literal
from vigie.access.reading import Reader, actions_of
from vigie.access.request import Request
from vigie.access.requesters import Bounds, Requester
from vigie.access.search import ACTION, RESOURCE, Box, Part, Rule, Search, Way
from vigie.access.texts import Budget, Texts
from vigie.access.verdict import Grant, GrantClass
from vigie.access.world import World
from vigie.model.account import Relation

NOT_ACCEPTED: Final = "AWS accepts no wildcard inside a principal"
_CAPPED: Final = "whether Deny statements leave something of it was not decided: the search was capped"
_REFUSED: Final = "its witness was refused by the second evaluation"
_INVERSE: Final = re.compile(r"not ((?:string|arn|date|numeric)(not)?(equals|like|equalsignorecase)|(not)?ipaddress) ")


class RefusedError(ValueError):
    """A part of a statement that could not be judged: one phrase."""


@dataclass
class Granting:
    """Judges the Allows of one policy."""

    world: World
    arn: str | None
    label: str
    bounds: Bounds = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)
    _searches: dict[int, Search] = field(default_factory=dict)

    @cached_property
    def reader(self) -> Reader:
        return Reader(self.world.document.variables)

    @cached_property
    def start(self) -> Box:
        """The box of all requests that the resource can receive."""
        profile = self.world.profile
        found: dict[str, tuple[Constraint, ...]] = {ACTION: (Constraint(False, Texts(profile.actions, fold=True)),)}
        found[RESOURCE] = (PRESENT,)
        if self.arn is not None:
            own = literal(self.arn)
            found[RESOURCE] = (Constraint(False, Texts((own, f"{own}/{STAR}", f"{own}:{STAR}"))),)
        for bounds in (self.world.always, self.bounds):
            for key, constraints in bounds.items():
                found[key] = (*found.get(key, ()), *constraints)
        return found

    @cached_property
    def samples(self) -> Mapping[str, tuple[str, ...]]:
        arn = self.arn or ""
        resources = (arn, arn + self.world.profile.inside) if arn else ()
        return {ACTION: self.world.profile.samples, RESOURCE: resources, "aws:sourceip": ("203.0.113.77", "2600::7")}

    def grant(
        self, statement: Statement, requester: Requester, kind: GrantClass, who: str, *, doubt: str = "", via: str = ""
    ) -> Grant | None:
        """The grant of an Allow to a class of requesters; None where it gives them nothing.

        ``doubt``: the statement names them in a way of which it is not known what AWS makes of it.
        """
        if not doubt and not requester.is_meant_by(statement):
            return None
        search = self._search(requester)
        known = self.world.variables(requester) if statement.has_variables or self._denies_have_variables else {}
        allow = self.reader.rule(statement, requester, known)
        denies = [self.reader.rule(d, requester, known) for d in self.world.denies if requester.is_meant_by(d)]
        way = search.way(allow, denies, self.start)
        if way is None:
            return self._told(statement, requester, kind, who, None, [_CAPPED], via) if search.capped else None
        doubts = [*way.doubts, *([doubt] if doubt else [])]
        found = self._told(statement, requester, kind, who, way, doubts, via)
        # keys are independent: where no Deny had to be left by another action, all actions go the same way
        chosen = len(way.box[ACTION]) > len(search.begin(self.start)[ACTION]) + 1
        if chosen and len(statement.actions) > 1 and not statement.not_action:
            return self._by_action(found, statement, requester, search, allow, denies)
        return found

    def _by_action(
        self, found: Grant, statement: Statement, requester: Requester, search: Search, allow: Rule, denies: list[Rule]
    ) -> Grant:
        """The same with the actions that the Denies leave; what they demand of the others is not told."""
        kept: list[str] = []
        ways: list[Way] = []
        for action in statement.actions:
            one = Rule(allow.label, ((ACTION, actions_of(statement, action)), *allow.parts), allow.doubts)
            way = search.way(one, denies, self.start)
            if way is not None or search.capped:
                kept.append(action)
            ways += [way] if way is not None else []
        left = [w for way in ways for w in way.left]
        shared = tuple(dict.fromkeys(w for w in left if left.count(w) == len(ways)))
        again = self._told(statement, requester, found.kind, found.who, ways[0] if ways else None, [], found.via)
        return Grant(
            **{
                **{name: getattr(again, name) for name in Grant.__slots__},
                "actions": tuple(kept),
                "conditions": self._conditions(statement, shared),
                "exact": found.exact and again.exact,
                "why_not_exact": found.why_not_exact or again.why_not_exact,
            }
        )

    def scope(self, statement: Statement) -> list[Part]:
        """The actions and resources that a statement speaks of."""
        rule = self.reader.rule(statement, _NOBODY, {})
        return [(key, part) for key, part in rule.parts if key in (ACTION, RESOURCE)]

    def nobody(self, statement: Statement, kind: GrantClass, who: str, account: str | None) -> Grant:
        """A grant that no request can use now."""
        return self._told(statement, Requester({}, account=account), kind, who, None, [], "")

    @cached_property
    def _denies_have_variables(self) -> bool:
        return any(d.has_variables for d in self.world.denies)

    def _search(self, requester: Requester) -> Search:
        found = self._searches.get(id(requester))
        if found is None or found.requester is not requester:
            found = self._searches[id(requester)] = Search(requester, self.samples, self.budget)
        return found

    # Telling

    def _told(
        self,
        statement: Statement,
        requester: Requester,
        kind: GrantClass,
        who: str,
        way: Way | None,
        doubts: list[str],
        via: str,
    ) -> Grant:
        request = self.request(way, requester) if way is not None else None
        if request is not None and not doubts and not allows(self.world.document, request):
            doubts = [_REFUSED]
        return Grant(
            kind,
            who,
            self._actions(statement),
            relation=self._relation(requester.account),
            account=requester.account if kind is not GrantClass.PUBLIC else None,
            conditions=self._conditions(statement, way.left if way else ()),
            statements=(f"{self.label}{statement.label}",),
            witness=request.document() if request is not None else None,
            exact=not doubts,
            why_not_exact="; ".join(doubts),
            via=via,
        )

    def _relation(self, account: str | None) -> Relation:
        if account in self.world.facts.own_accounts:
            return Relation.OWN
        third = account in self.world.facts.third_party_accounts
        return Relation.THIRD_PARTY if third else Relation.UNKNOWN

    def _actions(self, statement: Statement) -> tuple[str, ...]:
        if statement.not_action:
            return (f"everything but {', '.join(statement.actions)}",)
        search = self._search(_NOBODY)
        kept = [a for a in statement.actions if search.joined(self.start, [(ACTION, actions_of(statement, a))])]
        return tuple(dict.fromkeys(kept))

    @staticmethod
    def _conditions(statement: Statement, left: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*map(str, statement.conditions), *map(turned, left)]))

    def request(self, way: Way, requester: Requester) -> Request:
        """The request that the states of a way make up. Keys that the policy names and the way leaves open are as the
        requester has them.
        """
        context: dict[str, str | tuple[str, ...]] = {}
        for key in sorted(self.world.all.keys):
            state = way.states.get(key) or self._usual(key, requester)
            if state is not None and state.values:
                context[key] = state.values if has_several(key) else state.values[0]
        principal = dict(requester.principal)
        arn = context.get("aws:principalarn") or requester.samples.get("aws:principalarn", ("",))[0]
        if principal.get("AWS", "").isdigit() and isinstance(arn, str) and arn:
            principal["AWS"] = arn
        action, resource = way.states.get(ACTION), way.states.get(RESOURCE)
        return Request(
            action.values[0] if action and action.values else "",
            resource.values[0] if resource and resource.values else self.arn or "*",
            principal,
            requester.account,
            context,
        )

    def _usual(self, key: str, requester: Requester) -> Found | None:
        constraints = (*self.start.get(key, ()), *requester.bound(key))
        if not constraints:
            return None
        return state_of(constraints, several=has_several(key), samples=requester.samples.get(key, ()))


_NOBODY: Final = Requester({})


def turned(words: str) -> str:
    """``not stringnotequals key x`` as ``stringequals key x``: the same by the table of absent keys."""
    found = _INVERSE.match(words)
    if found is None:
        return words
    operator = found[1]
    rest = words[found.end() :]
    positive = operator.replace("not", "", 1)
    if positive != operator:
        return f"{positive} {rest}"
    if operator == "ipaddress":
        return f"notipaddress {rest}"
    for kind in ("string", "arn", "date", "numeric"):
        if operator.startswith(kind):
            return f"{kind}not{operator.removeprefix(kind)} {rest}"
    return words
