"""Identity policies as they are written: the documents on a user, group, role or managed policy, statement by
statement.

This reads what a document *says*. What a principal can do in the end (boundaries, organisation policies, groups
together)
is the power analysis of ``vigie.access``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from vigie.model.change import Revision
from vigie.model.finding import Severity, Violation
from vigie.rules.declare import CannotTell
from vigie.rules.weight import at_most, lower

OF_SERVICES: Final = "/aws-service-role/"
IDENTITY_TYPES: Final = ("AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::Role", "AWS::IAM::ManagedPolicy")
_INLINE: Final = {
    "AWS::IAM::User": "UserPolicyList",
    "AWS::IAM::Group": "GroupPolicyList",
    "AWS::IAM::Role": "RolePolicyList",
}


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, every element a tuple of strings."""

    label: str
    """Its Sid, or its place in the document (``#2``)."""
    allows: bool
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()
    conditions: Mapping[str, Any] | None = None

    def speaks_of(self, action: str) -> bool:
        """Whether its Action or NotAction holds this action (``service:Name``)."""
        if self.actions:
            return any(matches(pattern, action) for pattern in self.actions)
        return bool(self.not_actions) and not any(matches(pattern, action) for pattern in self.not_actions)

    @property
    def everywhere(self) -> bool:
        """Whether it speaks of every resource (or of all but some)."""
        return bool(self.not_resources) or "*" in self.resources

    @property
    def evidence(self) -> dict[str, Any]:
        parts: dict[str, Any] = {
            "Action": self.actions,
            "NotAction": self.not_actions,
            "Resource": self.resources,
            "NotResource": self.not_resources,
            "Condition": self.conditions,
        }
        return {"statement": self.label} | {key: value for key, value in parts.items() if value}


@dataclass(frozen=True, slots=True)
class Allowance:
    """One Allow statement where it stands: on which policy, and which statements of the same document deny again."""

    statement: Statement
    denials: tuple[Statement, ...]
    policy: str
    """Name of the inline policy; empty for a managed policy, which is the resource itself."""
    attached: bool = True
    by_aws: bool = False
    """A managed policy of AWS: it cannot be edited, only detached."""

    def allows(self, action: str) -> bool:
        """Whether this document lets the action through on some resource, its own denials counted."""
        return self.statement.speaks_of(action) and not any(d.speaks_of(action) for d in self.denials)

    def weigh(self, severity: Severity) -> Severity:
        """Less where conditions or named resources narrow it, where nobody has it, or where it is AWS's own text."""
        if self.by_aws:
            return Severity.INFORMATIONAL
        if not self.attached:
            return at_most(severity, Severity.LOW)
        narrowed = bool(self.statement.conditions) or not self.statement.everywhere
        return lower(severity) if narrowed else severity

    def violation(self, severity: Severity, message: str, detail: str = "") -> Violation:
        """A violation on this statement. Its subject is the policy (and ``detail``), not a place in the document."""
        where = f"Inline policy {self.policy}: " if self.policy else ""
        subject = "/".join(part for part in (self.policy, detail) if part)
        text = f"{where}{message} (statement {self.statement.label})"
        return Violation(text, subject, self.statement.evidence, self.weigh(severity))


def allowances(revision: Revision) -> Iterator[Allowance]:
    """Every Allow statement of the policies written on this user, group, role or managed policy.

    Raises:
        CannotTell: a document that is not one.
    """
    for name, document, attached, by_aws in _documents(revision):
        spoken = tuple(statements(document, name or revision.name or "the policy"))
        denials = tuple(s for s in spoken if not s.allows and s.everywhere and not s.conditions and not s.not_resources)
        for statement in spoken:
            if statement.allows:
                yield Allowance(statement, denials, name, attached, by_aws)


def _documents(revision: Revision) -> Iterator[tuple[str, Any, bool, bool]]:
    configuration = revision.configuration
    if revision.type != "AWS::IAM::ManagedPolicy":
        for policy in configuration.get(_INLINE[revision.type]) or ():
            yield str(policy.get("PolicyName", "")), policy.get("PolicyDocument"), True, False
        return
    if str(configuration.get("Path", "")).startswith(OF_SERVICES):
        return  # AWS writes it, for a role that only AWS can change
    default = configuration.get("DefaultVersionId")
    for version in configuration.get("PolicyVersionList") or ():
        if version.get("IsDefaultVersion") or (default and version.get("VersionId") == default):
            attached = configuration.get("AttachmentCount", 1) != 0
            yield "", version.get("Document"), attached, is_aws_managed(revision.arn or "")
            return
    raise CannotTell("the default version of the policy is not recorded")


def is_aws_managed(arn: str) -> bool:
    """Whether a managed policy is one of AWS's own (``aws`` in place of the account: IAM user guide)."""
    return arn.split(":")[4:5] == ["aws"]


def statements(document: Any, name: str = "the policy") -> Iterator[Statement]:
    """The statements of a policy document (one statement may stand without a list).

    Raises:
        CannotTell: it is no policy document.
    """
    if not isinstance(document, Mapping):
        raise CannotTell(f"{name} could not be read as a policy document")
    written = document.get("Statement", ())
    for place, statement in enumerate([written] if isinstance(written, Mapping) else written, start=1):
        if not isinstance(statement, Mapping):
            raise CannotTell(f"{name}: statement {place} is not an object")
        yield _statement(statement, place)


def _statement(statement: Mapping[str, Any], place: int) -> Statement:
    conditions = statement.get("Condition")
    return Statement(
        label=str(statement.get("Sid") or f"#{place}"),
        allows=statement.get("Effect") == "Allow",
        actions=texts(statement.get("Action")),
        not_actions=texts(statement.get("NotAction")),
        resources=texts(statement.get("Resource")),
        not_resources=texts(statement.get("NotResource")),
        conditions=conditions if isinstance(conditions, Mapping) and conditions else None,
    )


def texts(value: Any) -> tuple[str, ...]:
    """A policy element, which may be a scalar or a list, as a tuple of strings."""
    if value is None:
        return ()
    if isinstance(value, Iterable) and not isinstance(value, str | Mapping):
        return tuple(str(part) for part in value)
    return (str(value),)


def matches(pattern: str, action: str) -> bool:
    """Whether an action pattern holds an action: without case, ``*`` and ``?`` (IAM reference, "Action")."""
    return pattern == "*" or _compiled(pattern.lower()).fullmatch(action.lower()) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "."}.get(sign, re.escape(sign)) for sign in pattern), re.DOTALL)
