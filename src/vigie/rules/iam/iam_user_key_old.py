"""The longer a key lives, the more laptops, repositories and logs it lies in. Change keys; best, do without."""

from collections.abc import Iterator

from vigie.rules import Estate, LookAgain, Revision, Severity, Violation, rule
from vigie.rules.iam._keys import created, keys
from vigie.rules.times import days, shown


@rule(
    "iam-user-key-old",
    title="Access key is overdue for rotation",
    applies_to="AWS::IAM::User",
    severity=Severity.LOW,
    remedy="Make a new key, move its users over, deactivate and delete the old one; better: use roles instead of keys.",
    references=("https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html",),
    not_reported="Inactive keys (iam-user-key-inactive says so).",
    predecessor=("iamuser.check_access_key_rotation",),
)
def iam_user_key_old(user: Revision, estate: Estate, *, max_age_days: int = 90) -> Iterator[Violation | LookAgain]:
    for key in keys(user):
        due = created(key) + days(max_age_days)
        if due > estate.now:
            yield LookAgain(due)
            continue
        text = f"Access key {key['AccessKeyId']} was made on {shown(created(key))}"
        yield Violation(text, key["AccessKeyId"], {"AccessKeyId": key["AccessKeyId"], "CreateDate": key["CreateDate"]})
