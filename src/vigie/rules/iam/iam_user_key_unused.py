"""A key that nobody uses helps nobody but whoever finds it."""

from collections.abc import Iterator

from vigie.rules import Estate, LookAgain, Revision, Severity, Violation, rule
from vigie.rules.iam._keys import created, keys, last_used
from vigie.rules.times import days, shown


@rule(
    "iam-user-key-unused",
    title="Access key is not used",
    applies_to="AWS::IAM::User",
    severity=Severity.LOW,
    remedy="Deactivate the key; delete it when nothing has broken after some weeks.",
    references=("https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html",),
    not_reported="Keys younger than unused_days that were not used yet.",
    predecessor=("iamuser.check_access_key_last_used",),
)
def iam_user_key_unused(user: Revision, estate: Estate, *, unused_days: int = 90) -> Iterator[Violation | LookAgain]:
    for key in keys(user):
        used = last_used(key)
        idle = (used or created(key)) + days(unused_days)
        if idle > estate.now:
            yield LookAgain(idle)
            continue
        said = f"was last used on {shown(used)}" if used else f"was never used since {shown(created(key))}"
        evidence = {"AccessKeyId": key["AccessKeyId"], "LastUsedDate": used}
        yield Violation(f"Access key {key['AccessKeyId']} {said}", key["AccessKeyId"], evidence)
