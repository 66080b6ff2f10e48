"""Which events explain a change, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from vigie.model.event import Actor, ActorKind, Event

CLOCK: Final = timedelta(seconds=2)
"""CloudTrail tells whole seconds, by AWS's clock; ours may be a little off."""
LATE: Final = timedelta(seconds=60)
"""A read may show the state before a call for so long after it (eventual consistency): the call that explains a change
may lie before the window in which it was seen."""


class Confidence(StrEnum):
    """How sure an attribution is."""

    EXACT = "exact"
    """The values of the request are those of the difference (or it made, or deleted, this very resource)."""
    LIKELY = "likely"
    """The call changes what changed, or is the only one that can have; its values do not prove it."""
    AMBIGUOUS = "ambiguous"
    """Several calls can have done it, and nothing tells them apart."""
    PENDING = "pending"
    """No call that is known explains it; the logs of the time may still come."""
    NONE = "none"
    """The logs of the account, region and time are complete: no API call explains this."""

    @property
    def names_somebody(self) -> bool:
        return self in (Confidence.EXACT, Confidence.LIKELY, Confidence.AMBIGUOUS)


@dataclass(frozen=True, slots=True)
class Credit:
    """One event's part in a change."""

    event: Event
    """Without its record."""
    confidence: Confidence
    """EXACT, LIKELY or AMBIGUOUS."""
    paths: tuple[str, ...] = ()
    """The paths of the difference that it explains; none where it explains the change as a whole."""
    behind: tuple[Actor, ...] = ()
    """Of a session of a role: who assumed it; and who assumed the role that assumed it."""


@dataclass(frozen=True, slots=True)
class Attribution:
    """What is concluded about who made a change. A later one supersedes it; none is ever rewritten."""

    confidence: Confidence
    credits: tuple[Credit, ...] = ()
    """In the order of their time. Sets, because a fifth of all changes are the work of several calls."""
    reason: str = ""
    """One sentence for people."""
    number: int = 0
    """Counts from 1 for each change; 0 where it is not stored."""
    at: datetime | None = None
    """When it was concluded."""

    @property
    def actors(self) -> tuple[Actor, ...]:
        """Who, each identity once, in the order of their events."""
        found: dict[str, Actor] = {}
        for credit in self.credits:
            found.setdefault(label(credit.event.actor), credit.event.actor)
        return tuple(found.values())

    @property
    def words(self) -> str:
        """Who did it and how sure that is, in a few words; never a name that is not backed by an event."""
        names = names_of(self.actors)
        if self.confidence is Confidence.EXACT:
            return names
        if self.confidence is Confidence.LIKELY:
            return f"likely {names}"
        if self.confidence is Confidence.AMBIGUOUS:
            return f"one of {names}" if len(self.actors) > 1 else f"likely {names}"
        return "not known yet" if self.confidence is Confidence.PENDING else "no API call explains this"


def names_of(actors: Iterable[Actor]) -> str:
    """``user alice and role deploy (session ci)``."""
    names = [label(actor) for actor in actors]
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + f" and {names[-1]}" if names else "nobody known"


def label(actor: Actor) -> str:
    """Who it is, in a few words: ``user alice``, ``role deploy (session ci-42)``, ``root of 111122223333``."""
    told = _LABELS.get(actor.kind, _by_arn)(actor)
    return f"{told} through {actor.invoked_by}" if actor.invoked_by and actor.invoked_by not in told else told


def _last(text: str | None) -> str:
    return (text or "").rpartition("/")[2] or (text or "")


def _role(actor: Actor) -> str:
    name = actor.name or _last(actor.issuer) or _last((actor.arn or "").rpartition("/")[0]) or "unknown"
    return f"role {name} (session {actor.session})" if actor.session else f"role {name}"


def _sso(actor: Actor) -> str:
    person = actor.session or actor.name or _last(actor.arn)
    return f"{person} (Identity Center, role {_last(actor.issuer)})" if actor.issuer else f"{person} (Identity Center)"


def _federated(actor: Actor) -> str:
    name = actor.name or actor.session or _last(actor.arn) or actor.principal_id or "unknown"
    return f"{name} (federated by {actor.provider})" if actor.provider else f"{name} (federated)"


def _service(actor: Actor) -> str:
    return actor.name or actor.invoked_by or actor.address or "an AWS service"


def _by_arn(actor: Actor) -> str:
    return actor.arn or actor.principal_id or "somebody unknown"


_LABELS: Mapping[ActorKind, Callable[[Actor], str]] = {
    ActorKind.ROOT: lambda actor: f"root of {actor.account or 'an unknown account'}",
    ActorKind.USER: lambda actor: f"user {actor.name or _last(actor.arn) or actor.principal_id or 'unknown'}",
    ActorKind.ROLE_SESSION: _role,
    ActorKind.SSO_USER: _sso,
    ActorKind.FEDERATED: _federated,
    ActorKind.SERVICE: _service,
    ActorKind.ACCOUNT: lambda actor: f"somebody of the account {actor.account or actor.principal_id or 'unknown'}",
    ActorKind.ANONYMOUS: lambda actor: "anonymous",
}
