"""A cache holds sessions and what was just read: in clear on the way or at rest, it is read along; without a password,
by whoever reaches it.
"""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "elasticache-encryption",
    title="ElastiCache group is unguarded",
    applies_to="AWS::ElastiCache::ReplicationGroup",
    severity=Severity.MEDIUM,
    remedy="Turn on encryption in transit and at rest, and ask for a token or for users.",
    references=("https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/encryption.html",),
    not_reported="Caches without copies (cache clusters of Memcached): they have no password.",
)
def elasticache_encryption(group: Revision, estate: Estate) -> Iterator[Violation]:
    configuration = group.configuration
    if not configuration.get("AtRestEncryptionEnabled"):
        yield Violation("It rests unencrypted", "at-rest")
    if not configuration.get("TransitEncryptionEnabled"):
        yield Violation("It answers in clear", "in-transit")
    if not configuration.get("AuthTokenEnabled") and not configuration.get("UserGroupIds"):
        yield Violation("It asks for no password", "no-password")
