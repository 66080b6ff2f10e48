"""A principal's effective policy, in layers: a request must pass every layer, and no Deny of any layer may match.

"Policy evaluation logic" (IAM user guide) and "SCP evaluation" (Organizations user guide): identity policies, the
permissions boundary, and the organisation's policies of every level from the root down to the account. Session
policies are not recorded anywhere: what a session was further narrowed to is not known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Final

from vigie.access.constraints import ABSENT, Constraint, among, equal
from vigie.access.patterns import STAR
from vigie.access.power.statements import Policy, Written, policy
from vigie.access.requesters import Requester
from vigie.access.search import Rule, Search

NO_SESSION_POLICIES: Final = "session policies are not recorded: a session may hold less than its role"
_EVERYTHING: Final = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
_NO_SOURCE: Final = (
    "aws:sourcearn", "aws:sourceaccount", "aws:sourceowner", "aws:sourceorgid", "aws:sourceorgpaths",
    "aws:principalservicename", "aws:principalservicenameslist",
)  # fmt: skip


class LayerKind(StrEnum):
    """Where the policies of a layer come from."""

    IDENTITY = "identity"
    BOUNDARY = "boundary"
    SCP = "scp"
    RCP = "rcp"


class IdentityKind(StrEnum):
    USER = "user"
    ROLE = "role"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who it is, as far as conditions and trust policies ask."""

    arn: str
    account: str
    kind: IdentityKind = IdentityKind.ROLE
    name: str = ""
    id: str | None = None
    """The unique id (AIDA…, AROA…), where it is known."""
    tags: Mapping[str, str] = field(default_factory=dict)
    organization: str | None = None
    """The organisation of its account; None where it is not known."""
    session_tags: bool = False
    """Whoever assumes it may give tags of their own choice to the session."""
    service_linked: bool = False
    """Bound by no SCP ("Service control policies", Organizations user guide)."""

    @property
    def partition(self) -> str:
        parts = self.arn.split(":")
        return parts[1] if len(parts) > 2 else "aws"


@dataclass(frozen=True, slots=True)
class Layer:
    """Policies of which one must allow. Without any policy, the layer lets nothing through."""

    kind: LayerKind
    name: str
    policies: tuple[Policy, ...] = ()

    @property
    def statements(self) -> list[Written]:
        return [w for p in self.policies for w in p.statements]


@dataclass(frozen=True)
class Effective:
    """All that bounds one principal. ``problems``: what could not be read (nothing is a pass then); ``notes``: what is
    not known and might bound it further.
    """

    identity: Identity
    layers: tuple[Layer, ...]
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    _rules: dict[tuple[int, bool | str], Rule | None] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def search(self) -> Search:
        """One search for all questions: what is known of a key's constraints is kept."""
        return Search(self.requester, self.requester.samples)

    @cached_property
    def allows(self) -> tuple[tuple[Written, ...], ...]:
        """The Allows of each layer."""
        return tuple(tuple(w for w in layer.statements if w.statement.allow) for layer in self.layers)

    @cached_property
    def denies(self) -> tuple[Written, ...]:
        return tuple(w for layer in self.layers for w in layer.statements if not w.statement.allow)

    @cached_property
    def requester(self) -> Requester:
        return requester(self.identity)

    @cached_property
    def known(self) -> Mapping[str, str | None]:
        """What policy variables stand for in its requests. A key that is not there is not known."""
        return variables(self.identity)

    @cached_property
    def unread(self) -> tuple[str, ...]:
        return tuple(
            dict.fromkeys([*self.problems, *(p for la in self.layers for po in la.policies for p in po.problems)])
        )

    def rule(self, statement: Written, *, whole: bool) -> Rule:
        key = (id(statement), whole)
        known = self._rules.get(key)
        if known is None:
            known = self._rules[key] = statement.rule(self.known, whole=whole)
        return known

    def rule_within(self, statement: Written, service: str) -> Rule | None:
        """A statement as a rule for requests to one service; None where it can match none of them."""
        key = (id(statement), service)
        if key not in self._rules:
            part = statement.speaks_of_service(service)
            rest = self.rule(statement, whole=False)
            if part is None and not statement.statement.not_action:
                self._rules[key] = None
            else:
                self._rules[key] = Rule(rest.label, ((part, *rest.parts) if part else rest.parts), rest.doubts)
        return self._rules[key]

    def layer_of(self, kind: LayerKind) -> list[Layer]:
        return [layer for layer in self.layers if layer.kind is kind]

    # What it would be if it rewrote itself

    def rewritten(self) -> Effective:
        """With an identity policy that allows everything: what bounds it besides stays."""
        everything = Layer(LayerKind.IDENTITY, "a policy of its own making", (policy("everything", _EVERYTHING),))
        rest = tuple(layer for layer in self.layers if layer.kind is not LayerKind.IDENTITY)
        return replace(self, layers=(everything, *rest), _rules={})

    def unbounded(self) -> Effective:
        """Without its permissions boundary."""
        return replace(self, layers=tuple(la for la in self.layers if la.kind is not LayerKind.BOUNDARY), _rules={})


def requester(identity: Identity) -> Requester:
    """The class of requests that the principal makes: "AWS global condition context keys" says what they hold."""
    bounds: dict[str, tuple[Constraint, ...]] = dict.fromkeys(_NO_SOURCE, (ABSENT,))
    bounds["aws:principalisawsservice"] = (equal("false"),)
    bounds["aws:principalaccount"] = (equal(identity.account),)
    bounds["kms:calleraccount"] = (equal(identity.account),)
    if identity.organization is not None:
        bounds["aws:principalorgid"] = (equal(identity.organization),)
    samples: dict[str, tuple[str, ...]] = {
        "aws:requestedregion": ("us-east-1", "eu-west-1"),
        "aws:sourceip": ("203.0.113.77",),
        "aws:principaltype": ("User", "AssumedRole"),
    }
    if identity.kind is not IdentityKind.GROUP:
        bounds["aws:principalarn"] = (equal(identity.arn),)
        bounds |= _of_user(identity) if identity.kind is IdentityKind.USER else _of_role(identity)
    return Requester({"AWS": identity.arn}, bounds=bounds, samples=samples, account=identity.account)


def _of_user(user: Identity) -> dict[str, tuple[Constraint, ...]]:
    found: dict[str, tuple[Constraint, ...]] = {
        "aws:principaltype": (equal("User"),),
        "aws:username": (equal(user.name),),
        "aws:principaltag/*": (ABSENT,),
    }
    if user.id:
        found["aws:userid"] = (equal(user.id),)
    return found | _tags(user.tags)


def _of_role(role: Identity) -> dict[str, tuple[Constraint, ...]]:
    found: dict[str, tuple[Constraint, ...]] = {
        "aws:principaltype": (equal("AssumedRole"),),
        "aws:username": (ABSENT,),
    }
    if role.id:
        found["aws:userid"] = (among((f"{role.id}:{STAR}",)),)
    if not role.session_tags:
        found["aws:principaltag/*"] = (ABSENT,)
        found |= _tags(role.tags)
    return found


def _tags(tags: Mapping[str, str]) -> dict[str, tuple[Constraint, ...]]:
    return {f"aws:principaltag/{key.lower()}": (equal(value),) for key, value in tags.items()}


class Known(dict[str, str | None]):
    """What policy variables stand for. Where all tags are known, one that is not there is known to be absent."""

    def __init__(self, all_tags: bool) -> None:
        super().__init__()
        self._all_tags = all_tags

    def __contains__(self, key: object) -> bool:
        tag = isinstance(key, str) and key.startswith("aws:principaltag/")
        return super().__contains__(key) or (self._all_tags and tag)

    def __missing__(self, key: str) -> None:
        return None


def variables(identity: Identity) -> Known:
    """What is known of the variables that a policy of this principal can name."""
    tags_known = identity.kind is IdentityKind.USER or (
        identity.kind is IdentityKind.ROLE and not identity.session_tags
    )
    found = Known(tags_known)
    found["aws:principalaccount"] = identity.account
    if identity.organization is not None:
        found["aws:principalorgid"] = identity.organization
    if identity.kind is IdentityKind.GROUP:
        return found
    found["aws:principalarn"] = identity.arn
    if identity.kind is IdentityKind.USER:
        found["aws:username"] = identity.name
        found["aws:principaltype"] = "User"
        if identity.id:
            found["aws:userid"] = identity.id
    else:
        found["aws:username"] = None
        found["aws:principaltype"] = "AssumedRole"
    if tags_known:
        found.update({f"aws:principaltag/{key.lower()}": value for key, value in identity.tags.items()})
    return found


def identity_of_arn(arn: str) -> Identity | None:
    """What an ARN of a user or role tells; None where it is of neither."""
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[2] != "iam":
        return None
    kind, _, path = parts[5].partition("/")
    if kind not in ("user", "role") or not path:
        return None
    linked = kind == "role" and path.startswith("aws-service-role/")
    return Identity(arn, parts[4], IdentityKind(kind), path.rpartition("/")[2], service_linked=linked)


def layered(
    identity: Identity,
    identity_policies: Sequence[Policy],
    boundary: Policy | None = None,
    organization: Sequence[Layer] = (),
    problems: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> Effective:
    """The layers of one principal. ``organization``: its levels of SCPs, root first; they do not bind what is
    service-linked (nor the management account, for which none are to be given).
    """
    layers = [Layer(LayerKind.IDENTITY, "its policies", tuple(identity_policies))]
    if boundary is not None:
        layers.append(Layer(LayerKind.BOUNDARY, "its permissions boundary", (boundary,)))
    if not identity.service_linked:
        layers += organization
    said = [*notes, *([NO_SESSION_POLICIES] if identity.kind is IdentityKind.ROLE else [])]
    return Effective(identity, tuple(layers), tuple(problems), tuple(dict.fromkeys(said)))
