"""Resources that are shared by a list of who may use them, not by a policy: snapshots, images, documents, shares."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from vigie.access.resource_policy import principal_grant
from vigie.access.subject import Subject
from vigie.access.verdict import Grant, GrantClass
from vigie.model.account import is_account

_ALL: Final = "all"


def shared_snapshot(snapshot: Subject) -> Sequence[Grant]:
    rows = snapshot.rows("CreateVolumePermissions")
    return [g for row in rows for g in _permission(snapshot, row, "create-volume-permission", "ec2:CreateVolume")]


def shared_image(image: Subject) -> Sequence[Grant]:
    rows = image.rows("LaunchPermissions")
    grants = [g for row in rows for g in _permission(image, row, "launch-permission", "ec2:RunInstances")]
    if image.part("Public") is True and not any(g.kind is GrantClass.PUBLIC for g in grants):
        grants += _permission(image, {"Group": "all"}, "launch-permission", "ec2:RunInstances")
    return grants


def _permission(subject: Subject, row: Mapping[str, Any], mechanism: str, action: str) -> list[Grant]:
    if row.get("Group") == _ALL:
        return [_everybody(action, mechanism)]
    if "UserId" in row:
        return subject.to_account(str(row["UserId"]), (action,), mechanism)
    arn = row.get("OrganizationArn") or row.get("OrganizationalUnitArn")
    if isinstance(arn, str):
        return [subject.to_organization(arn, (action,), mechanism)]
    subject.problems.append(f"a {mechanism} could not be read: {dict(row)}")
    return []


def _everybody(action: str, mechanism: str) -> Grant:
    return Grant(GrantClass.PUBLIC, "*", (action,), statements=(mechanism,), exact=True)


def shared_database_snapshot(snapshot: Subject) -> Sequence[Grant]:
    return _accounts(snapshot, snapshot.part("Attributes", "restore"), "rds:RestoreDB*", "restore")


def shared_document(document: Subject) -> Sequence[Grant]:
    """SSM documents ("Sharing SSM documents", Systems Manager user guide): account ids, or ``all``."""
    return _accounts(document, document.part("AccountIds"), "ssm:GetDocument", "share")


def shared_cluster_snapshot(snapshot: Subject) -> Sequence[Grant]:
    """Redshift ("Sharing snapshots", Amazon Redshift management guide)."""
    rows = snapshot.part("AccountsWithRestoreAccess")
    return _accounts(snapshot, rows, "redshift:RestoreFromClusterSnapshot", "restore")


_NOT_IN_FORCE: Final = ("PENDING_AUTHORIZATION", "DEAUTHORIZED", "REJECTED")


def data_share(share: Subject) -> Sequence[Grant]:
    """A datashare of Redshift: its consumers are accounts, namespaces of accounts, or catalogues of accounts."""
    grants: list[Grant] = []
    for row in share.rows("DataShareAssociations"):
        if row.get("Status") in _NOT_IN_FORCE:
            continue
        consumer = str(row.get("ConsumerIdentifier", ""))
        account = next((part for part in re.split(r"[:/]", consumer) if is_account(part)), None)
        if account is None:
            share.problems.append(f"a consumer of the share could not be read: {consumer}")
            continue
        actions = ("read its tables", "write its tables") if row.get("ProducerAllowedWrites") else ("read its tables",)
        grants += share.to_account(account, actions, "data share")
    return grants


def endpoint_service(service: Subject) -> Sequence[Grant]:
    """A service behind PrivateLink: who may ask to connect ("Manage permissions", AWS PrivateLink guide)."""
    actions = ("ec2:CreateVpcEndpoint",)
    grants: list[Grant] = []
    for row in service.rows("AllowedPrincipals"):
        principal = str(row.get("Principal", ""))
        if principal == "*":
            grants.append(_everybody(actions[0], "allowed principals"))
            continue
        more: Any = {"actions": actions, "statements": ("allowed principals",), "exact": True}
        found = principal_grant(principal, service.account, service.facts, **more)
        grants += [found] if found else []
        if found is None and f":{service.account}:" not in principal and principal != service.account:
            service.problems.append(f"an allowed principal could not be read: {principal}")
    if service.part("AcceptanceRequired") is True:
        return [replace(grant, conditions=("the owner accepts the connection",)) for grant in grants]
    return grants


def identity_pool(pool: Subject) -> Sequence[Grant]:
    """A pool that knows guests gives credentials to everyone who asks (Amazon Cognito developer guide)."""
    if pool.part("Pool", "AllowUnauthenticatedIdentities") is not True:
        return []
    actions = ("cognito-identity:GetId", "cognito-identity:GetCredentialsForIdentity")
    return [Grant(GrantClass.FEDERATED_PUBLIC, "guests", actions, statements=("guests",), exact=True)]


def desktop_image(image: Subject) -> Sequence[Grant]:
    """Images of AppStream and WorkSpaces: whole accounts."""
    return _accounts(image, image.part("SharedWith"), "use the image", "image permission")


def shop_bucket(bucket: Subject) -> Sequence[Grant]:
    """Buckets of Lightsail ("Bucket permissions", Amazon Lightsail user guide)."""
    grants = _accounts(bucket, bucket.part("readonlyAccessAccounts"), "s3:GetObject", "cross-account access")
    if bucket.part("accessRules", "getObject") == "public":
        return [_everybody("s3:GetObject", "access rules"), *grants]
    if bucket.part("accessRules", "allowPublicOverrides") is True:
        bucket.notes.append("single objects may be made public: whether some are is not known")
    return grants


def access_grant(grant: Subject) -> Sequence[Grant]:
    """A grant of S3 Access Grants to a principal of IAM. Users and groups of a directory are of the organisation."""
    grantee = grant.part("Grantee")
    identifier = str(grantee.get("GranteeIdentifier", "")) if isinstance(grantee, Mapping) else ""
    if not isinstance(grantee, Mapping) or grantee.get("GranteeType") != "IAM":
        return []
    actions = tuple(
        f"{verb} {grant.part('GrantScope')}" for verb in _VERBS.get(str(grant.part("Permission")), ("use",))
    )
    more: Any = {"actions": actions, "statements": ("access grant",), "exact": True}
    found = principal_grant(identifier, grant.account, grant.facts, **more)
    return [found] if found else []


_VERBS: Final = {"READ": ("read",), "WRITE": ("write",), "READWRITE": ("read", "write")}


def _accounts(subject: Subject, accounts: Any, action: str, mechanism: str) -> list[Grant]:
    """A list of account ids, in which ``all`` is everybody; a row may be an object with ``AccountId``."""
    if accounts is None:
        return []
    if not isinstance(accounts, list | tuple):
        subject.problems.append(f"the accounts of {mechanism} are not a list")
        return []
    grants: list[Grant] = []
    for row in accounts:
        account = str(row.get("AccountId")) if isinstance(row, Mapping) else str(row)
        if account.lower() == _ALL:
            grants.append(_everybody(action, mechanism))
        elif is_account(account):
            grants += subject.to_account(account, (action,), mechanism)
        else:
            subject.problems.append(f"{mechanism} names what is no account: {row}")
    return grants


def resource_share(share: Subject) -> Sequence[Grant]:
    """A share of Resource Access Manager: each of its principals may use each of its resources.

    Which actions, the managed permission of each resource type says (AWS RAM user guide, "Managing permissions").
    """
    if share.part("status") not in (None, "ACTIVE", "PENDING"):
        return []
    resources = tuple(sorted({str(row.get("arn", "?")) for row in _joined(share, "Resources")}))
    actions = tuple(f"use {arn}" for arn in resources)
    if not actions:
        share.notes.append("nothing is in the share")
        return []
    return [g for row in _joined(share, "Principals") for g in _share_principal(share, str(row.get("id", "")), actions)]


def _joined(share: Subject, part: str) -> list[Mapping[str, Any]]:
    """What is in the share, or about to be: an account outside that has yet to accept is ``ASSOCIATING``."""
    return [row for row in share.rows(part) if row.get("status") in (None, "ASSOCIATED", "ASSOCIATING")]


def _share_principal(share: Subject, principal: str, actions: tuple[str, ...]) -> Iterable[Grant]:
    if is_account(principal):
        return share.to_account(principal, actions, "share")
    if ":organizations:" in principal:
        return [share.to_organization(principal, actions, "share")]
    if principal.endswith((".amazonaws.com", ".amazonaws.com.cn")):
        return [Grant(GrantClass.SERVICE, principal, actions, statements=("share",), exact=True)]
    found = principal_grant(principal, share.account, share.facts, actions=actions, statements=("share",), exact=True)
    if found is None and f":{share.account}:" not in principal:
        share.problems.append(f"a principal of the share could not be read: {principal}")
    return [found] if found else []
