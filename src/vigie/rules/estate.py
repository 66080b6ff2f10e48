"""The estate: all that a rule may look at besides the revision it judges. Pure: everything is handed in."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Final, overload

from vigie.access import Access, Facts, Grant, GrantClass
from vigie.access.reach import Network as RecordedNetwork
from vigie.access.reach import Reach
from vigie.access.reach import reach as judge_reach
from vigie.access.remembering import REMEMBERED
from vigie.model.account import Account, Network, Relation
from vigie.model.change import Revision
from vigie.model.scope import GLOBAL, Scope
from vigie.rules.declare import CannotTell
from vigie.rules.looking import Inventory
from vigie.rules.power import Power, Powers
from vigie.rules.readable import readable

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network

ACCOUNT_BLOCK: Final = "AWS::S3::AccountPublicAccessBlock"
BLOCKED: Final = ("AWS::S3::", "AWS::S3ObjectLambda::")
"""Types for which the account's block of public access counts begin so."""


@dataclass(frozen=True)
class Estate:
    """Accounts, organisation, networks and look-ups across resources, at one time."""

    now: datetime
    inventory: Inventory
    accounts: Mapping[str, Account] = field(default_factory=dict)
    organization_id: str | None = None
    networks: Sequence[Network] = ()
    _accesses: dict[tuple[Scope, str, int], Access] = field(default_factory=dict, repr=False, compare=False)
    _facts: dict[str, Facts] = field(default_factory=dict, repr=False, compare=False)
    _reaches: dict[tuple[Scope, str, int], Reach] = field(default_factory=dict, repr=False, compare=False)
    _powers: list[Powers] = field(default_factory=list, repr=False, compare=False)

    # Who is who

    def relation(self, account: str) -> Relation:
        known = self.accounts.get(account)
        return known.relation if known else Relation.UNKNOWN

    def account(self, account: str) -> Account | None:
        """What is known of an account; None where it is unknown."""
        return self.accounts.get(account)

    def owner_of(self, kind: str, identifier: str) -> str | None:
        """The account that owns a ``bucket``, ``userid``, ``vpc``, ``vpce``, ``address`` or ``security_group`` now."""
        return self.inventory.owner_of(kind, identifier)

    def network_of(self, cidr: str) -> Network | None:
        """The known network that holds the whole of this address or CIDR; None where there is none (or it is no
        CIDR).
        """
        inner = _network(cidr)
        if inner is None:
            return None
        return next((known for known in self.networks if _holds(_network(known.cidr), inner)), None)

    # Who may

    def access(self, revision: Revision) -> Access:
        """Who outside can reach this resource, by all its sharing mechanisms (see vigie.access).

        Where a part of it could not be read or decided, its lists of grants raise :class:`CannotTell` after the
        grants that are
        certain: what is found stands, and finding nothing is not a pass.
        """
        key = (revision.resource.scope, revision.id, revision.number)
        if key not in self._accesses:
            self._accesses[key] = self._judge_access(revision)
        return self._accesses[key]

    def facts(self, revision: Revision) -> Facts:
        """What the access analysis of this resource is told of the world."""
        return self._facts_for(revision)

    def power(self, revision: Revision) -> Power:
        """What this user, role or group may do in the end, and what it can become (see vigie.access.power).

        Worked out when it is asked for, and kept. Where a part of it could not be read, its ``problems`` say so.
        """
        return self.powers.of(revision)

    @property
    def powers(self) -> Powers:
        """The power of every principal that is recorded."""
        if not self._powers:
            self._powers.append(Powers(self.inventory))
        return self._powers[0]

    def _judge_access(self, revision: Revision) -> Access:
        judged = REMEMBERED.judge(
            revision.type,
            dict(revision.configuration),
            account=revision.account,
            facts=self._facts_for(revision),
            arn=revision.arn,
            unread={key: f"{p.operation}: {p.code}" for key, p in revision.unreadable.items()},
        )
        return PartlyKnown(judged.grants, judged.problems, judged.notes) if judged.problems else judged

    # What gets in

    def reach(self, revision: Revision) -> Reach:
        """What of the internet gets a packet in to this resource, along the recorded network (see vigie.access.reach).

        Never raises: what could not be read is in ``unknowns``, and ``reachable`` is None where it decides.
        """
        key = (revision.resource.scope, revision.id, revision.number)
        if key not in self._reaches:
            self._reaches[key] = judge_reach(revision, self.network)
        return self._reaches[key]

    @cached_property
    def network(self) -> RecordedNetwork:
        """The recorded network, with the look-ups of this batch made once."""
        return RecordedNetwork(self.inventory)

    # Look-ups

    def resources(
        self, type: str, *, account: str | None = None, region: str | None = None, whole: bool = True
    ) -> Sequence[Revision]:
        """Present resources of a type. With ``whole`` (the default), only where every scope asked about was seen
        whole.

        Raises:
            CannotTell: ``whole``, and some of it could not be looked at: absence is not known.
        """
        if whole:
            self._refuse_gaps(type, account, region)
        return [readable(r) for r in self.inventory.resources(type, account, region)]

    def setting(self, type: str, account: str, region: str | None = None) -> Revision:
        """The one resource of a type that is a setting of an account (and region).

        Raises:
            CannotTell: it was not (yet) read.
        """
        found = self.resources(type, account=account, region=region)
        if not found:
            raise CannotTell(f"{type} of account {account} was not read")
        return found[0]

    def by_arn(self, arn: str) -> Revision | None:
        """The present resource with this ARN, where it is recorded (None says nothing about the world outside)."""
        found = self.inventory.by_arn(arn)
        return readable(found) if found else None

    def referring_to(self, token: str, type: str | None = None, *, whole: bool = True) -> Sequence[Revision]:
        """Present resources that name this id or ARN, the one that bears it included (of one type, when given).

        Raises:
            CannotTell: ``whole`` and a ``type`` is given, and some scope of that type was not seen whole.
        """
        if whole and type is not None:
            self._refuse_gaps(type, None, None)
        return [readable(r) for r in self.inventory.referring_to(token, type)]

    def _refuse_gaps(self, type: str, account: str | None, region: str | None) -> None:
        gaps = self.inventory.gaps(type, account, region)
        if gaps:
            more = f" and {len(gaps) - 1} more" if len(gaps) > 1 else ""
            raise CannotTell(f"{type} was not seen whole in {gaps[0].account}/{gaps[0].region}{more}")

    def _facts_for(self, revision: Revision) -> Facts:
        kind = "s3" if revision.type.startswith(BLOCKED) else ""
        key = f"{revision.account}/{kind}"
        if key not in self._facts:
            self._facts[key] = self._make_facts(revision.account, with_block=bool(kind))
        return self._facts[key]

    def _make_facts(self, account: str, *, with_block: bool) -> Facts:
        settings: dict[str, object] = {}
        unread: dict[str, str] = {}
        if with_block:
            try:
                settings["PublicAccessBlock"] = dict(self.setting(ACCOUNT_BLOCK, account).configuration)
            except CannotTell as reason:
                unread["PublicAccessBlock"] = str(reason)
        return Facts(
            own_accounts=self._related(Relation.OWN),
            third_party_accounts=self._related(Relation.THIRD_PARTY),
            organization_id=self.organization_id,
            known_networks=tuple(network.cidr for network in self.networks),
            account_settings=settings,
            unread_settings=unread,
            canonical_ids={c: a.id for a in self.accounts.values() for c in a.canonical_ids},
            owners=_Owners(self.inventory),
        )

    def _related(self, relation: Relation) -> frozenset[str]:
        return frozenset(a.id for a in self.accounts.values() if a.relation is relation)


class PartlyKnown(Access):
    """An access of which something could not be read or decided."""

    def public(self) -> Sequence[Grant]:
        return _Incomplete(super().public(), self.problems)

    def cross_account(self, relation: Relation | None = None) -> Sequence[Grant]:
        return _Incomplete(super().cross_account(relation), self.problems)

    def of(self, kind: GrantClass) -> Sequence[Grant]:
        return _Incomplete(super().of(kind), self.problems)


class _Incomplete(Sequence[Grant]):
    """Grants that are certain; asking for the end of the list raises :class:`CannotTell`."""

    def __init__(self, grants: Sequence[Grant], problems: Sequence[str]) -> None:
        self._grants = grants
        self._problems = problems

    def __iter__(self) -> Iterator[Grant]:
        yield from self._grants
        raise CannotTell("; ".join(self._problems))

    def __bool__(self) -> bool:
        if not self._grants:
            raise CannotTell("; ".join(self._problems))
        return True

    def __len__(self) -> int:
        raise CannotTell("; ".join(self._problems))

    @overload
    def __getitem__(self, index: int) -> Grant: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Grant]: ...
    def __getitem__(self, index: int | slice) -> Grant | Sequence[Grant]:
        return self._grants[index]


class _Owners(Mapping[str, str]):
    """Identifier → account that owns it now, asked of the inventory one by one: nobody needs the list of all
    addresses.
    """

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory

    def __getitem__(self, identifier: str) -> str:
        owner = self._inventory.owner_of(kind_of(identifier), identifier)
        if owner is None:
            raise KeyError(identifier)
        return owner

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def kind_of(identifier: str) -> str:
    """What kind of identifier it looks like (prefixes: IAM user guide, "Unique identifiers"; EC2 resource ids)."""
    for prefix, kind in (("vpce-", "vpce"), ("vpc-", "vpc"), ("sg-", "security_group")):
        if identifier.startswith(prefix):
            return kind
    if identifier.startswith(("AIDA", "AROA")):
        return "userid"
    return "address" if _network(identifier) is not None else "bucket"


def _holds(outer: _Network | None, inner: _Network) -> bool:
    if isinstance(outer, ipaddress.IPv4Network) and isinstance(inner, ipaddress.IPv4Network):
        return inner.subnet_of(outer)
    if isinstance(outer, ipaddress.IPv6Network) and isinstance(inner, ipaddress.IPv6Network):
        return inner.subnet_of(outer)
    return False


def _network(cidr: str) -> _Network | None:
    try:
        return ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return None


__all__ = ["ACCOUNT_BLOCK", "GLOBAL", "Estate", "Inventory", "kind_of"]
