"""The recorded network, and finding one's way in it. What is not recorded is said to be unknown, never taken to be
none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar

from vigie.model.change import Revision
from vigie.model.scope import Scope

INSTANCE: Final = "AWS::EC2::Instance"
INTERFACE: Final = "AWS::EC2::NetworkInterface"
SUBNET: Final = "AWS::EC2::Subnet"
ROUTE_TABLE: Final = "AWS::EC2::RouteTable"
GATEWAY: Final = "AWS::EC2::InternetGateway"
ACL: Final = "AWS::EC2::NetworkAcl"
GROUP: Final = "AWS::EC2::SecurityGroup"
PREFIX_LIST: Final = "AWS::EC2::PrefixList"
AWS_PREFIX_LIST: Final = "AWS::EC2::AWSManagedPrefixList"
BLOCK: Final = "AWS::EC2::VPCBlockPublicAccessOptions"
EXCLUSION: Final = "AWS::EC2::VPCBlockPublicAccessExclusion"
BALANCER: Final = "AWS::ElasticLoadBalancingV2::LoadBalancer"
LISTENER: Final = "AWS::ElasticLoadBalancingV2::Listener"
TARGET_GROUP: Final = "AWS::ElasticLoadBalancingV2::TargetGroup"
CLASSIC: Final = "AWS::ElasticLoadBalancing::LoadBalancer"
DATABASE: Final = "AWS::RDS::DBInstance"
CLUSTER: Final = "AWS::RDS::DBCluster"
FUNCTION: Final = "AWS::Lambda::Function"
WAREHOUSE: Final = "AWS::Redshift::Cluster"
KUBERNETES: Final = "AWS::EKS::Cluster"
SEARCH: Final = "AWS::OpenSearchService::Domain"
KAFKA: Final = "AWS::MSK::Cluster"
REST_API: Final = "AWS::ApiGateway::RestApi"
HTTP_API: Final = "AWS::ApiGatewayV2::Api"

NETWORK_TYPES: Final = (
    INSTANCE, INTERFACE, SUBNET, ROUTE_TABLE, GATEWAY, ACL, GROUP, PREFIX_LIST, AWS_PREFIX_LIST, BLOCK, EXCLUSION,
    BALANCER, LISTENER, TARGET_GROUP, CLASSIC, DATABASE,
)  # fmt: skip
"""All types that an answer may rest on, besides the resource it speaks of: what rules depend on."""

T = TypeVar("T")


class Recorded(Protocol):
    """What is recorded now (vigie.rules.estate.Inventory has these)."""

    def resources(self, type: str, account: str | None, region: str | None) -> Sequence[Revision]: ...

    def referring_to(self, token: str, type: str | None) -> Sequence[Revision]: ...

    def gaps(self, type: str, account: str | None, region: str | None) -> Sequence[Scope]: ...


class Unread(Exception):  # noqa: N818 - it is an answer, not an error of the program
    """What is needed could not be read: the answer is unknown, for this reason."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to look: an account and a region."""

    account: str
    region: str


def place_of(revision: Revision) -> Place:
    return Place(revision.account, revision.region)


@dataclass
class Network:
    """Look-ups over the recorded network, each made once. For a batch; not to be kept longer."""

    recorded: Recorded
    _kept: dict[tuple[Any, ...], Any] = field(default_factory=dict, repr=False)

    def kept(self, key: tuple[Any, ...], make: Callable[[], T]) -> T:
        """What was made for this key, made at the first time."""
        if key not in self._kept:
            self._kept[key] = make()
        found: T = self._kept[key]
        return found

    def all(self, type: str, place: Place) -> Sequence[Revision]:
        """What is recorded of a type; some may be missing (see ``gap``)."""
        return self.kept(("all", type, place), lambda: self.recorded.resources(type, place.account, place.region))

    def gap(self, type: str, place: Place) -> str:
        """Why some of a type may be missing; empty where all of it was seen."""

        def look() -> str:
            return f"{type} was not seen whole in {place.account}/{place.region}"

        return (
            look()
            if self.kept(("gap", type, place), lambda: self.recorded.gaps(type, place.account, place.region))
            else ""
        )

    def find(self, type: str, id: str, place: Place) -> Revision:
        """The resource of this id: in the account, or shared with it by another.

        Raises:
            Unread: it is not recorded. Something names it, so it exists.
        """
        known = self.kept(("ids", type, place), lambda: {row.id: row for row in self.all(type, place)})
        if id in known:
            return known[id]
        found = self.kept(
            ("elsewhere", type, id), lambda: [r for r in self.recorded.referring_to(id, type) if r.id == id]
        )
        if found:
            return found[0]
        raise Unread(f"{id} is not recorded ({type})")

    def index(
        self, type: str, place: Place, name: str, keys: Callable[[Revision], Iterable[str]]
    ) -> Mapping[str, Sequence[Revision]]:
        """What is recorded of a type by some keys of each."""

        def make() -> Mapping[str, Sequence[Revision]]:
            found: dict[str, list[Revision]] = defaultdict(list)
            for row in self.all(type, place):
                for key in dict.fromkeys(keys(row)):
                    found[key].append(row)
            return found

        return self.kept(("index", type, place, name), make)


def part(revision: Revision, key: str) -> Any:
    """A top-level part of a configuration; None where it has none.

    Raises:
        Unread: it could not be read, and no earlier value is known.
    """
    if key in revision.unreadable and key not in set(revision.configuration):
        problem = revision.unreadable[key]
        raise Unread(f"{key} of {revision.id} could not be read ({problem.operation}: {problem.code})")
    return revision.configuration.get(key)


def rows(value: Any) -> list[Mapping[str, Any]]:
    """The mappings of a list, whatever it is."""
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list | tuple) else []


def text(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    return value if isinstance(value, str) else ""


def number(row: Mapping[str, Any], key: str) -> int | None:
    value = row.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
