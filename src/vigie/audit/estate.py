"""The estate as recorded: what rules may look up, read from history when they ask for it."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from vigie.history.store import History
from vigie.model.account import Account, Network
from vigie.model.change import Revision
from vigie.model.scope import GLOBAL, Coverage, Outcome, Scope
from vigie.rules.estate import Estate, Inventory
from vigie.rules.inventory import OWNING_TYPES, MemoryInventory, owned_identifiers

_ABSENT: Final = (Outcome.UNAVAILABLE, Outcome.REGION_DISABLED)
"""The service is not there, so neither are its resources: absence is known."""


@dataclass(frozen=True, slots=True)
class EstateSettings:
    """What the settings say of the world. Accounts that the store knows are laid under these."""

    accounts: Mapping[str, Account] = field(default_factory=dict)
    organization_id: str | None = None
    networks: Sequence[Network] = ()


def known_accounts(history: History, settings: EstateSettings) -> dict[str, Account]:
    """All known accounts, as they are now: those of the settings win."""
    return {**{account.id: account for account in history.accounts.all()}, **settings.accounts}


def estate_digest(accounts: Mapping[str, Account], settings: EstateSettings) -> str:
    """Changes whenever a verdict may, because of who is known to be who."""
    facts = [
        sorted((a.id, a.relation.value, sorted(a.canonical_ids)) for a in accounts.values()),
        settings.organization_id,
        sorted(network.cidr for network in settings.networks),
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def make_estate(history: History, settings: EstateSettings, inventory: Inventory, now: datetime) -> Estate:
    return Estate(
        now=now,
        inventory=inventory,
        accounts=known_accounts(history, settings),
        organization_id=settings.organization_id,
        networks=settings.networks,
    )


class HistoryInventory:
    """Look-ups over the store, each made once. For judging a batch; not to be kept longer."""

    def __init__(self, history: History) -> None:
        self._archive = history.archive
        self._of_type: dict[tuple[str, str | None], Sequence[Revision]] = {}
        self._naming: dict[tuple[str, str | None], Sequence[Revision]] = {}
        self._owners: dict[tuple[str, str], str | None] = {}
        self._gaps: Gaps | None = None

    def resources(self, type: str, account: str | None, region: str | None) -> Sequence[Revision]:
        key = (type, account)
        if key not in self._of_type:
            self._of_type[key] = self._archive.present_of_type(type, account)
        found = self._of_type[key]
        return [
            r for r in found if region is None or region in (r.region, r.resource.scope.region) or r.region == GLOBAL
        ]

    def by_arn(self, arn: str) -> Revision | None:
        return self._archive.by_arn(arn)

    def referring_to(self, token: str, type: str | None) -> Sequence[Revision]:
        key = (token, type)
        if key not in self._naming:
            self._naming[key] = self._archive.referring_to(token, type)
        return self._naming[key]

    def owner_of(self, kind: str, identifier: str) -> str | None:
        key = (kind, identifier)
        if key not in self._owners:
            self._owners[key] = self._look_up_owner(kind, identifier)
        return self._owners[key]

    def gaps(self, type: str, account: str | None, region: str | None) -> Sequence[Scope]:
        if self._gaps is None:
            self._gaps = Gaps(self._archive.coverage())
        return self._gaps.of(type, account, region)

    def _look_up_owner(self, kind: str, identifier: str) -> str | None:
        """What is recorded speaks of its own ids and addresses, so a look-up by token finds the owner among few."""
        for type_ in OWNING_TYPES.get(kind, ()):
            for revision in self.referring_to(identifier, type_):
                if identifier in owned_identifiers(kind, revision):
                    return revision.account
        return None


class WholeEstate(MemoryInventory):
    """Look-ups over the whole recorded estate, held in memory."""

    def __init__(self, revisions: Iterable[Revision], coverage: Iterable[Coverage]) -> None:
        super().__init__(revisions)
        self._unseen = Gaps(coverage)

    def gaps(self, type: str, account: str | None, region: str | None) -> Sequence[Scope]:
        return self._unseen.of(type, account, region)


class Gaps:
    """Where absence is not known. The scopes that are looked at are known by their coverage."""

    def __init__(self, coverage: Iterable[Coverage]) -> None:
        self._by_type: dict[str, list[Coverage]] = defaultdict(list)
        self._regions: dict[str, set[str]] = defaultdict(set)
        for row in coverage:
            self._by_type[row.scope.type].append(row)
            self._regions[row.scope.account].add(row.scope.region)

    def of(self, type: str, account: str | None, region: str | None) -> list[Scope]:
        rows = [row for row in self._by_type.get(type, ()) if account in (None, row.scope.account)]
        unseen = [
            row.scope
            for row in rows
            if not _absence_is_known(row) and (region is None or row.scope.region in (region, GLOBAL))
        ]
        return unseen + self._never_looked_at(type, account, region, {row.scope for row in rows})

    def _never_looked_at(self, type: str, account: str | None, region: str | None, looked: set[Scope]) -> list[Scope]:
        """Regions in which the account is looked at, but this type never was."""
        accounts = [account] if account is not None else sorted({scope.account for scope in looked})
        found = []
        for one in accounts:
            own = {scope.region for scope in looked if scope.account == one}
            if own == {GLOBAL}:
                continue
            watched = {region} if region is not None and not own else self._regions[one] - {GLOBAL}
            wanted = watched or {region or GLOBAL}
            found += [Scope(one, r, type) for r in sorted(wanted - own) if region in (None, r)]
        return found


def _absence_is_known(row: Coverage) -> bool:
    return row.status.listed_everything or row.status in _ABSENT
