"""Attributes what is due: changes that were recorded, and those that late events or newly read logs may explain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from vigie.aws.options import HOME_REGIONS
from vigie.history.attributions import ATTRIBUTE, CreditRow
from vigie.history.store import History
from vigie.history.work import Claim
from vigie.model.account import partition_of
from vigie.model.attribution import CLOCK, Confidence
from vigie.model.change import Change
from vigie.model.resource import Resource
from vigie.model.scope import GLOBAL
from vigie.watch.attributing import UNKNOWN_WINDOW, Candidate, Conclusion, attribute, window

LEASE: Final = timedelta(minutes=2)
_BATCH: Final = 100


@dataclass
class AttributionSummary:
    """What one run concluded anew."""

    looked_at: int = 0
    concluded: dict[Confidence, int] = field(default_factory=dict)


class Attributor:
    """Several may run at once on one store."""

    def __init__(self, history: History, now: Callable[[], datetime]) -> None:
        self._history = history
        self._now = now

    def run(self) -> AttributionSummary:
        """Attribute all that is due.

        Raises:
            StoreError: The store cannot be written; nothing is lost.
        """
        summary = AttributionSummary()
        while True:
            claims = self._history.work.claim(ATTRIBUTE, _BATCH, self._now(), LEASE)
            if not claims:
                return summary
            self._attribute(claims, summary)

    def _attribute(self, claims: list[Claim], summary: AttributionSummary) -> None:
        changes = self._history.archive.changes_of([int(claim.key) for claim in claims])
        found = {claim: self._conclude(int(claim.key), changes.get(int(claim.key))) for claim in claims}
        with self._history.begin() as tx:
            held = self._history.work.done(tx, claims)
            for claim, conclusion in found.items():
                summary.looked_at += 1
                if conclusion is None or claim not in held:
                    continue
                credits = [CreditRow(given.pk, given.confidence, given.paths) for given in conclusion.credits]
                written = self._history.attributions.append(
                    tx, int(claim.key), conclusion.confidence, credits, conclusion.reason, self._now()
                )
                if written:
                    counts = summary.concluded
                    counts[conclusion.confidence] = counts.get(conclusion.confidence, 0) + 1

    def _conclude(self, revision_pk: int, change: Change | None) -> Conclusion | None:
        """None where nothing can be said: no event and no log of the account was ever seen."""
        if change is None or not change.kind.durable:
            return None
        events = self._history.events
        found = events.candidates(change.resource, *window(change))
        complete = self._logs_complete(change)
        if not found and not complete and not events.any_of(change.resource.account):
            return None
        taken = self._history.attributions.credited_elsewhere([pk for pk, _ in found], revision_pk)
        candidates = [Candidate(pk, event, pk in taken) for pk, event in found]
        return attribute(change, candidates, logs_complete=complete)

    def _logs_complete(self, change: Change) -> bool:
        after, until = change.revision.changed_after, change.revision.observed_at
        since = after if after is not None else until - UNKNOWN_WINDOW
        regions = regions_of(change.resource)
        return self._history.events.logs_complete(change.resource.account, regions, since - CLOCK, until + CLOCK)


def regions_of(resource: Resource) -> tuple[str, ...]:
    """The regions in whose logs calls on the resource are."""
    home = HOME_REGIONS.get(partition_of(resource.arn or ""), HOME_REGIONS["aws"])
    found = {resource.region if resource.region != GLOBAL else home}
    if resource.scope.region == GLOBAL:
        found.add(home)
    return tuple(sorted(found))
