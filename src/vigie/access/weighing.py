"""How much a grant lets somebody do: list, read, write, or change permissions, by AWS's own access levels.

``data/action_levels.txt`` has the levels of the actions of services with policies on resources (Service Authorization
Reference); an action that is not there is taken to write.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum
from functools import cache, lru_cache
from importlib import resources
from typing import Final

from vigie.access.patterns import glob, is_literal, matches


class Weight(IntEnum):
    """In rising order."""

    LIST = 1
    READ = 2
    WRITE = 3
    PERMISSIONS = 4

    @property
    def word(self) -> str:
        return self.name.lower()


LEVELS: Final[Mapping[str, Weight]] = {
    "List": Weight.LIST,
    "Read": Weight.READ,
    "Write": Weight.WRITE,
    "Tagging": Weight.WRITE,
    "Permissions": Weight.PERMISSIONS,
}
_OF_LISTS: Final[Mapping[str, Weight]] = {
    "ACL READ": Weight.READ,
    "ACL READ_ACP": Weight.READ,
    "ACL WRITE": Weight.WRITE,
    "ACL WRITE_ACP": Weight.PERMISSIONS,
    "ACL FULL_CONTROL": Weight.PERMISSIONS,
    "ec2:CreateVolume": Weight.READ,  # of a shared snapshot: its content
    "ec2:RunInstances": Weight.READ,  # of a shared image
    "rds:RestoreDB*": Weight.READ,
}


@cache
def actions_by_level() -> Mapping[str, Mapping[Weight, tuple[str, ...]]]:
    """IAM prefix → level → the names of its actions, read once from the package."""
    text = resources.files("vigie.access").joinpath("data/action_levels.txt").read_text(encoding="utf-8")
    found: dict[str, dict[Weight, tuple[str, ...]]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            prefix, level, *actions = line.split()
            of_service = found.setdefault(prefix, {})
            of_service[LEVELS[level]] = (*of_service.get(LEVELS[level], ()), *actions)
    return found


@cache
def action_levels() -> Mapping[str, Mapping[str, Weight]]:
    """IAM prefix → action in lower case → its level."""
    return {
        prefix: {action.lower(): level for level, actions in levels.items() for action in actions}
        for prefix, levels in actions_by_level().items()
    }


def weight_of(actions: Iterable[str]) -> Weight:
    """The heaviest that a grant's actions (patterns, as a grant tells them) let one do."""
    return max(map(_weight, actions), default=Weight.WRITE)


@lru_cache(maxsize=4096)
def _weight(action: str) -> Weight:
    if action in _OF_LISTS:
        return _OF_LISTS[action]
    prefix, colon, name = action.lower().partition(":")
    levels = action_levels().get(prefix)
    if not colon or levels is None or action.startswith("everything but "):
        return Weight.PERMISSIONS if action == "*" or action.startswith("everything but ") else Weight.WRITE
    pattern = glob(name)
    if is_literal(pattern):
        return levels.get(name, Weight.WRITE)
    return max((level for known, level in levels.items() if matches(pattern, known)), default=Weight.WRITE)
