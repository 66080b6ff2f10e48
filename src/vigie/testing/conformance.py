"""Whether a declaration of a resource type does what it says, against generated answers, through the real reader.

No emulator is needed: botocore's output shapes say what AWS may answer. ``check`` runs the whole declaration,
pages included,
twice, the second time with all lists shuffled, and tells in sentences what does not hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from random import Random
from typing import Any

from vigie.catalogue.declaration import TypeDeclaration
from vigie.model.canonical import canonical_bytes, digests
from vigie.model.resource import Observation, Reading
from vigie.model.scope import Outcome
from vigie.testing.answers import Answers, Narrow
from vigie.testing.generate import Wishes
from vigie.testing.observatory import Observatory
from vigie.testing.wire.requests import Call

_EQUAL = re.compile(r"([A-Za-z_][\w.]*)\s*(==|!=)\s*'([^']*)'")


@dataclass(frozen=True, slots=True)
class Conformance:
    """What came of a check."""

    type: str
    mistakes: tuple[str, ...]
    never_filled: frozenset[str] = frozenset()
    """Keys with a ``when`` that held for no generated resource: not tried."""
    reading: Reading | None = field(default=None, repr=False)


def wishes_for(declarations: Iterable[TypeDeclaration], *, size: int = 3) -> Wishes:
    """What generated answers need to have so that every ``when`` holds and no ``skip`` does."""
    values: dict[str, str] = {}
    avoid: dict[str, set[str]] = {}
    for declaration in declarations:
        expressions = [detail.when.text for detail in declaration.details if detail.when]
        if declaration.tags and declaration.tags.when:
            expressions.append(declaration.tags.when.text)
        for path, sign, value in (found for text in expressions for found in _EQUAL.findall(text)):
            _wish(values, avoid, path, value, wished=sign == "==")
        for path, sign, value in _EQUAL.findall(declaration.skip.text if declaration.skip else ""):
            _wish(values, avoid, path, value, wished=sign == "!=")
    return Wishes(values, {path: frozenset(unwanted) for path, unwanted in avoid.items()}, size=size)


def narrows_for(declarations: Iterable[TypeDeclaration]) -> dict[tuple[str, str], Narrow]:
    """How listings are narrowed, as declared: so that a narrowed one tells of the same things as the whole one."""
    found: dict[tuple[str, str], Narrow] = {}
    for declaration in declarations:
        listing = declaration.listing
        if listing is None or listing.narrow is None or listing.call is None:
            continue
        found[listing.call.service, listing.call.operation] = Narrow(
            listing.narrow.param,
            listing.items.text,
            listing.narrow.item.text,
            listing.each.text if listing.each else None,
            min(listing.narrow.gone, default=None),
        )
    return found


def answers_for(declarations: Iterable[TypeDeclaration], *, size: int = 3, page_size: int = 1) -> Answers:
    """Generated answers in which the declarations have something to read."""
    declarations = tuple(declarations)
    return Answers(wishes_for(declarations, size=size), page_size=page_size, narrows=narrows_for(declarations))


def _wish(values: dict[str, str], avoid: dict[str, set[str]], path: str, value: str, *, wished: bool) -> None:
    member = path.split(".", 1)[1] if path.split(".")[0] == "Metadata" else path
    if wished:
        values[member] = value
    else:
        avoid.setdefault(member, set()).add(value)


def check(here: Observatory, type: str) -> Conformance:
    """Read the scope of a type twice and say what is wrong.

    The observatory's endpoint should have the wishes of ``wishes_for`` and pages of 1: then every paged call has
    several.
    """
    declaration = here.catalogue.types[type]
    here.aws.forget()
    first = here.look(type).reading
    calls = here.aws.called()
    here.aws.answers.reshape = shuffled(declaration)
    try:
        second = here.look(type).reading
    finally:
        here.aws.answers.reshape = None
    never = _never_filled(declaration, first)
    mistakes = [
        *_incomplete(first),
        *_undeclared(here, declaration, calls),
        *_unpaged(declaration, calls, never),
        *(mistake for one in first.observations for mistake in _unsound(declaration, one, never)),
        *_unlike(declaration, first, second),
    ]
    return Conformance(type, tuple(mistakes), frozenset(never), first)


def shuffled(declaration: TypeDeclaration) -> Any:
    """Shuffles every list of an answer but those that are declared ordered; a list always in the same way."""
    ordered = {path.replace("[]", "").rpartition(".")[2] for path in declaration.treatment.ordered}

    def shuffle(value: Any, name: str) -> Any:
        if isinstance(value, dict):
            return {key: shuffle(content, key) for key, content in value.items()}
        if not isinstance(value, list):
            return value
        found = [shuffle(one, name) for one in value]
        if name not in ordered:
            Random(len(found)).shuffle(found)  # noqa: S311 - for a test
        return found

    def reshape(call: Call, answer: dict[str, Any]) -> dict[str, Any]:
        return {key: shuffle(content, key) for key, content in deepcopy(answer).items()}

    return reshape


def _incomplete(reading: Reading) -> Iterator[str]:
    if reading.outcome is not Outcome.COMPLETE:
        yield f"the reading is {reading.outcome}, not complete"
    for problem in reading.problems:
        yield f"{problem.operation} failed: {problem.code}: {problem.message} ({problem.path or 'the listing'})"
    if not reading.observations:
        yield "nothing was read: `items`, `each` or `skip` leave nothing of the answer"


def _undeclared(here: Observatory, declaration: TypeDeclaration, calls: Iterable[Call]) -> Iterator[str]:
    allowed = set(declaration.operations)
    above = declaration.parent
    while above:
        allowed |= here.catalogue.types[above].operations
        above = here.catalogue.types[above].parent
    for service, operation in sorted({(call.service, call.operation) for call in calls} - allowed):
        yield f"{service}:{operation} was called and is not declared"
    for unknown in here.aws.unknown:
        yield f"the endpoint did not understand a request: {unknown}"


def _unpaged(declaration: TypeDeclaration, calls: list[Call], never: set[str]) -> Iterator[str]:
    if declaration.hook is not None:
        return  # its own affair
    untried = {(detail.call.service, detail.call.operation) for detail in declaration.details if detail.key in never}
    for service, operation in sorted(declaration.operations - untried):
        of_it = [call for call in calls if (call.service, call.operation) == (service, operation)]
        if not of_it:
            yield f"{service}:{operation} is declared and was never called"
        elif of_it[0].paging is not None and max(call.page for call in of_it) < 2:
            yield f"{service}:{operation} has pages, and only the first was asked for"


def _never_filled(declaration: TypeDeclaration, reading: Reading) -> set[str]:
    conditional = {detail.key for detail in declaration.details if detail.when}
    return {key for key in conditional if not any(key in one.configuration for one in reading.observations)}


def _unsound(declaration: TypeDeclaration, one: Observation, never: set[str]) -> Iterator[str]:
    resource, configuration = one.resource, one.configuration
    if not resource.id:
        yield "a resource has an empty id"
    if declaration.arn is not None and not (resource.arn or "").startswith("arn:"):
        yield f"{resource.id} has no ARN: {declaration.arn} gives {resource.arn!r}"
    if declaration.name is not None and not resource.name:
        yield f"{resource.id} has no name: {declaration.name}"
    if declaration.uid is not None and not resource.uid:
        yield f"{resource.id} has no uid: {declaration.uid}"
    if not resource.region:
        yield f"{resource.id} is in no region"
    for key in sorted(declaration.keys - never - configuration.keys()):
        yield f"{resource.id} lacks the declared key {key}"
    yield from _untagged(declaration, configuration)
    yield from _uncanonical(configuration)


def _untagged(declaration: TypeDeclaration, configuration: Mapping[str, Any]) -> Iterator[str]:
    if declaration.tags is None:
        return
    tags = configuration.get("Tags")
    if not isinstance(tags, Mapping) or not all(isinstance(value, str) for value in tags.values()):
        yield f"Tags is not a map of texts: {tags!r}"
    elif not tags:
        yield "Tags is empty, though the answer has tags"
    moved = declaration.tags.moved_from
    if moved and len(moved) == 1 and moved[0] in configuration:
        yield f"{moved[0]} is still there beside Tags"


def _uncanonical(configuration: Mapping[str, Any]) -> Iterator[str]:
    try:
        canonical_bytes(configuration)
    except (TypeError, ValueError) as error:
        yield f"the configuration has no canonical form: {error}"


def _unlike(declaration: TypeDeclaration, first: Reading, second: Reading) -> Iterator[str]:
    before = {one.resource.id: digests(one.configuration, declaration.treatment) for one in first.observations}
    after = {one.resource.id: digests(one.configuration, declaration.treatment) for one in second.observations}
    if before.keys() != after.keys():
        yield "a second reading with shuffled lists finds other resources"
    for identity in sorted(before.keys() & after.keys()):
        if before[identity] != after[identity]:
            yield f"{identity} has another digest when the lists of the same answers are shuffled"
