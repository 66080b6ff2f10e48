"""Whether a configuration written by hand (an example of a rule, a demonstration) could have been recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from vigie.catalogue.loader import Catalogue
from vigie.catalogue.service_models import ServiceModels, installed
from vigie.catalogue.shapes import ListOf, MapOf, Scalar, Structure, Type, covers
from vigie.catalogue.verify_resource import resource_defects

_KINDS: Final[Mapping[str, type | tuple[type, ...]]] = {
    "string": str,
    "timestamp": str,
    "blob": str,
    "number": (int, float),
    "boolean": bool,
}


def misfits(
    catalogue: Catalogue, type: str, configuration: Mapping[str, Any], models: ServiceModels | None = None
) -> list[str]:
    """What of a configuration the declared calls cannot have given: members that AWS's models do not have, values of
    another kind. A configuration may be a part of a whole one; null may stand anywhere."""
    declared = catalogue.types[type]
    if declared.hook or declared.transform:
        return []
    documents = tuple(declared.decode)
    recorded = resource_defects(declared, catalogue, models or installed()).resource
    return list(_misfits(configuration, recorded, "", documents))


def _misfits(value: Any, wanted: Type, path: str, documents: tuple[str, ...]) -> Iterator[str]:
    if value is None or _is_anything(wanted) or covers(documents, path):
        return
    if isinstance(wanted, Structure):
        yield from _members(value, wanted.member, path, documents)
    elif isinstance(wanted, MapOf):
        known = wanted.keys
        yield from _members(value, lambda key: wanted.of() if not known or key in known else None, path, documents)
    elif isinstance(wanted, ListOf):
        if not isinstance(value, list):
            yield f"{path} is a {wanted}, {value!r} is not"
            return
        for element in value:
            yield from _misfits(element, wanted.of(), f"{path}[]", documents)
    elif isinstance(wanted, Scalar) and not isinstance(value, _KINDS.get(wanted.kind, object)):
        yield f"{path} is a {wanted}, {value!r} is not"


def _is_anything(wanted: Type) -> bool:
    return not isinstance(wanted, Structure | MapOf | ListOf | Scalar)


def _members(value: Any, member: Callable[[str], Type | None], path: str, documents: tuple[str, ...]) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{path} is a structure, {value!r} is not"
        return
    for key, inner in value.items():
        below = f"{path}.{key}" if path else key
        wanted = member(key)
        if wanted is None:
            yield f"{below} is nothing that AWS answers with"
        else:
            yield from _misfits(inner, wanted, below, documents)
