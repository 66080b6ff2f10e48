"""Replication copies every new object: into an unknown account, it is a standing leak that no policy shows."""

from collections.abc import Iterator

from vigie.rules import Estate, Relation, Revision, Severity, Violation, rule

WEIGHTS = {Relation.UNKNOWN: Severity.HIGH, Relation.THIRD_PARTY: Severity.INFORMATIONAL}


@rule(
    "s3-bucket-replicates-outside",
    title="S3 bucket is replicated to an account that is not ours",
    applies_to="AWS::S3::Bucket",
    severity=Severity.HIGH,
    remedy="Remove the replication rule, or record whose account it is.",
    references=("https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication.html",),
    not_reported="Disabled rules; destinations in accounts of ours. A rule without an account keeps the object's "
    "owner and is "
    "judged by who owns the bucket it names.",
)
def s3_bucket_replicates_outside(bucket: Revision, estate: Estate) -> Iterator[Violation]:
    for line in (bucket.configuration.get("Replication") or {}).get("Rules") or ():
        destination = line.get("Destination") or {}
        target = str(destination.get("Bucket", ""))
        if line.get("Status") != "Enabled" or not target:
            continue
        account = destination.get("Account") or estate.owner_of("bucket", target.rpartition(":")[2])
        relation = estate.relation(account) if account else Relation.UNKNOWN
        if account != bucket.account and relation is not Relation.OWN:
            owner = f"{relation.value} account {account}" if account else "an account that is not known"
            evidence = {"bucket": target, "account": account}
            yield Violation(f"New objects are copied to {target}, of {owner}", target, evidence, WEIGHTS[relation])
