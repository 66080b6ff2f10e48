"""A bucket answers plain HTTP unless its policy refuses it: requests and files can then be read on the way."""

from collections.abc import Iterator, Mapping
from typing import Any

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.policies import matches, texts


@rule(
    "s3-bucket-tls-only",
    title="S3 bucket answers without TLS",
    applies_to="AWS::S3::Bucket",
    severity=Severity.LOW,
    remedy="Add a statement that denies s3:* to everyone when aws:SecureTransport is false.",
    references=("https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html",),
    not_reported="Website endpoints, which know no TLS: they need public access, which other rules report.",
    predecessor=("s3.check_policy_exists",),
)
def s3_bucket_tls_only(bucket: Revision, estate: Estate) -> Iterator[Violation]:
    policy = bucket.configuration.get("Policy")
    written = policy.get("Statement", ()) if isinstance(policy, Mapping) else ()
    statements = [written] if isinstance(written, Mapping) else written
    objects = f"{bucket.arn or f'arn:aws:s3:::{bucket.id}'}/x"
    if not any(_refuses_plain(statement, objects) for statement in statements):
        reason = (
            "No statement of the policy refuses plain HTTP" if policy else "There is no policy to refuse plain HTTP"
        )
        yield Violation(reason, evidence={"policy": bool(policy)})


def _refuses_plain(statement: Mapping[str, Any], objects: str) -> bool:
    """A denial to everyone, of every action, on every object, when the transport is not secure, and under nothing
    else.
    """
    conditions = statement.get("Condition") or {}
    if statement.get("Effect") != "Deny" or set(conditions) - {"Bool", "BoolIfExists"} or len(conditions) != 1:
        return False
    tests = {key.lower(): texts(value) for key, value in next(iter(conditions.values())).items()}
    if set(tests) != {"aws:securetransport"} or [v.lower() for v in tests["aws:securetransport"]] != ["false"]:
        return False
    everyone = statement.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]})
    every_action = any(action.lower() in ("*", "s3:*") for action in texts(statement.get("Action")))
    return everyone and every_action and any(matches(pattern, objects) for pattern in texts(statement.get("Resource")))
