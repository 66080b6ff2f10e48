"""Scopes, and what came of looking at one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

GLOBAL: Final = "global"
"""The region of what has none (IAM, account-wide settings)."""


@dataclass(frozen=True, slots=True, order=True)
class Scope:
    """What one listing covers: one resource type in one region of one account.

    ``region`` is that in which the *listing* is made; ``"global"`` for types that are listed once per account.
    A resource of a global scope may still live in a region of its own (an S3 bucket).
    """

    account: str
    region: str
    type: str

    def __str__(self) -> str:
        return f"{self.account}/{self.region}/{self.type}"


class Outcome(StrEnum):
    """What came of looking at a scope (or of one call)."""

    COMPLETE = "complete"
    """Every page and every detail was read. Only this lets a resource be concluded gone."""
    PARTIAL = "partial"
    """The listing is whole, but some details, or the children of some parents, could not be read."""
    DENIED = "denied"
    DENIED_SCP = "denied_scp"
    """Denied by a service control policy (or another policy of the organisation), says the message."""
    UNAVAILABLE = "unavailable"
    """The service is not in this region, not enabled, or not subscribed to: permanent until someone changes it."""
    REGION_DISABLED = "region_disabled"
    THROTTLED = "throttled"
    CREDENTIALS = "credentials"
    """Expired, unknown or foreign credentials: the account cannot be looked at; says nothing about its resources."""
    TIMEOUT = "timeout"
    ERROR = "error"
    """Anything else: a 5xx that lasts, an answer that is not an answer, a closed connection."""
    NOT_FOUND = "not_found"
    """Of one call only: what was asked about does not exist (any more)."""

    @property
    def saw_everything(self) -> bool:
        """Whether absence from the listing means absence."""
        return self is Outcome.COMPLETE

    @property
    def listed_everything(self) -> bool:
        """Whether the listing itself was whole (details may lack)."""
        return self in (Outcome.COMPLETE, Outcome.PARTIAL)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that could not be looked at, and why.

    ``path`` is the top-level key of the configuration that lacks (``"Policy"``), or ``""`` for the listing itself.
    ``permission`` is the IAM action that would let vigie look (``"s3:GetBucketPolicy"``), where its lack is the cause.
    ``count`` is how many resources of the scope it concerns.
    """

    outcome: Outcome
    operation: str
    """``service:Operation`` as botocore names them, e.g. ``s3:GetBucketPolicy``."""
    code: str
    """The error code of AWS, or the name of the connection error."""
    message: str
    path: str = ""
    permission: str | None = None
    count: int = 1


@dataclass(frozen=True, slots=True)
class Coverage:
    """One scope's coverage as it stands: what was last concluded, since when, and when it was last seen whole."""

    scope: Scope
    status: Outcome
    since: datetime
    """Since when the status has been this one without a break."""
    last_looked: datetime
    last_ok: datetime | None
    """End of the last look at which everything was read (``complete``)."""
    problems: tuple[Problem, ...] = ()
    last_ok_began: datetime | None = None
    """When that look began."""
    last_listed_began: datetime | None = None
    """When the last look began whose listing was whole (details may have lacked)."""

    @property
    def is_gap(self) -> bool:
        """Whether something that exists there may be hidden from us.

        What the region or the endpoint does not offer (``unavailable``) hides nothing.
        """
        if self.status is Outcome.PARTIAL:
            return any(problem.outcome is not Outcome.UNAVAILABLE for problem in self.problems)
        return self.status not in (Outcome.COMPLETE, Outcome.UNAVAILABLE, Outcome.REGION_DISABLED)

    @property
    def error(self) -> str | None:
        return "; ".join(f"{p.operation}: {p.code}: {p.message}" for p in self.problems) or None

    @property
    def missing_permission(self) -> str | None:
        """The IAM actions that lack, comma-separated, or None."""
        return ", ".join(sorted({p.permission for p in self.problems if p.permission})) or None
