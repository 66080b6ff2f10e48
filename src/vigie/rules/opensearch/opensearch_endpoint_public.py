"""A domain outside of a VPC answers the whole internet: its access policy alone stands between it and everybody."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.reached import reached_ports


@rule(
    "opensearch-endpoint-public",
    title="OpenSearch domain answers the internet",
    applies_to="AWS::OpenSearchService::Domain",
    severity=Severity.MEDIUM,
    remedy="Launch the domain within a VPC (it must be made anew), and move the indexes there.",
    references=("https://docs.aws.amazon.com/opensearch-service/latest/developerguide/vpc.html",),
    not_reported="Domains in a VPC. Whom the access policy lets in is judged by the rules on access, which weigh more.",
)
def opensearch_endpoint_public(domain: Revision, estate: Estate) -> Iterator[Violation]:
    yield from reached_ports(estate.reach(domain), lambda protocol, port: Severity.MEDIUM)
