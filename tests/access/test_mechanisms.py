"""Every way in which a type can be shared."""

from __future__ import annotations

from typing import Any

import pytest

from vigie.access import Access, Facts, judge

OWN, FOREIGN = "111111111111", "999999999999"
EVERYBODY = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
OPEN = {"Statement": [EVERYBODY]}
SHARED = {"Statement": [{**EVERYBODY, "Principal": {"AWS": FOREIGN}}]}
ALL_USERS = {"Grantee": {"URI": "http://acs.amazonaws.com/groups/global/AllUsers"}, "Permission": "READ"}
NO_BLOCK = Facts(own_accounts=frozenset({OWN}), account_settings={"PublicAccessBlock": {}})


def said(access: Access) -> list[str]:
    return sorted(f"{g.kind.value} {g.who}" for g in access.grants)


def who(type_: str, configuration: dict[str, Any], facts: Facts = NO_BLOCK) -> list[str]:
    access = judge(type_, configuration, account=OWN, facts=facts)
    assert access.problems == ()
    return said(access)


@pytest.mark.parametrize(
    ("type_", "configuration"),
    [
        ("AWS::SQS::Queue", {"Attributes": {"Policy": OPEN}}),
        ("AWS::SNS::Topic", {"Attributes": {"Policy": OPEN}}),
        ("AWS::KMS::Key", {"Policy": OPEN}),
        ("AWS::ECR::Repository", {"Policy": {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "ecr:*"}}}),
        ("AWS::SecretsManager::Secret", {"Policy": OPEN}),
        ("AWS::DynamoDB::Table", {"Policy": OPEN}),
        ("AWS::IAM::Role", {"AssumeRolePolicyDocument": OPEN}),
        ("AWS::Lambda::Function", {"Policy": OPEN}),
        ("AWS::Lambda::Function", {"Policy": None, "Aliases": [{"Name": "live", "Policy": OPEN}]}),
        ("AWS::Lambda::Function", {"Policy": None, "Versions": [{"Version": "3", "Policy": OPEN}]}),
        ("AWS::S3::Bucket", {"Policy": OPEN}),
        ("AWS::S3::Bucket", {"Acl": {"Owner": {"ID": "o"}, "Grants": [ALL_USERS]}}),
        ("AWS::EC2::Snapshot", {"CreateVolumePermissions": [{"Group": "all"}]}),
        ("AWS::EC2::Image", {"LaunchPermissions": [{"Group": "all"}]}),
        ("AWS::EC2::Image", {"Public": True}),
        ("AWS::RDS::DBSnapshot", {"Attributes": {"restore": ["all"]}}),
        ("AWS::RDS::DBClusterSnapshot", {"Attributes": {"restore": ["all"]}}),
        ("AWS::Lambda::LayerVersion", {"Policy": OPEN}),
        ("AWS::ECR::RegistryPolicy", {"Policy": OPEN}),
        ("AWS::EFS::FileSystem", {"Policy": OPEN}),
        ("AWS::Glacier::Vault", {"Policy": OPEN}),
        ("AWS::Glacier::Vault", {"Policy": None, "Lock": {"Policy": OPEN}}),
        ("AWS::OpenSearchService::Domain", {"AccessPolicies": OPEN}),
        ("AWS::Events::EventBus", {"Policy": OPEN}),
        ("AWS::Backup::BackupVault", {"Policy": OPEN}),
        ("AWS::Logs::ResourcePolicy", {"policyDocument": OPEN}),
        ("AWS::Logs::Destination", {"accessPolicy": OPEN}),
        ("AWS::ApiGateway::RestApi", {"policy": OPEN}),
        ("AWS::SES::EmailIdentity", {"Identity": {"Policies": {"one": OPEN, "two": SHARED}}}),
        ("AWS::SSM::Document", {"AccountIds": ["All"]}),
    ],
)
def test_open_to_everybody(type_: str, configuration: dict[str, Any]) -> None:
    assert "public *" in who(type_, configuration)


@pytest.mark.parametrize(
    ("type_", "configuration"),
    [
        ("AWS::EC2::Snapshot", {"CreateVolumePermissions": [{"UserId": FOREIGN}, {"UserId": OWN}]}),
        ("AWS::EC2::Image", {"LaunchPermissions": [{"UserId": FOREIGN}]}),
        ("AWS::RDS::DBSnapshot", {"Attributes": {"restore": [OWN, FOREIGN]}}),
        (
            "AWS::KMS::Key",
            {"Grants": [{"GranteePrincipal": f"arn:aws:iam::{FOREIGN}:root", "Operations": ["Decrypt"]}]},
        ),
        ("AWS::IAM::Role", {"AssumeRolePolicyDocument": SHARED}),
    ],
)
def test_shared_with_another_account(type_: str, configuration: dict[str, Any]) -> None:
    assert who(type_, configuration) == [f"account {FOREIGN}"]


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        ({"Policy": OPEN, "PublicAccessBlock": {"RestrictPublicBuckets": True}}, []),
        ({"Policy": OPEN, "PublicAccessBlock": {"BlockPublicPolicy": True}}, ["public *"]),
        ({"Policy": OPEN, "PublicAccessBlock": {"IgnorePublicAcls": True}}, ["public *"]),
        ({"Policy": SHARED, "PublicAccessBlock": {"RestrictPublicBuckets": True}}, [f"account {FOREIGN}"]),
        ({"Acl": {"Grants": [ALL_USERS]}, "PublicAccessBlock": {"IgnorePublicAcls": True}}, []),
        ({"Acl": {"Grants": [ALL_USERS]}, "PublicAccessBlock": {"BlockPublicAcls": True}}, ["public *"]),
        ({"Acl": {"Grants": [ALL_USERS]}, "Ownership": [{"ObjectOwnership": "BucketOwnerEnforced"}]}, []),
        (
            {"Acl": {"Owner": {"ID": "o"}, "Grants": [{"Grantee": {"ID": "o"}}, {"Grantee": {"ID": "x"}}]}},
            ["canonical x"],
        ),
    ],
)
def test_a_bucket_is_policy_and_acl_and_ownership_and_blocks(
    configuration: dict[str, Any], expected: list[str]
) -> None:
    assert who("AWS::S3::Bucket", configuration) == expected


def test_with_a_public_policy_restricted_other_accounts_are_out_too() -> None:
    both = {"Statement": [EVERYBODY, *SHARED["Statement"]]}
    blocked = {"Policy": both, "PublicAccessBlock": {"RestrictPublicBuckets": True}}
    assert who("AWS::S3::Bucket", blocked) == []


def test_the_block_of_the_account_counts() -> None:
    facts = Facts(account_settings={"PublicAccessBlock": {"RestrictPublicBuckets": True}})
    assert who("AWS::S3::Bucket", {"Policy": OPEN}, facts) == []


def test_a_block_that_could_not_be_read_is_neither_public_nor_a_pass() -> None:
    facts = Facts(unread_settings={"PublicAccessBlock": "denied"})
    access = judge("AWS::S3::Bucket", {"Policy": OPEN}, account=OWN, facts=facts)
    assert access.grants == ()
    assert "the public access block of the account is not known: denied" in access.problems
    closed = judge("AWS::S3::Bucket", {"Policy": SHARED}, account=OWN, facts=facts)
    assert closed.problems == ()  # it makes no difference there


def test_a_policy_that_could_not_be_read_is_a_problem() -> None:
    access = judge("AWS::SQS::Queue", {}, account=OWN, unread={"Attributes": "denied"})
    assert access.problems == ("Attributes could not be read (denied)",)
    known = judge("AWS::SQS::Queue", {"Attributes": {}}, account=OWN, unread={"Attributes": "denied"})
    assert known.problems == ()  # its last known value stands


URL = {
    **EVERYBODY,
    "Action": "lambda:InvokeFunctionUrl",
    "Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}},
}


@pytest.mark.parametrize(
    ("url", "expected"), [({"AuthType": "NONE"}, ["public *"]), ({"AuthType": "AWS_IAM"}, []), (None, [])]
)
def test_a_statement_for_function_urls_needs_such_a_url(url: Any, expected: list[str]) -> None:
    assert who("AWS::Lambda::Function", {"Policy": {"Statement": URL}, "UrlConfig": url}) == expected


GITHUB = f"arn:aws:iam::{OWN}:oidc-provider/token.actions.githubusercontent.com"


def trust(principal: dict[str, str], condition: dict[str, Any] | None = None) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": principal,
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": condition or {},
    }
    return {"AssumeRolePolicyDocument": {"Statement": [statement]}}


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("repo:octo-org/*", f"federated {GITHUB}"),
        ("repo:octo-org/repo:ref:refs/heads/main", f"federated {GITHUB}"),
        ("repo:octo-org*", f"federated_public {GITHUB}"),
        ("*", f"federated_public {GITHUB}"),
    ],
)
def test_a_github_trust_must_name_the_organisation(subject: str, expected: str) -> None:
    condition = {
        "StringLike": {"token.actions.githubusercontent.com:sub": subject},
        "StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"},
    }
    assert who("AWS::IAM::Role", trust({"Federated": GITHUB}, condition)) == [expected]


def test_a_trust_by_audience_alone_is_open_to_every_repository() -> None:
    condition = {"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}}
    assert who("AWS::IAM::Role", trust({"Federated": GITHUB}, condition)) == [f"federated_public {GITHUB}"]


def test_cognito_needs_the_identity_pool() -> None:
    cognito = {"Federated": "cognito-identity.amazonaws.com"}
    pool = {"StringEquals": {"cognito-identity.amazonaws.com:aud": "eu-west-1:pool"}}
    assert who("AWS::IAM::Role", trust(cognito)) == ["federated_public cognito-identity.amazonaws.com"]
    assert who("AWS::IAM::Role", trust(cognito, pool)) == ["federated cognito-identity.amazonaws.com"]


def test_saml_and_issuers_of_ones_own_are_federated() -> None:
    saml = f"arn:aws:iam::{OWN}:saml-provider/corp"
    own = f"arn:aws:iam::{OWN}:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ABC"
    by_saml = trust({"Federated": saml})
    assert who("AWS::IAM::Role", by_saml) == []  # by sts:AssumeRoleWithWebIdentity nobody comes with SAML
    by_saml["AssumeRolePolicyDocument"]["Statement"][0]["Action"] = "sts:AssumeRoleWithSAML"
    assert who("AWS::IAM::Role", by_saml) == [f"federated {saml}"]
    assert who("AWS::IAM::Role", trust({"Federated": own})) == [f"federated {own}"]
    (grant,) = judge("AWS::IAM::Role", trust({"Federated": own}), account=OWN).grants
    assert grant.exact
    unheard = f"arn:aws:iam::{OWN}:oidc-provider/id.example.com"
    (grant,) = judge("AWS::IAM::Role", trust({"Federated": unheard}), account=OWN).grants
    assert (grant.kind.value, grant.exact) == ("federated", False)


def test_a_role_for_a_service_confuses_no_deputy() -> None:
    assert who("AWS::IAM::Role", trust({"Service": "ec2.amazonaws.com"})) == ["service ec2.amazonaws.com"]


def test_a_type_without_a_mechanism_grants_nothing_and_says_so() -> None:
    access = judge("AWS::EC2::VPC", {}, account=OWN)
    assert access.grants == ()
    assert access.notes


def test_odd_lists_are_problems_and_never_crashes() -> None:
    odd: dict[str, dict[str, Any]] = {
        "AWS::EC2::Snapshot": {"CreateVolumePermissions": [3]},
        "AWS::EC2::Image": {"LaunchPermissions": [{"Nobody": "x"}]},
        "AWS::RDS::DBSnapshot": {"Attributes": {"restore": "all"}},
        "AWS::S3::Bucket": {"Acl": {"Grants": [{"Grantee": {"EmailAddress": "a@b.example"}}]}},
        "AWS::KMS::Key": {"Grants": "many"},
        "AWS::SSM::Document": {"AccountIds": ["nobody"]},
        "AWS::RAM::ResourceShare": {"Resources": [{"arn": "x"}], "Principals": [{"id": "?"}]},
        "AWS::SES::EmailIdentity": {"Identity": {"Policies": "none"}},
        "AWS::ApiGateway::RestApi": {"Resources": "many"},
    }
    for type_, configuration in odd.items():
        assert judge(type_, configuration, account=OWN).problems, type_


def test_policies_of_one_identity_are_told_apart() -> None:
    policies = {"one": OPEN, "two": SHARED}
    access = judge("AWS::SES::EmailIdentity", {"Identity": {"Policies": policies}}, account=OWN)
    assert {g.who: g.statements for g in access.grants} == {"*": ("one:#1",), FOREIGN: ("two:#1",)}


def test_what_a_file_system_without_a_policy_lets_in_is_noted() -> None:
    access = judge("AWS::EFS::FileSystem", {"Policy": None}, account=OWN)
    assert access.grants == ()
    assert "whoever reaches a mount target" in access.notes[0]


def test_an_organisation_is_ours_or_not_wherever_a_list_names_it() -> None:
    facts = Facts(organization_id="o-abc1234567")
    rows = [{"OrganizationArn": f"arn:aws:organizations::{OWN}:organization/o-{name}"} for name in ("abc1234567", "x")]
    access = judge("AWS::EC2::Image", {"LaunchPermissions": rows}, account=OWN, facts=facts)
    assert [g.relation.value for g in access.grants] == ["own", "unknown"]


def test_a_policy_of_a_type_that_is_not_known_is_judged_and_it_is_said() -> None:
    access = judge("AWS::Fancy::NewThing", {"Policy": OPEN}, account=OWN)
    assert said(access) == ["public *"]
    assert "is not known here" in access.notes[0]


def test_what_a_grant_of_a_key_demands_is_told() -> None:
    grantee = f"arn:aws:iam::{FOREIGN}:role/r"
    constraints = {"EncryptionContextEquals": {"b": "2", "a": "1"}, "SourceArn": "arn:aws:s3:::b"}
    row = {"GranteePrincipal": grantee, "Operations": ["Decrypt"], "Constraints": constraints}
    (grant,) = judge("AWS::KMS::Key", {"Policy": None, "Grants": [row]}, account=OWN).grants
    assert grant.conditions == ("the encryption context is a=1, b=2", "aws:SourceArn is arn:aws:s3:::b")
