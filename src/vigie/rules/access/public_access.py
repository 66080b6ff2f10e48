"""What anyone may use is used by anyone: one rule for every type that can be opened and has no rule of its own for it.

Changing or using it weighs critical, reading high, listing medium.
"""

from collections.abc import Iterator
from dataclasses import replace

from vigie.access import Grant
from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.sharing import SHARED_TYPES, public, weight

OF_THEIR_OWN = (
    "AWS::S3::Bucket",
    "AWS::S3::AccessPoint",
    "AWS::SQS::Queue",
    "AWS::SNS::Topic",
    "AWS::KMS::Key",
    "AWS::Lambda::Function",
    "AWS::ECR::Repository",
    "AWS::SecretsManager::Secret",
    "AWS::DynamoDB::Table",
    "AWS::IAM::Role",
    "AWS::ApiGateway::RestApi",
    "AWS::Cognito::IdentityPool",
    "AWS::EC2::Snapshot",
    "AWS::EC2::Image",
    "AWS::RDS::DBSnapshot",
    "AWS::RDS::DBClusterSnapshot",
)
"""Types with a rule of their own for it, which knows what it means there."""


@rule(
    "public-access",
    title="Resource is open to everyone",
    applies_to=tuple(type_ for type_ in SHARED_TYPES if type_ not in OF_THEIR_OWN),
    severity=Severity.CRITICAL,
    remedy="Name the accounts, or require aws:PrincipalOrgID; take `all` out of a list.",
    depends_on=("AWS::S3::AccountPublicAccessBlock",),
    references=("https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html",),
    not_reported="Buckets, queues, topics, keys, functions, secrets, tables, roles, snapshots and images, which have "
    "a rule each; a domain that asks for sign-in of its own; a file system without a policy, which only its network "
    "guards.",
)
def public_access(resource: Revision, estate: Estate) -> Iterator[Violation]:
    for violation in public(resource, estate):
        grant = violation.evidence
        yield replace(violation, severity=weight(grant)) if isinstance(grant, Grant) else violation
