"""Statements as they stand in policies, each compiled once for all principals that hold them.

Policies of AWS hold up to thousands of actions and hang on many principals: the sets of actions are looked up in
tables, and what was read of a document is kept by its content.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Final

from vigie.access.constraints import Constraint
from vigie.access.document import Document, Statement, parse
from vigie.access.patterns import glob, is_literal, matches
from vigie.access.reading import Reader, Variables
from vigie.access.search import ACTION, Part, Rule
from vigie.access.texts import Texts

_NO_VALUES: Final[Variables] = {}
_KEPT: Final = 4096
"""Documents whose reading is kept. The largest (6 KB, managed) take about 200 KB with everything that is read of
them."""


@dataclass(frozen=True, slots=True)
class Actions:
    """The actions that an element names (or, ``others``, all but those), for fast questions about one action."""

    names: frozenset[str]
    by_service: Mapping[str, tuple[str, ...]]
    """Service → patterns with wildcards behind it."""
    wide: tuple[str, ...]
    """Patterns with wildcards in the service."""
    others: bool

    def within(self, service: str) -> tuple[str, ...]:
        """The patterns (in lower case) that can match an action of one service."""
        start = f"{service}:"
        named = (name for name in self.names if name.startswith(start))
        return (*named, *self.by_service.get(service, ()), *self.wide)

    def holds(self, action: str) -> bool:
        """``action`` in lower case."""
        return self._named(action) != self.others

    def _named(self, action: str) -> bool:
        if action in self.names:
            return True
        service = action.partition(":")[0]
        return any(matches(p, action) for p in (*self.by_service.get(service, ()), *self.wide))


def actions(statement: Statement) -> Actions:
    names: set[str] = set()
    by_service: dict[str, list[str]] = {}
    wide: list[str] = []
    for written in statement.actions:
        pattern = glob(written.lower())
        service = pattern.partition(":")[0]
        if is_literal(pattern):
            names.add(pattern)
        elif ":" in pattern and is_literal(service):
            by_service.setdefault(service, []).append(pattern)
        else:
            wide.append(pattern)
    grouped = {service: tuple(patterns) for service, patterns in by_service.items()}
    return Actions(frozenset(names), grouped, tuple(wide), statement.not_action)


@dataclass(frozen=True, eq=False)
class Written:
    """A statement where it stands. Compared by identity: one for each place of each document."""

    statement: Statement
    policy: str
    """The policy's name, for people."""
    reader: Reader = field(repr=False)

    @property
    def label(self) -> str:
        return f"{self.policy}/{self.statement.label}" if self.policy else self.statement.label

    @cached_property
    def actions(self) -> Actions:
        return actions(self.statement)

    @cached_property
    def _held(self) -> dict[frozenset[str], frozenset[str]]:
        return {}

    def held(self, names: frozenset[str]) -> frozenset[str]:
        """Those of some actions (in lower case) that it speaks of."""
        if names not in self._held:
            self._held[names] = frozenset(filter(self.actions.holds, names))
        return self._held[names]

    @cached_property
    def _rule(self) -> Rule:
        return self.reader.read(self.statement, _NO_VALUES)

    @cached_property
    def _bare(self) -> Rule:
        return bare(self._rule)

    def rule(self, known: Variables, *, whole: bool) -> Rule:
        """As a rule of the search; without ``whole``, its actions are left out."""
        if self.statement.has_variables:
            read = self.reader.read(self.statement, known)
            return read if whole else bare(read)
        return self._rule if whole else self._bare

    @cached_property
    def _of_service(self) -> dict[str, Part | None]:
        return {}

    def speaks_of_service(self, service: str) -> Part | None:
        """What it says of the actions of one service, as a part of a rule; None where it says nothing of them (or,
        with NotAction, leaves none out).
        """
        if service not in self._of_service:
            patterns = self.actions.within(service)
            side = "an action but" if self.statement.not_action else "an action like"
            words = f"{side} {', '.join(self.statement.actions)}"
            part = (ACTION, Constraint(False, Texts(patterns, True, not self.statement.not_action), words=words))
            self._of_service[service] = part if patterns else None
        return self._of_service[service]


def bare(rule: Rule) -> Rule:
    """Without what it says of actions."""
    return Rule(rule.label, tuple(part for part in rule.parts if part[0] != ACTION), rule.doubts)


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy that a principal holds (or is bound by), read."""

    name: str
    statements: tuple[Written, ...] = ()
    problems: tuple[str, ...] = ()


def policy(name: str, document: Any) -> Policy:
    """Read a policy: an object, or a string of JSON. Never raises."""
    text = document if isinstance(document, str) else _text(document)
    if text is None:
        return Policy(name, (), (f"{name}: the policy is not an object",))
    return _policy(name, text)


def _text(document: Any) -> str | None:
    try:
        return json.dumps(document, sort_keys=True) if isinstance(document, Mapping) else None
    except (TypeError, ValueError, RecursionError):
        return None


@lru_cache(maxsize=_KEPT)
def _policy(name: str, text: str) -> Policy:
    document = parse(text)
    return Policy(name, written(name, document), tuple(f"{name}: {p}" for p in document.problems))


def written(name: str, document: Document) -> tuple[Written, ...]:
    reader = Reader(document.variables, any_key=True)
    return tuple(Written(statement, name, reader) for statement in document.statements)


def speaking_of(action: str, statements: Sequence[Written]) -> list[Written]:
    """Those that hold one action, in lower case."""
    return [w for w in statements if w.actions.holds(action)]
