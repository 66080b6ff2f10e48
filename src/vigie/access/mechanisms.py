"""How each resource type can be shared: by a policy, a list of grants, an attribute. One small function each.

``judge`` is the way in. Types that are not here have no sharing mechanism of their own: no grants, and a note that
says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from vigie.access.buckets import bucket_grants, unrestricted
from vigie.access.constraints import ABSENT, Constraint
from vigie.access.document import Condition, Document, Principal, Statement
from vigie.access.profiles import PROFILES
from vigie.access.requesters import Bounds
from vigie.access.resource_policy import merged, principal_grant
from vigie.access.subject import NOTHING_UNREAD, Subject
from vigie.access.texts import Texts
from vigie.access.verdict import NOTHING_KNOWN, Access, Facts, Grant, GrantClass

_URL_KEY: Final = "lambda:functionurlauthtype"


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
    if mechanism is None and (resource_type in PROFILES or "Policy" in configuration):
        mechanism = _policy_at("Policy")
    if mechanism is None:
        return Access(notes=(f"{resource_type} has no sharing mechanism that is known here",))
    subject = Subject(resource_type, configuration, account, facts, arn, unread, [])
    grants = mechanism(subject)
    return Access(tuple(merged(grants)), tuple(dict.fromkeys(subject.problems)), tuple(dict.fromkeys(subject.notes)))


def _policy_at(*keys: str) -> Callable[[Subject], Sequence[Grant]]:
    return lambda subject: subject.granted_by(subject.policy(*keys))


def _role(role: Subject) -> Sequence[Grant]:
    return role.granted_by(role.policy("AssumeRolePolicyDocument"))


def _access_point(point: Subject) -> Sequence[Grant]:
    origin = point.part("AccessPoint", "VpcConfiguration", "VpcId") or point.part("VpcConfiguration", "VpcId")
    document = point.policy("Policy")
    if origin:
        document = replace(document, statements=(*document.statements, _only_from(str(origin))))
    grants = point.granted_by(document)
    return unrestricted(point, grants, ("AccessPoint", "PublicAccessBlockConfiguration"))


def _only_from(vpc: str) -> Statement:
    """What Amazon S3 does for an access point of a VPC, as the statement that would do it."""
    elsewhere = Condition("aws:sourcevpc", "stringnotequals", (vpc,))
    return Statement("VPC", False, (Principal("AWS", "*"),), actions=("*",), conditions=(elsewhere,))


# Lists and attributes


def _key(key: Subject) -> Sequence[Grant]:
    return [*key.granted_by(key.policy("Policy")), *(g for row in key.rows("Grants") for g in _key_grant(key, row))]


def _key_grant(key: Subject, row: Mapping[str, Any]) -> Iterable[Grant]:
    grantee = str(row.get("GranteePrincipal", ""))
    actions = tuple(f"kms:{operation}" for operation in row.get("Operations") or ())
    if grantee.endswith((".amazonaws.com", ".amazonaws.com.cn")):
        return [Grant(GrantClass.SERVICE, grantee, actions, statements=("grant",), exact=True)]
    found = principal_grant(grantee, key.account, key.facts, actions=actions, statements=("grant",), exact=True)
    return [found] if found else []


def _function(function: Subject) -> Sequence[Grant]:
    documents = [("", function.policy("Policy")), *_qualified_policies(function)]
    bounds = _urls_of(function) if any(_URL_KEY in str(document) for _, document in documents) else {}
    return [g for label, document in documents for g in function.granted_by(document, label=label, bounds=bounds)]


def _urls_of(function: Subject) -> Bounds:
    """What a request can say of function URLs: the AuthType of the function's own, where it has one."""
    if "UrlConfig" not in function.configuration and "UrlConfig" not in function.unread:
        return {}
    auth = function.part("UrlConfig", "AuthType")
    if auth is None:
        return {_URL_KEY: (ABSENT,)}
    return {_URL_KEY: (Constraint(True, Texts((str(auth),))),)}


def _qualified_policies(function: Subject) -> Iterator[tuple[str, Document]]:
    """Policies of aliases and versions, with their label: what they grant holds besides the function's own."""
    for place, name in (("Aliases", "Name"), ("Versions", "Version")):
        for row in function.rows(place):
            if row.get("Policy"):
                yield f"{row.get(name, '?')}:", function.document(row["Policy"])


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
        "AWS::S3::Bucket": bucket_grants,
        "AWS::S3::AccessPoint": _access_point,
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
