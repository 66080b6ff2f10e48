"""A database that answers the internet is guessed at all day, and read by the first who guesses right or knows a
flaw.
"""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.reached import RESTS_ON, reached_ports


@rule(
    "rds-open-to-internet",
    title="Database answers the internet",
    applies_to=("AWS::RDS::DBInstance", "AWS::RDS::DBCluster"),
    severity=Severity.CRITICAL,
    remedy="Take its public address away, and close the port in its security groups; `vigie access reachable` shows "
    "every hop.",
    depends_on=RESTS_ON,
    references=(
        "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.RDSSecurityGroups.html",
        "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html",
    ),
    not_reported="Databases without a public address: an open group alone lets nobody in from outside. What comes "
    "from less than a /8 of IPv4 (or a /32 of IPv6) in all. A public one whose subnet has no way to the internet, "
    "or whose network ACL stops it, is not reached.",
    predecessor=("rdsdbinstance.check_internet_accessible", "rdsdbcluster.check_internet_accessible"),
)
def rds_open_to_internet(database: Revision, estate: Estate) -> Iterator[Violation]:
    yield from reached_ports(estate.reach(database), lambda protocol, port: Severity.CRITICAL)
