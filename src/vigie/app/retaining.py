"""Retention: what would go by the policies of the settings, and erasing it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vigie.app.proving import Proving
from vigie.model.errors import UsageError
from vigie.model.retention import Action, Going, Hold, Policy
from vigie.settings import HoldSettings, RetentionPolicySettings


@dataclass(frozen=True, slots=True)
class RetentionPlan:
    """What would go now."""

    going: Sequence[Going]
    """By policy, in their order."""
    events: int
    """CloudTrail events that explain no change and are old enough."""

    @property
    def revisions(self) -> int:
        return sum(len(one.revisions) for one in self.going)

    @property
    def stored_bytes(self) -> int:
        return sum(one.stored_bytes for one in self.going)


class Retaining(Proving):
    """What of old revisions and events stays."""

    def plan_retention(self) -> RetentionPlan:
        """What would go now; nothing does.

        Raises:
            UsageError: No policy is set.
        """
        retention = self.settings.retention
        if not retention.policies and retention.events_older_than is None:
            raise UsageError("No retention policy is set, so all is kept: [[retention.policies]] in the settings.")
        policies = [_policy(given) for given in retention.policies]
        holds = [_hold(given) for given in retention.holds]
        now = self._clock()
        old = retention.events_older_than
        events = self.history.retention.old_events(now - old) if old is not None else 0
        return RetentionPlan(self.history.retention.plan(policies, holds, now), events)

    def apply_retention(self, plan: RetentionPlan, author: str) -> int:
        """Erase what was planned; how many revisions. It is logged, and a head is signed over the log.

        Raises:
            StoreError: The store cannot be written; what was erased until then is logged.
        """
        self.history.log.sequence()  # every revision has its leaf in its place
        now = self._clock()
        erased = sum(self.history.retention.apply(going, author, now) for going in plan.going)
        old = self.settings.retention.events_older_than
        if old is not None:
            self.history.retention.erase_events(now - old, author, now)
        self.prove()
        return erased


def _policy(given: RetentionPolicySettings) -> Policy:
    return Policy(
        name=given.name,
        action=Action(given.action),
        older_than=given.older_than,
        keep_every=given.keep_every,
        kinds=given.kinds,
        types=given.types,
        accounts=given.accounts,
    )


def _hold(given: HoldSettings) -> Hold:
    return Hold(**dict(given))
