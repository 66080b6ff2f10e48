"""What can be asked of the archive, and the answers that are more than a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from vigie.model.change import ChangeKind
from vigie.model.scope import Outcome
from vigie.model.verdict import Direction

DURABLE_KINDS = tuple(kind for kind in ChangeKind if kind.durable)


@dataclass(frozen=True, slots=True)
class ResourceFilter:
    """Which resources. None = any."""

    account: str | None = None
    region: str | None = None
    """Where the resource lives; a bucket's own region, ``"global"`` for what has none."""
    type: str | None = None
    present: bool | None = True
    text: str | None = None
    """Substring of the id, name or ARN, upper and lower case alike."""
    tag: str | None = None
    """``Key`` or ``Key=value``, exact."""
    ref: str | None = None
    """An ARN, id, address, CIDR or name that the configuration must hold."""


@dataclass(frozen=True, slots=True)
class ChangeFilter:
    """Which changes. None = any. ``since`` is included, ``until`` is not; both speak of ``observed_at``."""

    since: datetime | None = None
    until: datetime | None = None
    account: str | None = None
    region: str | None = None
    type: str | None = None
    kinds: tuple[ChangeKind, ...] | None = DURABLE_KINDS
    resource: int | None = None
    """The resource's number in the store (``Resource.pk``)."""
    path: str | None = None
    """What the path of a difference starts with, e.g. ``/IpPermissions``."""
    actor: str | None = None
    """Credited to: an ARN (of a user, a role, a session), an access key's id, a name, a source identity. What they
    did in sessions of roles that they assumed counts too."""
    value: str | None = None
    """Text that an old or new value of a difference holds (of the same one as ``path``)."""
    verdicts: tuple[Direction, ...] | None = None
    """What they did to what others may. A change without a verdict is none of these."""


@dataclass(frozen=True, slots=True)
class Facets:
    """How many resources, by each of the values that a filter can take."""

    accounts: Mapping[str, int] = field(default_factory=dict)
    regions: Mapping[str, int] = field(default_factory=dict)
    types: Mapping[str, int] = field(default_factory=dict)
    total: int = 0


@dataclass(frozen=True, slots=True)
class Statistics:
    """Counts over the whole store."""

    accounts: int
    """Accounts of which something was looked at."""
    regions: int
    types: int
    """Types of which a resource is present."""
    resources: int
    """Present ones."""
    resources_ever: int
    revisions: int
    configurations: int
    """Distinct configurations stored."""
    stored_bytes: int
    """Of those configurations, compressed."""
    canonical_bytes: int
    """Of those configurations, as canonical JSON."""
    scopes: Mapping[Outcome, int]
    """Scopes by their status."""
    last_looked: datetime | None
