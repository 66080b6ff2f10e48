"""The actions that are known of each service: so that a wildcard and the list of what it stands for are the same.

Rests on ``data/action_levels.txt``, which names its source and date.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache

from vigie.access.document import Statement
from vigie.access.patterns import literal
from vigie.access.texts import Texts
from vigie.access.weighing import actions_by_level


@cache
def known_actions() -> Mapping[str, tuple[str, ...]]:
    """Service → its actions in full (``s3:GetObject``), sorted."""
    return {
        service: tuple(sorted(f"{service}:{action}" for actions in levels.values() for action in actions))
        for service, levels in actions_by_level().items()
    }


def domain(patterns: Iterable[str], statements: Iterable[Statement], samples: Iterable[str] = ()) -> Texts | None:
    """The actions that a resource can receive, as far as the statements tell them apart: of those that all the same
    statements name, one stands for all (a sample, if it can be). What is written and not known stands for itself. None
    where of some service nothing is known.

    ``patterns``: of its profile (``s3:*``).
    """
    services = [pattern.partition(":")[0].lower() for pattern in patterns]
    known = known_actions()
    if not services or any(service not in known for service in services):
        return None
    written = list(dict.fromkeys(a for s in statements for a in s.actions))
    tests = [_test(action) for action in written]
    found: dict[tuple[bool, ...], str] = {}
    names = [name for service in services for name in known[service]]
    for name in (*samples, *names, *_unknown(written, services, names)):
        found.setdefault(tuple(test(name) is not None for test in tests), name)
    return Texts(tuple(map(literal, found.values())))


@lru_cache(maxsize=4096)
def _test(action: str) -> Callable[[str], object]:
    """Whether an action is one that is written so."""
    pattern = "".join({"*": ".*", "?": "."}.get(sign, re.escape(sign)) for sign in action)
    return re.compile(pattern, re.IGNORECASE | re.DOTALL).fullmatch


def _unknown(written: Iterable[str], services: Iterable[str], names: Sequence[str]) -> Iterator[str]:
    """Actions that are written, in full or by an example, and are known to nobody but AWS."""
    starts = tuple(f"{service}:" for service in services)
    for action in written:
        if action.lower().startswith(starts) and not any(map(_test(action), names)):
            yield action.replace("*", "x").replace("?", "x")
