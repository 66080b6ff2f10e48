"""The path language of :class:`~vigie.model.treatment.Treatment`: which parts of a configuration are meant.

``Environment.Variables.*``, ``IpPermissions[].IpRanges``, ``Attributes.Approximate*``: keys joined with ``.``, ``[]``
for every element of a list, ``*`` and ``?`` in a key as in a shell. Several lists of paths are compiled into one
:class:`PathSet`, so that one walk over a configuration answers for all of them.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

State = tuple["_Node", ...]
"""Where a walk stands in a :class:`PathSet`: empty = nothing declared can match below."""

NOWHERE: State = ()
ELEMENT = None
"""The step into any element of a list."""
_PART = re.compile(r"([^.\[\]]+)|(\[\])|(\.)")


class _Node:
    __slots__ = ("element", "globs", "keys", "marks")

    def __init__(self) -> None:
        self.keys: dict[str, _Node] = {}
        self.globs: list[tuple[str, re.Pattern[str], _Node]] = []
        self.element: _Node | None = None
        self.marks: frozenset[str] = frozenset()


class PathSet:
    """Paths under names (``marks``), compiled. Walk it with :meth:`start`, :func:`below` and :func:`inside`."""

    __slots__ = ("_root",)

    def __init__(self, marks: Mapping[str, Iterable[str]]) -> None:
        self._root = _Node()
        for mark, paths in marks.items():
            for path in paths:
                _add(self._root, split(path), mark)

    def start(self) -> State:
        root = self._root
        return (root,) if root.keys or root.globs or root.element else NOWHERE


def split(path: str) -> tuple[str | None, ...]:
    """The steps of a path: a key pattern, or None for "every element". Raises ``ValueError`` for what is no path."""
    steps: list[str | None] = []
    position = 0
    while position < len(path):
        found = _PART.match(path, position)
        if found is None:
            raise ValueError(
                f"cannot read the path {path!r} at {path[position:]!r}: keys are joined with '.', lists are '[]'"
            )
        dot_expected = bool(steps) and found.group(1) is not None and path[position - 1] != "."
        misplaced_dot = found.group(3) is not None and (not steps or path[position - 1] == ".")
        if dot_expected or misplaced_dot:
            raise ValueError(f"cannot read the path {path!r} at {path[position:]!r}: keys are joined with one '.'")
        if found.group(3) is None:
            steps.append(found.group(1))
        position = found.end()
    if not steps or path.endswith("."):
        raise ValueError(f"the path {path!r} names nothing")
    return tuple(steps)


def below(state: State, key: str) -> State:
    """The state inside the member ``key`` of a mapping."""
    if not state:
        return NOWHERE
    reached = [node.keys[key] for node in state if key in node.keys]
    reached += [child for node in state for _, glob, child in node.globs if glob.match(key)]
    return tuple(reached)


def inside(state: State) -> State:
    """The state inside any element of a list."""
    return tuple(node.element for node in state if node.element is not None) if state else NOWHERE


def marked(state: State, mark: str) -> bool:
    """Whether a path under ``mark`` ends exactly here."""
    return any(mark in node.marks for node in state)


def members(state: State, mark: str) -> frozenset[str]:
    """The keys that are declared by name, one step below, under ``mark``."""
    return frozenset(key for node in state for key, child in node.keys.items() if mark in child.marks)


def matches(value: Any, paths: Iterable[str]) -> bool:
    """Whether some path names a part that ``value`` has."""
    return bool(find(value, paths))


def find(value: Any, paths: Iterable[str]) -> tuple[Any, ...]:
    """The parts of ``value`` that the paths name, outermost first; what lies below a found part is not looked into."""
    found: list[Any] = []

    def keep(part: Any) -> Any:
        found.append(part)
        return part

    transform(value, paths, keep)
    return tuple(found)


def transform(value: Any, paths: Iterable[str], change: Callable[[Any], Any]) -> Any:
    """A copy of ``value`` where ``change`` was made to every part named by a path. Untouched parts are shared."""
    return _walk(value, _compiled(tuple(paths)).start(), change)


def remove(value: Any, paths: Iterable[str]) -> Any:
    """A copy of ``value`` without the parts that the paths name. Untouched parts are shared."""
    return _walk(value, _compiled(tuple(paths)).start(), lambda _: _GONE)


_GONE = object()
_MARK = "hit"


@lru_cache(maxsize=1024)
def _compiled(paths: tuple[str, ...]) -> PathSet:
    return PathSet({_MARK: paths})


def _add(node: _Node, steps: tuple[str | None, ...], mark: str) -> None:
    for step in steps:
        node = _child(node, step)
    node.marks |= {mark}


def _child(node: _Node, step: str | None) -> _Node:
    if step is ELEMENT:
        if node.element is None:
            node.element = _Node()
        return node.element
    if not any(character in step for character in "*?"):
        return node.keys.setdefault(step, _Node())
    for pattern, _, child in node.globs:
        if pattern == step:
            return child
    child = _Node()
    node.globs.append((step, re.compile(fnmatch.translate(step)), child))
    return child


def _walk(value: Any, state: State, change: Callable[[Any], Any]) -> Any:
    if not state:
        return value
    if marked(state, _MARK):
        return change(value)
    if isinstance(value, Mapping):
        return _walk_mapping(value, state, change)
    if isinstance(value, list | tuple):
        within = inside(state)
        made = [_walk(element, within, change) for element in value]
        same = all(new is old for new, old in zip(made, value, strict=True))
        return value if same else [element for element in made if element is not _GONE]
    return value


def _walk_mapping(value: Mapping[str, Any], state: State, change: Callable[[Any], Any]) -> Any:
    made = {key: _walk(member, below(state, key), change) for key, member in value.items()}
    if all(made[key] is member for key, member in value.items()):
        return value
    return {key: member for key, member in made.items() if member is not _GONE}
