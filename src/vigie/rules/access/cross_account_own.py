"""Access between accounts of ours: no danger by itself, and good to know when one of them is taken over."""

from collections.abc import Iterator

from vigie.rules import Estate, Relation, Revision, Severity, Violation, rule
from vigie.rules.sharing import SHARED_TYPES, refuse_doubt, shared


@rule(
    "cross-account-own",
    title="Another account of ours has access",
    applies_to=SHARED_TYPES,
    severity=Severity.INFORMATIONAL,
    remedy="None is needed where it is meant.",
    depends_on=("AWS::S3::AccountPublicAccessBlock",),
    references=(
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html",
    ),
    not_reported="Access inside the account itself.",
    predecessor=(
        "resourcepolicy.check_friendly_cross_account",
        "s3.check_acl_friendly_canonical",
        "rdssnapshot.check_friendly",
        "ec2image.check_friendly",
        "ebssnapshot.check_friendly",
    ),
)
def cross_account_own(resource: Revision, estate: Estate) -> Iterator[Violation]:
    access = estate.access(resource)
    yield from shared(access.cross_account(Relation.OWN), "Our")
    refuse_doubt(access)
