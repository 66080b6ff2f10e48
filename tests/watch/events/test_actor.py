"""Who did it: CloudTrail's identities in all their forms (after the examples of AWS's user guides)."""

from __future__ import annotations

from typing import Any

import pytest

from records import ACCOUNT, record
from vigie.model.event import Actor, ActorKind, Event
from vigie.watch.events import read

ROLE = f"arn:aws:iam::{ACCOUNT}:role/ci/deploy"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/run-7"
ASSUMED: dict[str, Any] = {
    "type": "AssumedRole",
    "principalId": "AROADEPLOY:run-7",
    "arn": SESSION,
    "accountId": ACCOUNT,
    "accessKeyId": "ASIAEXAMPLE",
    "sessionContext": {
        "sessionIssuer": {
            "type": "Role",
            "principalId": "AROADEPLOY",
            "arn": ROLE,
            "accountId": ACCOUNT,
            "userName": "deploy",
        },
        "webIdFederationData": {},
        "attributes": {"creationDate": "2026-03-01T11:00:00Z", "mfaAuthenticated": "false"},
    },
}


def actor(identity: Any, source: str = "s3", name: str = "PutBucketAcl", **more: Any) -> Actor:
    [found] = read(record(source, name, userIdentity=identity, **more))
    assert isinstance(found, Event)
    return found.actor


def test_a_user() -> None:
    [found] = read(record("s3", "PutBucketAcl", vpcEndpointId="vpce-1", tlsDetails={"tlsVersion": "TLSv1.3"}))
    assert isinstance(found, Event)
    assert found.actor == Actor(
        ActorKind.USER,
        arn=f"arn:aws:iam::{ACCOUNT}:user/people/alice",
        account=ACCOUNT,
        principal_id="AIDAALICE",
        name="alice",
        access_key="AKIAI44QH8DHBEXAMPLE",
        address="192.0.2.44",
        agent="aws-cli/2.15",
        tls="TLSv1.3",
        vpc_endpoint="vpce-1",
    )


def test_a_session_of_a_role_keeps_the_path_of_the_role() -> None:
    found = actor(ASSUMED)
    assert (found.kind, found.arn, found.session) == (ActorKind.ROLE_SESSION, SESSION, "run-7")
    assert (found.issuer, found.name, found.mfa) == (ROLE, "deploy", False)


def test_a_person_of_identity_center_is_the_session_of_a_reserved_role() -> None:
    name = "AWSReservedSSO_Admin_0123456789abcdef"
    found = actor(
        {
            **ASSUMED,
            "principalId": "AROASSO:ada@example.org",
            "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/ada@example.org",
            "sessionContext": {
                "sessionIssuer": {
                    "arn": f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/eu-west-1/{name}",
                    "userName": name,
                }
            },
            "onBehalfOf": {"userId": "94d00cd8", "identityStoreArn": "arn:aws:identitystore::1:identitystore/d-1"},
        }
    )
    assert (found.kind, found.name, found.on_behalf_of) == (ActorKind.SSO_USER, "ada@example.org", "94d00cd8")


def test_a_user_of_identity_center() -> None:
    store = "arn:aws:identitystore::111122223333:identitystore/d-1"
    identity = {
        "type": "IdentityCenterUser",
        "accountId": ACCOUNT,
        "onBehalfOf": {"userId": "94d0", "identityStoreArn": store},
    }
    found = actor(identity)
    assert (found.kind, found.on_behalf_of, found.provider) == (ActorKind.SSO_USER, "94d0", store)


def test_a_user_of_identity_center_before_there_was_a_type_for_it() -> None:
    identity = {
        "type": "Unknown",
        "principalId": "example.com//S-1",
        "accountId": ACCOUNT,
        "userName": "bob@example.org",
    }
    assert actor({**identity, "onBehalfOf": {"userId": "94d0"}}).kind is ActorKind.SSO_USER
    assert (actor(identity).kind, actor(identity).name) == (ActorKind.UNKNOWN, "bob@example.org")


def test_a_sign_in_to_identity_center_has_the_name_beside_the_identity() -> None:
    identity = {"type": "IdentityCenterUser", "arn": "", "accountId": ACCOUNT, "onBehalfOf": {"userId": "u"}}
    found = actor(identity, "signin", "UserAuthentication", additionalEventData={"UserName": "ada@example.org"})
    assert (found.kind, found.name, found.arn) == (ActorKind.SSO_USER, "ada@example.org", None)


def test_the_path_of_the_role_tells_identity_center_too() -> None:
    issuer = {
        "arn": f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/eu-west-1/SomeRole",
        "userName": "SomeRole",
    }
    found = actor({**ASSUMED, "sessionContext": {"sessionIssuer": issuer}})
    assert (found.kind, found.name) == (ActorKind.SSO_USER, "run-7")


def test_root() -> None:
    found = actor(
        {
            "type": "Root",
            "principalId": ACCOUNT,
            "arn": f"arn:aws:iam::{ACCOUNT}:root",
            "accountId": ACCOUNT,
            "userName": "acme",
        }
    )
    assert (found.kind, found.arn, found.name) == (ActorKind.ROOT, f"arn:aws:iam::{ACCOUNT}:root", "root")


def test_a_service_for_itself_and_one_for_somebody() -> None:
    own = actor({"type": "AWSService", "invokedBy": "config.amazonaws.com"}, sourceIPAddress="config.amazonaws.com")
    assert (own.kind, own.invoked_by, own.arn) == (ActorKind.SERVICE, "config.amazonaws.com", None)
    other = actor({**ASSUMED, "invokedBy": "cloudformation.amazonaws.com"})
    assert (other.kind, other.invoked_by) == (ActorKind.ROLE_SESSION, "cloudformation.amazonaws.com")
    bare = actor({"invokedBy": "rds.amazonaws.com", "accountId": ACCOUNT})
    assert (bare.kind, bare.name) == (ActorKind.SERVICE, "rds.amazonaws.com")
    assert actor(None, eventType="AwsServiceEvent").kind is ActorKind.SERVICE


def test_a_federated_user() -> None:
    arn = f"arn:aws:sts::{ACCOUNT}:federated-user/visitor"
    issuer = {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/broker", "userName": "broker"}
    found = actor(
        {"type": "FederatedUser", "arn": arn, "accountId": ACCOUNT, "sessionContext": {"sessionIssuer": issuer}}
    )
    assert (found.kind, found.session, found.issuer) == (ActorKind.FEDERATED, "visitor", issuer["arn"])


def test_identities_of_saml_and_the_web() -> None:
    web = {
        "type": "WebIdentityUser",
        "principalId": "accounts.google.com:app:user",
        "userName": "user",
        "identityProvider": "accounts.google.com",
    }
    found = actor(web, "sts", "AssumeRoleWithWebIdentity")
    assert (found.kind, found.name, found.provider) == (ActorKind.FEDERATED, "user", "accounts.google.com")
    saml = {"type": "SAMLUser", "principalId": "x:sub", "userName": "sub", "identityProvider": "x"}
    assert actor(saml, "sts", "AssumeRoleWithSAML").provider == "x"
    session = {
        **ASSUMED,
        "sessionContext": {
            **ASSUMED["sessionContext"],
            "webIdFederationData": {"federatedProvider": "arn:aws:iam::1:oidc-provider/x"},
        },
    }
    assert actor(session).provider == "arn:aws:iam::1:oidc-provider/x"


def test_another_account_and_nobody_known() -> None:
    other = actor({"type": "AWSAccount", "principalId": "AIDAOTHER", "accountId": "999988887777"})
    assert (other.kind, other.account, other.principal_id) == (ActorKind.ACCOUNT, "999988887777", "AIDAOTHER")
    for identity in (
        {"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"},
        {"type": "AWSAccount", "accountId": "anonymous"},
    ):
        assert actor(identity).kind is ActorKind.ANONYMOUS
    assert actor({"type": "Unknown"}).kind is ActorKind.UNKNOWN
    assert actor({"type": "Directory", "userName": "x"}).kind is ActorKind.UNKNOWN
    assert actor({}).kind is ActorKind.UNKNOWN


def test_a_source_identity_is_who_it_really_is() -> None:
    found = actor({**ASSUMED, "sessionContext": {**ASSUMED["sessionContext"], "sourceIdentity": "ada"}})
    assert found.source_identity == "ada"


def test_a_sign_in_says_of_mfa_in_its_own_way() -> None:
    found = actor(
        {"type": "IAMUser", "userName": "ada", "accountId": ACCOUNT},
        "signin",
        "ConsoleLogin",
        additionalEventData={"MFAUsed": "Yes"},
        responseElements={"ConsoleLogin": "Success"},
    )
    assert found.mfa is True
    hidden = actor({"type": "IAMUser", "userName": "HIDDEN_DUE_TO_SECURITY_REASONS"}, "signin", "ConsoleLogin")
    assert hidden.name is None


@pytest.mark.parametrize(
    ("arn", "kind"),
    [
        (SESSION, ActorKind.ROLE_SESSION),
        (f"arn:aws:iam::{ACCOUNT}:user/x", ActorKind.USER),
        (f"arn:aws:iam::{ACCOUNT}:root", ActorKind.ROOT),
        (f"arn:aws-us-gov:sts::{ACCOUNT}:federated-user/x", ActorKind.FEDERATED),
    ],
)
def test_without_a_type_the_arn_tells(arn: str, kind: ActorKind) -> None:
    assert actor({"arn": arn}).kind is kind
