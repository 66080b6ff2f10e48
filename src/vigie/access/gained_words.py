"""What was gained or lost, in words, and as a shift of the model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from vigie.access.classes import RequesterClass
from vigie.access.gaining import Gain
from vigie.access.request import Request
from vigie.access.verdict import Facts, Grant, GrantClass
from vigie.model.account import Relation
from vigie.model.verdict import Dimension, Shift

_SHOWN: Final = 4
_OF_ACL: Final = {
    "ACL READ": "s3:ListBucket",
    "ACL WRITE": "s3:PutObject",
    "ACL READ_ACP": "s3:GetBucketAcl",
    "ACL WRITE_ACP": "s3:PutBucketAcl",
}
"""An action that each permission of a bucket's list allows ("Mapping of ACL permissions and access policy permissions",
Amazon S3 user guide).
"""
_LABELS: Final = {
    Relation.OWN: "our account",
    Relation.THIRD_PARTY: "the third-party account",
    Relation.UNKNOWN: "the unknown account",
}


def gain_shift(gain: Gain, facts: Facts, owner: str, *, lost: bool) -> Shift:
    """A gain found by comparing policies of ``owner``; ``lost``: it was found the other way round."""
    who = gain.who
    within = who.kind is GrantClass.ACCOUNT and who.account == owner
    relation = Relation.OWN if within else _relation(who.kind, who.account, who.who, facts)
    whom = _who(who.kind, who.who, who.via, who.account, relation, anonymous=_is_anonymous(who))
    words = f"{whom} {_may(lost)} {_listed(gain.actions)}"
    if gain.resources:
        words += f" on {_listed(gain.resources)}"
    if any("*" in a or a.startswith("everything but") for a in gain.actions):
        words += f", such as {gain.witness.action}"
    if gain.conditions:
        words += f", if {' and '.join(gain.conditions)}"
    if gain.before_only:
        words += f" ({'from now on' if lost else 'before,'} only if {' and '.join(gain.before_only)})"
    return Shift(
        Dimension.POWER if within else Dimension.ACCESS,
        words,
        who.who,
        gain.actions,
        gain.witness.document(),
        exact=not gain.doubts,
        relation=relation,
    )


def grant_shift(grant: Grant, facts: Facts, arn: str | None, *, lost: bool) -> Shift:
    """What a list grants more (or less) than before."""
    relation = _relation(grant.kind, grant.account, grant.who, facts)
    whom = _who(grant.kind, grant.who, grant.via, grant.account, relation, anonymous=grant.who == "*")
    words = f"{whom} {_may(lost)} {_listed(grant.actions) or 'use it'}"
    if arn:
        words += f" on {arn}"
    if grant.statements:
        words += f" (by {', '.join(grant.statements)})"
    if grant.conditions:
        words += f", if {' and '.join(grant.conditions)}"
    who = "*" if grant.kind is GrantClass.PUBLIC else grant.who
    witness = _witness(grant, arn)
    return Shift(Dimension.ACCESS, words, who, grant.actions, witness, exact=grant.exact, relation=relation)


def _may(lost: bool) -> str:
    return "may no longer" if lost else "may now"


def _witness(grant: Grant, arn: str | None) -> dict[str, object] | None:
    """A request that the list lets through, where one can be written down."""
    action = _OF_ACL.get(grant.actions[0], grant.actions[0]) if grant.actions else ""
    if ":" not in action or action.endswith("*"):
        return None
    principals = {
        GrantClass.PUBLIC: {} if grant.who == "*" else {"AWS": "any"},
        GrantClass.ACCOUNT: {"AWS": grant.who},
        GrantClass.CANONICAL: {"CanonicalUser": grant.who},
        GrantClass.SERVICE: {"Service": grant.who},
    }
    principal = principals.get(grant.kind)
    return Request(action, arn or "*", principal, grant.account).document() if principal is not None else None


def _relation(kind: GrantClass, account: str | None, who: str, facts: Facts) -> Relation:
    if kind is GrantClass.ANY_ACCOUNT_OF_ORG:
        ours = facts.organization_id is not None and facts.organization_id in who
        return Relation.OWN if ours else Relation.UNKNOWN
    if account in facts.own_accounts:
        return Relation.OWN
    return Relation.THIRD_PARTY if account in facts.third_party_accounts else Relation.UNKNOWN


def _is_anonymous(who: RequesterClass) -> bool:
    return not who.requester.principal


def _who(kind: GrantClass, who: str, via: str, account: str | None, relation: Relation, *, anonymous: bool) -> str:
    match kind:
        case GrantClass.PUBLIC:
            return "anyone on the internet" if anonymous else "any AWS account"
        case GrantClass.PUBLIC_VIA_SERVICE:
            return "anyone, through a service of AWS,"
        case GrantClass.NETWORK_LIMITED:
            return f"anyone from {who}"
        case GrantClass.ANY_ACCOUNT_OF_ORG:
            ours = "our organization" if relation is Relation.OWN else "organization"
            return f"any account of {ours} {who}{_through(via)}"
        case GrantClass.CONFUSED_DEPUTY:
            return f"anyone, through {who},"
        case GrantClass.SERVICE:
            return f"{who}, for this account," if account else f"the service {who}"
        case GrantClass.FEDERATED_PUBLIC:
            return f"anyone who signs up at {who}"
        case GrantClass.FEDERATED:
            return f"identities of {who}"
        case GrantClass.CANONICAL:
            return f"the canonical user {who}" + (f" of {_LABELS[relation]} {account}" if account else "")
        case GrantClass.DANGLING:
            return f"{who}, a principal that is gone,"
        case GrantClass.ACCOUNT:
            return _account(who, account, relation) + _through(via)


def _account(who: str, account: str | None, relation: Relation) -> str:
    if account is None or who == account:
        return f"{_LABELS[relation]} {who}"
    return f"{who} of {_LABELS[relation]}" + ("" if account in who else f" {account}")


def _through(via: str) -> str:
    return f", through {via}," if via else ""


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
