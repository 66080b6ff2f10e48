"""In an incident somebody must be able to open a case with AWS: without a role for it that is the root user."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.policies import is_aws_managed

POLICIES = ("AWSSupportAccess", "AdministratorAccess")


@rule(
    "iam-support-role",
    title="Nobody is set up to talk to AWS Support",
    applies_to="AWS::::Account",
    severity=Severity.LOW,
    remedy="Make a role with AWSSupportAccess that the people who handle incidents may assume.",
    depends_on=("AWS::IAM::ManagedPolicy",),
    references=("https://docs.aws.amazon.com/awssupport/latest/user/accessing-support.html",),
    not_reported="Accounts where somebody holds AdministratorAccess: it holds AWS Support too.",
)
def iam_support_role(account: Revision, estate: Estate) -> Iterator[Violation]:
    policies = estate.resources("AWS::IAM::ManagedPolicy", account=account.account)
    held = [p for p in policies if is_aws_managed(p.arn or "") and p.configuration.get("AttachmentCount", 1) != 0]
    if not any((p.arn or "").rpartition("/")[2] in POLICIES for p in held):
        yield Violation("AWSSupportAccess is attached to nobody", evidence={"attached": False})
