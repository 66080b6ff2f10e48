"""What is recorded, as it was around a time, and with one resource in another state: for comparing before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from vigie.audit.estate import HistoryInventory
from vigie.history.store import History
from vigie.model.change import ChangeKind, Revision
from vigie.model.past import Presence
from vigie.model.queries import ResourceFilter
from vigie.model.scope import Scope
from vigie.rules.estate import Inventory
from vigie.rules.inventory import lives_in, tokens


def present(revision: Revision | None) -> Revision | None:
    """A revision as of a resource that is there; None for a deletion."""
    if revision is None or revision.kind is ChangeKind.DELETED:
        return None
    return (
        revision if revision.resource.present else replace(revision, resource=replace(revision.resource, present=True))
    )


class PastInventory:
    """Look-ups over the store as it was at a time. Who owns an identifier, and what could not be looked at, is as it is
    now. For judging a batch; not to be kept longer.
    """

    def __init__(self, history: History, when: datetime) -> None:
        self._past = history.past
        self._now = HistoryInventory(history)
        self._when = when
        self._of_type: dict[tuple[str, str | None], Sequence[Revision]] = {}

    def resources(self, type: str, account: str | None, region: str | None) -> Sequence[Revision]:
        key = (type, account)
        if key not in self._of_type:
            there = self._past.estate(ResourceFilter(account=account, type=type, present=None), self._when).resources
            known = [one for one in there if one.presence is Presence.PRESENT]
            states = (one.state.revision for one in self._past.with_configurations(known))
            self._of_type[key] = [held for state in states if (held := present(state)) is not None]
        return [r for r in self._of_type[key] if lives_in(r, region)]

    def by_arn(self, arn: str) -> Revision | None:
        found = self._now.by_arn(arn)
        if found is None:
            return None
        return next((r for r in self.resources(found.type, found.account, None) if r.arn == arn), None)

    def referring_to(self, token: str, type: str | None) -> Sequence[Revision]:
        if type is None:
            return self._now.referring_to(token, None)
        return [r for r in self.resources(type, None, None) if _names(r, token)]

    def owner_of(self, kind: str, identifier: str) -> str | None:
        return self._now.owner_of(kind, identifier)

    def gaps(self, type: str, account: str | None, region: str | None) -> Sequence[Scope]:
        return self._now.gaps(type, account, region)


@dataclass(frozen=True)
class Laid:
    """An inventory with one resource as it was (or is), or without it."""

    base: Inventory
    changed: Revision
    state: Revision | None

    def resources(self, type: str, account: str | None, region: str | None) -> Sequence[Revision]:
        found = self.base.resources(type, account, region)
        if type != self.changed.type or account not in (None, self.changed.account):
            return found
        return [*self._others(found), *([self.state] if self.state and lives_in(self.state, region) else [])]

    def by_arn(self, arn: str) -> Revision | None:
        return self.state if arn == self.changed.arn else self.base.by_arn(arn)

    def referring_to(self, token: str, type: str | None) -> Sequence[Revision]:
        kept = self._others(self.base.referring_to(token, type))
        mine = self.state if type in (None, self.changed.type) else None
        return [*kept, mine] if mine is not None and _names(mine, token) else kept

    def owner_of(self, kind: str, identifier: str) -> str | None:
        return self.base.owner_of(kind, identifier)

    def gaps(self, type: str, account: str | None, region: str | None) -> Sequence[Scope]:
        return self.base.gaps(type, account, region)

    def _others(self, found: Sequence[Revision]) -> list[Revision]:
        own = (self.changed.resource.scope, self.changed.id)
        return [r for r in found if (r.resource.scope, r.id) != own]


def _names(revision: Revision, token: str) -> bool:
    return token in (revision.id, revision.arn) or token in tokens(revision.configuration)
