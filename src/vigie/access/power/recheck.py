"""Whether one concrete request of a principal is allowed: the second opinion on every witness, and on random requests.

Written after the diagram of "Policy evaluation logic" (IAM user guide); shares the parsed statements with the engine,
and no decision.
"""

from __future__ import annotations

from vigie.access.evaluator import speaks_of
from vigie.access.power.effective import Effective, IdentityKind, Layer, LayerKind
from vigie.access.power.statements import Written
from vigie.access.power.targets import Target
from vigie.access.request import Request

_ROOTS = ("aws", "aws-cn", "aws-us-gov")


def permits(effective: Effective, request: Request, target: Target | None = None) -> bool:
    """Whether the request is allowed by all that is known: policies, boundary, organisation, the resource's policy."""
    above = () if target is None or effective.identity.service_linked else target.organization
    layers = [*effective.layers, *above]
    if any(_matches(w, request) for layer in layers for w in layer.statements if not w.statement.allow):
        return False
    by_policies = all(_allows(layer, request) for layer in effective.layers)
    if target is None:
        return by_policies
    named, delegated, denied = _by_resource(effective, target, request)
    if denied or not all(_allows(layer, request) for layer in above):
        return False
    if target.account != effective.identity.account:
        return by_policies and (named or delegated)
    alone = named and all(_allows(layer, request) for layer in effective.layers if _binds(layer, effective))
    if target.type in ("AWS::KMS::Key", "AWS::IAM::Role"):
        return alone or (delegated and by_policies)
    return alone or by_policies


def _binds(layer: Layer, effective: Effective) -> bool:
    """Whether a layer bounds what a resource's policy grants to the principal itself."""
    if layer.kind is LayerKind.BOUNDARY:
        return effective.identity.kind is not IdentityKind.USER
    return layer.kind is LayerKind.SCP


def _allows(layer: Layer, request: Request) -> bool:
    return any(w.statement.allow and _matches(w, request) for w in layer.statements)


def _matches(written: Written, request: Request) -> bool:
    return speaks_of(written.statement, request, written.reader.variables)


def _by_resource(effective: Effective, target: Target, request: Request) -> tuple[bool, bool, bool]:
    """Whether the resource's policy grants it to the principal, to its account, and whether it denies it."""
    named = delegated = denied = False
    identity = effective.identity
    sessions = f":sts::{identity.account}:assumed-role/{identity.name}/"
    for written in target.policy.statements if target.policy else ():
        statement = written.statement
        itself = any(
            p.kind == "AWS" and (p.value in ("*", identity.arn) or (sessions in p.value and _is_role(effective)))
            for p in statement.principals
        )
        account = any(
            p.kind == "AWS" and (p.value == identity.account or p.value in _roots(identity.account))
            for p in statement.principals
        )
        meant = bool(statement.principals) and (itself or account) != statement.not_principal
        if not meant or not _matches(written, request):
            continue
        if not statement.allow:
            denied = True
        elif itself or statement.not_principal:
            named = True
        else:
            delegated = True
    return named, delegated, denied


def _is_role(effective: Effective) -> bool:
    return effective.identity.kind is IdentityKind.ROLE


def _roots(account: str) -> list[str]:
    return [f"arn:{partition}:iam::{account}:root" for partition in _ROOTS]
