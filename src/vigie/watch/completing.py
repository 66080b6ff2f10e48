"""Everything about the listed resources: described, with details, joins and tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from vigie.aws.caller import RestrictedCaller
from vigie.aws.errors import CallFailed
from vigie.catalogue.declaration import (
    Call,
    Decode,
    Describe,
    Detail,
    Join,
    TagBatch,
    Tags,
    TypeDeclaration,
    UnboundParameterError,
)
from vigie.catalogue.decoding import decoded
from vigie.catalogue.expression import Place
from vigie.catalogue.transforms import TRANSFORMS
from vigie.model.paths import transform as transform_at
from vigie.model.scope import Outcome, Problem
from vigie.watch.listing import Element, fetch_source
from vigie.watch.shared import SharedAnswers
from vigie.watch.spread import Spread
from vigie.watch.taking import Raw, expected_member, mentions, paired, taken_from, without_member

TAGS: Final = "Tags"


def _siblings(elements: Sequence[Element]) -> list[list[Element]]:
    """The elements by their parent: a call that describes several speaks of one parent (an ECS cluster)."""
    found: dict[str | None, list[Element]] = {}
    for element in elements:
        found.setdefault(element.parent_id, []).append(element)
    return list(found.values())


@dataclass(slots=True)
class Completed:
    """One resource with everything that could be read about it."""

    element: Element
    raw: Raw
    region: str
    """Where it lives."""
    unreadable: dict[str, Problem] = field(default_factory=dict)
    gone: bool = False
    """It vanished since it was listed."""
    failed: Problem | None = None
    """Nothing of it can be recorded."""


class _GoneError(Exception):
    """The resource vanished since it was listed."""


@dataclass(frozen=True, slots=True)
class Completer:
    """Completes the resources of one scope."""

    declaration: TypeDeclaration
    place: Place
    region: str
    """Where calls go, unless the resources have regions of their own."""
    caller: RestrictedCaller
    shared: SharedAnswers
    spread: Spread

    def complete(self, elements: Sequence[Element], look: int = 0) -> list[Completed]:
        """Every element as completed, in the same order.

        Raises:
            CallFailed: ``CREDENTIALS`` only; everything else is in the results.
        """
        found = self._described(list(elements))
        alive = [one for one in found if not one.gone and one.failed is None]
        if any(detail.first for detail in self.declaration.details):
            self.spread(self._read_first, alive)
        for one in alive:
            one.region = self._region_of(one)
        for join in self.declaration.joins:
            self._join(join, alive, look)
        batched = self.declaration.tags is not None and self.declaration.tags.batch is not None
        if batched:
            self._tag_in_batches(alive)
        if any(not detail.first for detail in self.declaration.details) or self._tags_by_call:
            self.spread(self._read_rest, alive)
        for one in alive:
            self._finish(one)
        return found

    @property
    def _tags_by_call(self) -> bool:
        tags = self.declaration.tags
        return tags is not None and tags.call is not None and tags.batch is None

    # describing

    def _described(self, elements: list[Element]) -> list[Completed]:
        describe = self.declaration.describe
        if describe is None:
            return [Completed(element, element.raw, self.place.region) for element in elements]
        if describe.single:
            return self.spread(lambda element: self._describe_one(describe, element), elements)
        batches = [
            siblings[start : start + describe.size]
            for siblings in _siblings(elements)
            for start in range(0, len(siblings), describe.size)
        ]
        found = self.spread(lambda batch: self._describe_many(describe, batch), batches)
        return [one for batch in found for one in batch]

    def _describe_one(self, describe: Describe, element: Element) -> Completed:
        one = Completed(element, element.raw, self.place.region)
        parameters = {describe.param: describe.item.read(element.raw, self.place, element.parent)}
        try:
            pages = self._ask(describe.call, describe.take, one, parameters)
        except _GoneError:
            one.gone = True
        except CallFailed as failure:
            one.failed = _fatal(failure)
        else:
            taken = taken_from(pages, describe.take, self.place, one.raw) if pages else None
            one.gone = not isinstance(taken, Mapping)
            one.raw = {**one.raw, **(taken if isinstance(taken, Mapping) else {})}
        return one

    def _describe_many(self, describe: Describe, elements: Sequence[Element]) -> list[Completed]:
        batch = [Completed(element, element.raw, self.place.region) for element in elements]
        if describe.items is None or describe.key is None or not batch:
            return batch
        names = [describe.item.read(one.raw, self.place, one.element.parent) for one in batch]
        try:
            pages = self._ask(describe.call, describe.items, batch[0], {describe.param: names})
        except _GoneError:
            if len(batch) > 1:  # one of them: each by itself tells which
                return [self._describe_many(describe, [element])[0] for element in elements]
            batch[0].gone = True
            return batch
        except CallFailed as failure:
            problem = _fatal(failure)
            for one in batch:
                one.failed = problem
            return batch
        described = [body for page in pages for body in describe.items.read(page, self.place) or ()]
        bodies = {describe.key.read(body): body for body in described}
        for one, name in zip(batch, names, strict=True):
            body = bodies.get(name)
            one.gone = body is None
            one.raw = {**one.raw, **(body or {})}
        return batch

    # details

    def _read_first(self, one: Completed) -> None:
        self._read_details(one, [detail for detail in self.declaration.details if detail.first], self.region)

    def _read_rest(self, one: Completed) -> None:
        region = one.region if self.declaration.calls_in_region else self.region
        self._read_details(one, [detail for detail in self.declaration.details if not detail.first], region)
        if self._tags_by_call and not one.gone:
            self._tag(one, region)

    def _read_details(self, one: Completed, details: Sequence[Detail], region: str) -> None:
        for detail in details:
            try:
                self._read_detail(one, detail, region)
            except _GoneError:
                one.gone = True
                return

    def _read_detail(self, one: Completed, detail: Detail, region: str) -> None:
        blocked = self._blocked(one, detail)
        if blocked is not None:
            one.unreadable[detail.key] = blocked
            return
        try:
            if detail.when is not None and not detail.when.read(one.raw, self.place, one.element.parent):
                return
            one.raw[detail.key] = self._value(detail, one.raw, one.element.parent, region)
        except CallFailed as failure:
            one.unreadable[detail.key] = _fatal(failure, detail.key)

    def _blocked(self, one: Completed, detail: Detail) -> Problem | None:
        """Why a detail cannot be read, where what it depends on could not."""
        if not one.unreadable:
            return None
        looked_at = (detail.when, *detail.call.bind.values())
        unread = next((key for part in looked_at if (key := mentions(part, one.unreadable))), None)
        if unread is None:
            return None
        cause = one.unreadable[unread]
        return Problem(cause.outcome, cause.operation, cause.code, cause.message, detail.key, cause.permission)

    def _value(self, detail: Detail, raw: Raw, parent: Mapping[str, Any] | None, region: str) -> Any:
        """Raises CallFailed, and _GoneError."""
        try:
            pages = self._pages(detail.call, detail.take, raw, parent, region)
        except UnboundParameterError as error:
            raise CallFailed(Outcome.ERROR, "UnboundParameter", str(error), str(detail.call)) from error
        except CallFailed as failure:
            if failure.code in detail.call.absent:
                return None
            if failure.code in detail.call.gone:
                raise _GoneError from failure
            raise
        value = taken_from(pages, detail.take, self.place, raw)
        value = _shaped(detail, value)
        if detail.each and isinstance(value, list):
            value = [self._with_inner(detail, element, raw, region) for element in value]
        return value

    def _with_inner(self, detail: Detail, element: Any, raw: Raw, region: str) -> Any:
        if not isinstance(element, Mapping):
            return element
        made: Raw = dict(element)
        for inner in detail.each:
            if inner.when is not None and not inner.when.read(made, self.place, raw):
                continue
            try:
                made[inner.key] = self._value(inner, made, raw, region)
            except _GoneError:
                made[inner.key] = None  # the element vanished, not the resource around it
        return made

    def _pages(
        self, call: Call, take: Any, raw: Raw, parent: Mapping[str, Any] | None, region: str
    ) -> list[dict[str, Any]]:
        parameters = call.parameters(raw, self.place, parent)
        expect = expected_member(call, take)
        return self.caller.pages(call.service, call.operation, parameters, region=region, expect=expect)

    def _ask(self, call: Call, take: Any, one: Completed, more: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Raises CallFailed, and _GoneError."""
        try:
            parameters = call.parameters(one.raw, self.place, one.element.parent) | dict(more)
            expect = expected_member(call, take)
            return self.caller.pages(call.service, call.operation, parameters, region=self.region, expect=expect)
        except UnboundParameterError as error:
            raise CallFailed(Outcome.ERROR, "UnboundParameter", str(error), str(call)) from error
        except CallFailed as failure:
            if failure.code in call.gone or failure.code in call.absent:
                raise _GoneError from failure
            raise

    def _region_of(self, one: Completed) -> str:
        if self.declaration.region is None:
            return self.place.region
        found = self.declaration.region.read(one.raw, self.place, one.element.parent)
        return str(found) if found else self.place.region

    # joins and tags

    def _join(self, join: Join, alive: Sequence[Completed], look: int) -> None:
        if not alive:
            return
        try:
            matches = self._joinable(join, look)
        except CallFailed as failure:
            problem = _fatal(failure, join.key)
            for one in alive:
                one.unreadable[join.key] = problem
            return
        for one in alive:
            found = matches.get(_key(join.item.read(one.raw, self.place, one.element.parent)), [])
            kept = [element if join.take is None else join.take.read(element, self.place) for element in found]
            one.raw[join.key] = kept if join.many else (kept[0] if kept else None)

    def _joinable(self, join: Join, look: int) -> dict[str, list[Any]]:
        call = join.call
        if join.source is not None:
            pages = fetch_source(self.shared, self.caller, join.source.name, call, self.place, look)
        else:
            expect = expected_member(call, join.items)
            pages = self.caller.pages(call.service, call.operation, call.parameters({}, self.place), expect=expect)
        matches: dict[str, list[Any]] = {}
        for page in pages:
            for element in join.items.read(page, self.place) or ():
                matches.setdefault(_key(join.other.read(element, self.place)), []).append(element)
        return matches

    def _tag(self, one: Completed, region: str) -> None:
        tags = self.declaration.tags
        if tags is None or tags.call is None:
            return
        detail = Detail(TAGS, tags.call, tags.take, tags.when)
        try:
            self._read_detail(one, detail, region)
        except _GoneError:
            one.gone = True
            return
        if TAGS not in one.unreadable:
            one.raw[TAGS] = tags.as_map(one.raw.get(TAGS))

    def _tag_in_batches(self, alive: Sequence[Completed]) -> None:
        tags = self.declaration.tags
        if tags is None or tags.batch is None or tags.call is None:
            return
        size = tags.batch.size
        batch, call = tags.batch, tags.call
        chunks = [alive[start : start + size] for start in range(0, len(alive), size)]
        self.spread(lambda chunk: self._tag_batch(tags, batch, call, chunk), chunks)

    def _tag_batch(self, tags: Tags, batch: TagBatch, call: Call, chunk: Sequence[Completed]) -> None:
        names = [batch.item.read(one.raw, self.place, one.element.parent) for one in chunk]
        try:
            pages = self._ask(call, batch.items, chunk[0], {batch.param: names})
        except _GoneError:
            if len(chunk) > 1:
                for one in chunk:
                    self._tag_batch(tags, batch, call, [one])
            else:
                chunk[0].gone = True
            return
        except CallFailed as failure:
            problem = _fatal(failure, TAGS)
            for one in chunk:
                one.unreadable[TAGS] = problem
            return
        described = {
            batch.key.read(element): element if tags.take is None else tags.take.read(element)
            for page in pages
            for element in batch.items.read(page, self.place) or ()
        }
        for one, name in zip(chunk, names, strict=True):
            one.raw[TAGS] = tags.as_map(described.get(name))

    # the end

    def _finish(self, one: Completed) -> None:
        if one.gone:
            return
        try:
            self._inline_tags(one)
            if self.declaration.transform is not None:
                one.raw = dict(TRANSFORMS[self.declaration.transform](one.raw))
            for path, how in self.declaration.decode.items():
                one.raw = transform_at(one.raw, (path,), partial(_decoded, how))
        except Exception as error:  # noqa: BLE001 - a transform is code of a package: its trouble is this resource's
            one.failed = Problem(Outcome.ERROR, str(self.declaration.calls[0]), type(error).__name__, str(error))

    def _inline_tags(self, one: Completed) -> None:
        tags = self.declaration.tags
        if tags is None or tags.inline is None:
            return
        unread = mentions(tags.inline, one.unreadable)
        if unread is not None:
            one.unreadable[TAGS] = one.unreadable[unread]
            return
        found = tags.inline.read(one.raw, self.place, one.element.parent)
        one.raw = without_member(one.raw, tags.moved_from or ())
        one.raw[TAGS] = tags.as_map(found)


def _shaped(detail: Detail, value: Any) -> Any:
    if value is None:
        return None
    try:
        if detail.transform is not None:
            value = TRANSFORMS[detail.transform](value)
    except Exception as error:  # as above: code of a package
        raise CallFailed(Outcome.ERROR, type(error).__name__, str(error), str(detail.call)) from error
    if detail.pairs is not None:
        value = paired(value, detail.pairs)
    return value if detail.decode is None else decoded(value, detail.decode)


def _fatal(failure: CallFailed, path: str = "") -> Problem:
    """The failure as data; that of credentials goes through, for it ends the look at the whole account."""
    if failure.outcome is Outcome.CREDENTIALS:
        raise failure
    return failure.problem(path)


def _decoded(how: Decode, value: Any) -> Any:
    return decoded(value, how)


def _key(value: Any) -> str:
    return "" if value is None else str(value)
