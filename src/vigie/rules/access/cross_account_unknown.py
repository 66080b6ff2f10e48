"""An account that nobody has named has been let in: a leftover, a typing error, or an intruder's way back."""

from collections.abc import Iterator

from vigie.rules import Estate, Relation, Revision, Severity, Violation, rule
from vigie.rules.sharing import SHARED_TYPES, refuse_doubt, weighed


@rule(
    "cross-account-unknown",
    title="An unknown account has access",
    applies_to=SHARED_TYPES,
    severity=Severity.HIGH,
    remedy="Remove the grant; if it is meant, name the account with `vigie accounts add`, as ours or as a third "
    "party with a reason.",
    depends_on=("AWS::S3::AccountPublicAccessBlock",),
    references=(
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html",
    ),
    not_reported="Access of everyone (each type has a rule for it), of AWS services, and grants that a denial "
    "takes back; accounts of AWS itself that only deliver logs into a bucket. A grant that only lists weighs less.",
    predecessor=(
        "resourcepolicy.check_unknown_cross_account",
        "s3.check_acl_unknown",
        "rdssnapshot.check_unknown",
        "ec2image.check_unknown",
        "ebssnapshot.check_unknown",
    ),
)
def cross_account_unknown(resource: Revision, estate: Estate) -> Iterator[Violation]:
    access = estate.access(resource)
    yield from weighed(access.cross_account(Relation.UNKNOWN), "Unknown", Severity.HIGH)
    refuse_doubt(access)
