"""Replication to another account gives it a copy of every image, now and later."""

from collections.abc import Iterator

from vigie.rules import Estate, Relation, Revision, Severity, Violation, rule


@rule(
    "ecr-replication-cross-account",
    title="ECR registry copies its images to another account",
    applies_to="AWS::ECR::ReplicationConfiguration",
    severity=Severity.HIGH,
    remedy="Take the account out of the replication rules; if it is meant, name it with `vigie accounts add`.",
    references=("https://docs.aws.amazon.com/AmazonECR/latest/userguide/replication.html",),
    not_reported="Replication to other regions of the same account. Accounts of ours and third parties are "
    "informational.",
)
def ecr_replication_cross_account(registry: Revision, estate: Estate) -> Iterator[Violation]:
    for number, row in enumerate(registry.configuration.get("rules") or ()):
        for destination in row.get("destinations") or ():
            account = destination.get("registryId", registry.account)
            if account == registry.account:
                continue
            relation = estate.relation(account)
            severity = Severity.HIGH if relation is Relation.UNKNOWN else Severity.INFORMATIONAL
            region = destination.get("region", "?")
            text = f"The {relation.value} account {account} gets a copy of images in {region} (rule {number + 1})"
            yield Violation(text, f"{account}:{region}", {"registryId": account, "region": region}, severity)
