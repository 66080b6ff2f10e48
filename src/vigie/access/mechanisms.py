"""How each resource type can be shared: by a policy, a list of grants, an attribute. One small function each.

``judge`` is the way in. Types that are not here have no sharing mechanism of their own: no grants, and a note that
says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from vigie.access.document import Condition, Document, parse
from vigie.access.resource_policy import Policy, merged, party, policy_access, principal_grant
from vigie.access.verdict import NOTHING_KNOWN, Access, Facts, Grant, GrantClass

NOTHING_UNREAD: Final[Mapping[str, str]] = MappingProxyType({})
_PUBLIC_KINDS: Final = (GrantClass.PUBLIC, GrantClass.PUBLIC_VIA_SERVICE)
_ACL_GROUPS: Final = {  # "Access control list (ACL) overview", Amazon S3 user guide
    "http://acs.amazonaws.com/groups/global/AllUsers": (GrantClass.PUBLIC, "*"),
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers": (GrantClass.PUBLIC, "any AWS account"),
    "http://acs.amazonaws.com/groups/s3/LogDelivery": (GrantClass.SERVICE, "S3 log delivery"),
}


@dataclass(frozen=True)
class Subject:
    """The resource that is judged. Reading a part that could not be read is noted in ``problems``."""

    type: str
    configuration: Mapping[str, Any]
    account: str
    facts: Facts
    arn: str | None
    unread: Mapping[str, str]
    problems: list[str]

    def part(self, *keys: str) -> Any:
        """A part of the configuration; None where it is absent (or could not be read, which is noted)."""
        value: Any = self.configuration
        for key in keys:
            if not isinstance(value, Mapping):
                return None
            if value is self.configuration and key not in value and key in self.unread:
                self.problems.append(f"{key} could not be read ({self.unread[key]})")
            value = value.get(key)
        return value

    def rows(self, *keys: str) -> list[Mapping[str, Any]]:
        """A part that is a list of objects; anything else in it is noted."""
        value = self.part(*keys)
        if value is None:
            return []
        if not isinstance(value, list | tuple) or not all(isinstance(row, Mapping) for row in value):
            self.problems.append(f"{'.'.join(keys)} is not a list of objects")
            return []
        return list(value)

    def policy(self, *keys: str) -> Document:
        value = self.part(*keys)
        return Document() if value in (None, "", {}) else parse(value)

    def granted_by(self, document: Document, *, trust: bool = False, label: str = "") -> list[Grant]:
        """What a policy grants; what could not be read in it is noted."""
        judged = policy_access(Policy(document, self.account, self.facts, self.arn, trust, label))
        self.problems.extend(judged.problems)
        return list(judged.grants)

    def to_account(self, account: str, actions: tuple[str, ...], mechanism: str) -> list[Grant]:
        """A grant to an account id, unless it is the owner's."""
        if account == self.account:
            return []
        relation = party(account, self.facts)
        return [Grant(GrantClass.ACCOUNT, account, actions, relation, account, statements=(mechanism,), exact=True)]


def judge(
    resource_type: str,
    configuration: Mapping[str, Any],
    *,
    account: str,
    facts: Facts = NOTHING_KNOWN,
    arn: str | None = None,
    unread: Mapping[str, str] = NOTHING_UNREAD,
) -> Access:
    """Who outside ``account`` can reach a resource of this type with this configuration (as the catalogue records it).

    ``arn`` is the resource's own. ``unread`` names the keys of the configuration that could not be read, and why;
    one that is
    needed and has no last known value is in ``problems``. Never raises: what cannot be read or decided is in
    ``problems``.
    """
    mechanism = MECHANISMS.get(resource_type)
    if mechanism is None:
        return Access(notes=(f"{resource_type} has no sharing mechanism that is known here",))
    problems: list[str] = []
    grants = mechanism(Subject(resource_type, configuration, account, facts, arn, unread, problems))
    return Access(tuple(merged(grants)), tuple(dict.fromkeys(problems)))


def _policy_at(*keys: str) -> Callable[[Subject], Sequence[Grant]]:
    return lambda subject: subject.granted_by(subject.policy(*keys))


def _role(role: Subject) -> Sequence[Grant]:
    return role.granted_by(role.policy("AssumeRolePolicyDocument"), trust=True)


# S3


def _bucket(bucket: Subject) -> Sequence[Grant]:
    policy = bucket.granted_by(bucket.policy("Policy"))
    acl = _acl_grants(bucket)
    if any(g.kind in _PUBLIC_KINDS for g in policy) and _blocks(bucket, "RestrictPublicBuckets"):
        # a public policy then serves only services and the owner's account
        policy = [g for g in policy if g.kind is GrantClass.SERVICE]
    if any(g.kind is GrantClass.PUBLIC for g in acl) and _blocks(bucket, "IgnorePublicAcls"):
        acl = [g for g in acl if g.kind is not GrantClass.PUBLIC]
    return [*policy, *acl]


def _blocks(bucket: Subject, switch: str) -> bool:
    """Whether public access is blocked, at the bucket or at its account.

    What could not be read is noted, and counts as a block: nothing is claimed then, and the problem keeps it from
    being a pass.
    """
    own = bucket.part("PublicAccessBlock")
    if isinstance(own, Mapping) and own.get(switch) is True:
        return True
    if "PublicAccessBlock" in bucket.facts.unread_settings:
        bucket.problems.append(
            f"the public access block of the account is not known: {bucket.facts.unread_settings['PublicAccessBlock']}"
        )
        return True
    account = bucket.facts.account_settings.get("PublicAccessBlock")
    unread = own is None and "PublicAccessBlock" in bucket.unread and "PublicAccessBlock" not in bucket.configuration
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


# Lists and attributes


def _key(key: Subject) -> Sequence[Grant]:
    return [*key.granted_by(key.policy("Policy")), *(g for row in key.rows("Grants") for g in _key_grant(key, row))]


def _key_grant(key: Subject, row: Mapping[str, Any]) -> Iterable[Grant]:
    grantee = str(row.get("GranteePrincipal", ""))
    actions = tuple(f"kms:{operation}" for operation in row.get("Operations") or ())
    policy = Policy(Document(), key.account, key.facts)
    if grantee.endswith((".amazonaws.com", ".amazonaws.com.cn")):
        return [Grant(GrantClass.SERVICE, grantee, actions, statements=("grant",), exact=True)]
    found = principal_grant(grantee, policy, actions=actions, statements=("grant",), exact=True)
    return [found] if found else []


def _function(function: Subject) -> Sequence[Grant]:
    documents = [("", function.policy("Policy")), *_qualified_policies(function)]
    url = function.part("UrlConfig", "AuthType") if any(map(_for_url, documents)) else None
    return [
        grant for label, document in documents for grant in function.granted_by(_as_served(document, url), label=label)
    ]


def _qualified_policies(function: Subject) -> Iterator[tuple[str, Document]]:
    """Policies of aliases and versions, with their label: what they grant holds besides the function's own."""
    for place, name in (("Aliases", "Name"), ("Versions", "Version")):
        for row in function.rows(place):
            if row.get("Policy"):
                yield f"{row.get(name, '?')}:", parse(row["Policy"])


def _for_url(labelled: tuple[str, Document]) -> bool:
    return any(_url_condition(c) for s in labelled[1].statements for c in s.conditions)


def _url_condition(condition: Condition) -> bool:
    return condition.key == "lambda:functionurlauthtype"


def _as_served(document: Document, auth: Any) -> Document:
    """Without the statements for function URLs of an AuthType that the function's URL does not have."""
    kept = tuple(
        s for s in document.statements if all(str(auth) in c.values for c in s.conditions if _url_condition(c))
    )
    return replace(document, statements=kept)


def _shared_snapshot(snapshot: Subject) -> Sequence[Grant]:
    rows = snapshot.rows("CreateVolumePermissions")
    return [g for row in rows for g in _permission(snapshot, row, "create-volume-permission", "ec2:CreateVolume")]


def _shared_image(image: Subject) -> Sequence[Grant]:
    rows = image.rows("LaunchPermissions")
    grants = [g for row in rows for g in _permission(image, row, "launch-permission", "ec2:RunInstances")]
    if image.part("Public") is True and not any(g.kind is GrantClass.PUBLIC for g in grants):
        grants += _permission(image, {"Group": "all"}, "launch-permission", "ec2:RunInstances")
    return grants


def _permission(subject: Subject, row: Mapping[str, Any], mechanism: str, action: str) -> list[Grant]:
    if row.get("Group") == "all":
        return [Grant(GrantClass.PUBLIC, "*", (action,), statements=(mechanism,), exact=True)]
    if "UserId" in row:
        return subject.to_account(str(row["UserId"]), (action,), mechanism)
    arn = row.get("OrganizationArn") or row.get("OrganizationalUnitArn")
    if isinstance(arn, str):
        return [Grant(GrantClass.ANY_ACCOUNT_OF_ORG, arn, (action,), statements=(mechanism,), exact=True)]
    subject.problems.append(f"a {mechanism} could not be read: {dict(row)}")
    return []


def _shared_database_snapshot(snapshot: Subject) -> Sequence[Grant]:
    accounts = snapshot.part("Attributes", "restore") or ()
    if not isinstance(accounts, list | tuple):
        snapshot.problems.append("Attributes.restore is not a list")
        return []
    grants: list[Grant] = []
    for account in accounts:
        if account == "all":
            grants.append(Grant(GrantClass.PUBLIC, "*", ("rds:RestoreDB*",), statements=("restore",), exact=True))
        else:
            grants += snapshot.to_account(str(account), ("rds:RestoreDB*",), "restore")
    return grants


MECHANISMS: Final[Mapping[str, Callable[[Subject], Sequence[Grant]]]] = MappingProxyType(
    {
        "AWS::S3::Bucket": _bucket,
        "AWS::SQS::Queue": _policy_at("Attributes", "Policy"),
        "AWS::SNS::Topic": _policy_at("Attributes", "Policy"),
        "AWS::KMS::Key": _key,
        "AWS::Lambda::Function": _function,
        "AWS::ECR::Repository": _policy_at("Policy"),
        "AWS::SecretsManager::Secret": _policy_at("Policy"),
        "AWS::DynamoDB::Table": _policy_at("Policy"),
        "AWS::IAM::Role": _role,
        "AWS::EC2::Snapshot": _shared_snapshot,
        "AWS::EC2::Image": _shared_image,
        "AWS::RDS::DBSnapshot": _shared_database_snapshot,
        "AWS::RDS::DBClusterSnapshot": _shared_database_snapshot,
    }
)
