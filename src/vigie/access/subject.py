"""The resource whose sharing is judged: its configuration read part by part, with what could not be read noted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final

from vigie.access.document import Document, parse
from vigie.access.profiles import ANY, PROFILES
from vigie.access.requesters import Bounds
from vigie.access.resource_policy import Policy, party, policy_access
from vigie.access.templates import place
from vigie.access.verdict import Facts, Grant, GrantClass
from vigie.model.account import Relation

NOTHING_UNREAD: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True)
class Subject:
    """The resource that is judged. Reading a part that could not be read is noted in ``problems``."""

    type: str
    configuration: Mapping[str, Any]
    account: str
    facts: Facts
    arn: str | None
    unread: Mapping[str, str]
    problems: list[str]
    notes: list[str] = field(default_factory=list)

    def part(self, *keys: str) -> Any:
        """A part of the configuration; None where it is absent (or could not be read, which is noted)."""
        value: Any = self.configuration
        for key in keys:
            if not isinstance(value, Mapping):
                return None
            if value is self.configuration and key not in value and key in self.unread:
                self.problems.append(f"{key} could not be read ({self.unread[key]})")
            value = value.get(key)
        return value

    def rows(self, *keys: str) -> list[Mapping[str, Any]]:
        """A part that is a list of objects; anything else in it is noted."""
        value = self.part(*keys)
        if value is None:
            return []
        if not isinstance(value, list | tuple) or not all(isinstance(row, Mapping) for row in value):
            self.problems.append(f"{'.'.join(keys)} is not a list of objects")
            return []
        return list(value)

    def policy(self, *keys: str) -> Document:
        value = self.part(*keys)
        return Document() if value in (None, "", {}) else self.document(value)

    def document(self, value: Any) -> Document:
        return parse(value, known=place(self.account, self.arn))

    def without_arn(self) -> Subject:
        """The same, for a policy whose statements speak of something else than the resource that bears it."""
        return replace(self, arn=None)

    def granted_by(self, document: Document, *, label: str = "", bounds: Bounds = MappingProxyType({})) -> list[Grant]:
        """What a policy grants; what could not be read in it is noted. ``bounds``: what is known of requests."""
        profile = PROFILES.get(self.type, ANY)
        judged = policy_access(Policy(document, self.account, self.facts, self.arn, label, profile, bounds))
        self.problems.extend(judged.problems)
        self.notes.extend(judged.notes)
        return list(judged.grants)

    def to_account(self, account: str, actions: tuple[str, ...], mechanism: str) -> list[Grant]:
        """A grant to an account id, unless it is the owner's."""
        if account == self.account:
            return []
        relation = party(account, self.facts)
        return [Grant(GrantClass.ACCOUNT, account, actions, relation, account, statements=(mechanism,), exact=True)]

    def to_organization(self, arn: str, actions: tuple[str, ...], mechanism: str) -> Grant:
        """A grant to an organisation, or to a unit of one, by its ARN."""
        organization = self.facts.organization_id
        own = organization is not None and organization in arn.split("/")
        relation = Relation.OWN if own else Relation.UNKNOWN
        return Grant(GrantClass.ANY_ACCOUNT_OF_ORG, arn, actions, relation, statements=(mechanism,), exact=True)
