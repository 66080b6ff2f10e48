"""Users, roles, groups, policies and resources with roles as they are recorded: what power is computed from.

The shapes are those of GetAccountAuthorizationDetails (IAM API reference), which is what the catalogue records and what
``aws iam get-account-authorization-details`` prints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from vigie.access.document import parse
from vigie.access.power.effective import (
    Effective,
    Identity,
    IdentityKind,
    Layer,
    layered,
)
from vigie.access.power.statements import Policy, policy
from vigie.access.power.targets import Target

USER, ROLE, GROUP, POLICY = "AWS::IAM::User", "AWS::IAM::Role", "AWS::IAM::Group", "AWS::IAM::ManagedPolicy"
_KINDS: Final = {USER: IdentityKind.USER, ROLE: IdentityKind.ROLE, GROUP: IdentityKind.GROUP}
_INLINE: Final = {USER: "UserPolicyList", ROLE: "RolePolicyList", GROUP: "GroupPolicyList"}
OF_GROUP: Final = " of group "
INLINE: Final = "inline "
Configuration = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One recorded resource. ``unread``: parts that could not be read, and why."""

    type: str
    arn: str
    account: str
    configuration: Configuration
    unread: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Organization:
    """What an organisation lays over one account."""

    id: str | None = None
    levels: tuple[Layer, ...] = ()
    """SCPs, root first. Empty: none bind it, or they are not known (``notes`` says so)."""
    resource_levels: tuple[Layer, ...] = ()
    """RCPs."""
    notes: tuple[str, ...] = ()
    known: bool = True
    """Whether its SCPs are known."""


NO_ORGANIZATION: Final = Organization(notes=("organisation policies (SCPs) are not known",), known=False)


@dataclass
class Account:
    """The IAM of one account. Entries are asked for type by type, when they are needed, and kept."""

    id: str
    load: Callable[[str], Iterable[Entry]]
    """The recorded resources of a type."""
    organization: Organization = NO_ORGANIZATION
    elsewhere: Callable[[str], Entry | None] = field(default=lambda arn: None)
    """A managed policy of AWS by its ARN, as another account recorded it."""
    _loaded: dict[str, Mapping[str, Entry]] = field(default_factory=dict)

    def of_type(self, type_: str) -> Mapping[str, Entry]:
        """By ARN."""
        if type_ not in self._loaded:
            self._loaded[type_] = {entry.arn: entry for entry in self.load(type_)}
        return self._loaded[type_]

    def entry(self, arn: str) -> Entry | None:
        kind = arn.split(":", 5)[-1].partition("/")[0]
        type_ = {"user": USER, "role": ROLE, "group": GROUP, "policy": POLICY}.get(kind)
        return self.of_type(type_).get(arn) if type_ is not None else None

    @cached_property
    def groups(self) -> Mapping[str, Entry]:
        """By name."""
        return {name_of(e): e for e in self.of_type(GROUP).values()}

    def groups_of(self, user: Entry) -> list[Entry]:
        names = user.configuration.get("GroupList") or ()
        return [self.groups[name] for name in names if name in self.groups]

    def effective(self, entry: Entry) -> Effective:
        """A user's, role's or group's effective policy. What could not be read is in its ``problems``."""
        problems: list[str] = [f"{key} could not be read ({why})" for key, why in entry.unread.items() if _weighs(key)]
        held = list(self._held(entry, "", problems))
        for name in entry.configuration.get("GroupList") or ():
            group = self.groups.get(name)
            if group is None:
                problems.append(f"the group {name} is not recorded")
            else:
                problems += [f"{key} of group {name} could not be read" for key in group.unread if _weighs(key)]
                held += self._held(group, OF_GROUP + name, problems)
        boundary = self._boundary(entry, problems)
        organization = self.organization
        return layered(identity_of(entry, organization.id), held, boundary, organization.levels, problems,
                       organization.notes)  # fmt: skip

    def _held(self, entry: Entry, suffix: str, problems: list[str]) -> Iterator[Policy]:
        for row in _rows(entry.configuration.get(_INLINE[entry.type])):
            yield policy(f"{INLINE}{row.get('PolicyName', '?')}{suffix}", row.get("PolicyDocument"))
        for row in _rows(entry.configuration.get("AttachedManagedPolicies")):
            arn = str(row.get("PolicyArn", ""))
            found = self.managed(arn, suffix)
            if found is None:
                problems.append(f"the attached policy {arn} is not recorded")
            else:
                yield found

    def _boundary(self, entry: Entry, problems: list[str]) -> Policy | None:
        row = entry.configuration.get("PermissionsBoundary")
        if not isinstance(row, Mapping) or not row:
            return None
        arn = str(row.get("PermissionsBoundaryArn", ""))
        found = self.managed(arn)
        if found is None:
            problems.append(f"the permissions boundary {arn} is not recorded")
        return found

    def managed(self, arn: str, suffix: str = "") -> Policy | None:
        """The default version of a managed policy."""
        for row in self.versions(arn):
            if row.get("IsDefaultVersion"):
                return policy(arn.rpartition("/")[2] + suffix, row.get("Document"))
        return None

    def versions(self, arn: str) -> list[Configuration]:
        entry = self.of_type(POLICY).get(arn) or self.elsewhere(arn)
        if entry is None:
            return []
        default = entry.configuration.get("DefaultVersionId")
        rows = _rows(entry.configuration.get("PolicyVersionList"))
        return [{**row, "IsDefaultVersion": _is_default(row, default)} for row in rows]


def _is_default(row: Configuration, default: Any) -> bool:
    return bool(row.get("IsDefaultVersion")) or (default is not None and row.get("VersionId") == default)


@dataclass(frozen=True, slots=True)
class Holder:
    """A resource that acts with roles."""

    type: str
    arn: str
    roles: tuple[str, ...]
    """ARNs."""


@dataclass
class Realm:
    """All accounts that are recorded. Accounts and holders are asked for when they are needed, and kept."""

    account_of: Callable[[str], Account | None]
    """The IAM of an account; None where it is not recorded."""
    account_ids: Sequence[str]
    holders_of: Callable[[str, str], Sequence[Holder]]
    """The resources of a type in an account, with the roles that they act with."""
    unseen: Callable[[str, str], str | None] = field(default=lambda type_, account: None)
    """Why it is not known whether an account has (more) resources of a type; None where it is known."""
    naming: Callable[[str], Sequence[Entry]] | None = None
    """The roles of all accounts that name a value; without it, all accounts are looked through."""
    _effectives: dict[str, Effective] = field(default_factory=dict)

    def effective(self, arn: str) -> Effective | None:
        if arn not in self._effectives:
            entry = self.entry(arn)
            account = self.account_of(entry.account) if entry is not None else None
            if entry is None or account is None:
                return None
            self._effectives[arn] = account.effective(entry)
        return self._effectives[arn]

    def entry(self, arn: str) -> Entry | None:
        parts = arn.split(":", 5)
        account = self.account_of(parts[4]) if len(parts) == 6 else None
        return account.entry(arn) if account is not None else None

    def principals(self, *types: str) -> Iterator[Entry]:
        for id_ in self.account_ids:
            account = self.account_of(id_)
            for type_ in types if account is not None else ():
                yield from account.of_type(type_).values() if account is not None else ()

    def roles_naming(self, value: str) -> Sequence[Entry]:
        """Roles whose trust policy names a principal by this value (a session by its role)."""
        if self.naming is not None:
            return self.naming(value)
        return self._named.get(value, ())

    @cached_property
    def _named(self) -> Mapping[str, Sequence[Entry]]:
        return by_trusted(self.principals(ROLE))

    def trust(self, role: Entry) -> Target:
        """The role with its trust policy, as a target."""
        account = self.account_of(role.account)
        document = role.configuration.get("AssumeRolePolicyDocument")
        levels = account.organization.resource_levels if account is not None else ()
        return Target(role.arn, role.account, ROLE, policy(f"trust policy of {name_of(role)}", document), levels)


def identity_of(entry: Entry, organization: str | None) -> Identity:
    configuration = entry.configuration
    path = str(configuration.get("Path", "/"))
    tags = {str(t.get("Key", "")): str(t.get("Value", "")) for t in _rows(configuration.get("Tags"))}
    return Identity(
        entry.arn,
        entry.account,
        _KINDS[entry.type],
        name_of(entry),
        configuration.get("UserId") or configuration.get("RoleId"),
        tags,
        organization,
        session_tags=entry.type == ROLE and _takes_tags(configuration.get("AssumeRolePolicyDocument")),
        service_linked=path.startswith("/aws-service-role/"),
    )


def name_of(entry: Entry) -> str:
    named = (entry.configuration.get(key) for key in ("UserName", "RoleName", "GroupName", "PolicyName"))
    return str(next((n for n in named if n), entry.arn.rpartition("/")[2]))


def _takes_tags(trust: Any) -> bool:
    read = policy("trust", trust)
    return any(w.statement.allow and w.actions.holds("sts:tagsession") for w in read.statements)


def _weighs(key: str) -> bool:
    return key in (*_INLINE.values(), "AttachedManagedPolicies", "PermissionsBoundary", "GroupList")


def _rows(value: Any) -> list[Mapping[str, Any]]:
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list | tuple) else []


def by_trusted(roles: Iterable[Entry]) -> dict[str, list[Entry]]:
    """Value of an AWS principal in a trust policy → the roles."""
    found: dict[str, list[Entry]] = {}
    for role in roles:
        for value in trusted_principals(role):
            found.setdefault(value, []).append(role)
    return found


def trusted_principals(role: Entry) -> Iterable[str]:
    document = parse(role.configuration.get("AssumeRolePolicyDocument"))
    allows = [s for s in document.statements if s.allow]
    if any(s.not_principal for s in allows):
        return ("*",)
    return dict.fromkeys(_by_role(p.value) for s in allows for p in s.principals if p.kind == "AWS")


def _by_role(value: str) -> str:
    """A session as the role that it is of, without the path, which the session does not tell."""
    head, session, rest = value.partition(":assumed-role/")
    return f"{head}:assumed-role/{rest.split('/')[0]}" if session else value


def trusted_services(role: Entry) -> frozenset[str]:
    """The services that may take the role, as its trust policy names them."""
    document = parse(role.configuration.get("AssumeRolePolicyDocument"))
    return frozenset(
        p.value
        for statement in document.statements
        if statement.allow and not statement.not_principal
        for p in statement.principals
        if p.kind == "Service"
    )


def roles_in(configuration: Any) -> Iterator[str]:
    """The ARNs of roles (and instance profiles) that a configuration gives to the resource.

    Keys that end in ``role`` or ``roleArn``, and IamInstanceProfile. ECS's execution role serves the agent alone.
    """
    if isinstance(configuration, list | tuple):
        for inner in configuration:
            yield from roles_in(inner)
    if not isinstance(configuration, Mapping):
        return
    of_tasks = any(str(key).lower() == "containerdefinitions" for key in configuration)
    for key, value in configuration.items():
        lower = str(key).lower()
        if isinstance(value, str) and lower.endswith(("role", "rolearn")):
            if ":role/" in value and not (of_tasks and lower == "executionrolearn"):
                yield value
        elif lower == "iaminstanceprofile" and isinstance(value, Mapping):
            yield str(value.get("Arn", ""))
        else:
            yield from roles_in(value)
