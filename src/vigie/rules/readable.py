"""What a rule is given to read: a configuration in which a part that could not be read is *unknown*, not absent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from vigie.model.change import Revision
from vigie.model.scope import Problem
from vigie.rules.declare import CannotTell


class Readable(Mapping[str, Any]):
    """A configuration that raises :class:`CannotTell` when a top-level key is asked for that could not be read.

    A key that could not be read at the last look but has a last known value gives that value. Iteration goes over
    what is there.
    """

    __slots__ = ("_configuration", "_unreadable")

    def __init__(self, configuration: Mapping[str, Any], unreadable: Mapping[str, Problem]) -> None:
        self._configuration = configuration
        self._unreadable = unreadable

    def __getitem__(self, key: str) -> Any:
        if key in self._configuration:
            return self._configuration[key]
        self._refuse_unread(key)
        raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        if key in self._configuration:
            return True
        self._refuse_unread(key)
        return False

    def __iter__(self) -> Iterator[str]:
        return iter(self._configuration)

    def __len__(self) -> int:
        return len(self._configuration)

    def _refuse_unread(self, key: object) -> None:
        if isinstance(key, str) and key in self._unreadable:
            problem = self._unreadable[key]
            permission = f", permission {problem.permission} lacks" if problem.permission else ""
            raise CannotTell(f"{key} could not be read ({problem.operation}: {problem.code}{permission})")


def readable(revision: Revision) -> Revision:
    """The same revision, safe to judge. Returned as it is where everything was read."""
    missing = [key for key in revision.unreadable if key not in revision.configuration]
    if not missing or isinstance(revision.configuration, Readable):
        return revision
    return replace(revision, configuration=Readable(revision.configuration, revision.unreadable))
