"""A third party that is known has access: to be seen, and to be taken away the day the contract ends."""

from collections.abc import Iterator

from vigie.rules import Estate, Relation, Revision, Severity, Violation, rule
from vigie.rules.sharing import SHARED_TYPES, refuse_doubt, shared


@rule(
    "cross-account-third-party",
    title="A third party has access",
    applies_to=SHARED_TYPES,
    severity=Severity.INFORMATIONAL,
    remedy="Check that the third party still needs it.",
    depends_on=("AWS::S3::AccountPublicAccessBlock",),
    references=(
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html",
    ),
    predecessor=(
        "resourcepolicy.check_thirdparty_cross_account",
        "s3.check_acl_thirdparty_canonical",
        "rdssnapshot.check_thirdparty",
        "ec2image.check_thirdparty",
        "ebssnapshot.check_thirdparty",
    ),
)
def cross_account_third_party(resource: Revision, estate: Estate) -> Iterator[Violation]:
    access = estate.access(resource)
    yield from shared(access.cross_account(Relation.THIRD_PARTY), "Third party")
    refuse_doubt(access)
