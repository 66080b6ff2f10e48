"""The classes of requesters that can matter for one policy, each made once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from vigie.access.constraints import ABSENT, Constraint, among, equal, none_of
from vigie.access.document import Document, Statement
from vigie.access.keys import SOURCE_CONTEXT
from vigie.access.mentions import Mentions, account_of, fitting_accounts, mentions_of, whole_account
from vigie.access.networks import NetworkClass, named_networks, open_networks
from vigie.access.patterns import STAR, WITH_A_STAR, glob, is_literal
from vigie.access.profiles import Profile
from vigie.access.requesters import (
    IN_NO_ORGANIZATION,
    STRANGER_ORGANIZATION,
    Bounds,
    Of,
    Requester,
    Source,
    access_points_of,
    anonymous,
    arns_in,
    in_organization,
    outside_organizations,
    principals_of,
    source_of,
)
from vigie.access.spans import date_text
from vigie.access.texts import Texts
from vigie.access.verdict import Facts

OWN_ORGANIZATION: Final = "organization of the owner"
"""Stands for its id where that is not known."""
_ORGANIZATION_KEYS: Final = frozenset({"aws:principalorgid", "aws:principalorgpaths"})
_STRANGER: Final = 424242424242


@dataclass(frozen=True)
class World:
    """One policy with its owner, and everybody else."""

    document: Document
    account: str
    facts: Facts
    profile: Profile
    partition: str = "aws"

    @cached_property
    def all(self) -> Mentions:
        return mentions_of(self.document.statements, principals=True)

    @cached_property
    def denies(self) -> tuple[Statement, ...]:
        return tuple(s for s in self.document.statements if not s.allow)

    def named_by(self, statement: Statement) -> Mentions:
        """Whom an Allow for everybody can come down to: those of its conditions, and those whom Denies spare."""
        return mentions_of((statement, *self.denies))

    @property
    def organization(self) -> str:
        return self.facts.organization_id or OWN_ORGANIZATION

    # Strangers

    @cached_property
    def strangers(self) -> tuple[str, ...]:
        """Account ids that nobody names: one that fits no pattern if possible, and some that do."""
        known = {self.account, *self.all.accounts, *self.all.source_accounts, *self.facts.own_accounts}
        plain = next(id for n in range(10_000) if (id := str(_STRANGER + n)) not in known)
        fitting = [a for a in fitting_accounts(self.all.account_patterns) if a not in known]
        return tuple(dict.fromkeys([plain, *fitting]))

    @property
    def stranger(self) -> str:
        return self.strangers[0]

    @cached_property
    def open_networks(self) -> tuple[NetworkClass, ...]:
        return tuple(open_networks(self.all, self.stranger))

    @cached_property
    def named_networks(self) -> tuple[NetworkClass, ...]:
        return tuple(named_networks(self.all))

    @cached_property
    def anybody(self) -> tuple[Requester, ...]:
        """Strangers of every kind, wherever they are."""
        found = [anonymous()] if self.profile.anonymous else []
        for account in self.strangers:
            found += [principals_of(account, self._stranger_in(o)) for o in self._strange_organizations()]
        return tuple(found)

    @cached_property
    def anybody_openly(self) -> tuple[Requester, ...]:
        """Strangers of every kind, from networks that anybody can use."""
        return tuple(r.within(n.bounds) for r in self.anybody for n in self.open_networks)

    def _stranger_in(self, organization: Bounds) -> Of:
        return Of(
            self.partition,
            no_user_ids=tuple(self.all.user_ids),
            organization=organization,
            caller_owns_source=self.profile.caller_owns_source,
            stranger=True,
        )

    def _strange_organizations(self) -> Iterator[Bounds]:
        yield IN_NO_ORGANIZATION
        if self.all.keys & _ORGANIZATION_KEYS:
            yield in_organization(STRANGER_ORGANIZATION)
            for pattern in self.all.organization_patterns:
                filled = pattern.replace("*", "stranger00").replace("?", "0")
                if filled.startswith("o-") and filled not in self.all.organizations:
                    yield in_organization(filled)

    def member(self, organization: str, path: str = "", elsewhere: Iterable[str] = ()) -> Requester:
        """An account that nobody names, in an organisation (or a part of it, or ``elsewhere`` than in some parts)."""
        found = principals_of(self.stranger, self._stranger_in(in_organization(organization, path)))
        parts = [glob(p) for p in elsewhere]
        return found.within({"aws:principalorgpaths": (none_of(parts),)}) if parts else found

    # Accounts

    def account_principals(self, account: str, granted_organizations: tuple[str, ...] = ()) -> Requester:
        """Anyone of an account, but for principals that the policy names one by one."""
        outside = outside_organizations(granted_organizations) if granted_organizations else {}
        return principals_of(account, self.of(account, outside))

    def of(self, account: str, organization: Bounds | None = None) -> Of:
        return Of(
            self.partition,
            no_arns=self._principal_arns.get(account, ()),
            no_user_ids=tuple(i for i in self.all.user_ids if self.facts.owners.get(i) != account),
            organization=organization or {},
            caller_owns_source=self.profile.caller_owns_source,
        )

    @cached_property
    def _principal_arns(self) -> Mapping[str, tuple[str, ...]]:
        """Account → its users and roles that principal elements name."""
        found: dict[str, dict[str, None]] = {}
        for statement in self.document.statements:
            for principal in statement.principals:
                account = account_of(principal.value) if principal.kind == "AWS" else None
                if account is not None and not whole_account(principal.value):
                    found.setdefault(account, {})[principal.value] = None
        return {account: tuple(arns) for account, arns in found.items()}

    # Sources of services

    def strange_source(self) -> Source:
        """Whoever the service acts for, but for those that are named."""
        named = self.all
        no_account = f"arn:{self.partition}:s3:::{STAR}"
        arns: tuple[Constraint, ...] = (among([*arns_in(self.stranger, self.partition), no_account], optional=True),)
        # an ARN of a bucket tells no account
        no_buckets = f"arn:{self.partition}:s3:{STAR}:{self.stranger}:{STAR}"
        arns = (*arns, none_of([no_buckets, WITH_A_STAR, *map(glob, named.source_names)]))
        own = source_of(self.stranger, self.partition)
        bounds: dict[str, tuple[Constraint, ...]] = {
            **own.bounds,
            "aws:sourcearn": arns,
            SOURCE_CONTEXT: arns,
            **self._outside_source_organizations(),
            "lambda:eventsourcetoken": (none_of(tuple(named.tokens)),),
            "s3:dataaccesspointaccount": (among((self.stranger,), optional=True),),
            "s3:dataaccesspointarn": (among(access_points_of(self.stranger), optional=True),),
        }
        return Source(self.stranger, bounds)

    def _outside_source_organizations(self) -> Bounds:
        named = tuple(self.all.source_organizations)
        if not named:
            return {}
        return {
            "aws:sourceorgid": (none_of(named),),
            "aws:sourceorgpaths": (none_of([glob(f"{o}/*") for o in named]),),
        }

    def owners_source(self) -> Source:
        names = [glob(n) for n in self.all.source_names if self.owner_of_source(n) == self.account]
        return source_of(self.account, self.partition, names)

    def owner_of_source(self, arn: str) -> str | None:
        """The account that owns what an ARN without an account names, where that is recorded."""
        return self.facts.owners.get(arn.split(":", 5)[-1].split("/")[0])

    # What holds of every request

    @cached_property
    def always(self) -> Bounds:
        """Bounds on what speaks of the resource and of the time."""
        found: dict[str, tuple[Constraint, ...]] = {
            "aws:resourceaccount": (equal(self.account),),
            "s3:resourceaccount": (equal(self.account),),
        }
        if self.facts.organization_id or self._compares_organizations:
            found["aws:resourceorgid"] = (equal(self.organization),)
        if self.facts.now is not None:
            seconds = self.facts.now.timestamp()
            found["aws:currenttime"] = (equal(date_text(seconds) or ""),)
            found["aws:epochtime"] = (equal(str(int(seconds))),)
        return found

    @cached_property
    def _compares_organizations(self) -> bool:
        wanted = ("${aws:principalorgid}", "${aws:resourceorgid}")
        return any(
            v.strip().lower() in wanted for s in self.document.statements for c in s.conditions for v in c.values
        )

    def organizations(self, named: Mentions) -> Iterator[tuple[str, str]]:
        """Organisations, whole first, and the paths in them that are named."""
        names = dict(named.organizations)
        if self._compares_organizations:
            names.setdefault(self.organization, {})
        for organization, paths in names.items():
            yield organization, ""
            yield from ((organization, path) for path in paths)

    def variables(self, requester: Requester) -> Mapping[str, str | None]:
        """The policy variables whose value is one and known."""
        found: dict[str, str | None] = {}
        for key in self.all.keys:
            for constraint in (*self.always.get(key, ()), *requester.bound(key)):
                if constraint is ABSENT:
                    found[key] = None
                elif not constraint.on_absent and (only := _only_text(constraint)):
                    found[key] = only
        return found


def _only_text(constraint: Constraint) -> str | None:
    """The one text that a value can be, where it is one."""
    values = constraint.values
    if not isinstance(values, Texts) or not values.positive or len(values.patterns) != 1:
        return None
    return values.patterns[0] if is_literal(values.patterns[0]) else None
