"""What a change of one resource did to the reach of all: which it can concern, and the comparison for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from vigie.access.reach.answer import Reach
from vigie.access.reach.asking import REACHED_TYPES, reach
from vigie.access.reach.balancers import private_addresses
from vigie.access.reach.comparing import compare
from vigie.access.reach.recorded import (
    ACL,
    AWS_PREFIX_LIST,
    BALANCER,
    BLOCK,
    CLUSTER,
    EXCLUSION,
    FUNCTION,
    GATEWAY,
    GROUP,
    INSTANCE,
    INTERFACE,
    LISTENER,
    NETWORK_TYPES,
    PREFIX_LIST,
    ROUTE_TABLE,
    SUBNET,
    TARGET_GROUP,
    Network,
    Place,
    Recorded,
    Unread,
    place_of,
    rows,
    text,
)
from vigie.model.change import Revision
from vigie.model.scope import Scope
from vigie.model.verdict import ChangeVerdict, Direction, Shift, direction_of

CONCERNING: Final = frozenset({*NETWORK_TYPES, *REACHED_TYPES})
"""The types of which a change can concern the reach of something."""
MOST: Final = 2_000
"""So many resources are compared for one change; where it concerns more, the rest is said to be undecided."""
_WHOLE_REGION: Final = frozenset({PREFIX_LIST, AWS_PREFIX_LIST, BLOCK, EXCLUSION})
_Key = tuple[str, str, str]


def judge_change(recorded: Recorded, before: Revision | None, after: Revision | None) -> ChangeVerdict:
    """What the change of one resource from ``before`` to ``after`` did to what of the internet gets in, anywhere.

    ``recorded`` is everything else, as it is recorded now. None: the resource was not there, or is gone. Every resource
    that the change can concern is compared: an opened group on forty machines is told of each. Never raises.
    """
    changed = after or before
    if changed is None or changed.type not in CONCERNING:
        return ChangeVerdict(Direction.NEUTRAL)
    then, now = (Network(_Laid(recorded, changed, state)) for state in (_present(before), _present(after)))
    old, new = _concerned(then, before, changed), _concerned(now, after, changed)
    keys = _told_once({**old, **new})
    verdicts = [compare(_answer(key, old, then), _answer(key, new, now)) for key in keys[:MOST]]
    return _together(verdicts, len(keys) - MOST)


def _present(revision: Revision | None) -> Revision | None:
    return revision if revision is not None and revision.resource.present else None


def _concerned(network: Network, state: Revision | None, changed: Revision) -> dict[_Key, Revision]:
    """Those that the change concerns on one side of it; itself only where it was there."""
    found = {_key(revision): revision for revision in affected(network, state or changed)}
    if _present(state) is None:
        found.pop(_key(changed), None)
    return found


def _told_once(concerned: Mapping[_Key, Revision]) -> list[_Key]:
    """Without the interfaces of instances that are told of themselves."""
    told = []
    for key, revision in concerned.items():
        attachment = revision.configuration.get("Attachment") if revision.type == INTERFACE else None
        instance = text(attachment, "InstanceId") if isinstance(attachment, Mapping) else ""
        if (INSTANCE, instance, revision.account) not in concerned:
            told.append(key)
    return told


def _answer(key: _Key, concerned: Mapping[_Key, Revision], network: Network) -> Reach | None:
    """The reach of a resource; where this side does not count it among those concerned, it is looked up."""
    type_, id_, account = key
    if key in concerned:
        return reach(concerned[key], network)
    found = [r for r in network.recorded.resources(type_, account, None) if r.id == id_]
    return reach(found[0], network) if found else None


def _key(revision: Revision) -> _Key:
    return revision.type, revision.id, revision.account


def _together(verdicts: Sequence[ChangeVerdict], left_out: int) -> ChangeVerdict:
    gained = _unique(shift for verdict in verdicts for shift in verdict.gained)
    lost = _unique(shift for verdict in verdicts for shift in verdict.lost)
    problems = tuple(dict.fromkeys(problem for verdict in verdicts for problem in verdict.problems))
    if left_out > 0:
        problems = (*problems, f"{left_out} more resources that it may concern were not compared")
    direction = direction_of(gained=bool(gained), lost=bool(lost), undecided=bool(problems))
    return ChangeVerdict(direction, gained, lost, problems)


def _unique(shifts: Iterable[Shift]) -> tuple[Shift, ...]:
    found: dict[str, Shift] = {}
    for shift in shifts:
        found.setdefault(shift.words, shift)
    return tuple(found.values())


# Which resources a change can concern


def affected(network: Network, changed: Revision) -> Iterator[Revision]:
    """The recorded resources whose reach may rest on this one, itself among them. Rather too many than too few."""
    found = {_key(revision): revision for revision in _first(network, changed)}
    # what a balancer hands on to is reached through it, and a balancer without groups is as open as its targets
    for revision in list(found.values()):
        for other in _beside(network, revision):
            found.setdefault(_key(other), other)
    yield from found.values()


def _first(network: Network, changed: Revision) -> Iterator[Revision]:
    place = place_of(changed)
    if changed.type in _WHOLE_REGION:
        yield from _everything(network, place)
    elif changed.type == GROUP:
        for type_ in REACHED_TYPES:
            yield from (r for r in network.recorded.referring_to(changed.id, type_) if r.type == type_)
    elif changed.type in (SUBNET, ROUTE_TABLE, ACL, GATEWAY):
        vpcs = set(_vpcs(changed))
        yield from (r for r in _everything(network, place) if vpcs & set(_vpcs(r)))
    elif changed.type == LISTENER:
        yield from (r for r in network.all(BALANCER, place) if r.id == changed.configuration.get("LoadBalancerArn"))
    elif changed.type == TARGET_GROUP:
        yield from _targets(network, changed, place)
        yield from _named_in(network, changed.configuration.get("LoadBalancerArns"), place)
    elif changed.resource.present:
        yield changed


def _everything(network: Network, place: Place) -> Iterator[Revision]:
    for type_ in REACHED_TYPES:
        yield from network.all(type_, place)


def _vpcs(revision: Revision) -> Iterator[str]:
    """The VPCs that a resource is in."""
    content = revision.configuration
    match revision.type:
        case "AWS::EC2::InternetGateway":
            yield from (text(row, "VpcId") for row in rows(content.get("Attachments")))
        case "AWS::ElasticLoadBalancing::LoadBalancer":
            yield text(content, "VPCId")
        case "AWS::RDS::DBInstance":
            group = content.get("DBSubnetGroup")
            yield text(group, "VpcId") if isinstance(group, Mapping) else ""
        case "AWS::RDS::DBCluster" | "AWS::Lambda::Function":
            return  # reached through their members and their balancers
        case _:
            yield text(content, "VpcId")


def _beside(network: Network, revision: Revision) -> Iterator[Revision]:
    """What is reached through it, and what it is reached through."""
    place = place_of(revision)
    match revision.type:
        case "AWS::ElasticLoadBalancingV2::LoadBalancer":
            for group in network.all(TARGET_GROUP, place):
                if revision.id in (group.configuration.get("LoadBalancerArns") or ()):
                    yield from _targets(network, group, place)
        case "AWS::ElasticLoadBalancing::LoadBalancer":
            ids = {text(row, "InstanceId") for row in rows(revision.configuration.get("Instances"))}
            yield from (r for r in network.all(INSTANCE, place) if r.id in ids)
        case "AWS::EC2::Instance":
            yield from _balancers_of(network, (revision.id,), place)
        case "AWS::EC2::NetworkInterface":
            yield from _owner_of(network, revision, place)
        case "AWS::RDS::DBInstance":
            for cluster in network.all(CLUSTER, place):
                members = rows(cluster.configuration.get("DBClusterMembers"))
                if revision.name in {text(row, "DBInstanceIdentifier") for row in members}:
                    yield cluster


def _owner_of(network: Network, interface: Revision, place: Place) -> Iterator[Revision]:
    attachment = interface.configuration.get("Attachment")
    instance = text(attachment, "InstanceId") if isinstance(attachment, Mapping) else ""
    yield from (r for r in network.all(INSTANCE, place) if r.id == instance)
    try:
        own = private_addresses(interface)
    except Unread:
        own = []
    yield from _balancers_of(network, (instance, *own), place)


def _balancers_of(network: Network, targets: Iterable[str], place: Place) -> Iterator[Revision]:
    wanted = {target for target in targets if target}
    for group in network.all(TARGET_GROUP, place):
        if wanted & {text(row, "Id") for row in rows(group.configuration.get("Targets"))}:
            yield from _named_in(network, group.configuration.get("LoadBalancerArns"), place)


def _named_in(network: Network, arns: Any, place: Place) -> Iterator[Revision]:
    wanted = set(arns) if isinstance(arns, list | tuple) else set()
    yield from (r for r in network.all(BALANCER, place) if r.id in wanted)


def _targets(network: Network, group: Revision, place: Place) -> Iterator[Revision]:
    ids = {text(row, "Id") for row in rows(group.configuration.get("Targets"))}
    for type_ in (INSTANCE, FUNCTION, BALANCER):
        yield from (r for r in network.all(type_, place) if r.id in ids or r.arn in ids)
    for interface in network.all(INTERFACE, place):
        try:
            if ids & set(private_addresses(interface)):
                yield interface
                yield from _owner_of(network, interface, place)
        except Unread:
            continue


# One resource laid over what is recorded


@dataclass(frozen=True)
class _Laid:
    """What is recorded, with one resource as it was (or is), or without it."""

    base: Recorded
    changed: Revision
    state: Revision | None

    def resources(self, type: str, account: str | None, region: str | None) -> Sequence[Revision]:
        found = self.base.resources(type, account, region)
        if type != self.changed.type:
            return found
        kept = [r for r in found if _key(r) != _key(self.changed)]
        return [*kept, *self._state(account, region)]

    def _state(self, account: str | None, region: str | None) -> Iterator[Revision]:
        if self.state is not None and account in (None, self.state.account) and region in (None, self.state.region):
            yield self.state

    def referring_to(self, token: str, type: str | None) -> Sequence[Revision]:
        kept = [r for r in self.base.referring_to(token, type) if _key(r) != _key(self.changed)]
        state = self.state
        if (
            state is not None
            and type in (None, state.type)
            and (token in (state.id, state.arn) or _names(state.configuration, token))
        ):
            kept.append(state)
        return kept

    def gaps(self, type: str, account: str | None, region: str | None) -> Sequence[Scope]:
        return self.base.gaps(type, account, region)


def _names(value: Any, token: str) -> bool:
    if isinstance(value, Mapping):
        return any(_names(inner, token) for inner in value.values())
    if isinstance(value, list | tuple):
        return any(_names(inner, token) for inner in value)
    return bool(value == token)


__all__ = ["CONCERNING", "MOST", "affected", "judge_change"]
