"""The second key is for the days of a change. Two that stay are twice the risk, and leave no place for the next
change.
"""

from collections.abc import Iterator

from vigie.rules import Estate, LookAgain, Revision, Severity, Violation, rule
from vigie.rules.iam._keys import created, keys
from vigie.rules.times import days


@rule(
    "iam-user-two-keys",
    title="User has two active access keys",
    applies_to="AWS::IAM::User",
    severity=Severity.LOW,
    remedy="Finish the change: deactivate and delete the older key.",
    references=("https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html",),
    not_reported="A second key younger than overlap_days: the change may be under way.",
)
def iam_user_two_keys(user: Revision, estate: Estate, *, overlap_days: int = 7) -> Iterator[Violation | LookAgain]:
    active = sorted(keys(user), key=created)
    if len(active) < 2:
        return
    due = created(active[-1]) + days(overlap_days)
    if due > estate.now:
        yield LookAgain(due)
        return
    yield Violation("Two access keys are active", evidence={"keys": [key["AccessKeyId"] for key in active]})
