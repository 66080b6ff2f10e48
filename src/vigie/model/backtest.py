"""What a rule would have said of recorded history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from vigie.model.finding import Severity
from vigie.model.resource import Resource


@dataclass(frozen=True, slots=True)
class Episode:
    """A time through which the rule would have held one finding open, or could not have told."""

    resource: Resource
    subject: str
    severity: Severity
    """The worst of the time."""
    message: str
    opened_at: datetime
    """When what the rule rests on was seen; the start of the backtest where it was so already."""
    opened_by: int
    """Number of the resource's revision that was judged then."""
    closed_at: datetime | None = None
    """None: still open at the end."""
    closed_by: int | None = None
    unknown: bool = False
    """The rule could not tell, or failed: ``message`` says why."""

    def lasted(self, until: datetime) -> timedelta:
        return (self.closed_at or until) - self.opened_at


@dataclass(frozen=True, slots=True)
class Backtest:
    """One rule over a time of history."""

    rule: str
    since: datetime
    until: datetime
    resources: int
    """That the rule judges."""
    revisions: int
    """Of those, that were in force in that time."""
    judgings: int
    """Revisions judged, the same one again where something changed that the rule looks up, or a date passed."""
    episodes: tuple[Episode, ...]
    """In the order they would have opened."""

    @property
    def findings(self) -> tuple[Episode, ...]:
        return tuple(episode for episode in self.episodes if not episode.unknown)

    @property
    def unknown(self) -> tuple[Episode, ...]:
        return tuple(episode for episode in self.episodes if episode.unknown)
