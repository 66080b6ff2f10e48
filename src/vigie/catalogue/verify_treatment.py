"""Checks of what is ephemeral, ordered, redacted and decoded; and of what should be and is not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from vigie.catalogue.declaration import TypeDeclaration
from vigie.catalogue.defects import Defect
from vigie.catalogue.shapes import ListOf, Scalar, Type, at_path, covers, walk

_LOOKS_EPHEMERAL: Final = re.compile(
    r"^(Last|Latest).*(Time|Date|Used|At|Timestamp|On|Modified)$|Updated(At|Time|Date)?$|Modified(At|Time|Date)?$"
    r"|(Size)?Bytes$|Progress$|^Percent|RestorableTime$|^(Number|Approximate).*Of|Item_?Count$|Usage(Count|Date)$"
    r"|^Available.*Count$|^RevisionId$",
    re.IGNORECASE,
)
_MOVING_KINDS: Final = frozenset({"number", "timestamp", "string"})


def treatment_defects(declared: TypeDeclaration, resource: Type) -> Iterator[Defect]:
    """Paths that hit nothing, secrets that would be kept, counters that would make revisions."""
    if declared.transform:
        return  # what a function of Python makes of it the model cannot say
    for where, check, message in (
        *_paths_wrong(declared, resource),
        *_kinds_wrong(declared, resource),
        *_secrets(declared, resource),
        *_counters(declared, resource),
    ):
        yield Defect(declared.type, where, check, message)


def _paths(declared: TypeDeclaration) -> Iterator[tuple[str, str]]:
    treatment = declared.treatment
    for word in ("ephemeral", "ordered", "redact", "drop"):
        yield from ((word, path) for path in getattr(treatment, word))
    yield from (("decode", path) for path in declared.decode)
    yield from (("stable", path) for path in declared.stable)
    yield from (("sensitive", path) for path in declared.sensitive)


def _paths_wrong(declared: TypeDeclaration, resource: Type) -> Iterator[tuple[str, str, str]]:
    for word, path in _paths(declared):
        if not at_path(resource, path):
            yield word, "path", f"{path!r} hits nothing"


def _kinds_wrong(declared: TypeDeclaration, resource: Type) -> Iterator[tuple[str, str, str]]:
    for path in declared.treatment.ordered:
        for reached in at_path(resource, path):
            if not isinstance(reached, ListOf) and type(reached) is not Type:
                yield "ordered", "list", f"{path!r} is a {reached}, not a list"
    for path in declared.decode:
        for reached in at_path(resource, path):
            if type(reached) is not Type and not (isinstance(reached, Scalar) and reached.kind == "string"):
                yield "decode", "decode", f"{path!r} is a {reached}, not a text"


def _secrets(declared: TypeDeclaration, resource: Type) -> Iterator[tuple[str, str, str]]:
    treatment = declared.treatment
    dealt_with = (*treatment.redact, *treatment.drop, *declared.sensitive)
    for path, reached in walk(resource):
        if reached.sensitive and not covers(dealt_with, path) and not covers(dealt_with, f"{path}.*"):
            yield "redact", "sensitive", f"{path} is sensitive, says AWS: redact it, or acknowledge it with 'sensitive'"


def looks_ephemeral(path: str, reached: Type) -> bool:
    """Whether a member looks like a counter or a time that moves by itself."""
    moves = isinstance(reached, Scalar) and reached.kind in _MOVING_KINDS
    return moves and _LOOKS_EPHEMERAL.search(path.rpartition(".")[2]) is not None


def _counters(declared: TypeDeclaration, resource: Type) -> Iterator[tuple[str, str, str]]:
    treatment = declared.treatment
    dealt_with = (*treatment.ephemeral, *treatment.drop, *treatment.redact, *declared.stable)
    for path, reached in walk(resource):
        if looks_ephemeral(path, reached) and not covers(dealt_with, path):
            yield "ephemeral", "ephemeral", f"{path} looks ephemeral: say 'ephemeral', or 'stable' where it is not"
