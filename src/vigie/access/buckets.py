"""S3 buckets: policy, access control list, object ownership and block public access together.

Rests on "Blocking public access to your Amazon S3 storage" and "Access control list (ACL) overview" (Amazon S3 user
guide).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from vigie.access.resource_policy import party
from vigie.access.subject import Subject
from vigie.access.verdict import Grant, GrantClass

_PUBLIC_KINDS: Final = (GrantClass.PUBLIC, GrantClass.PUBLIC_VIA_SERVICE)
_ACL_GROUPS: Final = {
    "http://acs.amazonaws.com/groups/global/AllUsers": (GrantClass.PUBLIC, "*"),
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers": (GrantClass.PUBLIC, "any AWS account"),
    "http://acs.amazonaws.com/groups/s3/LogDelivery": (GrantClass.SERVICE, "S3 log delivery"),
}


def bucket_grants(bucket: Subject) -> Sequence[Grant]:
    policy: Sequence[Grant] = bucket.granted_by(bucket.policy("Policy"))
    acl = _acl_grants(bucket)
    policy = unrestricted(bucket, policy, ("PublicAccessBlock",))
    if any(g.kind is GrantClass.PUBLIC for g in acl) and _blocks(bucket, "IgnorePublicAcls", ("PublicAccessBlock",)):
        acl = [g for g in acl if g.kind is not GrantClass.PUBLIC]
    return [*policy, *acl]


def unrestricted(bucket: Subject, grants: Sequence[Grant], block: tuple[str, ...]) -> Sequence[Grant]:
    """What RestrictPublicBuckets leaves of a policy: a public one serves only services and the owner's account then."""
    if not _is_public(bucket, grants) or not _blocks(bucket, "RestrictPublicBuckets", block):
        return grants
    return [g for g in grants if g.kind not in _PUBLIC_KINDS and (g.via or g.kind is GrantClass.SERVICE)]


def _is_public(bucket: Subject, policy: Iterable[Grant]) -> bool:
    """Whether Amazon S3 takes the policy for public: as we judge it, or as its own status says."""
    status = bucket.configuration.get("PolicyStatus")
    says_so = isinstance(status, Mapping) and status.get("IsPublic") is True
    return says_so or any(g.kind in _PUBLIC_KINDS for g in policy)


def _blocks(bucket: Subject, switch: str, block: tuple[str, ...]) -> bool:
    """Whether public access is blocked, at the bucket or at its account.

    What could not be read is noted, and counts as a block: nothing is claimed then, and the problem keeps it from
    being a pass.
    """
    own = bucket.part(*block)
    if isinstance(own, Mapping) and own.get(switch) is True:
        return True
    if "PublicAccessBlock" in bucket.facts.unread_settings:
        bucket.problems.append(
            f"the public access block of the account is not known: {bucket.facts.unread_settings['PublicAccessBlock']}"
        )
        return True
    account = bucket.facts.account_settings.get("PublicAccessBlock")
    unread = own is None and block[0] in bucket.unread and block[0] not in bucket.configuration
    return unread or (isinstance(account, Mapping) and account.get(switch) is True)


def _acl_grants(bucket: Subject) -> list[Grant]:
    rows = bucket.rows("Acl", "Grants")
    if not rows or any(r.get("ObjectOwnership") == "BucketOwnerEnforced" for r in bucket.rows("Ownership")):
        return []
    owner = bucket.part("Acl", "Owner", "ID")
    return [g for row in rows for g in _acl_grant(bucket, row, owner)]


def _acl_grant(bucket: Subject, row: Mapping[str, Any], owner: Any) -> list[Grant]:
    grantee = row.get("Grantee")
    grantee = grantee if isinstance(grantee, Mapping) else {}
    actions = (f"ACL {row.get('Permission', '?')}",)
    group = grantee.get("URI")
    if group in _ACL_GROUPS:
        kind, who = _ACL_GROUPS[group]
        return [Grant(kind, who, actions, statements=("acl",), exact=True)]
    identity = grantee.get("ID")
    if identity is None:
        bucket.problems.append(f"a grantee of the ACL could not be read: {dict(grantee)}")
        return []
    account = bucket.facts.canonical_ids.get(str(identity))
    if identity == owner or account == bucket.account:
        return []
    relation = party(account, bucket.facts)
    return [Grant(GrantClass.CANONICAL, str(identity), actions, relation, account, statements=("acl",), exact=True)]
