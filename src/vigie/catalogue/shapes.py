"""The types of what AWS answers, and of a resource as it is put together: what the verifier reasons over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final

from botocore.model import ListShape, MapShape, Shape, StructureShape

_TEXTS: Final = frozenset({"string", "char"})
_NUMBERS: Final = frozenset({"integer", "long", "short", "byte", "float", "double", "bigdecimal", "biginteger"})


@dataclass(frozen=True)
class Type:
    """Anything: a type of which nothing is known (a parsed document, a row of a hook)."""

    sensitive: bool = False

    def __str__(self) -> str:
        return "anything"


@dataclass(frozen=True)
class Scalar(Type):
    kind: str = "string"
    """string | number | boolean | timestamp | blob | null."""

    def __str__(self) -> str:
        return self.kind


@dataclass(frozen=True, eq=False)
class Structure(Type):
    """Members are looked up when they are needed: shapes may hold themselves."""

    name: str = ""
    members: Mapping[str, Callable[[], Type]] = field(default_factory=dict)

    def member(self, key: str) -> Type | None:
        made = self.members.get(key)
        return made() if made else None

    def with_members(self, members: Mapping[str, Type]) -> Structure:
        more = {key: _constant(value) for key, value in members.items()}
        return Structure(self.sensitive, self.name, {**self.members, **more})

    def __str__(self) -> str:
        return f"structure {self.name}"


@dataclass(frozen=True, eq=False)
class ListOf(Type):
    of: Callable[[], Type] = Type

    def __str__(self) -> str:
        return f"list of {self.of()}"


@dataclass(frozen=True, eq=False)
class MapOf(Type):
    of: Callable[[], Type] = Type
    keys: tuple[str, ...] = ()
    """The keys that the model lists; empty where it lists none."""

    def __str__(self) -> str:
        return f"map of {self.of()}"


ANYTHING: Final = Type()
TEXT: Final = Scalar(kind="string")
NULL: Final = Scalar(kind="null")
TAGS: Final = MapOf(of=lambda: TEXT)


def _constant(value: Type) -> Callable[[], Type]:
    return lambda: value


def type_of(shape: Shape | None) -> Type:
    """The type of a shape of botocore's model."""
    if shape is None:
        return Structure(name="(no answer)")
    sensitive = bool(shape.metadata.get("sensitive"))
    if isinstance(shape, StructureShape):
        if shape.is_document_type:
            return Type(sensitive)
        members = {key: _lazily(member) for key, member in shape.members.items()}
        return Structure(sensitive, shape.name, members)
    if isinstance(shape, ListShape):
        return ListOf(sensitive, _lazily(shape.member))
    if isinstance(shape, MapShape):
        return MapOf(sensitive, _lazily(shape.value), tuple(getattr(shape.key, "enum", ())))
    return Scalar(sensitive, _kind(shape.type_name))


def _lazily(shape: Shape) -> Callable[[], Type]:
    return lambda: type_of(shape)


def _kind(name: str) -> str:
    if name in _TEXTS:
        return "string"
    return "number" if name in _NUMBERS else name


def at_path(start: Type, path: str) -> list[Type]:
    """The types that a path of a treatment reaches (``IpPermissions[].IpRanges``, ``Attributes.Approx*``)."""
    found = [start]
    for step in path.split("."):
        key, lists = step.rstrip("[]"), step.count("[]")
        found = [inner for reached in found for inner in _children(reached, key)]
        for _ in range(lists):
            found = [element for reached in found for element in _elements(reached)]
    return found


def _children(value: Type, key: str) -> Iterator[Type]:
    if isinstance(value, Structure):
        yield from (made() for name, made in value.members.items() if fnmatchcase(name, key))
    elif isinstance(value, MapOf):
        if not value.keys or any(fnmatchcase(name, key) for name in value.keys):
            yield value.of()
    elif type(value) is Type:
        yield value


def _elements(value: Type) -> Iterator[Type]:
    if isinstance(value, ListOf):
        yield value.of()
    elif type(value) is Type:
        yield value


def walk(start: Type, path: str = "", around: frozenset[str] = frozenset()) -> Iterator[tuple[str, Type]]:
    """Every member below, with its path. A structure that lies in one of its own kind is not entered again."""
    if isinstance(start, Structure):
        if start.name in around:
            return
        around = around | {start.name}
        for key, made in start.members.items():
            inner = made()
            below = f"{path}.{key}" if path else key
            yield below, inner
            yield from walk(inner, below, around)
    elif isinstance(start, ListOf):
        element = start.of()
        yield f"{path}[]", element
        yield from walk(element, f"{path}[]", around)
    elif isinstance(start, MapOf):
        value = start.of()
        for key in start.keys or ("*",):
            yield f"{path}.{key}", value
            yield from walk(value, f"{path}.{key}", around)


def covers(patterns: tuple[str, ...], path: str) -> bool:
    """Whether one of the patterns names the path, or something that it lies in."""
    steps = path.replace("[]", "").split(".")
    return any(_begins(pattern.replace("[]", "").split("."), steps) for pattern in patterns)


def _begins(pattern: list[str], steps: list[str]) -> bool:
    if len(pattern) > len(steps):
        return False
    return all(fnmatchcase(step, wanted) for step, wanted in zip(steps, pattern, strict=False))


def literal_type(value: Any) -> Type:
    """The type of a literal of an expression."""
    if isinstance(value, bool):
        return Scalar(kind="boolean")
    if isinstance(value, int | float):
        return Scalar(kind="number")
    if isinstance(value, str):
        return TEXT
    return NULL if value is None else ANYTHING
