"""Random networks and random packets: what the boxes say is what a packet-by-packet evaluation comes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
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
V4 = ("0.0.0.0/0", "0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "8.0.0.0/7", "9.0.0.0/8", "10.0.0.0/8", "203.0.113.0/24",
      "203.0.113.128/25", "203.0.113.7/32", "192.0.0.0/3")  # fmt: skip
V6 = ("::/0", "::/0", "2001:db8::/32", "2001:db8:1::/48", "8000::/1", "2000::/3")
SOURCES = ("9.9.9.9", "8.1.1.1", "10.1.1.1", "203.0.113.7", "203.0.113.200", "203.0.113.1", "198.18.0.1",
           "2001:db8::1", "2001:db8:1::1", "2600::1", "fd00::1")  # fmt: skip
PORTS = (0, 1, 22, 23, 80, 443, 1023, 1024, 3306, 50000, 65535)
TARGETS = ({"GatewayId": "igw-1"}, {"GatewayId": "igw-1"}, {"GatewayId": "igw-9"}, {"NatGatewayId": "nat-1"})


@dataclass(frozen=True)
class Dice:
    """Makes networks in which about every third packet gets in: in those of hypothesis alone hardly one does."""

    random: Random

    def some(self, values: Sequence[Any], least: int, most: int) -> list[Any]:
        return [self.random.choice(values) for _ in range(self.random.randint(least, most))]

    def often(self, chance: float) -> bool:
        return self.random.random() < chance

    def ports(self) -> tuple[int, int]:
        first, last = sorted((self.random.choice(PORTS), self.random.choice(PORTS)))
        return first, last

    def rules(self) -> list[dict[str, Any]]:
        found = [self.rule() for _ in range(self.random.randint(1, 3))]
        return [*found, {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}] if self.often(0.3) else found

    def rule(self) -> dict[str, Any]:
        said = self.random.choice(["-1", "tcp", "udp", "6", "17"])
        first, last = self.ports()
        return {
            "IpProtocol": said,
            **({"FromPort": first, "ToPort": last} if said != "-1" else {}),
            "IpRanges": [{"CidrIp": c} for c in self.some(V4, 0, 3)],
            "Ipv6Ranges": [{"CidrIpv6": c} for c in self.some(V6, 0, 2)],
        }

    def entries(self) -> list[dict[str, Any]]:
        numbers = self.random.sample(range(1, 31), self.random.randint(0, 8))
        found = [self.entry(number) for number in numbers]
        for number, (key, cidr) in enumerate((("CidrBlock", "0.0.0.0/0"), ("Ipv6CidrBlock", "::/0"))):
            for egress in (True, False):
                if self.often(0.85):
                    last = {"RuleNumber": 40 + number, "Protocol": "-1", "RuleAction": "allow", "Egress": egress}
                    found.append({**last, key: cidr})
        self.random.shuffle(found)
        return found

    def entry(self, number: int) -> dict[str, Any]:
        said = self.random.choice(["-1", "6", "17"])
        first, last = self.ports()
        key, cidrs = self.random.choice([("CidrBlock", V4), ("Ipv6CidrBlock", V6)])
        return {
            "RuleNumber": number,
            "Egress": self.often(0.5),
            "RuleAction": self.random.choice(["allow", "deny"]),
            "Protocol": said,
            **({"PortRange": {"From": first, "To": last}} if said != "-1" else {}),
            key: self.random.choice(cidrs),
        }

    def routes(self) -> list[dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for key, cidr in (("DestinationCidrBlock", "0.0.0.0/0"), ("DestinationIpv6CidrBlock", "::/0")):
            if self.often(0.85):
                found[cidr] = {key: cidr, "State": "active", "GatewayId": "igw-1"}
        for _ in range(self.random.randint(0, 4)):
            key, cidrs = self.random.choice([("DestinationCidrBlock", V4[2:]), ("DestinationIpv6CidrBlock", V6[2:])])
            cidr = self.random.choice(cidrs)
            state = self.random.choice(["active", "active", "blackhole"])
            found[cidr] = {key: cidr, "State": state, **self.random.choice(TARGETS)}
        rows = list(found.values())
        self.random.shuffle(rows)
        return rows

    def network(self) -> Recording:
        interface: dict[str, Any] = {"Groups": [{"GroupId": "sg-1"}, {"GroupId": "sg-2"}]}
        if self.often(0.8):
            interface["Ipv6Addresses"] = [{"Ipv6Address": "2001:db8:7::7"}]
        change = {
            "interface": interface,
            "group": {"IpPermissions": self.rules()},
            "acl": {"Entries": self.entries()},
            "table": {"Routes": self.routes()},
        }
        second = {"IpPermissions": self.rules()}
        return recording(change, [{"type": "AWS::EC2::SecurityGroup", "id": "sg-2", "configuration": second}])

    def packets(self, count: int) -> list[Sent]:
        choice = self.random.choice
        return [Sent(choice(SOURCES), choice((6, 17)), choice(PORTS), choice(PORTS)) for _ in range(count)]


DICE = st.integers(0, 10**9).map(lambda seed: Dice(Random(seed)))  # noqa: S311 - for a test


def held(boxes: Boxes, packet: Sent) -> bool:
    run = network_run(packet.source)
    assert run is not None
    return any(box.holds(packet.protocol, packet.port, packet.answer_port, run[0]) for box in boxes)


@settings(max_examples=60)
@given(DICE)
def test_a_packet_gets_in_exactly_where_the_boxes_say_so(dice: Dice) -> None:
    known = dice.network()
    answer = reach(known.one("i-1"), Network(known))
    assert answer.exact
    for packet in dice.packets(40):
        assert held(answer.boxes, packet) is conversation(known, packet), packet
    witness = answer.witness
    assert (witness is None) is (not answer.boxes)
    if witness is not None and witness.protocol in NUMBERS and witness.port is not None:
        assert witness.source_port is not None
        assert conversation(known, Sent(witness.source, NUMBERS[witness.protocol], witness.port, witness.source_port))


def test_a_good_part_of_the_random_packets_gets_in() -> None:
    let_in = [
        conversation(known, packet)
        for seed in range(40)
        for dice in [Dice(Random(seed))]  # noqa: S311 - for a test
        for known in [dice.network()]
        for packet in dice.packets(40)
    ]
    assert 0.2 < sum(let_in) / len(let_in) < 0.7


@settings(max_examples=30)
@given(DICE)
def test_what_was_gained_and_lost_is_what_packets_gained_and_lost(dice: Dice) -> None:
    known = dice.network()
    id_, parts = dice.random.choice(
        [
            ("sg-1", {"IpPermissions": dice.rules()}),
            ("acl-1", {"Entries": dice.entries()}),
            ("rtb-1", {"Routes": dice.routes()}),
        ]
    )
    changed = known.changed(id_, **parts)
    after = known.with_(changed)
    then, now = reach(known.one("i-1"), Network(known)), reach(after.one("i-1"), Network(after))
    verdict = compare(then, now)
    assert verdict.problems == ()
    sent = dice.packets(30)
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
    judged = judge_change(after, known.one(id_), changed)
    assert sorted(s.words for s in judged.gained) == sorted({s.words for s in verdict.gained})
    assert sorted(s.words for s in judged.lost) == sorted({s.words for s in verdict.lost})


@settings(max_examples=20)
@given(DICE)
def test_sets_of_packets_are_sets(dice: Dice) -> None:
    one, other = dice.network(), dice.network()
    a, b = (reach(known.one("i-1"), Network(known)).boxes for known in (one, other))
    for packet in dice.packets(30):
        in_a, in_b = held(a, packet), held(b, packet)
        assert held(a | b, packet) is (in_a or in_b)
        assert held(a & b, packet) is (in_a and in_b)
        assert held(a - b, packet) is (in_a and not in_b)
    assert not (a - a)
    assert ((a | b) - b) - a == Boxes()
