"""Indexes hold what is searched for: encrypted at rest, between the nodes, and on the way to whoever asks."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "opensearch-encryption",
    title="OpenSearch domain is not encrypted everywhere",
    applies_to="AWS::OpenSearchService::Domain",
    severity=Severity.MEDIUM,
    remedy="Turn on encryption at rest, between nodes, and require HTTPS.",
    references=(
        "https://docs.aws.amazon.com/opensearch-service/latest/developerguide/encryption-at-rest.html",
        "https://docs.aws.amazon.com/opensearch-service/latest/developerguide/ntn.html",
    ),
)
def opensearch_encryption(domain: Revision, estate: Estate) -> Iterator[Violation]:
    configuration = domain.configuration
    if not (configuration.get("EncryptionAtRestOptions") or {}).get("Enabled"):
        yield Violation("Indexes rest unencrypted", "at-rest")
    if not (configuration.get("NodeToNodeEncryptionOptions") or {}).get("Enabled"):
        yield Violation("Nodes speak to each other in clear", "between-nodes")
    if not (configuration.get("DomainEndpointOptions") or {}).get("EnforceHTTPS"):
        yield Violation("The domain answers over plain HTTP", "http")
