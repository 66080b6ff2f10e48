"""The verdict of access: grants to outsiders, each with who, what, under which conditions, and how sure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from vigie.model.account import Relation


class GrantClass(StrEnum):
    """Who it is that may."""

    PUBLIC = "public"
    PUBLIC_VIA_SERVICE = "public_via_service"
    ANY_ACCOUNT_OF_ORG = "any_account_of_org"
    ACCOUNT = "account"
    SERVICE = "service"
    CONFUSED_DEPUTY = "confused_deputy"
    FEDERATED = "federated"
    FEDERATED_PUBLIC = "federated_public"
    NETWORK_LIMITED = "network_limited"
    CANONICAL = "canonical"
    DANGLING = "dangling"


@dataclass(frozen=True, slots=True)
class Grant:
    """One thing outsiders may do."""

    kind: GrantClass
    who: str
    """An account id, ARN, organisation id, service, provider, canonical id, or ``*``."""
    actions: tuple[str, ...]
    relation: Relation = Relation.UNKNOWN
    """Label of the account behind ``who``: decides severity, never the verdict."""
    account: str | None = None
    conditions: tuple[str, ...] = ()
    """Remaining conditions, in words."""
    statements: tuple[str, ...] = ()
    """Sids (or indexes) of the statements responsible, or the mechanism (``acl``, ``launch-permission``)."""
    witness: Mapping[str, Any] | None = field(default=None, metadata={"state": False})
    """A request that is allowed by it."""
    exact: bool = field(default=False, metadata={"state": False})
    why_not_exact: str = field(default="", metadata={"state": False})
    via: str = field(default="", metadata={"state": False})
    """The service that acts for ``who``; empty where they call themselves."""

    @property
    def subject(self) -> str:
        """Stable identity for a finding: who, by which class."""
        return f"{self.kind.value}:{self.who}"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the estate tells access about the world."""

    own_accounts: frozenset[str] = frozenset()
    third_party_accounts: frozenset[str] = frozenset()
    organization_id: str | None = None
    known_networks: tuple[str, ...] = ()
    """CIDRs."""
    account_settings: Mapping[str, Any] = field(default_factory=dict)
    """Settings of the owner's account that weigh in: ``PublicAccessBlock`` (S3)…"""
    canonical_ids: Mapping[str, str] = field(default_factory=dict)
    """S3 canonical user id → account id."""
    unread_settings: Mapping[str, str] = field(default_factory=dict)
    """Settings of the owner's account that could not be read → why."""
    owners: Mapping[str, str] = field(default_factory=dict)
    """Identifier (bucket, VPC, VPC endpoint, address, user id) → account id that owns it now."""
    now: datetime | None = None
    """For conditions on the time, aware; without it, any time may come."""


NOTHING_KNOWN = Facts()


@dataclass(frozen=True, slots=True)
class Access:
    """Everything outsiders may do with one resource. ``problems``: what could not be read or decided (then not a
    pass).
    """

    grants: Sequence[Grant] = ()
    problems: Sequence[str] = ()
    notes: Sequence[str] = ()

    def public(self) -> Sequence[Grant]:
        """Grants to anyone: anonymous, any AWS account, any self-registered identity, also through a service."""
        wide = (GrantClass.PUBLIC, GrantClass.PUBLIC_VIA_SERVICE, GrantClass.FEDERATED_PUBLIC)
        return [g for g in self.grants if g.kind in wide]

    def cross_account(self, relation: Relation | None = None) -> Sequence[Grant]:
        """Grants to other accounts (optionally of one relation)."""
        kinds = (GrantClass.ACCOUNT, GrantClass.CANONICAL, GrantClass.ANY_ACCOUNT_OF_ORG)
        return [g for g in self.grants if g.kind in kinds and (relation is None or g.relation is relation)]

    def of(self, kind: GrantClass) -> Sequence[Grant]:
        return [g for g in self.grants if g.kind is kind]
