"""All classes of requesters that can matter for two policies at once, the widest first.

Judging one policy asks after the widest class that an Allow serves (vigie.access.resource_policy). Comparing two asks
after every class that either of them can tell from the others: whoever is named, allowed or denied, in one of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from vigie.access.constraints import Constraint, among, equal, none_of
from vigie.access.federation import anyones_claims, guests_claims, is_saml, strangers_claims
from vigie.access.mentions import account_of, whole_account
from vigie.access.networks import KEYS as NETWORK_KEYS
from vigie.access.patterns import arn_glob, glob, literal
from vigie.access.profiles import SAML, WEB_IDENTITY
from vigie.access.requesters import (
    Bounds,
    Requester,
    Source,
    canonical_user,
    cloudfront_identity,
    named_principal,
    provider,
    service,
    source_of,
    user_id,
)
from vigie.access.resource_policy import DANGLING
from vigie.access.search import ACTION
from vigie.access.serving import kind_of_service
from vigie.access.texts import Texts
from vigie.access.verdict import GrantClass
from vigie.access.world import World

EVERYBODY: Final = "everybody"
ANY_SERVICE: Final = "any service"
_SOMEBODY: Final = "some of everybody"


@dataclass(frozen=True, slots=True)
class RequesterClass:
    """A class of requesters, as people call it."""

    requester: Requester
    kind: GrantClass
    who: str
    via: str = ""
    account: str | None = None
    group: str = ""
    """What it is the whole of: who gains as this needs not be told of the classes inside."""
    inside: tuple[str, ...] = ()
    """The groups that it is a part of."""
    mark: str = ""
    """What is noted once it gained anything: classes that have this in ``inside`` are then told of already."""


def classes_of(world: World) -> tuple[RequesterClass, ...]:
    """Everybody outside the owner's account that the statements of ``world`` can tell apart, the widest first."""
    return (*_strangers(world), *_services(world), *_organizations(world), *_networks(world), *_others(world))


def insiders_of(world: World) -> tuple[RequesterClass, ...]:
    """The owner's account, and those of its users and roles that the statements tell from the others."""
    return tuple(_account(world, world.account))


def _strangers(world: World) -> Iterator[RequesterClass]:
    for requester in world.anybody_openly:
        yield RequesterClass(requester, GrantClass.PUBLIC, "*", group=EVERYBODY, mark=_SOMEBODY)


def _organizations(world: World) -> Iterator[RequesterClass]:
    for organization, path in world.organizations(world.all):
        elsewhere = () if path else world.all.organizations.get(organization, {})
        yield RequesterClass(
            world.member(organization, path, elsewhere),
            GrantClass.ANY_ACCOUNT_OF_ORG,
            path or organization,
            group="" if path else organization,
            inside=(EVERYBODY, organization),
        )


def _networks(world: World) -> Iterator[RequesterClass]:
    if not world.all.keys & NETWORK_KEYS:
        return
    for network in world.named_networks:
        for requester in world.anybody:
            requester = requester.within(network.bounds)
            group = f"network {network.name}"
            yield RequesterClass(
                requester, GrantClass.NETWORK_LIMITED, network.name, group=group, inside=(EVERYBODY, group)
            )


def _others(world: World) -> Iterator[RequesterClass]:
    for account in world.all.accounts:
        if account != world.account:
            yield from _account(world, account)
    for identifier in world.all.user_ids:
        owner = world.facts.owners.get(identifier)
        if owner != world.account:
            requester = user_id(identifier, owner, world.of(owner or ""))
            yield RequesterClass(
                requester, GrantClass.ACCOUNT, identifier, account=owner, inside=(EVERYBODY, owner or "")
            )
    for name in _named(world, "Federated"):
        yield from _provider(world, name)
    for identifier in _named(world, "CanonicalUser"):
        holder = world.facts.canonical_ids.get(identifier)
        if holder != world.account:
            yield RequesterClass(canonical_user(identifier, holder), GrantClass.CANONICAL, identifier, account=holder)
    for arn in _named(world, "AWS"):
        if ":iam::cloudfront:" in arn:
            yield RequesterClass(cloudfront_identity(arn), GrantClass.SERVICE, arn)


def _account(world: World, account: str) -> Iterator[RequesterClass]:
    arns = tuple(world.all.principal_arns.get(account, ()))
    patterns = [arn_glob(glob(a)) for a in arns]
    others: Bounds = {"aws:principalarn": (none_of(patterns),)} if patterns else {}
    whole = world.account_principals(account)
    yield RequesterClass(
        whole.within(others), GrantClass.ACCOUNT, account, account=account, group=account, inside=(EVERYBODY,)
    )
    principals = [(arn, whole.within({"aws:principalarn": (among((glob(arn),)),)})) for arn in arns]
    named = [arn for arn in world.of(account).no_arns if "*" not in arn and "?" not in arn]
    principals += [(arn, named_principal(arn, account, world.of(account))) for arn in named]
    for arn, requester in principals:
        yield RequesterClass(requester, GrantClass.ACCOUNT, arn, account=account, inside=(EVERYBODY, account))


def _provider(world: World, name: str) -> Iterator[RequesterClass]:
    actions: Bounds = {
        ACTION: (Constraint(False, Texts(tuple(map(literal, SAML if is_saml(name) else WEB_IDENTITY)), fold=True)),)
    }
    group = f"provider {name}"
    conditions = [c for s in world.document.statements for c in s.conditions]
    claims = None if is_saml(name) else strangers_claims(name, conditions)
    for strangers in (claims, guests_claims(name, conditions)):
        if strangers is not None:
            requester = provider(name, strangers, actions)
            yield RequesterClass(requester, GrantClass.FEDERATED_PUBLIC, name, account=requester.account, group=group)
    anyone = provider(name, anyones_claims(name), actions)
    yield RequesterClass(anyone, GrantClass.FEDERATED, name, account=anyone.account, inside=(group,))


# Services, and for whom they act


def _services(world: World) -> Iterator[RequesterClass]:
    named = tuple(dict.fromkeys([*_named(world, "Service"), *world.all.services]))
    strange = service(None, world.strange_source(), named)
    yield RequesterClass(strange, GrantClass.PUBLIC_VIA_SERVICE, "*", ANY_SERVICE, inside=(EVERYBODY,), mark=_SOMEBODY)
    for name in (*named, None):
        yield from _service(world, name, named)


def _service(world: World, name: str | None, named: tuple[str, ...]) -> Iterator[RequesterClass]:
    via, group, mark = name or ANY_SERVICE, f"service {name}", f"some of service {name}"
    inside = (EVERYBODY, group)

    def acting(source: Source) -> Requester:
        return service(name, source, () if name else named)

    if name:
        strange = acting(world.strange_source())
        kind = kind_of_service(name, world)
        yield RequesterClass(strange, kind, name, name, group=group, inside=(EVERYBODY,), mark=mark)
    own = acting(world.owners_source())
    told = inside if name else (*inside, _SOMEBODY)
    yield RequesterClass(own, GrantClass.SERVICE, via, via, world.account, inside=told, mark=mark)
    for account in world.all.source_accounts:
        if account != world.account:
            names = [glob(n) for n in world.all.source_names if world.owner_of_source(n) in (None, account)]
            requester = acting(source_of(account, world.partition, names))
            yield RequesterClass(requester, GrantClass.ACCOUNT, account, via, account, inside=inside, mark=mark)
    for arn in world.all.source_names:
        yield from (replace(one, mark=mark) for one in _bucket(world, arn, name, acting, inside))
    for organization in world.all.source_organizations:
        bounds: Bounds = {
            "aws:sourceorgid": (equal(organization),),
            "aws:sourceorgpaths": (among((glob(f"{organization}/*"),)),),
        }
        requester = acting(source_of(world.stranger, world.partition, (), bounds))
        yield RequesterClass(requester, GrantClass.ANY_ACCOUNT_OF_ORG, organization, via, inside=inside, mark=mark)
    if name:
        yield RequesterClass(acting(Source()), GrantClass.SERVICE, name, name, inside=(*inside, mark))


def _bucket(
    world: World, arn: str, name: str | None, acting: object, inside: tuple[str, ...]
) -> Iterator[RequesterClass]:
    owner = world.owner_of_source(arn)
    if owner == world.account or not callable(acting):
        return
    only: Bounds = {"aws:sourcearn": (among((glob(arn),)),)}
    for account in (owner,) if owner else (world.stranger, world.account):
        requester = acting(source_of(account, world.partition, (glob(arn),), only))
        known = account if owner else None
        yield RequesterClass(requester, GrantClass.ACCOUNT, arn, name or ANY_SERVICE, known, inside=inside)


def _named(world: World, kind: str) -> list[str]:
    found = (p.value for s in world.document.statements for p in s.principals if p.kind == kind)
    return [name for name in dict.fromkeys(found) if "*" not in name]


def unreadable_principals(world: World) -> Iterator[tuple[str, str]]:
    """(statement, principal) that no class stands for: of which it is not known whom AWS takes them for."""
    for statement in world.document.statements:
        for principal in statement.principals:
            value = principal.value
            if principal.kind == "AWS" and (value == "*" or ":iam::cloudfront:" in value or DANGLING.fullmatch(value)):
                continue
            wild = "*" in value or "?" in value
            if (wild and not whole_account(value)) or (principal.kind == "AWS" and account_of(value) is None):
                yield statement.label, value
