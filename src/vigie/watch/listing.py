"""Which resources there are in a scope."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vigie.aws.caller import RestrictedCaller
from vigie.aws.errors import CallFailed
from vigie.catalogue.declaration import Call, Listing, Narrowing, TypeDeclaration, UnboundParameterError
from vigie.catalogue.expression import Place
from vigie.model.scope import Outcome, Problem, Scope
from vigie.watch.hooks import run_hook
from vigie.watch.shared import SharedAnswers
from vigie.watch.taking import Raw, expected_member, listed_elements, taken_from

CAPPED = "ListingCapped"
UNIDENTIFIED = "UnidentifiedResource"


@dataclass(slots=True)
class Element:
    """One listed resource."""

    id: str
    raw: Raw
    parent: Raw | None = None
    parent_id: str | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """All that listing a scope gave."""

    elements: tuple[Element, ...]
    problems: tuple[Problem, ...] = ()
    unread_parents: frozenset[str] = frozenset()
    whole: bool = True
    """False where it ended early, or held what could not be identified."""


@dataclass(frozen=True, slots=True)
class Parents:
    """The resources under which children are listed."""

    elements: tuple[Element, ...] = ()
    whole: bool = True
    """Whether these are all of them."""


@dataclass(frozen=True, slots=True)
class Lister:
    """Lists one scope. A *look* above 0 asks AWS again for everything that was shared."""

    declaration: TypeDeclaration
    scope: Scope
    place: Place
    caller: RestrictedCaller
    shared: SharedAnswers
    parents: Parents = field(default_factory=Parents)

    def all(self, look: int = 0) -> Listed:
        """Raises CallFailed where the listing as such could not be had."""
        declaration = self.declaration
        if declaration.singleton is not None:
            return self._identified([(self._singleton(), None)])
        if declaration.hook is not None:
            rows = run_hook(declaration.hook.function, self.caller, self.scope)
            return self._identified([(dict(row), None) for row in rows])
        if declaration.parent is not None:
            return self._children()
        return self._identified([(raw, None) for raw in self._elements(look)])

    def one(self, known: Mapping[str, Any]) -> Listed | None:
        """The listing narrowed to one resource; None where that is not possible.

        Args:
            known: The resource as listed or as recorded.

        Raises:
            CallFailed: It could not be had.
        """
        listing = self.declaration.listing
        if listing is None or listing.narrow is None or listing.call is None or self.declaration.parent is not None:
            return None
        value = listing.narrow.item.read(known, self.place)
        if value is None:
            return None
        try:
            pages = self._pages(listing.call, _narrowed(listing.call, listing.narrow, value, self.place), listing)
        except CallFailed as failure:
            if failure.code in listing.narrow.gone:
                return Listed(())
            raise
        return self._identified([(raw, None) for raw in listed_elements(listing, pages, self.place)])

    def _singleton(self) -> Raw:
        singleton = self.declaration.singleton
        if singleton is None:
            raise AssertionError("asked only of singletons")
        try:
            parameters = singleton.call.parameters({}, self.place)
            expect = expected_member(singleton.call, singleton.take)
            pages = self.caller.pages(singleton.call.service, singleton.call.operation, parameters, expect=expect)
        except CallFailed as failure:
            if failure.code in singleton.call.absent:
                return {}
            raise
        taken = taken_from(pages, singleton.take, self.place, {})
        return dict(taken) if isinstance(taken, Mapping) else {}

    def _elements(self, look: int) -> Sequence[Any]:
        listing = self._listing
        if listing.source is not None:
            pages = self._source_pages(listing, look)
        elif listing.call is not None:
            parameters = listing.call.parameters({}, self.place)
            pages = self._pages(listing.call, parameters, listing, self._enough(listing))
        else:
            raise AssertionError("a listing has a call or a source: the loader sees to it")
        return listed_elements(listing, pages, self.place)

    def _source_pages(self, listing: Listing, look: int) -> list[dict[str, Any]]:
        source = listing.source
        if source is None:
            raise AssertionError("asked only where there is a source")
        pages = fetch_source(self.shared, self.caller, source.name, source.call, self.place, look)
        expect = expected_member(source.call, listing.items)
        if expect is not None and not all(expect in page for page in pages):
            message = f"the answer lacks its member {expect}: it cannot be told from an empty one"
            raise CallFailed(Outcome.ERROR, "MissingMember", message, str(source.call))
        return pages

    def _children(self) -> Listed:
        listing = self._listing
        call = listing.answered_by
        found: list[tuple[Any, Element | None]] = []
        problems: list[Problem] = []
        unread: set[str] = set()
        for parent in self.parents.elements:
            try:
                parameters = call.parameters({}, self.place, parent.raw)
                pages = self._pages(call, parameters, listing)
            except UnboundParameterError as error:
                problems.append(Problem(Outcome.ERROR, str(call), "UnboundParameter", str(error)))
                unread.add(parent.id)
            except CallFailed as failure:
                if failure.outcome is Outcome.CREDENTIALS:
                    raise
                if failure.code not in call.gone:
                    problems.append(failure.problem())
                    unread.add(parent.id)
            else:
                found += [(raw, parent) for raw in listed_elements(listing, pages, self.place, parent.raw)]
        listed = self._identified(found)
        return Listed(
            listed.elements, (*problems, *listed.problems), frozenset(unread), listed.whole and self.parents.whole
        )

    def _pages(
        self,
        call: Call,
        parameters: Mapping[str, Any],
        listing: Listing,
        enough: Callable[[dict[str, Any]], bool] | None = None,
    ) -> list[dict[str, Any]]:
        expect = expected_member(call, listing.items)
        return self.caller.pages(call.service, call.operation, parameters, expect=expect, enough=enough)

    def _enough(self, listing: Listing) -> Callable[[dict[str, Any]], bool] | None:
        cap = self.declaration.cap
        if cap is None:
            return None
        seen = 0

        def enough(page: dict[str, Any]) -> bool:
            nonlocal seen
            seen += len(listed_elements(listing, [page], self.place))
            return seen > cap

        return enough

    @property
    def _listing(self) -> Listing:
        if self.declaration.listing is None:
            raise AssertionError("asked only of types that are listed")
        return self.declaration.listing

    def _identified(self, found: Iterable[tuple[Any, Element | None]]) -> Listed:
        """Elements with their ids; each id once (F27), without those that are skipped."""
        declaration = self.declaration
        elements: dict[str, Element] = {}
        odd = 0
        for raw, parent in found:
            above = parent.raw if parent else None
            if not isinstance(raw, dict):
                odd += 1
                continue
            if declaration.skip is not None and declaration.skip.read(raw, self.place, above):
                continue
            identity = declaration.id.read(raw, self.place, above)
            if identity in (None, ""):
                odd += 1
                continue
            id_ = str(identity).removeprefix(declaration.id_without)
            elements.setdefault(id_, Element(id_, raw, above, parent.id if parent else None))
        return self._capped(list(elements.values()), odd)

    def _capped(self, elements: list[Element], odd: int) -> Listed:
        problems: list[Problem] = []
        operation = str(self.declaration.calls[0])
        if odd:
            message = f"elements of the listing have no {self.declaration.id}"
            problems.append(Problem(Outcome.ERROR, operation, UNIDENTIFIED, message, count=odd))
        cap = self.declaration.cap
        if cap is not None and len(elements) > cap:
            message = f"the listing was ended after {cap} resources"
            problems.append(Problem(Outcome.PARTIAL, operation, CAPPED, message, count=len(elements) - cap))
            elements = elements[:cap]
        return Listed(tuple(elements), tuple(problems), whole=not problems)


def fetch_source(
    shared: SharedAnswers, caller: RestrictedCaller, name: str, call: Call, place: Place, look: int
) -> list[dict[str, Any]]:
    """The pages of a shared source. Raises CallFailed."""
    parameters = call.parameters({}, place)
    return shared.get(
        call.service, name, place.region, look, lambda: caller.pages(call.service, call.operation, parameters)
    )


def _narrowed(call: Call, narrow: Narrowing, value: Any, place: Place) -> dict[str, Any]:
    parameters = call.parameters({}, place)
    kept = {name: given for name, given in parameters.items() if name not in narrow.without}
    return {**kept, narrow.param: [value] if narrow.many else value}
