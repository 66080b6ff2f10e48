"""The root user is for the few tasks that need it: other use is a habit to end, or an intruder."""

from collections.abc import Iterator

from vigie.rules import Estate, LookAgain, Revision, Severity, Violation, rule
from vigie.rules.times import days, shown, when

USES = ("password_last_used", "access_key_1_last_used_date", "access_key_2_last_used_date")


@rule(
    "iam-root-used",
    title="The root user was used lately",
    applies_to="AWS::IAM::CredentialReport",
    severity=Severity.MEDIUM,
    remedy="Find out in CloudTrail what was done as root, and give that task to a role.",
    references=("https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html",),
    not_reported="Use longer ago than within_days; the report itself may be four hours old.",
)
def iam_root_used(row: Revision, estate: Estate, *, within_days: int = 30) -> Iterator[Violation | LookAgain]:
    if row.id != "<root_account>" and row.configuration.get("user") != "<root_account>":
        return
    for key in USES:
        used = row.configuration.get(key)
        if used in (None, "no_information", "N/A", "not_supported"):
            continue
        forgotten = when(used, key) + days(within_days)
        if forgotten > estate.now:
            what = key.removesuffix("_last_used_date").removesuffix("_last_used")
            yield LookAgain(forgotten)
            yield Violation(f"Root's {what.replace('_', ' ')} was used on {shown(when(used))}", what, {key: used})
