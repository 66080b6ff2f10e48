"""Values out of answers. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final

from vigie.catalogue.declaration import Call, Listing, Pairs
from vigie.catalogue.expression import Expression, Place

_LEADING: Final = re.compile(r"([A-Za-z_]\w*)\s*(?:$|[.\[|])")
_META: Final = "ResponseMetadata"

Raw = dict[str, Any]
"""A resource as read so far, in AWS's own member names."""


def expected_member(call: Call, taken: Expression | None) -> str | None:
    """The member that a true answer to the call has; None where it may lack, or where more than one is taken."""
    return None if call.missing_ok or taken is None else leading_member(taken.text)


@cache
def leading_member(text: str) -> str | None:
    """``Policies[?Arn].Name`` → ``Policies``; None for what does not begin with one member."""
    found = _LEADING.match(text)
    return found[1] if found else None


def listed_elements(
    listing: Listing, pages: Iterable[Mapping[str, Any]], place: Place, parent: Mapping[str, Any] | None = None
) -> list[Any]:
    """The elements of all pages, in order: mappings of their own, free to be added to; odd things as they are."""
    found: list[Any] = []
    for page in pages:
        for outer in listing.items.read(page, place, parent) or ():
            if listing.each is None:
                found.append(_wrapped(outer, listing.wrap))
                continue
            carried = {key: outer[key] for key in listing.carry if isinstance(outer, Mapping) and key in outer}
            inside = listing.each.read(outer, place, parent) or ()
            found.extend({**carried, **inner} if isinstance(inner, Mapping) else inner for inner in inside)
    return [element for element in found if element is not None]


def _wrapped(element: Any, wrap: str | None) -> Any:
    if wrap is not None and isinstance(element, str):
        return {wrap: element}
    return dict(element) if isinstance(element, Mapping) else element


def taken_from(pages: Sequence[Mapping[str, Any]], take: Expression | None, place: Place, raw: Raw) -> Any:
    """The value that is taken from an answer; from several pages, their values joined."""
    values = [_whole(page) if take is None else take.read(page, place, raw) for page in pages]
    if len(values) == 1:
        return values[0]
    return joined(values)


def _whole(page: Mapping[str, Any]) -> Raw:
    """A whole answer, without what botocore says of the call that got it."""
    return {key: value for key, value in page.items() if key != _META}


def joined(values: Sequence[Any]) -> Any:
    """Lists one after the other, mappings member by member; of anything else the first that is there."""
    there = [value for value in values if value is not None]
    if not there:
        return None
    if all(isinstance(value, list) for value in there):
        return [element for value in there for element in value]
    if all(isinstance(value, Mapping) for value in there):
        keys = {key: None for value in there for key in value if key != _META}
        return {key: joined([value.get(key) for value in there]) for key in keys}
    return there[0]


def paired(value: Any, pairs: Pairs) -> Any:
    """A list of elements with a key and a value, as a map; anything else as it is."""
    if not isinstance(value, list):
        return value
    return {str(pairs.key.read(element)): pairs.value.read(element) for element in value}


def without_member(raw: Raw, keys: Sequence[str]) -> Raw:
    """The resource without the member at a path; what is above the member is copied, the rest shared."""
    if not keys or keys[0] not in raw:
        return raw
    if len(keys) == 1:
        return {key: value for key, value in raw.items() if key != keys[0]}
    inner = raw[keys[0]]
    return {**raw, keys[0]: without_member(inner, keys[1:])} if isinstance(inner, dict) else raw


def mentions(expression: Expression | None, members: Iterable[str]) -> str | None:
    """The first of the members that an expression looks at."""
    if expression is None:
        return None
    return next((member for member in members if _word(member)(expression.text)), None)


@cache
def _word(member: str) -> Callable[[str], object]:
    return re.compile(rf"(?<![\w'])(?<!\.){re.escape(member)}(?![\w'])").search
