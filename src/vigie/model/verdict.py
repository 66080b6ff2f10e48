"""The verdict on a change: who may more than before, and who less."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from vigie.model.account import Relation


class Direction(StrEnum):
    """What a change did to what others may."""

    WIDENED = "widened"
    """Something was gained, whatever was lost besides."""
    NARROWED = "narrowed"
    NEUTRAL = "neutral"
    """Looked at, and the same as before."""
    UNKNOWN = "unknown"
    """It could not be decided: never taken for neutral."""


class Dimension(StrEnum):
    """Of what a change is judged."""

    ACCESS = "access"
    """Who outside the account can reach the resource."""
    POWER = "power"
    """What a principal may do."""
    REACHABILITY = "reachability"
    """From where packets get in."""


@dataclass(frozen=True, slots=True)
class Shift:
    """One thing that was gained or lost."""

    dimension: Dimension
    words: str
    """For people, whole: ``anyone on the internet may now s3:GetObject on arn:aws:s3:::b/*``."""
    who: str
    """Who gained or lost: ``*``, an account, an ARN, a network."""
    what: tuple[str, ...] = ()
    """Actions, or ports (``tcp/22``)."""
    witness: Mapping[str, Any] | None = None
    """A request (or packet) that is let in now and was not before; of a loss, the other way round."""
    exact: bool = True
    relation: Relation | None = None
    """Label of the account behind ``who``, where there is one: weighs in how grave it is."""


@dataclass(frozen=True, slots=True)
class ChangeVerdict:
    """What a change did. Stored with the change."""

    direction: Direction
    gained: tuple[Shift, ...] = ()
    lost: tuple[Shift, ...] = ()
    problems: tuple[str, ...] = ()
    """Why something could not be decided."""
