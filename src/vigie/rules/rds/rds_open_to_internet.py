"""A database that answers the internet is guessed at all day, and read by the first who guesses right or knows a
flaw.
"""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.ec2._guarded import world_ports


@rule(
    "rds-open-to-internet",
    title="Database answers the internet",
    applies_to=("AWS::RDS::DBInstance", "AWS::RDS::DBCluster"),
    severity=Severity.CRITICAL,
    remedy="Take its public address away, and close the port in its security groups.",
    depends_on=("AWS::EC2::SecurityGroup", "AWS::RDS::DBInstance"),
    references=("https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.RDSSecurityGroups.html",),
    not_reported="Databases without a public address: an open group alone lets nobody in from outside. Routes and"
    " network ACLs are not looked at.",
    predecessor=("rdsdbinstance.check_internet_accessible", "rdsdbcluster.check_internet_accessible"),
)
def rds_open_to_internet(database: Revision, estate: Estate) -> Iterator[Violation]:
    configuration = database.configuration
    if not _is_public(database, estate):
        return
    port = (configuration.get("Endpoint") or {}).get("Port") if database.type.endswith("Instance") else None
    port = port or configuration.get("Port") or configuration.get("DbInstancePort")
    groups = [g.get("VpcSecurityGroupId", "") for g in configuration.get("VpcSecurityGroups") or ()]
    if not port:
        return
    for _, _, group, opening in world_ports(database, groups, [("tcp", port)], estate):
        evidence = {"group": group, "port": port, "networks": opening.cidrs}
        yield Violation(f"{group} opens port {port} to {', '.join(opening.cidrs)}", f"{group}:{port}", evidence)


def _is_public(database: Revision, estate: Estate) -> bool:
    if database.type == "AWS::RDS::DBInstance":
        return bool(database.configuration.get("PubliclyAccessible"))
    if database.configuration.get("PubliclyAccessible"):
        return True
    members = {m.get("DBInstanceIdentifier") for m in database.configuration.get("DBClusterMembers") or ()}
    instances = estate.resources("AWS::RDS::DBInstance", account=database.account, region=database.region)
    return any(i.configuration.get("PubliclyAccessible") for i in instances if i.name in members)
