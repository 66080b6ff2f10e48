"""What a resource policy lets outsiders do, decided by the exact engine: Allow minus Deny for every class of requester.

Each principal of each Allow is judged alone. An Allow for everybody is told as the widest class that it serves:
strangers; strangers through a service; organisations; strangers from named networks; named accounts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

from vigie.access.constraints import among, none_of
from vigie.access.document import Document, Principal, Statement
from vigie.access.granting import NOT_ACCEPTED, Granting, RefusedError
from vigie.access.mentions import Mentions, account_in, account_of, mentions_of, whole_account
from vigie.access.networks import KEYS as NETWORK_KEYS
from vigie.access.patterns import arn_glob, glob
from vigie.access.profiles import ANY, Profile
from vigie.access.requesters import (
    Bounds,
    canonical_user,
    cloudfront_identity,
    named_principal,
    outside_organizations,
    user_id,
)
from vigie.access.serving import serving_grants
from vigie.access.spans import inside
from vigie.access.trusting import provider_grants
from vigie.access.verdict import Access, Facts, Grant, GrantClass
from vigie.access.world import World
from vigie.model.account import Relation

DANGLING: Final = re.compile(r"A(IDA|ROA|GPA|NPA|KIA|SIA)[A-Z0-9]{12,}")
_EVERYBODY: Final = Principal("AWS", "*")


@dataclass(frozen=True)
class Policy:
    """A resource policy with what it takes to judge it."""

    document: Document
    account: str
    """The owner's."""
    facts: Facts
    arn: str | None = None
    label: str = ""
    """In front of the statements' labels, where one resource bears several policies."""
    profile: Profile = ANY
    bounds: Bounds = field(default_factory=dict)
    """What else is known of the keys of requests to this resource."""

    @cached_property
    def world(self) -> World:
        return World(self.document, self.account, self.facts, self.profile, _partition(self.arn))

    @cached_property
    def granting(self) -> Granting:
        return Granting(self.world, self.arn, self.label, self.bounds)


def policy_access(policy: Policy) -> Access:
    """Everything the policy grants to outsiders. Never raises."""
    grants: list[Grant] = []
    problems = list(policy.document.problems)
    for statement in policy.document.statements:
        if not statement.allow:
            continue
        for principal in (_EVERYBODY,) if statement.not_principal else statement.principals:
            try:
                grants += _grants_to(principal, statement, policy)
            except RefusedError as reason:
                problems.append(f"statement {policy.label}{statement.label}: {reason}")
    return Access(tuple(merged(grants)), tuple(dict.fromkeys(problems)), policy.document.notes)


def merged(grants: Iterable[Grant]) -> list[Grant]:
    """One grant for each (class, who, conditions): actions and statements are joined."""
    found: dict[tuple[GrantClass, str, tuple[str, ...], str], Grant] = {}
    for grant in grants:
        key = (grant.kind, grant.who, grant.conditions, grant.via)
        earlier = found.get(key)
        if earlier is None:
            found[key] = grant
            continue
        found[key] = replace(
            earlier,
            actions=tuple(dict.fromkeys(earlier.actions + grant.actions)),
            statements=tuple(dict.fromkeys(earlier.statements + grant.statements)),
            exact=earlier.exact and grant.exact,
            why_not_exact=earlier.why_not_exact or grant.why_not_exact,
            witness=earlier.witness or grant.witness,
        )
    return list(found.values())


def party(account: str | None, facts: Facts) -> Relation:
    """How an account is related to us."""
    if account in facts.own_accounts:
        return Relation.OWN
    return Relation.THIRD_PARTY if account in facts.third_party_accounts else Relation.UNKNOWN


def principal_grant(value: str, owner: str, facts: Facts, **more: Any) -> Grant | None:
    """A grant to an ``AWS`` principal outside the owner's account, as a list of grants names it; None for the owner's
    own, or what is no principal.
    """
    account = account_of(value)
    if account == owner:
        return None
    if DANGLING.fullmatch(value):
        holder = facts.owners.get(value)
        return Grant(GrantClass.DANGLING, value, account=holder, relation=party(holder, facts), **more)
    if ":iam::cloudfront:" in value:
        return Grant(GrantClass.SERVICE, value, **more)
    if account is None:
        return None
    return Grant(GrantClass.ACCOUNT, _who(value, account), account=account, relation=party(account, facts), **more)


def _partition(arn: str | None) -> str:
    return arn.split(":")[1] if arn and arn.count(":") >= 5 else "aws"


def _who(value: str, account: str) -> str:
    return account if whole_account(value) else value


# Who is meant


def _grants_to(principal: Principal, statement: Statement, policy: Policy) -> Iterator[Grant]:
    match principal.kind:
        case "Service":
            yield from serving_grants(principal.value, statement, policy.granting)
        case "Federated":
            yield from provider_grants(principal.value, statement, policy.granting)
        case "CanonicalUser":
            yield from _to_canonical_user(principal.value, statement, policy)
        case _ if principal.value == "*":
            yield from _to_everybody(statement, policy)
        case _:
            yield from _to_named(principal.value, statement, policy)


def _to_canonical_user(identifier: str, statement: Statement, policy: Policy) -> Iterator[Grant]:
    account = policy.facts.canonical_ids.get(identifier)
    if account == policy.account:
        return
    if identifier == "*":
        yield from _to_anybody(statement, policy)
        return
    found = policy.granting.grant(statement, canonical_user(identifier, account), GrantClass.CANONICAL, identifier)
    if found:
        yield replace(found, account=account, relation=party(account, policy.facts))


def _to_named(value: str, statement: Statement, policy: Policy) -> Iterator[Grant]:
    granting, world = policy.granting, policy.world
    account = account_of(value)
    if DANGLING.fullmatch(value):
        holder = policy.facts.owners.get(value)
        yield granting.nobody(statement, GrantClass.DANGLING, value, holder)
    elif ":iam::cloudfront:" in value:
        found = granting.grant(statement, cloudfront_identity(value), GrantClass.SERVICE, value)
        yield from (found,) if found else ()
    elif account == policy.account:
        return
    elif account is None:
        yield from _to_unusual(value, statement, policy)
    elif whole_account(value):
        named = world.all
        yield from _to_account(account, statement, policy, [{}], named)
    elif "*" in value or "?" in value:
        requester = world.account_principals(account).within({"aws:principalarn": (among((glob(value),)),)})
        found = granting.grant(statement, requester, GrantClass.ACCOUNT, value, doubt=NOT_ACCEPTED)
        yield from (found,) if found else ()
    else:
        requester = named_principal(value, account, world.of(account))
        found = granting.grant(statement, requester, GrantClass.ACCOUNT, value)
        yield from (found,) if found else ()


def _to_unusual(value: str, statement: Statement, policy: Policy) -> Iterator[Grant]:
    """A principal that names no account: only a wildcard in its place can be anybody."""
    parts = value.split(":", 5)
    if len(parts) < 6 or not ("*" in parts[4] or "?" in parts[4]):
        raise RefusedError(f"the principal {value} could not be read")
    yield from _to_anybody(statement, policy)


def _to_anybody(statement: Statement, policy: Policy) -> Iterator[Grant]:
    """What a wildcard would give where AWS takes none."""
    for requester in policy.world.anybody_openly:
        found = policy.granting.grant(statement, requester, GrantClass.PUBLIC, "*", doubt=NOT_ACCEPTED)
        if found:
            yield found
            return


def _to_everybody(statement: Statement, policy: Policy) -> Iterator[Grant]:
    granting, world = policy.granting, policy.world
    for requester in world.anybody_openly:
        found = granting.grant(statement, requester, GrantClass.PUBLIC, "*")
        if found:
            yield found
            if len(found.conditions) > len(statement.conditions):
                yield from _to_those_spared(statement, policy)
            return
    named = world.named_by(statement)
    yield from serving_grants("", statement, granting, named)
    organizations = yield from _to_organizations(statement, policy, named)
    limited = list(_from_networks(statement, policy, named))
    yield from limited
    for account in dict.fromkeys([*named.accounts, *_accounts_spared(policy)]):
        if account != policy.account:
            elsewhere = outside_organizations(organizations) if organizations else {}
            places = [{**elsewhere, **n.bounds} for n in world.open_networks] if limited else [elsewhere]
            yield from _to_account(account, statement, policy, places, named)
    for identifier in named.user_ids:
        yield from _to_user_id(identifier, statement, policy)
    yield from _to_others_spared(statement, policy)


def _to_others_spared(statement: Statement, policy: Policy) -> Iterator[Grant]:
    """Services and identities of no account that a Deny spares by NotPrincipal."""
    spared = [p for d in policy.world.denies if d.not_principal for p in d.principals]
    for principal in dict.fromkeys(spared):
        if principal.kind != "AWS" or ":iam::cloudfront:" in principal.value:
            yield from _grants_to(principal, statement, policy)


def _to_those_spared(statement: Statement, policy: Policy) -> Iterator[Grant]:
    """Beside a grant to everybody: accounts that may do what a Deny keeps from all others."""
    granting, world = policy.granting, policy.world
    named = mentions_of(world.denies)
    accounts = [a for a in dict.fromkeys([*named.accounts, *_accounts_spared(policy)]) if a != policy.account]
    for deny in world.denies if accounts else ():
        denied: Bounds = {key: (part,) for key, part in granting.scope(deny)}
        if any(granting.grant(statement, r.within(denied), GrantClass.PUBLIC, "*") for r in world.anybody_openly):
            continue
        words = [part.words for _, part in granting.scope(deny)]
        for account in accounts:
            for found in _to_account(account, statement, policy, [denied], named):
                yield replace(found, conditions=tuple(dict.fromkeys([*found.conditions, *words])))


def _accounts_spared(policy: Policy) -> Iterator[str]:
    """Accounts that a Deny spares by NotPrincipal."""
    for deny in policy.world.denies:
        for principal in deny.principals if deny.not_principal else ():
            account = account_of(principal.value) if principal.kind == "AWS" else None
            if account is not None:
                yield account


def _to_organizations(statement: Statement, policy: Policy, named: Mentions) -> Any:
    """Yields the grants; returns the organisations of which any account may."""
    granted: list[str] = []
    for organization, path in policy.world.organizations(named):
        if organization in granted:
            continue
        elsewhere = () if path else named.organizations.get(organization, {})
        requester = policy.world.member(organization, path, elsewhere)
        found = policy.granting.grant(statement, requester, GrantClass.ANY_ACCOUNT_OF_ORG, path or organization)
        if found:
            own = policy.world.organization == organization
            yield replace(found, account=None, relation=Relation.OWN if own else Relation.UNKNOWN)
            granted += [] if path else [organization]
    return granted


def _from_networks(statement: Statement, policy: Policy, named: Mentions) -> Iterator[Grant]:
    if not named.keys & NETWORK_KEYS:
        return
    names: list[str] = []
    first: Grant | None = None
    for network in policy.world.named_networks:
        for requester in policy.world.anybody:
            found = policy.granting.grant(
                statement, requester.within(network.bounds), GrantClass.NETWORK_LIMITED, network.name
            )
            if found:
                names.append(network.name)
                first = first or found
                break
    if first is None:
        return
    owners = [policy.facts.owners.get(n) for n in names]
    ours = all(
        party(o, policy.facts) is Relation.OWN or inside(n, policy.facts.known_networks)
        for n, o in zip(names, owners, strict=True)
    )
    yield replace(
        first,
        who=", ".join(names),
        account=owners[0] if len(set(owners)) == 1 else None,
        relation=Relation.OWN if ours else Relation.UNKNOWN,
    )


def _to_account(
    account: str, statement: Statement, policy: Policy, places: Sequence[Bounds], named: Mentions
) -> Iterator[Grant]:
    """A whole account if anyone of it may; else those of its principals that are named. ``places``: what is known of
    their requests besides, in turn.
    """
    granting, world = policy.granting, policy.world
    arns = [*named.principal_arns.get(account, ())]
    patterns = [arn_glob(glob(a)) for a in arns]
    others: Bounds = {"aws:principalarn": (none_of(patterns),)} if patterns else {}
    anyone = [world.account_principals(account).within(place) for place in places]
    for requester in anyone:
        found = granting.grant(statement, requester.within(others), GrantClass.ACCOUNT, account)
        if found:
            yield found
            return
    for arn in arns:
        of_it: Bounds = {"aws:principalarn": (among((glob(arn),)),)}
        tried = (granting.grant(statement, r.within(of_it), GrantClass.ACCOUNT, arn) for r in anyone)
        found = next(filter(None, tried), None)
        if found:
            yield found
    for arn in world.of(account).no_arns:  # named as a principal, and so not among ``anyone``
        one = named_principal(arn, account, world.of(account))
        tried = (granting.grant(statement, one.within(place), GrantClass.ACCOUNT, arn) for place in places)
        found = next(filter(None, tried), None)
        if found:
            yield found


def _to_user_id(identifier: str, statement: Statement, policy: Policy) -> Iterator[Grant]:
    owner = policy.facts.owners.get(identifier)
    if owner == policy.account:
        return
    requester = user_id(identifier, owner, policy.world.of(owner or ""))
    found = policy.granting.grant(statement, requester, GrantClass.ACCOUNT, identifier)
    if found:
        yield replace(found, account=owner, relation=party(owner, policy.facts))


__all__ = ["Policy", "account_in", "merged", "party", "policy_access", "principal_grant"]
