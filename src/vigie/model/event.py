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
    name: str | None = None
    """What the identity is called: an IAM user's name, a role's, a person's in Identity Center, a service's."""
    session: str | None = None
    """Name of the role session."""
    issuer: str | None = None
    """ARN of the role (or user) that the session was made from; keeps the path."""
    access_key: str | None = None
    """The id of the key (not a secret); leads from AssumeRole's answer to what was done with it."""
    source_identity: str | None = None
    invoked_by: str | None = None
    """The service that made the request on behalf of the actor: ``cloudformation.amazonaws.com``."""
    on_behalf_of: str | None = None
    """The Identity Center user that a service or a session acts for: the user's id in the identity store."""
    provider: str | None = None
    """Identity provider of a federated actor."""
    mfa: bool | None = None
    address: str | None = None
    """Source address, or the name of the service that called."""
    agent: str | None = None
    tls: str | None = None
    vpc_endpoint: str | None = None


class KnownBy(StrEnum):
    """What ``Subject.id`` is."""

    ID = "id"
    """What the catalogue identifies the resource by."""
    NAME = "name"
    """A name (an alias, an address): the event does not say the id, and the store has to be asked for it."""
    ARN = "arn"
    """An ARN, likewise."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A resource that an event speaks of."""

    type: str
    """CloudFormation type name. Not only types that are watched: whether one is, the catalogue knows."""
    account: str
    region: str
    """Where the resource lives: ``global`` for what has no region. A bucket's is its own, although buckets are listed
    once an account: the region of its *scope* is the catalogue's to say."""
    id: str
    """As the catalogue identifies it (``known_by`` is ID); otherwise what the event has instead."""
    arn: str | None = None
    name: str | None = None
    known_by: KnownBy = KnownBy.ID


class EventOutcome(StrEnum):
    """What vigie does about an event."""

    SUBJECTS = "subjects"
    """It changed resources that it names: those of watched types are read."""
    SCOPE = "scope"
    """It changed resources of known types that it does not name: those types are listed again."""
    NONE = "none"
    """A read, a failed call, or a call of which nothing is known that it could change. Counted; concludes nothing."""


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
    """What it changed. Empty for reads and failed calls, whose resources are in ``about``."""
    implied: tuple[Subject, ...] = ()
    """Resources that change along: the default group of a new VPC, volumes of a new instance."""
    about: tuple[Subject, ...] = ()
    """Of a read or a failed call: the resources it was about. Evidence; nothing is read again because of it."""
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


@dataclass(frozen=True, slots=True)
class Malformed:
    """Something that came where a record should be, and is none. Its content is not kept: it may hold secrets."""

    error: str
    """One sentence: what is wrong with it."""
    digest: str
    """SHA-256 of what came (of its JSON, where it came inside an envelope), to find it again at its source."""
    size: int
    """How many bytes (or characters of its JSON) it had."""
    id: str | None = None
    """Its eventID, where it has one all the same."""


@dataclass(frozen=True, slots=True)
class RecordsFile:
    """An S3 notification: it says which object holds records, and holds none itself."""

    bucket: str
    key: str
    region: str | None = None
    version: str | None = None
    size: int | None = None
