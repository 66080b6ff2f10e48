"""An administrator that nobody uses is worth most to whoever finds its key, and nobody will notice."""

from collections.abc import Iterator
from datetime import datetime

from vigie.rules import Estate, LookAgain, Revision, Severity, Violation, rule
from vigie.rules.iam._keys import created, keys, last_used
from vigie.rules.iam._standing import (
    FROM_IDENTITY_CENTER,
    HELD,
    JOINED,
    OF_SERVICES,
    ORGANIZATION_TYPES,
    path_of,
    refuse_unread,
)
from vigie.rules.times import days, shown, when


@rule(
    "iam-administrator-unused",
    title="Credential of an administrator is not used",
    applies_to=("AWS::IAM::User", "AWS::IAM::Role"),
    severity=Severity.HIGH,
    remedy="Deactivate the key, the password or the role; delete it when nothing has broken after some weeks.",
    depends_on=(*JOINED, *ORGANIZATION_TYPES),
    names=HELD,
    references=("https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_finding-unused.html",),
    not_reported="Administrators alone: the unused credentials of others are reported, as less, by "
    "iam-user-key-unused, iam-user-password-unused and iam-role-unused. Roles of services and of IAM Identity Center, "
    "and what is younger than unused_days.",
)
def iam_administrator_unused(
    principal: Revision, estate: Estate, *, unused_days: int = 90
) -> Iterator[Violation | LookAgain]:
    if path_of(principal).startswith((OF_SERVICES, FROM_IDENTITY_CENTER)):
        return
    power = estate.power(principal)
    if power.stand.is_administrator:
        for name, used, made in _credentials(principal):
            due = (used or made) + days(unused_days)
            if due > estate.now:
                yield LookAgain(due)
                continue
            said = f"was last used on {shown(used)}" if used else f"was never used since {shown(made)}"
            evidence = {"LastUsedDate": used, "statements": power.stand.statements}
            yield Violation(f"It is administrator, and {name} {said}", name, evidence)
    refuse_unread(power)


def _credentials(principal: Revision) -> Iterator[tuple[str, datetime | None, datetime]]:
    """(credential, last used, made) of all that is active."""
    configuration = principal.configuration
    if principal.type == "AWS::IAM::Role":
        use = configuration.get("RoleLastUsed") or {}
        used = when(use["LastUsedDate"]) if use.get("LastUsedDate") else None
        yield "the role", used, when(configuration.get("CreateDate"), "the creation of the role")
        return
    for key in keys(principal):
        yield f"access key {key['AccessKeyId']}", last_used(key), created(key)
    profile = configuration.get("LoginProfile")
    if profile:
        used = configuration.get("PasswordLastUsed")
        yield (
            "the password",
            when(used) if used else None,
            when(profile.get("CreateDate"), "the making of the password"),
        )
