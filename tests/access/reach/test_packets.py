"""Random networks and random packets: what the boxes say is what a packet-by-packet evaluation comes to."""

from __future__ import annotations

import ipaddress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from networks import Recording, recording
from packets import Sent, conversation
from vigie.access.reach import Network, compare, judge_change, reach
from vigie.access.reach.boxes import NUMBERS, Boxes
from vigie.access.spans import network_run
from vigie.model.verdict import Direction

# few values, so that they meet: neighbours, halves, nested networks
V4 = st.sampled_from(["0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "8.0.0.0/7", "9.0.0.0/8", "10.0.0.0/8", "203.0.113.0/24",
                      "203.0.113.128/25", "203.0.113.7/32", "192.0.0.0/3"])  # fmt: skip
V6 = st.sampled_from(["::/0", "2001:db8::/32", "2001:db8:1::/48", "8000::/1", "2000::/3"])
SOURCES = st.sampled_from(["9.9.9.9", "8.1.1.1", "10.1.1.1", "203.0.113.7", "203.0.113.200", "203.0.113.1",
                           "198.18.0.1", "2001:db8::1", "2001:db8:1::1", "2600::1", "fd00::1"])  # fmt: skip
PORTS = st.sampled_from([0, 1, 22, 23, 80, 443, 1023, 1024, 3306, 50000, 65535])
PROTOCOLS = st.sampled_from(["tcp", "udp"])
Drawn = Any


@st.composite
def port_ranges(draw: Drawn) -> tuple[int, int]:
    first, last = sorted((draw(PORTS), draw(PORTS)))
    return first, last


@st.composite
def rules(draw: Drawn) -> dict[str, Any]:
    first, last = draw(port_ranges())
    said = draw(st.sampled_from(["-1", "tcp", "udp", "6", "17"]))
    rule: dict[str, Any] = {"IpProtocol": said}
    if said != "-1":
        rule |= {"FromPort": first, "ToPort": last}
    rule["IpRanges"] = [{"CidrIp": c} for c in draw(st.lists(V4, max_size=3))]
    rule["Ipv6Ranges"] = [{"CidrIpv6": c} for c in draw(st.lists(V6, max_size=2))]
    return rule


@st.composite
def entries(draw: Drawn) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for number in draw(st.lists(st.integers(1, 30), max_size=6, unique=True)):
        first, last = draw(port_ranges())
        said = draw(st.sampled_from(["-1", "6", "17"]))
        entry: dict[str, Any] = {
            "RuleNumber": number,
            "Egress": draw(st.booleans()),
            "RuleAction": draw(st.sampled_from(["allow", "allow", "deny"])),
            "Protocol": said,
        }
        if said != "-1":
            entry["PortRange"] = {"From": first, "To": last}
        key, cidrs = draw(st.sampled_from([("CidrBlock", V4), ("Ipv6CidrBlock", V6)]))
        found.append({**entry, key: draw(cidrs)})
    wide = {"Protocol": "-1", "RuleAction": "allow"}
    closing = [
        {**wide, "RuleNumber": 40 + n, "Egress": egress, key: cidr}
        for n, (key, cidr) in enumerate([("CidrBlock", "0.0.0.0/0"), ("Ipv6CidrBlock", "::/0")])
        for egress in (True, False)
    ]
    found += draw(st.lists(st.sampled_from(closing), max_size=4))
    return found


@st.composite
def routes(draw: Drawn) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for _ in range(draw(st.integers(1, 4))):
        key, cidrs = draw(st.sampled_from([("DestinationCidrBlock", V4), ("DestinationIpv6CidrBlock", V6)]))
        cidr = draw(cidrs)
        target = draw(
            st.sampled_from(
                [{"GatewayId": "igw-1"}, {"GatewayId": "igw-1"}, {"GatewayId": "igw-9"}, {"NatGatewayId": "nat-1"}]
            )
        )
        found[cidr] = {key: cidr, "State": draw(st.sampled_from(["active", "active", "blackhole"])), **target}
    return list(found.values())


@st.composite
def networks(draw: Drawn) -> Recording:
    groups = [{"IpPermissions": draw(st.lists(rules(), max_size=3))} for _ in range(2)]
    interface: dict[str, Any] = {"Groups": [{"GroupId": "sg-1"}, {"GroupId": "sg-2"}]}
    if draw(st.booleans()):
        interface["Ipv6Addresses"] = [{"Ipv6Address": "2001:db8:7::7"}]
    change = {
        "interface": interface,
        "group": groups[0],
        "acl": {"Entries": draw(entries())},
        "table": {"Routes": draw(routes())},
    }
    also = [{"type": "AWS::EC2::SecurityGroup", "id": "sg-2", "configuration": groups[1]}]
    return recording(change, also)


@st.composite
def packets(draw: Drawn) -> Sent:
    return Sent(draw(SOURCES), NUMBERS[draw(PROTOCOLS)], draw(PORTS), draw(PORTS))


def held(boxes: Boxes, packet: Sent) -> bool:
    run = network_run(packet.source)
    assert run is not None
    return any(box.holds(packet.protocol, packet.port, packet.answer_port, run[0]) for box in boxes)


@settings(max_examples=60)
@given(networks(), st.lists(packets(), min_size=1, max_size=12))
def test_a_packet_gets_in_exactly_where_the_boxes_say_so(known: Recording, sent: list[Sent]) -> None:
    answer = reach(known.one("i-1"), Network(known))
    assert answer.exact
    for packet in sent:
        assert held(answer.boxes, packet) is conversation(known, packet), packet
    witness = answer.witness
    assert (witness is None) is (not answer.boxes)
    if witness is not None and witness.protocol in NUMBERS and witness.port is not None:
        assert witness.source_port is not None
        assert conversation(known, Sent(witness.source, NUMBERS[witness.protocol], witness.port, witness.source_port))


@settings(max_examples=30)
@given(networks(), st.lists(rules(), max_size=3), st.lists(packets(), min_size=1, max_size=8))
def test_what_was_gained_and_lost_is_what_packets_gained_and_lost(
    known: Recording, permissions: list[dict[str, Any]], sent: list[Sent]
) -> None:
    changed = known.changed("sg-1", IpPermissions=permissions)
    after = known.with_(changed)
    then, now = reach(known.one("i-1"), Network(known)), reach(after.one("i-1"), Network(after))
    verdict = compare(then, now)
    assert verdict.problems == ()
    gained = [p for p in sent if conversation(after, p) and not conversation(known, p)]
    lost = [p for p in sent if conversation(known, p) and not conversation(after, p)]
    assert not gained or verdict.direction is Direction.WIDENED
    assert not lost or verdict.lost
    for shift in (*verdict.gained, *verdict.lost):
        witness = shift.witness or {}
        if witness.get("port") is None:
            continue
        packet = Sent(witness["source"], NUMBERS[witness["protocol"]], witness["port"], witness["source_port"])
        before_in, after_in = conversation(known, packet), conversation(after, packet)
        assert (before_in, after_in) == ((False, True) if shift in verdict.gained else (True, False))
    judged = judge_change(after, known.one("sg-1"), changed)
    assert [s.words for s in judged.gained] == [s.words for s in verdict.gained]
    assert [s.words for s in judged.lost] == [s.words for s in verdict.lost]


@given(st.lists(packets(), min_size=1, max_size=6), networks(), networks())
@settings(max_examples=20)
def test_sets_of_packets_are_sets(sent: list[Sent], one: Recording, other: Recording) -> None:
    a, b = (reach(known.one("i-1"), Network(known)).boxes for known in (one, other))
    for packet in sent:
        in_a, in_b = held(a, packet), held(b, packet)
        assert held(a | b, packet) is (in_a or in_b)
        assert held(a & b, packet) is (in_a and in_b)
        assert held(a - b, packet) is (in_a and not in_b)
    assert not (a - a)
    assert ((a | b) - b) - a == Boxes()


def test_the_sources_above_are_of_every_kind() -> None:
    assert {ipaddress.ip_address(a).version for a in ("9.9.9.9", "2600::1")} == {4, 6}
