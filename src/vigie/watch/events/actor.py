"""Who made the request: CloudTrail's userIdentity in all its forms (CloudTrail user guide, "userIdentity element")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from vigie.model.event import Actor, ActorKind
from vigie.watch.events.values import account, account_of_arn, mapping, text, truth

_KINDS: Final = {
    "root": ActorKind.ROOT,
    "iamuser": ActorKind.USER,
    "assumedrole": ActorKind.ROLE_SESSION,
    "role": ActorKind.ROLE_SESSION,
    "federateduser": ActorKind.FEDERATED,
    "samluser": ActorKind.FEDERATED,
    "webidentityuser": ActorKind.FEDERATED,
    "identitycenteruser": ActorKind.SSO_USER,
    "awsaccount": ActorKind.ACCOUNT,
    "account": ActorKind.ACCOUNT,
    "awsservice": ActorKind.SERVICE,
    "service": ActorKind.SERVICE,
    "directory": ActorKind.UNKNOWN,
    "unknown": ActorKind.UNKNOWN,
}
_ANONYMOUS: Final = frozenset({"anonymous", "anonymous_principal"})
_SSO_ROLE: Final = "AWSReservedSSO_"
_SSO_PATH: Final = ":role/aws-reserved/sso.amazonaws.com/"
_HIDDEN: Final = "HIDDEN_DUE_TO_SECURITY_REASONS"


def actor_of(record: Mapping[str, Any]) -> Actor:
    """What a (redacted) record says of the actor; nothing is guessed."""
    identity = mapping(record.get("userIdentity"))
    context = mapping(identity.get("sessionContext"))
    issuer = mapping(context.get("sessionIssuer"))
    arn = text(identity.get("arn"))
    tls = mapping(record.get("tlsDetails"))
    kind = _kind(record, identity, issuer, arn)
    session = _session(identity, arn, kind)
    return Actor(
        kind=kind,
        arn=arn,
        account=account(identity.get("accountId")) or account_of_arn(arn),
        principal_id=text(identity.get("principalId")),
        name=_name(identity, issuer, arn, kind, session) or _signed_in_as(record, kind),
        session=session,
        issuer=text(issuer.get("arn")) or _issuer(arn, kind),
        access_key=text(identity.get("accessKeyId")),
        source_identity=_source_identity(identity, context),
        invoked_by=_invoked_by(identity, record),
        on_behalf_of=_on_behalf_of(identity),
        provider=_provider(record, identity, context),
        mfa=_mfa(record, context),
        address=text(record.get("sourceIPAddress")),
        agent=text(record.get("userAgent")),
        tls=text(tls.get("tlsVersion")),
        vpc_endpoint=text(record.get("vpcEndpointId")),
    )


def _kind(
    record: Mapping[str, Any], identity: Mapping[str, Any], issuer: Mapping[str, Any], arn: str | None
) -> ActorKind:
    said = (text(identity.get("type")) or "").lower()
    if _is_anonymous(identity):
        return ActorKind.ANONYMOUS
    kind = _KINDS.get(said)
    if kind is ActorKind.UNKNOWN and mapping(identity.get("onBehalfOf")).get("userId"):
        return ActorKind.SSO_USER  # how Identity Center called its users before they had a type
    if kind is None:
        kind = _by_what_is_there(record, identity, arn)
    of_role = (arn or "", text(issuer.get("userName")) or "", text(issuer.get("arn")) or "")
    if kind is ActorKind.ROLE_SESSION and any(_SSO_ROLE in each or _SSO_PATH in each for each in of_role):
        return ActorKind.SSO_USER
    return kind


def _is_anonymous(identity: Mapping[str, Any]) -> bool:
    named = {text(identity.get(key)) for key in ("accountId", "principalId", "userName", "type")}
    return any(name and name.lower() in _ANONYMOUS for name in named)


def _by_what_is_there(record: Mapping[str, Any], identity: Mapping[str, Any], arn: str | None) -> ActorKind:
    """Records without a type: services of their own (``{"invokedBy": …}``), and old ones."""
    if arn and ":assumed-role/" in arn:
        return ActorKind.ROLE_SESSION
    if arn and ":federated-user/" in arn:
        return ActorKind.FEDERATED
    if arn and ":user/" in arn:
        return ActorKind.USER
    if arn and arn.endswith(":root"):
        return ActorKind.ROOT
    if identity.get("invokedBy") and not arn:
        return ActorKind.SERVICE
    if not identity and record.get("eventType") == "AwsServiceEvent":
        return ActorKind.SERVICE
    if mapping(identity.get("onBehalfOf")).get("userId"):
        return ActorKind.SSO_USER
    return ActorKind.UNKNOWN


def _session(identity: Mapping[str, Any], arn: str | None, kind: ActorKind) -> str | None:
    """The name of the session: the ARN's last part, or what follows the id of the role."""
    if arn and ":assumed-role/" in arn:
        parts = arn.split(":assumed-role/", 1)[1].split("/", 1)
        if len(parts) == 2:
            return parts[1]
    principal = text(identity.get("principalId"))
    if kind in (ActorKind.ROLE_SESSION, ActorKind.SSO_USER) and principal and ":" in principal:
        return principal.split(":", 1)[1] or None
    if arn and ":federated-user/" in arn:
        return arn.split(":federated-user/", 1)[1]
    return None


def _issuer(arn: str | None, kind: ActorKind) -> str | None:
    """Without a session issuer (an actor of another account) there is none: a session's ARN lacks the role's path."""
    if kind is ActorKind.ROLE_SESSION and arn and ":role/" in arn:
        return arn
    return None


def _name(
    identity: Mapping[str, Any], issuer: Mapping[str, Any], arn: str | None, kind: ActorKind, session: str | None
) -> str | None:
    said = text(identity.get("userName"))
    if kind is ActorKind.SSO_USER:
        return session or said
    if kind is ActorKind.SERVICE:
        return text(identity.get("invokedBy")) or text(identity.get("principalId"))
    if kind is ActorKind.ROOT:
        return "root"
    if said and said != _HIDDEN:
        return said
    if kind is ActorKind.ROLE_SESSION:
        return text(issuer.get("userName")) or _last(text(issuer.get("arn"))) or _role_of(arn)
    if kind is ActorKind.USER:
        return _last(arn)
    return session


def _signed_in_as(record: Mapping[str, Any], kind: ActorKind) -> str | None:
    """Events of a sign-in to Identity Center have the name beside the identity."""
    said = mapping(record.get("additionalEventData")).get("UserName")
    return text(said) if kind is ActorKind.SSO_USER and said != _HIDDEN else None


def _role_of(arn: str | None) -> str | None:
    return arn.split(":assumed-role/", 1)[1].split("/")[0] if arn and ":assumed-role/" in arn else _last(arn)


def _last(arn: str | None) -> str | None:
    return arn.rsplit("/", 1)[-1] if arn and "/" in arn else None


def _source_identity(identity: Mapping[str, Any], context: Mapping[str, Any]) -> str | None:
    attributes = mapping(context.get("attributes"))
    return (
        text(context.get("sourceIdentity"))
        or text(identity.get("sourceIdentity"))
        or text(attributes.get("sourceIdentity"))
    )


def _invoked_by(identity: Mapping[str, Any], record: Mapping[str, Any]) -> str | None:
    """The service that called for the actor. Old records say it in the session's context, or as the address."""
    said = text(identity.get("invokedBy"))
    if said:
        return said
    address = text(record.get("sourceIPAddress"))
    return address if address and address.endswith(".amazonaws.com") else None


def _on_behalf_of(identity: Mapping[str, Any]) -> str | None:
    return text(mapping(identity.get("onBehalfOf")).get("userId"))


def _provider(record: Mapping[str, Any], identity: Mapping[str, Any], context: Mapping[str, Any]) -> str | None:
    """Who vouched for the actor: an OIDC provider, a SAML provider's ARN, an identity store."""
    federation = mapping(context.get("webIdFederationData"))
    for found in (federation.get("federatedProvider"), identity.get("identityProvider")):
        if text(found):
            return text(found)
    store = text(mapping(identity.get("onBehalfOf")).get("identityStoreArn"))
    if store:
        return store
    request = mapping(record.get("requestParameters"))
    return text(request.get("sAMLProviderArn") or request.get("principalArn")) if _is_saml(record) else None


def _is_saml(record: Mapping[str, Any]) -> bool:
    return record.get("eventName") == "AssumeRoleWithSAML"


def _mfa(record: Mapping[str, Any], context: Mapping[str, Any]) -> bool | None:
    """Whether with MFA: said of the session; of a sign-in to the console, in its own way."""
    used = mapping(record.get("additionalEventData")).get("MFAUsed")
    if truth(used) is not None:
        return truth(used)
    return truth(mapping(context.get("attributes")).get("mfaAuthenticated"))
