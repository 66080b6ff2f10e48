"""How each resource type can be shared: by a policy, a list of grants, an attribute. One function each; those that are
more than a few lines are in buckets.py, endpoints.py and lists.py.

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
from vigie.access.delivering import deliveries_told
from vigie.access.document import Condition, Document, Principal, Statement
from vigie.access.endpoints import file_system, http_api, lattice, rest_api, search_domain
from vigie.access.lists import (
    access_grant,
    data_share,
    desktop_image,
    endpoint_service,
    identity_pool,
    resource_share,
    shared_cluster_snapshot,
    shared_database_snapshot,
    shared_document,
    shared_image,
    shared_snapshot,
    shop_bucket,
)
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
    mechanism = mechanism_of(resource_type, configuration)
    if mechanism is None:
        return Access(notes=(f"{resource_type} has no sharing mechanism that is known here",))
    subject = Subject(resource_type, configuration, account, facts, arn, unread, [])
    if resource_type not in MECHANISMS and resource_type not in PROFILES:
        subject.notes.append(f"{resource_type} is not known here: judged as a resource policy of any service")
    grants, notes = deliveries_told(resource_type, merged(mechanism(subject)))
    notes = [*subject.notes, *notes]
    return Access(tuple(grants), tuple(dict.fromkeys(subject.problems)), tuple(dict.fromkeys(notes)))


Mechanism = Callable[[Subject], Sequence[Grant]]


def mechanism_of(resource_type: str, configuration: Mapping[str, Any]) -> Mechanism | None:
    """What reads the sharing of a type; None where it has no mechanism that is known here."""
    known = MECHANISMS.get(resource_type)
    if known is None and (resource_type in PROFILES or "Policy" in configuration):
        return _policy_at("Policy")
    return known


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


def _key(key: Subject) -> Sequence[Grant]:
    return [*key.granted_by(key.policy("Policy")), *(g for row in key.rows("Grants") for g in _key_grant(key, row))]


def _key_grant(key: Subject, row: Mapping[str, Any]) -> Iterable[Grant]:
    """A grant: its operations to the grantee, as its constraints allow; who may take it back, besides."""
    actions = tuple(f"kms:{operation}" for operation in row.get("Operations") or ())
    conditions = tuple(_constraints(row.get("Constraints")))
    given = _granted_key(key, str(row.get("GranteePrincipal", "")), actions, conditions)
    return [*given, *_granted_key(key, str(row.get("RetiringPrincipal", "")), ("kms:RetireGrant",), ())]


def _constraints(constraints: Any) -> Iterator[str]:
    """What a grant demands of a request ("Grant constraints", AWS KMS developer guide), in words."""
    if not isinstance(constraints, Mapping):
        return
    for name, words in (("EncryptionContextSubset", "holds"), ("EncryptionContextEquals", "is")):
        pairs = constraints.get(name)
        if isinstance(pairs, Mapping) and pairs:
            told = ", ".join(f"{key}={value}" for key, value in sorted(pairs.items()))
            yield f"the encryption context {words} {told}"
    if constraints.get("SourceArn"):
        yield f"aws:SourceArn is {constraints['SourceArn']}"


def _granted_key(key: Subject, grantee: str, actions: tuple[str, ...], conditions: tuple[str, ...]) -> Iterable[Grant]:
    if grantee.endswith((".amazonaws.com", ".amazonaws.com.cn")):
        return [Grant(GrantClass.SERVICE, grantee, actions, conditions=conditions, statements=("grant",), exact=True)]
    more: Any = {"actions": actions, "conditions": conditions, "statements": ("grant",), "exact": True}
    found = principal_grant(grantee, key.account, key.facts, **more)
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


def _policies_at(*keys: str) -> Callable[[Subject], Sequence[Grant]]:
    """A map of names to policies, of which each grants by itself."""

    def granted(subject: Subject) -> Sequence[Grant]:
        policies = subject.part(*keys)
        if policies is None:
            return []
        if not isinstance(policies, Mapping):
            subject.problems.append(f"{'.'.join(keys)} is not a map of policies")
            return []
        return [
            g
            for name, policy in policies.items()
            for g in subject.granted_by(subject.document(policy), label=f"{name}:" if len(policies) > 1 else "")
        ]

    return granted


def _of_others(*keys: str) -> Callable[[Subject], Sequence[Grant]]:
    """A policy whose statements speak of other resources than the one that bears it (of a registry: its
    repositories)."""
    return lambda subject: subject.without_arn().granted_by(subject.policy(*keys))


def _vault(vault: Subject) -> Sequence[Grant]:
    """Access policy and lock policy together ("Glacier Vault Lock policies"): what one denies, the other cannot
    allow."""
    access, lock = vault.policy("Policy"), vault.policy("Lock", "Policy")
    together = Document(
        access.statements + lock.statements, access.problems + lock.problems, access.version, access.notes + lock.notes
    )
    return vault.granted_by(together)


def _table(table: Subject) -> Sequence[Grant]:
    """A table, and its stream of changes, which bears a policy of its own."""
    stream = table.without_arn().granted_by(table.policy("StreamPolicy"), label="stream:")
    return [*table.granted_by(table.policy("Policy")), *stream]


def _parameter(parameter: Subject) -> Sequence[Grant]:
    rows = parameter.rows("SharingPolicies")
    given = [
        ("", parameter.policy("Policy")),
        *((f"{r.get('PolicyId')}:", parameter.document(r["Policy"])) for r in rows if r.get("Policy")),
    ]
    return [g for label, document in given for g in parameter.granted_by(document, label=label)]


def _build(project: Subject) -> Sequence[Grant]:
    """A build: its policy, and whether the world may look at its builds ("Public build projects")."""
    grants: list[Grant] = list(project.granted_by(project.policy("Policy")))
    if project.part("projectVisibility") == "PUBLIC_READ":
        actions = ("read its builds, logs and artifacts",)
        grants.append(Grant(GrantClass.PUBLIC, "*", actions, statements=("projectVisibility",), exact=True))
    return grants


def _application(application: Subject) -> Sequence[Grant]:
    """An application of the Serverless Application Repository: statements of its own form, taken as a policy."""
    statements = [
        {
            "Sid": row.get("StatementId"),
            "Effect": "Allow",
            "Principal": {"AWS": list(row.get("Principals") or ())},
            "Action": [f"serverlessrepo:{action}" for action in row.get("Actions") or ()],
        }
        | ({"Condition": {"StringEquals": {"aws:PrincipalOrgID": ids}}} if (ids := row.get("PrincipalOrgIDs")) else {})
        for row in application.rows("Statements")
    ]
    document = application.document({"Version": "2012-10-17", "Statement": statements}) if statements else Document()
    return [*application.granted_by(application.policy("Policy")), *application.granted_by(document)]


MECHANISMS: Final[Mapping[str, Callable[[Subject], Sequence[Grant]]]] = MappingProxyType(
    {
        "AWS::S3::Bucket": bucket_grants,
        "AWS::S3::AccessPoint": _access_point,
        "AWS::SQS::Queue": _policy_at("Attributes", "Policy"),
        "AWS::SNS::Topic": _policy_at("Attributes", "Policy"),
        "AWS::KMS::Key": _key,
        "AWS::Lambda::Function": _function,
        "AWS::Lambda::LayerVersion": _policy_at("Policy"),
        "AWS::ECR::Repository": _policy_at("Policy"),
        "AWS::ECR::RegistryPolicy": _of_others("Policy"),
        "AWS::SecretsManager::Secret": _policy_at("Policy"),
        "AWS::DynamoDB::Table": _table,
        "AWS::Kinesis::Stream": _policy_at("Policy"),
        "AWS::S3ObjectLambda::AccessPoint": _access_point,
        "AWS::CodeArtifact::Domain": _policy_at("Policy"),
        "AWS::CodeArtifact::Repository": _policy_at("Policy"),
        "AWS::CodeBuild::Project": _build,
        "AWS::VpcLattice::Service": lambda service: lattice(service, "Service"),
        "AWS::VpcLattice::ServiceNetwork": lambda network: lattice(network, "Network"),
        "AWS::Glue::ResourcePolicy": _of_others("Policy"),
        "AWS::ACMPCA::CertificateAuthority": _policy_at("Policy"),
        "AWS::CloudTrail::EventDataStore": _policy_at("Policy"),
        "AWS::MSK::Cluster": _policy_at("Policy"),
        "AWS::EventSchemas::Registry": _policy_at("Policy"),
        "AWS::ServerlessRepo::Application": _application,
        "AWS::SSM::Parameter": _parameter,
        "AWS::Redshift::ClusterSnapshot": shared_cluster_snapshot,
        "AWS::Redshift::DataShare": data_share,
        "AWS::EC2::VPCEndpointService": endpoint_service,
        "AWS::Cognito::IdentityPool": identity_pool,
        "AWS::ECR::PublicRepository": _policy_at("Policy"),
        "AWS::SageMaker::ModelPackageGroup": _policy_at("Policy"),
        "AWS::S3::AccessGrantsInstance": _of_others("Policy"),
        "AWS::S3::AccessGrant": access_grant,
        "AWS::AppStream::Image": desktop_image,
        "AWS::WorkSpaces::Image": desktop_image,
        "AWS::Lightsail::Bucket": shop_bucket,
        "AWS::IAM::Role": _role,
        "AWS::EFS::FileSystem": file_system,
        "AWS::Glacier::Vault": _vault,
        "AWS::OpenSearchService::Domain": search_domain,
        "AWS::Events::EventBus": _policy_at("Policy"),
        "AWS::Backup::BackupVault": _policy_at("Policy"),
        "AWS::Logs::ResourcePolicy": _of_others("policyDocument"),
        "AWS::Logs::Destination": _policy_at("accessPolicy"),
        "AWS::ApiGateway::RestApi": rest_api,
        "AWS::ApiGatewayV2::Api": http_api,
        "AWS::SES::EmailIdentity": _policies_at("Identity", "Policies"),
        "AWS::SSM::Document": shared_document,
        "AWS::RAM::ResourceShare": resource_share,
        "AWS::EC2::Snapshot": shared_snapshot,
        "AWS::EC2::Image": shared_image,
        "AWS::RDS::DBSnapshot": shared_database_snapshot,
        "AWS::RDS::DBClusterSnapshot": shared_database_snapshot,
    }
)
"""Types of the catalogue that can be shared. Other types that bear a policy are judged by ``profiles.py`` alone."""

LISTED: Final = frozenset(
    {
        "AWS::SSM::Document",
        "AWS::EC2::Snapshot",
        "AWS::EC2::Image",
        "AWS::RDS::DBSnapshot",
        "AWS::RDS::DBClusterSnapshot",
        "AWS::Redshift::ClusterSnapshot",
        "AWS::Redshift::DataShare",
        "AWS::AppStream::Image",
        "AWS::WorkSpaces::Image",
        "AWS::Lightsail::Bucket",
    }
)
"""Types that are shared by a list, which names whole accounts (or everyone) and nothing finer."""
