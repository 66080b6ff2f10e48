"""Accounts and how they are related to us."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_ID: Final = re.compile(r"[0-9]{12}")


def is_account(text: str) -> bool:
    """Whether it has the form of an account id."""
    return _ID.fullmatch(text) is not None


def partition_of(arn: str) -> str:
    """``arn:aws-cn:iam::…`` → ``aws-cn``; ``aws`` where it is no ARN."""
    parts = arn.split(":", 2)
    return parts[1] if len(parts) == 3 and parts[1] else "aws"


class Relation(StrEnum):
    OWN = "own"
    THIRD_PARTY = "third-party"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Account:
    """An AWS account that is known. One that is not known is ``unknown`` and has no record."""

    id: str
    """12 digits."""
    name: str | None = None
    relation: Relation = Relation.OWN
    watched: bool = True
    """Own accounts only: whether vigie reads it."""
    partition: str = "aws"
    role_arn: str | None = None
    """Role to assume; None = the ambient credentials, which must be of this account."""
    external_id: str | None = None
    regions: tuple[str, ...] = ()
    """Regions to watch; empty = all that are enabled."""
    reason: str | None = None
    """Why a third party is trusted."""
    canonical_ids: tuple[str, ...] = ()
    """S3 canonical user ids of the account."""


@dataclass(frozen=True, slots=True)
class Network:
    """A network that is known to be ours (or trusted)."""

    name: str
    cidr: str
