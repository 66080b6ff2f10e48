"""Who is administrator: may do an action that nobody has named yet, and rewrite whoever it likes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from vigie.access.power.deciding import Decision, Extent, can
from vigie.access.power.effective import Effective

UNNAMED_ACTION: Final = "unheardof:DoSomethingNew"
"""An action of no service. Who may do it may do whatever AWS adds tomorrow: no list of services holds it."""
_REWRITING: Final = ("iam:AttachRolePolicy", "iam:PutRolePolicy", "iam:AttachUserPolicy", "iam:PutUserPolicy")


class Standing(StrEnum):
    """How much of an account is in a principal's hands."""

    ADMINISTRATOR = "administrator"
    """Everything, whatever else the request says."""
    CONDITIONAL = "administrator_if"
    """Everything, where something else holds (MFA, a network)."""
    POWER_USER = "power_user"
    """Every service, those of tomorrow too, but for rewriting users and roles."""
    ORDINARY = "ordinary"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Stand:
    """A standing with what it rests on."""

    standing: Standing
    everything: Decision
    """May it do an action that nobody has named, to something that nobody has named?"""
    rewriting: Decision | None = None
    """May it give any policy to a role or user?"""

    @property
    def is_administrator(self) -> bool:
        return self.standing in (Standing.ADMINISTRATOR, Standing.CONDITIONAL)

    @property
    def statements(self) -> tuple[str, ...]:
        return self.everything.statements

    @property
    def conditions(self) -> tuple[str, ...]:
        rewriting = self.rewriting.conditions if self.rewriting is not None else ()
        return tuple(dict.fromkeys([*self.everything.conditions, *rewriting]))

    @property
    def exact(self) -> bool:
        return self.everything.exact and (self.rewriting is None or self.rewriting.exact)


def stand_of(effective: Effective) -> Stand:
    """The standing of a principal. Never raises."""
    identity = effective.identity
    place = f"arn:{identity.partition}:unheardof:us-east-1:{identity.account}:thing/unheardof"
    everything = can(effective, UNNAMED_ACTION, (place,))
    if everything.extent is Extent.UNKNOWN:
        return Stand(Standing.UNKNOWN, everything)
    if not everything.allowed:
        return Stand(Standing.ORDINARY, everything)
    rewriting = _rewriting(effective)
    if not rewriting.allowed:
        standing = Standing.UNKNOWN if rewriting.extent is Extent.UNKNOWN else Standing.POWER_USER
        return Stand(standing, everything, rewriting)
    sure = everything.surely and rewriting.surely
    return Stand(Standing.ADMINISTRATOR if sure else Standing.CONDITIONAL, everything, rewriting)


def _rewriting(effective: Effective) -> Decision:
    identity = effective.identity
    start = f"arn:{identity.partition}:iam::{identity.account}"
    best: Decision | None = None
    for action in _REWRITING:
        kind = "role" if "Role" in action else "user"
        found = can(effective, action, (f"{start}:{kind}/unheardof",))
        if found.surely:
            return found
        if best is None or (found.allowed and not best.allowed) or best.extent is Extent.NOT:
            best = found
    assert best is not None  # noqa: S101 - there are actions
    return best
