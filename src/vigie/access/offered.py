"""Configurations as people and programs hand them in, turned into the shape that is recorded.

A policy alone is put where the type bears it. Names may be written in any case and with underscores; an access control
list may be a canned one; lists of accounts may be plain. docs/reference/access.md describes what is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from vigie.access.answers import opened
from vigie.access.mechanisms import MECHANISMS
from vigie.access.profiles import PROFILES

POLICY_AT: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "AWS::SQS::Queue": ("Attributes", "Policy"),
        "AWS::SNS::Topic": ("Attributes", "Policy"),
        "AWS::IAM::Role": ("AssumeRolePolicyDocument",),
        "AWS::OpenSearchService::Domain": ("AccessPolicies",),
        "AWS::Logs::ResourcePolicy": ("policyDocument",),
        "AWS::Logs::Destination": ("accessPolicy",),
        "AWS::ApiGateway::RestApi": ("policy",),
        "AWS::SES::EmailIdentity": ("Identity", "Policies", "policy"),
    }
)
"""Where a type bears its policy; elsewhere it is ``Policy``."""
_ALIASES: Final = {
    "aws::s3::bucketpolicy": "AWS::S3::Bucket",
    "aws::sqs::queuepolicy": "AWS::SQS::Queue",
    "aws::sns::topicpolicy": "AWS::SNS::Topic",
    "aws::secretsmanager::resourcepolicy": "AWS::SecretsManager::Secret",
    "aws::lambda::permission": "AWS::Lambda::Function",
    "aws::lambda::alias": "AWS::Lambda::Function",
    "aws::lambda::version": "AWS::Lambda::Function",
    "aws::lambda::url": "AWS::Lambda::Function",
    "aws::lambda::layerversionpermission": "AWS::Lambda::LayerVersion",
    "aws::lambda::layer": "AWS::Lambda::LayerVersion",
    "aws::s3::accesspointpolicy": "AWS::S3::AccessPoint",
    "aws::s3::multiregionaccesspointpolicy": "AWS::S3::MultiRegionAccessPoint",
    "aws::s3express::bucketpolicy": "AWS::S3Express::DirectoryBucket",
    "aws::s3express::bucket": "AWS::S3Express::DirectoryBucket",
    "aws::s3objectlambda::accesspointpolicy": "AWS::S3ObjectLambda::AccessPoint",
    "aws::s3tables::tablebucketpolicy": "AWS::S3Tables::TableBucket",
    "aws::s3tables::tablepolicy": "AWS::S3Tables::TableBucket",
    "aws::s3tables::table": "AWS::S3Tables::TableBucket",
    "aws::s3outposts::bucketpolicy": "AWS::S3Outposts::Bucket",
    "aws::kms::replicakey": "AWS::KMS::Key",
    "aws::dynamodb::globaltable": "AWS::DynamoDB::Table",
    "aws::dynamodb::stream": "AWS::DynamoDB::Table",
    "aws::kinesis::resourcepolicy": "AWS::Kinesis::Stream",
    "aws::events::eventbuspolicy": "AWS::Events::EventBus",
    "aws::eventschemas::registrypolicy": "AWS::EventSchemas::Registry",
    "aws::efs::filesystempolicy": "AWS::EFS::FileSystem",
    "aws::opensearch::domain": "AWS::OpenSearchService::Domain",
    "aws::elasticsearch::domain": "AWS::OpenSearchService::Domain",
    "aws::es::domain": "AWS::OpenSearchService::Domain",
    "aws::ecr::registry": "AWS::ECR::RegistryPolicy",
    "aws::ecrpublic::repository": "AWS::ECR::PublicRepository",
    "aws::backup::vault": "AWS::Backup::BackupVault",
    "aws::backup::logicallyairgappedbackupvault": "AWS::Backup::BackupVault",
    "aws::ses::emailidentitypolicy": "AWS::SES::EmailIdentity",
    "aws::ses::identity": "AWS::SES::EmailIdentity",
    "aws::vpclattice::authpolicy": "AWS::VpcLattice::Service",
    "aws::vpclattice::resourcepolicy": "AWS::VpcLattice::ServiceNetwork",
    "aws::msk::clusterpolicy": "AWS::MSK::Cluster",
    "aws::ssm::resourcepolicy": "AWS::SSM::Parameter",
    "aws::glue::datacatalog": "AWS::Glue::ResourcePolicy",
    "aws::lex::resourcepolicy": "AWS::Lex::Bot",
    "aws::lex::botalias": "AWS::Lex::Bot",
    "aws::iam::rolepolicy": "AWS::IAM::Role",
}
_TYPES: Final = {name.lower(): name for name in (*MECHANISMS, *PROFILES)} | _ALIASES
_NAMES: Final = {
    "policy": "Policy",
    "bucketpolicy": "Policy",
    "resourcepolicy": "Policy",
    "acl": "Acl",
    "accesscontrollist": "Acl",
    "publicaccessblock": "PublicAccessBlock",
    "publicaccessblockconfiguration": "PublicAccessBlock",
    "blockpublicaccess": "PublicAccessBlock",
    "accountpublicaccessblock": "AccountPublicAccessBlock",
    "accountblockpublicaccess": "AccountPublicAccessBlock",
    "ownership": "Ownership",
    "objectownership": "Ownership",
    "ownershipcontrols": "Ownership",
    "grants": "Grants",
    "urlconfig": "UrlConfig",
    "functionurlconfig": "UrlConfig",
    "urlauthtype": "UrlConfig",
    "createvolumepermissions": "CreateVolumePermissions",
    "createvolumepermission": "CreateVolumePermissions",
    "launchpermissions": "LaunchPermissions",
    "launchpermission": "LaunchPermissions",
    "public": "Public",
    "restore": "Attributes",
    "dbsnapshotattributes": "Attributes",
    "dbclustersnapshotattributes": "Attributes",
    "attributes": "Attributes",
    "assumerolepolicydocument": "AssumeRolePolicyDocument",
    "assumerolepolicy": "AssumeRolePolicyDocument",
    "trustpolicy": "AssumeRolePolicyDocument",
    "policydocument": "Policy",
    "keypolicy": "Policy",
    "queuepolicy": "Policy",
    "topicpolicy": "Policy",
    "repositorypolicy": "Policy",
    "repositorypolicytext": "Policy",
    "registrypolicy": "Policy",
    "policytext": "Policy",
    "filesystempolicy": "Policy",
    "accesspolicy": "Policy",
    "accesspolicies": "Policy",
    "eventbuspolicy": "Policy",
    "vaultaccesspolicy": "Policy",
    "secretpolicy": "Policy",
    "vaultlock": "Lock",
    "lock": "Lock",
    "vpcoptions": "VPCOptions",
    "advancedsecurityoptions": "AdvancedSecurityOptions",
    "accountids": "AccountIds",
    "sharedaccounts": "AccountIds",
    "share": "AccountIds",
    "principals": "Principals",
    "resources": "Resources",
    "resourcearns": "Resources",
    "allowexternalprincipals": "allowExternalPrincipals",
    "routes": "Routes",
    "stages": "Stages",
    "endpointconfiguration": "endpointConfiguration",
    "protocoltype": "ProtocolType",
    "allowedprincipals": "AllowedPrincipals",
    "accountswithrestoreaccess": "AccountsWithRestoreAccess",
    "datashareassociations": "DataShareAssociations",
    "allowunauthenticatedidentities": "Pool",
    "projectvisibility": "projectVisibility",
    "streampolicy": "StreamPolicy",
    "authtype": "authType",
    "statements": "Statements",
}
_BLOCKS: Final = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_GROUPS: Final = "http://acs.amazonaws.com/groups/"
_CANNED: Final = {  # "Canned ACL", Amazon S3 user guide
    "private": (),
    "public-read": (("global/AllUsers", "READ"),),
    "public-read-write": (("global/AllUsers", "READ"), ("global/AllUsers", "WRITE")),
    "authenticated-read": (("global/AuthenticatedUsers", "READ"),),
    "log-delivery-write": (("s3/LogDelivery", "WRITE"), ("s3/LogDelivery", "READ_ACP")),
    "aws-exec-read": (),
    "bucket-owner-read": (),
    "bucket-owner-full-control": (),
}


def known_type(name: str) -> str:
    """The type by its name in any case; one that is not known stays as it is."""
    return _TYPES.get(name.strip().lower(), name)


def recorded(type_: str, policy: Any, configuration: Mapping[str, Any] | None) -> dict[str, Any]:
    """The configuration in the shape that is recorded, with the policy where the type bears it. Never raises."""
    found: dict[str, Any] = {}
    for name, value in opened(type_, configuration or {}).items():
        known = _NAMES.get(_plain(name), name)
        make = _MADE.get(known)
        found[known] = make(value) if make is not None else value
    if policy is not None:
        _put(found, POLICY_AT.get(type_, ("Policy",)), policy)
    elif "Policy" in found and type_ in POLICY_AT and "Policy" not in (found.get("Attributes") or {}):
        _put(found, POLICY_AT[type_], found.pop("Policy"))
    return found


def _put(target: dict[str, Any], path: Sequence[str], value: Any) -> None:
    for name in path[:-1]:
        below = target.get(name)
        target[name] = dict(below) if isinstance(below, Mapping) else {}
        target = target[name]
    target[path[-1]] = value


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").replace(" ", "").lower()


def _member(value: Any, *names: str) -> Any:
    """A member of an object by any of its names, in any case."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if _plain(str(name)) in names:
                return inner
    return None


# Parts


def _acl(value: Any) -> Any:
    if isinstance(value, str):
        rows = _CANNED.get(value.strip().lower())
        if rows is None:
            return {"Grants": [{"Grantee": {"Canned": value}}]}
        return {"Grants": [_grant(group, permission) for group, permission in rows]}
    if isinstance(value, list | tuple):
        return {"Grants": list(value)}
    grants = _member(value, "grants", "accesscontrollist")
    return {**value, "Grants": _member(grants, "grant") or grants} if grants is not None else value


def _grant(group: str, permission: str) -> dict[str, Any]:
    return {"Grantee": {"Type": "Group", "URI": _GROUPS + group}, "Permission": permission}


def _block(value: Any) -> Any:
    inner = _member(value, "publicaccessblockconfiguration")
    value = inner if inner is not None else value
    if isinstance(value, bool):
        return dict.fromkeys(_BLOCKS, value)
    if not isinstance(value, Mapping):
        return value
    return {name: _truth(_member(value, _plain(name))) for name in _BLOCKS}


def _truth(value: Any) -> bool:
    return value is True or (isinstance(value, str) and value.strip().lower() == "true")


def _ownership(value: Any) -> Any:
    if isinstance(value, str):
        return [{"ObjectOwnership": value}]
    rules = _member(value, "rules")
    if rules is not None:
        return rules
    one = _member(value, "objectownership")
    return [{"ObjectOwnership": one}] if one is not None else value


def _permissions(value: Any) -> Any:
    if not isinstance(value, list | tuple):
        return value
    return [_permission(row) for row in value]


def _permission(row: Any) -> Any:
    if isinstance(row, str):
        return {"Group": "all"} if row == "all" else {"UserId": row}
    names = {"group": "Group", "userid": "UserId", "organizationarn": "OrganizationArn"}
    names["organizationalunitarn"] = "OrganizationalUnitArn"
    return {names.get(_plain(str(k)), k): v for k, v in row.items()} if isinstance(row, Mapping) else row


def _attributes(value: Any) -> Any:
    if isinstance(value, list | tuple):
        if all(isinstance(row, Mapping) for row in value):
            return {_member(row, "attributename"): _member(row, "attributevalues") for row in value}
        return {"restore": list(value)}
    return value


def _url(value: Any) -> Any:
    if isinstance(value, str):
        return {"AuthType": value}
    auth = _member(value, "authtype")
    return {"AuthType": auth} if auth is not None else value


def _lock(value: Any) -> Any:
    """A lock is an object with its policy; the policy alone will do."""
    if isinstance(value, Mapping) and _member(value, "policy") is not None:
        return {"Policy": _member(value, "policy")}
    return {"Policy": value}


def _domain_network(value: Any) -> Any:
    vpc = _member(value, "vpcid")
    if vpc is None and _member(value, "subnetids"):
        vpc = "its VPC"  # CloudFormation names the subnets only
    return {**value, "VPCId": vpc} if isinstance(value, Mapping) and vpc is not None else value


def _domain_sign_in(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {
        **value,
        "Enabled": _truth(_member(value, "enabled")),
        "AnonymousAuthEnabled": _truth(_member(value, "anonymousauthenabled")),
    }


def _principals(value: Any) -> Any:
    return [{"id": row} if isinstance(row, str) else row for row in value] if isinstance(value, list | tuple) else value


def _resources(value: Any) -> Any:
    """What is in a share, as plain ARNs; the resources of an API have methods, and stay as they are."""
    if not isinstance(value, list | tuple):
        return value
    return [{"arn": row} if isinstance(row, str) else row for row in value]


def _allowed(value: Any) -> Any:
    if not isinstance(value, list | tuple):
        return value
    return [{"Principal": row} if isinstance(row, str) else row for row in value]


def _pool(value: Any) -> Any:
    if isinstance(value, bool | str):
        return {"AllowUnauthenticatedIdentities": _truth(value)}
    return value


def _texts(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


_MADE: Final[Mapping[str, Callable[[Any], Any]]] = MappingProxyType(
    {
        "Acl": _acl,
        "PublicAccessBlock": _block,
        "AccountPublicAccessBlock": _block,
        "Ownership": _ownership,
        "CreateVolumePermissions": _permissions,
        "LaunchPermissions": _permissions,
        "Attributes": _attributes,
        "UrlConfig": _url,
        "Lock": _lock,
        "VPCOptions": _domain_network,
        "AdvancedSecurityOptions": _domain_sign_in,
        "Principals": _principals,
        "Resources": _resources,
        "AccountIds": _texts,
        "AllowedPrincipals": _allowed,
        "Pool": _pool,
    }
)
