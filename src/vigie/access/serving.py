"""Services that act for somebody: for the owner, for those who are named, or for anybody (the confused deputy)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from vigie.access.constraints import among, equal
from vigie.access.document import Statement
from vigie.access.granting import NOT_ACCEPTED, Granting
from vigie.access.mentions import Mentions
from vigie.access.patterns import glob
from vigie.access.requesters import Bounds, Source, service, source_of
from vigie.access.verdict import Grant, GrantClass
from vigie.access.world import World
from vigie.model.account import Relation

_SERVICE_NAME: Final = re.compile(r"[a-z0-9.-]+\.(amazonaws|amazon|aws)(\.[a-z]+)*", re.IGNORECASE)
_CHECKED: Final = "whether the service itself checks for whom it acts is not known here"
_SOURCE_KEYS: Final = frozenset(
    {"aws:sourcearn", "aws:sourceaccount", "aws:sourceowner", "aws:sourceorgid", "aws:sourceorgpaths"}
)


def serving_grants(
    name: str, statement: Statement, granting: Granting, named: Mentions | None = None
) -> Iterator[Grant]:
    """The grants of an Allow to a service. Without a name: to everybody, and so to every service too."""
    world = granting.world
    named = named or world.named_by(statement)
    if not name:
        yield from _to_any_service(statement, granting, named)
        return
    if name == "*":
        anything = service(None, world.strange_source())
        found = granting.grant(
            statement, anything, GrantClass.PUBLIC_VIA_SERVICE, name, doubt=NOT_ACCEPTED, via="any service"
        )
        yield from (replace(found, account=None, relation=Relation.UNKNOWN),) if found else ()
        return
    strange = service(name, world.strange_source())
    kind = kind_of_service(name, world)
    found = granting.grant(statement, strange, kind, name, via=name)
    if found:
        yield _unbound(found, statement, kind)
        return
    own = granting.grant(statement, service(name, world.owners_source()), GrantClass.SERVICE, name, via=name)
    if own:
        yield replace(own, account=world.account, relation=Relation.OWN)
    others = list(_for_others(name, statement, granting, named))
    yield from others
    if not own and not others:
        free = granting.grant(statement, service(name, Source()), GrantClass.SERVICE, name, via=name)
        yield from (free,) if free else ()


def _unbound(found: Grant, statement: Statement, kind: GrantClass) -> Grant:
    found = replace(found, account=None, relation=Relation.UNKNOWN)
    if kind is GrantClass.CONFUSED_DEPUTY and not statement.conditions and found.exact:
        return replace(found, exact=False, why_not_exact=_CHECKED)
    return found


def kind_of_service(name: str, world: World) -> GrantClass:
    """Services take a role of their own account only, and a name that is no service's is nobody's deputy."""
    bound = world.profile.trust or not _SERVICE_NAME.fullmatch(name)
    return GrantClass.SERVICE if bound else GrantClass.CONFUSED_DEPUTY


def _to_any_service(statement: Statement, granting: Granting, named: Mentions) -> Iterator[Grant]:
    world = granting.world
    services = tuple(named.services)
    strange = service(None, world.strange_source(), services)
    found = granting.grant(statement, strange, GrantClass.PUBLIC_VIA_SERVICE, "*", via="any service")
    if found:
        yield replace(found, account=None, relation=Relation.UNKNOWN)
        return
    for name in services:
        kind = kind_of_service(name, world)
        one = granting.grant(statement, service(name, world.strange_source()), kind, name, via=name)
        if one:
            yield _unbound(one, statement, one.kind)
            continue
        own = granting.grant(statement, service(name, world.owners_source()), GrantClass.SERVICE, name, via=name)
        yield from (replace(own, account=world.account, relation=Relation.OWN),) if own else ()
    if named.keys & _SOURCE_KEYS:
        yield from _for_others(None, statement, granting, named)


def _for_others(name: str | None, statement: Statement, granting: Granting, named: Mentions) -> Iterator[Grant]:
    """Grants to a service acting for accounts, buckets and organisations that the policy names."""
    world = granting.world
    via = name or "any service"
    for account in named.source_accounts:
        if account != world.account:
            yield from _for_account(account, name, statement, granting, named)
    for arn in named.source_names:
        found = _for_bucket(arn, name, statement, granting, named)
        yield from (found,) if found else ()
    for organization in named.source_organizations:
        bounds = {
            "aws:sourceorgid": (equal(organization),),
            "aws:sourceorgpaths": (among((glob(f"{organization}/*"),)),),
        }
        source = source_of(world.stranger, world.partition, (), bounds)
        found = granting.grant(statement, service(name, source), GrantClass.ANY_ACCOUNT_OF_ORG, organization, via=via)
        if found:
            own = organization == world.organization
            yield replace(found, account=None, relation=Relation.OWN if own else Relation.UNKNOWN)


def _for_account(
    account: str, name: str | None, statement: Statement, granting: Granting, named: Mentions
) -> Iterator[Grant]:
    world = granting.world
    via = name or "any service"
    names = [glob(n) for n in named.source_names if world.owner_of_source(n) in (None, account)]
    arns = list(named.source_arns.get(account, ()))
    if not arns:
        source = source_of(account, world.partition, names)
        found = granting.grant(statement, service(name, source), GrantClass.ACCOUNT, account, via=via)
        yield from (found,) if found else ()
    for arn in arns:
        only: Bounds = {"aws:sourcearn": (among((glob(arn),)),)}
        source = source_of(account, world.partition, names, only)
        found = granting.grant(statement, service(name, source), GrantClass.ACCOUNT, arn, via=via)
        yield from (found,) if found else ()


def _for_bucket(arn: str, name: str | None, statement: Statement, granting: Granting, named: Mentions) -> Grant | None:
    """A source whose ARN tells no account: its owner is looked up, or told by a condition beside it."""
    world = granting.world
    owner = world.owner_of_source(arn)
    via = name or "any service"
    only: Bounds = {"aws:sourcearn": (among((glob(arn),)),)}
    if owner == world.account:
        return None  # the owner's sources are judged together
    for account in [owner] if owner else [world.stranger]:
        source = source_of(account, world.partition, (glob(arn),), only)
        found = granting.grant(statement, service(name, source), GrantClass.ACCOUNT, arn, via=via)
        if found:
            return found if owner else replace(found, account=None, relation=Relation.UNKNOWN)
    if owner or named.source_accounts.keys() - {world.account}:
        return None
    source = source_of(world.account, world.partition, (glob(arn),), only)
    found = granting.grant(statement, service(name, source), GrantClass.SERVICE, name or arn, via=via)
    return replace(found, account=world.account, relation=Relation.OWN) if found and name else None
