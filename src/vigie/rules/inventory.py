"""The inventory in memory: for examples, for one document, and for judging the whole recorded estate at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from vigie.model.change import Revision
from vigie.model.scope import GLOBAL, Scope

# kind of identifier → types whose present resources own such identifiers
OWNING_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "bucket": ("AWS::S3::Bucket",),
    "userid": ("AWS::IAM::User", "AWS::IAM::Role"),
    "vpc": ("AWS::EC2::VPC",),
    "vpce": ("AWS::EC2::VPCEndpoint",),
    "address": ("AWS::EC2::EIP", "AWS::EC2::NatGateway", "AWS::EC2::NetworkInterface"),
    "security_group": ("AWS::EC2::SecurityGroup",),
}


def owned_identifiers(kind: str, revision: Revision) -> Iterator[str]:
    """The identifiers of that kind that a present resource stands for.

    Addresses are those that AWS gave to an account: elastic IPs, NAT gateways, network interfaces (EC2 API reference).
    """
    configuration = revision.configuration
    match kind:
        case "bucket":
            yield revision.name or revision.id
        case "userid":
            yield from _strings(configuration, "UserId", "RoleId")
            if revision.resource.uid:
                yield revision.resource.uid
        case "address":
            yield from _strings(configuration, "PublicIp")
            for address in configuration.get("NatGatewayAddresses") or ():
                yield from _strings(address, "PublicIp")
            association = configuration.get("Association")
            if isinstance(association, Mapping):
                yield from _strings(association, "PublicIp")
        case _:
            yield revision.id


class MemoryInventory:
    """Look-ups over revisions that are handed in. Deleted resources are left out: what is gone is not ours any more."""

    def __init__(self, revisions: Iterable[Revision], gaps: Iterable[Scope] = ()) -> None:
        self._revisions = tuple(r for r in revisions if r.resource.present)
        self._gaps = tuple(gaps)

    @property
    def everything(self) -> Sequence[Revision]:
        return self._revisions

    def resources(self, type: str, account: str | None, region: str | None) -> Sequence[Revision]:
        return [r for r in self._by_type.get(type, ()) if _within(r.account, account) and lives_in(r, region)]

    def by_arn(self, arn: str) -> Revision | None:
        return self._by_arn.get(arn)

    def referring_to(self, token: str, type: str | None) -> Sequence[Revision]:
        return [r for r in self._by_token.get(token, ()) if type is None or r.type == type]

    def owner_of(self, kind: str, identifier: str) -> str | None:
        return self._owners(kind).get(identifier)

    def gaps(self, type: str, account: str | None, region: str | None) -> Sequence[Scope]:
        wanted = (region, GLOBAL)
        return [
            gap
            for gap in self._gaps
            if gap.type == type and _within(gap.account, account) and (region is None or gap.region in wanted)
        ]

    @cached_property
    def _by_type(self) -> Mapping[str, Sequence[Revision]]:
        found: dict[str, list[Revision]] = defaultdict(list)
        for revision in self._revisions:
            found[revision.type].append(revision)
        return found

    @cached_property
    def _by_arn(self) -> Mapping[str, Revision]:
        return {r.arn: r for r in self._revisions if r.arn}

    @cached_property
    def _by_token(self) -> Mapping[str, Sequence[Revision]]:
        found: dict[str, list[Revision]] = defaultdict(list)
        for revision in self._revisions:
            own = {t for t in (revision.id, revision.arn, revision.name, revision.resource.uid) if t}
            for token in own.union(tokens(revision.configuration)):
                found[token].append(revision)
        return found

    def _owners(self, kind: str) -> Mapping[str, str]:
        if kind not in self._owner_index:
            self._owner_index[kind] = {
                identifier: revision.account
                for type_ in OWNING_TYPES.get(kind, ())
                for revision in self._by_type.get(type_, ())
                for identifier in owned_identifiers(kind, revision)
            }
        return self._owner_index[kind]

    @cached_property
    def _owner_index(self) -> dict[str, Mapping[str, str]]:
        return {}


def tokens(value: Any) -> Iterator[str]:
    """Every string value in a configuration (keys are not references)."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from tokens(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from tokens(inner)


def _within(actual: str, wanted: str | None) -> bool:
    return wanted is None or actual == wanted


def lives_in(revision: Revision, region: str | None) -> bool:
    """In that region; what is global is in every region."""
    return region is None or region in (revision.region, revision.resource.scope.region) or revision.region == GLOBAL


def _strings(values: Any, *keys: str) -> Iterator[str]:
    for key in keys:
        value = values.get(key) if isinstance(values, Mapping) else None
        if isinstance(value, str) and value:
            yield value
