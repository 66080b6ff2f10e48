"""What is done something to: a resource with its own policy, where that weighs in.

"Policy evaluation logic" (IAM user guide): within an account a resource's policy adds to identity policies; across
accounts both must allow. A KMS key's policy and a role's trust policy must allow in any case (AWS KMS developer guide,
"Key policies"; IAM user guide, "How permissions and roles work").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from vigie.access.document import Principal, Statement
from vigie.access.power.effective import Effective, Identity, IdentityKind, Layer, LayerKind
from vigie.access.power.statements import Policy, Written
from vigie.access.requesters import PARTITIONS

_POLICY_DECIDES: Final = frozenset({"AWS::KMS::Key", "AWS::IAM::Role"})

Gate = Sequence[Written]
"""Allows of which one must match."""


@dataclass(frozen=True, slots=True)
class Target:
    """A resource with its policy. ``policy`` None: it has none."""

    arn: str
    account: str
    type: str = ""
    policy: Policy | None = None
    organization: tuple[Layer, ...] = ()
    """Levels of RCPs over its account."""

    @property
    def policy_decides(self) -> bool:
        return self.type in _POLICY_DECIDES


@dataclass(frozen=True, slots=True)
class Branch:
    """One way to be allowed: every gate lets through."""

    gates: tuple[Gate, ...]
    own_policies: bool = True
    """Whether it needs an identity policy."""


def branches(effective: Effective, target: Target | None) -> tuple[list[Branch], list[Written]]:
    """The ways in which the principal can be allowed, and every Deny that weighs in."""
    own = list(zip(effective.layers, effective.allows, strict=True))
    everything: list[Gate] = [allows for _, allows in own]
    if target is None:
        return [Branch(tuple(everything))], list(effective.denies)
    identity = effective.identity
    above: list[Gate] = [] if identity.service_linked else [_allows(layer.statements) for layer in target.organization]
    denies = [*effective.denies, *_denies(target, identity)]
    named, delegated = _grants(target, identity)
    if target.account != identity.account:
        return [Branch((*everything, [*named, *delegated], *above))], denies
    # what names a user itself is bound by no boundary; what names a role is
    unbound = (LayerKind.SCP,) if identity.kind is IdentityKind.USER else (LayerKind.SCP, LayerKind.BOUNDARY)
    bare = [allows for layer, allows in own if layer.kind in unbound]
    found = [Branch((*bare, named, *above), own_policies=False)] if named else []
    if target.policy_decides:
        found += [Branch((*everything, delegated, *above))] if delegated else []
    else:
        found.insert(0, Branch((*everything, *above)))
    return found, denies


def _allows(statements: Sequence[Written]) -> list[Written]:
    return [w for w in statements if w.statement.allow]


def _denies(target: Target, identity: Identity) -> list[Written]:
    own = target.policy.statements if target.policy else ()
    found = [w for w in own if not w.statement.allow and is_meant(w.statement, identity)]
    if not identity.service_linked:
        found += [w for layer in target.organization for w in layer.statements if not w.statement.allow]
    return found


def _grants(target: Target, identity: Identity) -> tuple[list[Written], list[Written]]:
    """Allows of the resource's policy that name the principal (or everybody), and those that name its account."""
    named: list[Written] = []
    delegated: list[Written] = []
    for written in target.policy.statements if target.policy else ():
        statement = written.statement
        if not statement.allow or not is_meant(statement, identity):
            continue
        only_account = not statement.not_principal and not any(_names(p, identity) for p in statement.principals)
        (delegated if only_account else named).append(written)
    return named, delegated


def is_meant(statement: Statement, identity: Identity) -> bool:
    """Whether a statement of a resource's policy speaks of the principal."""
    if not statement.principals:
        return False
    accounts = {identity.account, *(f"arn:{p}:iam::{identity.account}:root" for p in PARTITIONS)}
    found = any(_names(p, identity) or (p.kind == "AWS" and p.value in accounts) for p in statement.principals)
    return found != statement.not_principal


def _names(principal: Principal, identity: Identity) -> bool:
    if principal.kind != "AWS":
        return False
    if principal.value in ("*", identity.arn):
        return True
    session = f"arn:{identity.partition}:sts::{identity.account}:assumed-role/{identity.name}/"
    return identity.kind is IdentityKind.ROLE and principal.value.startswith(session)
