"""Which contents of old revisions may go: policies, and what is held whatever they say.

Nothing of a revision but its contents ever goes: that it was, when, and of what kind stays, with its leaf.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from fnmatch import fnmatchcase

from vigie.model.change import ChangeKind
from vigie.model.resource import Configuration


class Action(StrEnum):
    THIN = "thin"
    """Of each time span, the contents of the last revision stay: for room."""
    ERASE = "erase"
    """All go, and what the next differences quote of them: for being forgotten."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What goes when. Empty = all."""

    name: str
    action: Action
    older_than: timedelta
    keep_every: timedelta = timedelta(days=1)
    """THIN: the span of which the last revision stays."""
    kinds: tuple[ChangeKind, ...] = ()
    types: tuple[str, ...] = ()
    """Patterns, upper and lower case alike."""
    accounts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hold:
    """What no policy may touch (a legal hold): all that is given must fit."""

    name: str
    reason: str
    resource: str | None = None
    """ARN or id."""
    account: str | None = None
    type: str | None = None
    tag: str | None = None
    """``Key`` or ``Key=value``, of the revision or of the resource's last known configuration."""
    since: datetime | None = None
    until: datetime | None = None
    """Revisions that were in force at some time between these."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A revision with contents, that is not the last of its resource."""

    pk: int
    resource: int
    number: int
    kind: ChangeKind
    observed_at: datetime
    next_at: datetime | None
    """When the state after it was observed."""
    account: str
    type: str
    id: str
    arn: str | None
    tags: Sequence[Configuration] = field(default_factory=tuple)
    """Tags of it and of its resource's last known configuration, where a hold asks for them."""


@dataclass(frozen=True, slots=True)
class Going:
    """One policy's part of a plan."""

    policy: Policy
    revisions: tuple[int, ...]
    held: int
    """Revisions that would go but for a hold."""
    resources: int
    blobs: int = 0
    """Configurations that nothing else refers to."""
    stored_bytes: int = 0
    """Of those, as stored."""


def chosen(policy: Policy, holds: Sequence[Hold], candidates: Iterable[Candidate], now: datetime) -> Going:
    """What a policy takes of the candidates. They come by resource and number."""
    before = now - policy.older_than
    fitting = [one for one in candidates if one.observed_at < before and _fits(policy, one)]
    if policy.action is Action.THIN:
        fitting = list(_thinned(fitting, policy.keep_every))
    going = [one for one in fitting if not any(is_held(one, hold) for hold in holds)]
    return Going(
        policy, tuple(one.pk for one in going), len(fitting) - len(going), len({one.resource for one in going})
    )


def is_held(one: Candidate, hold: Hold) -> bool:
    """Whether the hold keeps it."""
    return (
        (hold.resource is None or hold.resource in (one.id, one.arn))
        and (hold.account is None or hold.account == one.account)
        and (hold.type is None or fnmatchcase(one.type.lower(), hold.type.lower()))
        and (hold.tag is None or any(_has_tag(tags, hold.tag) for tags in one.tags))
        and (hold.until is None or one.observed_at <= hold.until)
        and (hold.since is None or one.next_at is None or one.next_at >= hold.since)
    )


def _has_tag(tags: Configuration, wanted: str) -> bool:
    key, given, value = wanted.partition("=")
    return key in tags and (not given or tags[key] == value)


def _fits(policy: Policy, one: Candidate) -> bool:
    return (
        (not policy.kinds or one.kind in policy.kinds)
        and (not policy.accounts or one.account in policy.accounts)
        and (not policy.types or any(fnmatchcase(one.type.lower(), pattern.lower()) for pattern in policy.types))
    )


def _thinned(candidates: Sequence[Candidate], span: timedelta) -> Iterable[Candidate]:
    """All but the last of each span of a resource. Spans are counted from 1970, so that every run counts them alike."""
    for one, following in zip(candidates, [*candidates[1:], None], strict=False):
        if following is not None and following.resource == one.resource and _span(one, span) == _span(following, span):
            yield one


def _span(one: Candidate, span: timedelta) -> int:
    return int(one.observed_at.timestamp() // span.total_seconds())
