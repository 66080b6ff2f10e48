"""Methods of escalation: the table ``data/escalation.toml``, read."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any, Final

PROFILE: Final = "profile"
"""What a method needs: an instance profile that holds the role."""


class Gain(StrEnum):
    """Whose power a method gives."""

    SELF = "self"
    """One's own policies are rewritten: what bounds them besides stays."""
    UNBOUNDED = "unbounded"
    UNDENIED_INLINE = "undenied_inline"
    UNDENIED_ATTACHED = "undenied_attached"
    OLDER_VERSION = "older_version"
    GROUP = "group"
    GROUP_USER = "group_user"
    USER = "user"
    REWRITTEN_USER = "rewritten_user"
    NEW_USER = "new_user"
    ROLE = "role"
    SAML_ROLE = "saml_role"
    ASSUMED_REWRITTEN = "assumed_rewritten"
    REWRITTEN_ROLE = "rewritten_role"
    NEW_ROLE = "new_role"
    PASSED_ROLE = "passed_role"
    HOLDER_ROLE = "holder_role"
    NOTHING = "nothing"
    """Listed for completeness, and not followed: what it gives lies outside the graph of users and roles."""


@dataclass(frozen=True, slots=True)
class Step:
    """One action that the method takes. ``target``: what it must be allowed on; empty: on anything."""

    action: str
    target: str = ""


@dataclass(frozen=True, slots=True)
class Method:
    """A row of the table."""

    id: str
    title: str
    gain: Gain
    steps: tuple[Step, ...]
    source: str
    service: str = ""
    """The service that the role is passed to, and that the role must trust."""
    needs: tuple[str, ...] = ()
    """``profile``, or resource types of which one must be there."""
    who: str = ""
    """``user`` or ``role``; empty: either."""


@dataclass(frozen=True, slots=True)
class Table:
    methods: tuple[Method, ...]
    read: date

    @property
    def actions(self) -> frozenset[str]:
        """Every action of every method, in lower case."""
        return frozenset(step.action.lower() for method in self.methods for step in method.steps)

    @property
    def holder_types(self) -> tuple[str, ...]:
        """The resource types that some method needs to be there."""
        return tuple(sorted({need for m in self.methods for need in m.needs if need != PROFILE}))


@cache
def table() -> Table:
    """The table as it is shipped."""
    text = resources.files("vigie.access").joinpath("data/escalation.toml").read_text(encoding="utf-8")
    found = tomllib.loads(text)
    return Table(tuple(map(_method, found["method"])), found["read"])


def _method(row: dict[str, Any]) -> Method:
    return Method(
        row["id"],
        row["title"],
        Gain(row["gains"]),
        tuple(map(_step, row["steps"])),
        row["source"],
        row.get("service", ""),
        tuple(row.get("needs", ())),
        row.get("who", ""),
    )


def _step(text: str) -> Step:
    action, _, target = text.partition(" > ")
    return Step(action, target)
