"""When the authority of a database's certificate ends, clients that check it can connect no more, and some will stop
checking.
"""

from collections.abc import Iterator

from vigie.rules import Estate, LookAgain, Revision, Severity, Violation, rule
from vigie.rules.tables import rows
from vigie.rules.times import days, midnight


@rule(
    "rds-ca-expired",
    title="Certificate authority of the database ends",
    applies_to="AWS::RDS::DBInstance",
    severity=Severity.MEDIUM,
    remedy="Move the instance to rds-ca-rsa2048-g1, after its clients trust it.",
    references=("https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html",),
    not_reported="Authorities that the table does not know.",
)
def rds_ca_expired(instance: Revision, estate: Estate, *, warn_days: int = 90) -> Iterator[Violation | LookAgain]:
    authority = instance.configuration.get("CACertificateIdentifier")
    day = rows("rds_authorities").get(authority or "")
    if day is None:
        return
    warned = midnight(day) - days(warn_days)
    if warned > estate.now:
        yield LookAgain(warned)
        return
    yield Violation(f"{authority} ends on {day}", evidence={"CACertificateIdentifier": authority, "end": day})
