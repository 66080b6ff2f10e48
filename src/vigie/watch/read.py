"""One look at one scope: everything that the declaration says, as a :class:`~vigie.model.resource.Reading`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from vigie.aws.caller import RestrictedCaller
from vigie.aws.errors import CallFailed
from vigie.catalogue.declaration import TypeDeclaration
from vigie.catalogue.expression import Place
from vigie.model.canonical import Redactor, normalise
from vigie.model.resource import Observation, Reading, Resource
from vigie.model.scope import Outcome, Problem, Scope
from vigie.watch.completing import Completed, Completer
from vigie.watch.listing import Element, Listed, Lister, Parents
from vigie.watch.problems import counted
from vigie.watch.shared import SharedAnswers
from vigie.watch.spread import Spread, one_by_one

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Look:
    """A reading, and what a look at the children needs of it."""

    reading: Reading
    parents: Parents = field(default_factory=Parents)


@dataclass(frozen=True, slots=True)
class Reader:
    """Looks at one scope, once or again."""

    declaration: TypeDeclaration
    scope: Scope
    caller: RestrictedCaller
    now: Callable[[], datetime]
    redactor: Redactor | None = None
    shared: SharedAnswers = field(default_factory=SharedAnswers)
    spread: Spread = one_by_one
    parents: Parents = field(default_factory=Parents)

    def read(self) -> Look:
        """Everything. Whatever fails is in the reading."""
        return self._look(self._lister.all, 0)

    def read_again(self, ids: Collection[str], known: Mapping[str, Mapping[str, Any]], look: int = 1) -> Look:
        """A second look at some resources: listed anew (one by one where the declaration can, and they are few), and
        completed anew. Those that the reading does not hold, while its listing is whole, are not there.

        Args:
            ids: Which ones.
            known: Id → the resource as last recorded or seen, to ask for it by name.
        """
        return self._look(lambda: self._listed_again(ids, known, look), look)

    def list_only(self) -> Parents:
        """Only which resources there are: for a look at their children. Raises CallFailed."""
        listed = self._lister.all()
        return Parents(listed.elements, listed.whole)

    @property
    def _place(self) -> Place:
        return Place(self.scope.account, self.scope.region, self.caller.partition)

    @property
    def _lister(self) -> Lister:
        return Lister(self.declaration, self.scope, self._place, self.caller, self.shared, self.parents)

    def _listed_again(self, ids: Collection[str], known: Mapping[str, Mapping[str, Any]], look: int) -> Listed:
        if len(ids) <= _FEW and all(identity in known for identity in ids):
            narrowed = [self._lister.one(known[identity]) for identity in sorted(ids)]
            if all(listed is not None for listed in narrowed):
                return _wanted([listed for listed in narrowed if listed is not None], ids)
        return _wanted([self._lister.all(look)], ids)

    def _look(self, listing: Callable[[], Listed], look: int) -> Look:
        started = self.now()
        try:
            listed = listing()
            completer = Completer(
                self.declaration, self._place, self.caller.region, self.caller, self.shared, self.spread
            )
            found = completer.complete(listed.elements, look)
        except CallFailed as failure:
            return Look(self._failed(started, failure))
        except Exception as error:  # noqa: BLE001 - a hook is code of a package: its trouble is this scope's, and told
            _log.exception("the look at %s failed", self.scope)
            problem = Problem(Outcome.ERROR, str(self.declaration.calls[0]), type(error).__name__, str(error))
            return Look(Reading(self.scope, started, self.now(), Outcome.ERROR, problems=(problem,)))
        return self._seen(started, listed, found)

    def _failed(self, started: datetime, failure: CallFailed) -> Reading:
        outcome = Outcome.ERROR if failure.outcome is Outcome.NOT_FOUND else failure.outcome
        return Reading(self.scope, started, self.now(), outcome, problems=(failure.problem(),))

    def _seen(self, started: datetime, listed: Listed, found: Sequence[Completed]) -> Look:
        observed_at = self.now()
        observations: list[Observation] = []
        problems: list[Problem] = list(listed.problems)
        unread: set[str] = set()
        for one in found:
            problems.extend(one.unreadable.values())
            if one.gone:
                continue
            outcome = one.failed or self._observed(one, observed_at)
            if isinstance(outcome, Problem):
                problems.append(outcome)
                unread.add(one.element.id)
            else:
                observations.append(outcome)
        reading = Reading(
            self.scope,
            started,
            observed_at,
            Outcome.PARTIAL if problems or not listed.whole else Outcome.COMPLETE,
            tuple(observations),
            counted(problems),
            listed.unread_parents,
            whole_listing=listed.whole,
            unread=frozenset(unread),
        )
        all_known = listed.whole and not listed.unread_parents
        parents = Parents(tuple(_parent(one) for one in found if not one.gone), all_known)
        return Look(reading, parents)

    def _observed(self, one: Completed, observed_at: datetime) -> Observation | Problem:
        declaration, element = self.declaration, one.element
        place = Place(self.scope.account, one.region, self.caller.partition)
        try:
            configuration = normalise(one.raw, declaration.treatment, self.redactor)
            resource = Resource(
                scope=self.scope,
                id=element.id,
                region=one.region,
                arn=_text(declaration.arn.read(one.raw, place, element.parent) if declaration.arn else None),
                name=_text(declaration.name.read(one.raw, place, element.parent) if declaration.name else None),
                uid=_text(declaration.uid.read(one.raw, place, element.parent) if declaration.uid else None),
            )
        except (TypeError, ValueError) as error:
            return Problem(Outcome.ERROR, str(declaration.calls[0]), type(error).__name__, str(error))
        return Observation(resource, configuration, observed_at, dict(one.unreadable), element.parent_id)


_FEW = 5
"""So many resources are asked for by name; more are found by listing the scope again."""


def _wanted(listings: Sequence[Listed], ids: Collection[str]) -> Listed:
    elements = {element.id: element for listed in listings for element in listed.elements if element.id in ids}
    return Listed(
        tuple(elements.values()),
        tuple(problem for listed in listings for problem in listed.problems),
        frozenset().union(*(listed.unread_parents for listed in listings)),
        all(listed.whole for listed in listings),
    )


def _parent(one: Completed) -> Element:
    return Element(one.element.id, one.raw, one.element.parent, one.element.parent_id)


def _text(value: Any) -> str | None:
    return None if value in (None, "") else str(value)
