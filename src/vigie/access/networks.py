"""Where requests come from: the internet, VPC endpoints of strangers, and the networks that a policy names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from vigie.access.constraints import ABSENT, Constraint, among, equal, none_of
from vigie.access.mentions import Mentions
from vigie.access.patterns import STAR, WITH_A_STAR, arn_glob, glob
from vigie.access.requesters import Bounds
from vigie.access.spans import Line, Spans, network_run, united
from vigie.access.texts import Texts

KEYS: Final = frozenset(
    {
        "aws:sourceip", "aws:sourcevpc", "aws:sourcevpce", "aws:sourcevpcarn", "aws:vpceaccount", "aws:vpceorgid",
        "aws:vpceorgpaths", "elasticfilesystem:accessedviamounttarget", "elasticfilesystem:accesspointarn",
    }
)  # fmt: skip
ENDPOINTS_OF: Final = "VPC endpoints of "
_OF_FILE_SYSTEMS: Final = frozenset(key for key in KEYS if key.startswith("elasticfilesystem:"))
_OF_ENDPOINTS: Final = tuple(sorted(KEYS - {"aws:sourceip"} - _OF_FILE_SYSTEMS))


_NOT_MOUNTED: Final[Mapping[str, tuple[Constraint, ...]]] = {
    "elasticfilesystem:accessedviamounttarget": (Constraint(True, Texts(("false",))),),
    "elasticfilesystem:accesspointarn": (ABSENT,),
}
"""A mount target is in a VPC of the owner, an access point is the owner's: "Blocking public access to file systems"
(Amazon EFS user guide) takes neither for public.
"""


@dataclass(frozen=True, slots=True)
class NetworkClass:
    """A network: ``name`` is empty for those that anybody can use."""

    bounds: Bounds
    name: str = ""


def open_networks(mentions: Mentions, stranger: str) -> list[NetworkClass]:
    """The internet outside every narrow network that is named, and an endpoint in a VPC of a stranger."""
    if not mentions.keys & KEYS:
        return [NetworkClass({})]
    narrow = united(Line.ADDRESS, [run for a in mentions.addresses if (run := network_run(a)) is not None])
    internet: dict[str, tuple[Constraint, ...]] = dict.fromkeys(_OF_ENDPOINTS, (ABSENT,))
    internet["aws:sourceip"] = (Constraint(False, narrow.others(), every=True),)
    internet |= _NOT_MOUNTED
    foreign: dict[str, tuple[Constraint, ...]] = {
        "aws:sourceip": (ABSENT,),
        "aws:sourcevpc": (among(("vpc-" + STAR,)), none_of((WITH_A_STAR, *mentions.vpcs))),
        "aws:sourcevpce": (among(("vpce-" + STAR,)), none_of((WITH_A_STAR, *mentions.endpoints))),
        "aws:sourcevpcarn": (among((f"arn:aws:ec2:{STAR}:{stranger}:vpc/{STAR}",)),),
        "aws:vpceaccount": (equal(stranger),),
        "aws:vpceorgid": (ABSENT,),
        "aws:vpceorgpaths": (ABSENT,),
        **_NOT_MOUNTED,
    }
    return [NetworkClass(internet), NetworkClass(foreign)]


def named_networks(mentions: Mentions) -> Iterator[NetworkClass]:
    """Each network that the policy names, alone. A request has an address or comes through an endpoint, never both."""
    for address in mentions.addresses:
        run = network_run(address)
        if run is not None:
            inside = Constraint(False, Spans(Line.ADDRESS, (run,)), every=True)
            yield NetworkClass({**dict.fromkeys(_OF_ENDPOINTS, (ABSENT,)), "aws:sourceip": (inside,)}, address)
    if _OF_FILE_SYSTEMS & mentions.keys:
        mounted: dict[str, tuple[Constraint, ...]] = {"elasticfilesystem:accessedviamounttarget": (equal("true"),)}
        yield NetworkClass(mounted, "mount targets")
    for key, constraint, name in _through_endpoints(mentions):
        yield NetworkClass({"aws:sourceip": (ABSENT,), key: (constraint,)}, name)


def _through_endpoints(mentions: Mentions) -> Iterator[tuple[str, Constraint, str]]:
    for endpoint in mentions.endpoints:
        yield "aws:sourcevpce", equal(endpoint), endpoint
    for vpc in mentions.vpcs:
        yield "aws:sourcevpc", equal(vpc), vpc
    for arn in mentions.vpc_arns:
        yield "aws:sourcevpcarn", among((arn_glob(glob(arn)),)), arn
    for account in mentions.endpoint_accounts:
        yield "aws:vpceaccount", equal(account), f"{ENDPOINTS_OF}{account}"
    for organization in mentions.endpoint_organizations:
        yield "aws:vpceorgid", equal(organization), f"{ENDPOINTS_OF}{organization}"
