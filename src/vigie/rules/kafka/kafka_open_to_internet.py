"""Brokers that answer the internet are tried with every password, and read by whoever gets in."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.reached import RESTS_ON, reached_ports


@rule(
    "kafka-open-to-internet",
    title="Brokers of Kafka answer the internet",
    applies_to="AWS::MSK::Cluster",
    severity=Severity.HIGH,
    remedy="Switch public access off, or close the ports in the cluster's security groups to the networks "
    "that need them.",
    depends_on=RESTS_ON,
    references=("https://docs.aws.amazon.com/msk/latest/developerguide/public-access.html",),
    not_reported="Clusters without public access, and serverless ones, which have none. What comes from less than "
    "a /8 of IPv4 in all.",
)
def kafka_open_to_internet(cluster: Revision, estate: Estate) -> Iterator[Violation]:
    yield from reached_ports(estate.reach(cluster), lambda protocol, port: Severity.HIGH)
