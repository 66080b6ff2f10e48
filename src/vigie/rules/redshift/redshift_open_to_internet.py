"""A warehouse that answers the internet holds what a company knows, behind one password."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.reached import RESTS_ON, reached_ports


@rule(
    "redshift-open-to-internet",
    title="Redshift cluster answers the internet",
    applies_to="AWS::Redshift::Cluster",
    severity=Severity.CRITICAL,
    remedy="Set PubliclyAccessible to false, and close the port in its security groups; `vigie access "
    "reachable` shows every hop.",
    depends_on=RESTS_ON,
    references=("https://docs.aws.amazon.com/redshift/latest/mgmt/managing-clusters-vpc.html",),
    not_reported="Clusters without a public address. What comes from less than a /8 of IPv4 in all.",
)
def redshift_open_to_internet(cluster: Revision, estate: Estate) -> Iterator[Violation]:
    yield from reached_ports(estate.reach(cluster), lambda protocol, port: Severity.CRITICAL)
