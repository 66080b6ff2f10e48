"""CloudTrail events and who did them.

What an event says is in AWS's "CloudTrail record contents" and "CloudTrail userIdentity element" (CloudTrail user
guide).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class ActorKind(StrEnum):
    """What kind of identity a request was made with."""

    ROOT = "root"
    USER = "user"
    """An IAM user."""
    ROLE_SESSION = "role_session"
    SSO_USER = "sso_user"
    """A session of a role that IAM Identity Center made (AWSReservedSSO_…); the session name is the person."""
    FEDERATED = "federated"
    """GetFederationToken, SAML or web identity: before or without a role."""
    SERVICE = "service"
    """An AWS service for itself."""
    ACCOUNT = "account"
    """Somebody of another account; CloudTrail does not say who."""
    ANONYMOUS = "anonymous"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who made a request: what CloudTrail says of it, nothing guessed."""

    kind: ActorKind
    arn: str | None = None
    """The principal: a user's ARN; for sessions, the ARN of the assumed-role session."""
    account: str | None = None
    principal_id: str | None = None
    """``AIDA…``, ``AROA…:session``."""
    session: str | None = None
    """Name of the role session."""
    issuer: str | None = None
    """ARN of the role (or user) that the session was made from; keeps the path."""
    access_key: str | None = None
    """The id of the key (not a secret); leads from AssumeRole's answer to what was done with it."""
    source_identity: str | None = None
    invoked_by: str | None = None
    """The service that made the request on behalf of the actor: ``cloudformation.amazonaws.com``."""
    provider: str | None = None
    """Identity provider of a federated actor."""
    mfa: bool | None = None
    address: str | None = None
    """Source address, or the name of the service that called."""
    agent: str | None = None
    tls: str | None = None
    vpc_endpoint: str | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """A resource that an event speaks of."""

    type: str
    """CloudFormation type name."""
    account: str
    region: str
    """``global`` for types that are read once an account."""
    id: str
    """As the catalogue identifies it."""
    arn: str | None = None


class EventOutcome(StrEnum):
    """What vigie does about an event."""

    SUBJECTS = "subjects"
    """It names resources: they are read."""
    SCOPE = "scope"
    """It changed resources of known types that it does not name: those types are listed again."""
    NONE = "none"
    """A read, a failed call, or a call that changes nothing that is watched. Counted; concludes nothing."""


@dataclass(frozen=True, slots=True)
class Event:
    """One CloudTrail record, whatever envelope it came in. Secrets are redacted before one is made."""

    id: str
    """eventID; a digest of the content where there is none."""
    at: datetime
    source: str
    """``s3.amazonaws.com``."""
    name: str
    """As CloudTrail writes it: ``CreateFunction20150331``."""
    account: str
    """Recipient account; that of the actor where there is none."""
    region: str
    read_only: bool
    actor: Actor
    error_code: str | None = None
    error_message: str | None = None
    failed: bool = False
    """Refused, invalid, or a dry run: evidence of an attempt, and never a change."""
    subjects: tuple[Subject, ...] = ()
    implied: tuple[Subject, ...] = ()
    """Resources that change along: the default group of a new VPC, volumes of a new instance."""
    scopes: tuple[str, ...] = ()
    """Types to list again, where the resources are not named."""
    outcome: EventOutcome = EventOutcome.NONE
    shared_id: str | None = None
    """sharedEventID: pairs the copies that two accounts got of one cross-account call."""
    request_id: str | None = None
    category: str = "Management"
    """Management, Data, Insight, NetworkActivity."""
    type: str = "AwsApiCall"
    """eventType: AwsApiCall, AwsServiceEvent, AwsConsoleSignIn, AwsConsoleAction, …"""
    made_keys: tuple[str, ...] = ()
    """Ids of access keys that the call handed out (AssumeRole and its like): events made with them are its doing."""
    record: Mapping[str, Any] = field(default_factory=dict)
    """The whole record, redacted."""
