"""What security group rules let through."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie.rules.ec2._openings import Opening, is_private, is_world, openings, services, world_openings


def permission(protocol: str = "tcp", first: int | None = 22, last: int | None = 22, *cidrs: str) -> dict[str, Any]:
    four = [{"CidrIp": c} for c in cidrs if ":" not in c]
    six = [{"CidrIpv6": c} for c in cidrs if ":" in c]
    ports = {} if first is None else {"FromPort": first, "ToPort": last}
    return {"IpProtocol": protocol, **ports, "IpRanges": four, "Ipv6Ranges": six}


@pytest.mark.parametrize(
    ("cidr", "expected"),
    [
        ("0.0.0.0/0", True),
        ("::/0", True),
        ("0.0.0.0/1", True),
        ("128.0.0.0/1", True),
        ("2000::/3", True),
        ("10.0.0.0/8", False),
        ("fc00::/7", False),
        ("203.0.113.0/24", False),
        ("12.0.0.0/8", False),
        ("2001:db8::/32", False),
        ("not a network", False),
    ],
)
def test_the_internet_is_known_also_in_pieces(cidr: str, expected: bool) -> None:
    assert is_world(cidr) is expected


@given(st.integers(0, 2**32 - 1), st.integers(0, 32))
def test_no_network_is_both_private_and_the_internet(address: int, length: int) -> None:
    cidr = str(ipaddress.ip_network((address, length), strict=False))
    assert not (is_private(cidr) and is_world(cidr))


def test_networks_of_one_range_of_ports_are_one_opening_in_any_order() -> None:
    one = openings([permission("tcp", 22, 22, "0.0.0.0/0"), permission("tcp", 22, 22, "::/0")])
    other = openings([permission("tcp", 22, 22, "::/0", "0.0.0.0/0")])
    assert one == other == [Opening("tcp", 22, 22, ("0.0.0.0/0", "::/0"))]


def test_a_rule_for_groups_only_opens_nothing_to_networks() -> None:
    assert openings([{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg-1"}]}]) == []


@pytest.mark.parametrize(
    ("given_permission", "subject", "everything"),
    [
        (permission("-1", None, None, "0.0.0.0/0"), "all", True),
        (permission("tcp", 0, 65535, "0.0.0.0/0"), "tcp/0-65535", True),
        (permission("tcp", 1, 65535, "0.0.0.0/0"), "tcp/1-65535", True),
        (permission("6", 22, 22, "0.0.0.0/0"), "tcp/22", False),
        (permission("udp", -1, -1, "0.0.0.0/0"), "udp/0-65535", True),
        (permission("icmp", -1, -1, "0.0.0.0/0"), "icmp", False),
        (permission("50", None, None, "0.0.0.0/0"), "50", False),
    ],
)
def test_protocols_and_ports_in_every_spelling(
    given_permission: dict[str, Any], subject: str, everything: bool
) -> None:
    (opening,) = world_openings([given_permission])
    assert str(opening) == subject
    assert opening.everything is everything


def test_services_are_found_inside_ranges_and_by_protocol() -> None:
    assert services("administration", Opening("tcp", 3000, 4000, ())) == ["rdp (tcp/3389)"]
    assert services("administration", Opening("udp", 22, 22, ())) == []
    assert len(services("store", Opening("-1", 0, 65535, ()))) > 10
