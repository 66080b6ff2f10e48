"""What a resource policy lets outsiders do: Allow statements, narrowed by their conditions and by Deny statements.

Approximate on purpose, and says so: a Deny that is neither unconditional nor a single condition, and anything that
is not understood,
leaves the grant standing with ``exact=False`` and the reason. The exact engine replaces the inside of this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Final

from vigie.access.document import Condition, Document, Principal, Statement
from vigie.access.federation import is_saml, issuer_claim, open_to_strangers
from vigie.access.globs import covers, overlap
from vigie.access.narrowing import (
    ACCOUNT_ID,
    KEYS,
    KNOWN,
    Dimension,
    Narrowing,
    account_in,
    inside,
    inverted,
    narrowing_of,
    never_narrows,
)
from vigie.access.verdict import Access, Facts, Grant, GrantClass
from vigie.model.account import Relation

_DANGLING: Final = re.compile(r"A(IDA|ROA|GPA|NPA|KIA|SIA)[A-Z0-9]{12,}")
_SERVICE_NAME: Final = re.compile(r"[a-z0-9.-]+\.(amazonaws|amazon|aws)(\.[a-z]+)*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Policy:
    """A resource policy with what it takes to judge it."""

    document: Document
    account: str
    """The owner's."""
    facts: Facts
    arn: str | None = None
    trust: bool = False
    """A role's trust policy: services act with roles of their own account only (iam:PassRole), so no deputy is
    confused.
    """
    label: str = ""
    """In front of the statements' labels, where one resource bears several policies."""


def policy_access(policy: Policy) -> Access:
    """Everything the policy grants to outsiders. Never raises."""
    document = policy.document
    denies = [s for s in document.statements if not s.allow]
    grants: list[Grant] = []
    problems = list(document.problems)
    for statement in document.statements:
        if not statement.allow or not statement.principals or not _concerns(statement, policy.arn):
            continue
        kept, deny_doubts, added = _after_denies(statement, denies)
        if kept is None:
            continue
        for principal in _those_meant(kept):
            found, odd = _grants_to(principal, replace(kept, conditions=kept.conditions + added), policy)
            problems += [f"statement {statement.label}: {odd}"] if odd else []
            grants += [_with_doubts(g, [*deny_doubts, *_doubts(kept)]) for g in found]
    return Access(tuple(merged(grants)), tuple(problems))


def merged(grants: Iterable[Grant]) -> list[Grant]:
    """One grant for each (class, who, conditions): actions and statements are joined."""
    found: dict[tuple[GrantClass, str, tuple[str, ...]], Grant] = {}
    for grant in grants:
        key = (grant.kind, grant.who, grant.conditions)
        earlier = found.get(key)
        if earlier is None:
            found[key] = grant
            continue
        found[key] = replace(
            earlier,
            actions=tuple(dict.fromkeys(earlier.actions + grant.actions)),
            statements=tuple(dict.fromkeys(earlier.statements + grant.statements)),
            exact=earlier.exact and grant.exact,
            why_not_exact=earlier.why_not_exact or grant.why_not_exact,
        )
    return list(found.values())


def party(account: str | None, facts: Facts) -> Relation:
    """How an account is related to us."""
    if account in facts.own_accounts:
        return Relation.OWN
    return Relation.THIRD_PARTY if account in facts.third_party_accounts else Relation.UNKNOWN


def principal_grant(value: str, policy: Policy, **more: Any) -> Grant | None:
    """A grant to an ``AWS`` principal or to an account outside the owner's; None for the owner's own, or what is no
    principal.
    """
    account = value if ACCOUNT_ID.fullmatch(value) else account_in(value)
    if account == policy.account:
        return None
    if _DANGLING.fullmatch(value):
        owner = policy.facts.owners.get(value)
        return Grant(GrantClass.DANGLING, value, account=owner, relation=party(owner, policy.facts), **more)
    if ":iam::cloudfront:" in value:
        return Grant(GrantClass.SERVICE, value, **more)
    if account is None:
        return None
    who = account if value.endswith(":root") else value
    return Grant(GrantClass.ACCOUNT, who, account=account, relation=party(account, policy.facts), **more)


# Statements


def _concerns(statement: Statement, arn: str | None) -> bool:
    """Whether the statement can speak of the resource that bears it, or of what is in it."""
    if arn is None or not statement.resources or statement.not_resource:
        return True
    return any(overlap(r, arn) or overlap(r, f"{arn}/*") or overlap(r, f"{arn}:*") for r in statement.resources)


def _those_meant(statement: Statement) -> Sequence[Principal]:
    # Allow with NotPrincipal: everybody else, so everybody
    return (Principal("AWS", "*"),) if statement.not_principal else statement.principals


def _after_denies(
    allow: Statement, denies: Sequence[Statement]
) -> tuple[Statement | None, list[str], tuple[Condition, ...]]:
    """What is left of an Allow, the Denies that could not be weighed, and conditions that Denies add to it."""
    doubts: list[str] = []
    added: list[Condition] = []
    for deny in denies:
        if not _touches(deny, allow):
            continue
        if not deny.conditions and not deny.not_principal:
            narrower = _without_denied(allow, deny)
            if narrower is None:
                return None, [], ()
            if narrower is allow:
                doubts.append(f"Deny {deny.label} takes part of it away")
            allow = narrower
            continue
        extra = _as_condition(deny, allow)
        if extra is None:
            doubts.append(f"Deny {deny.label} is not weighed")
        elif not never_narrows(extra.key):
            added.append(extra)
    return allow, doubts, tuple(added)


def _touches(deny: Statement, allow: Statement) -> bool:
    if deny.not_action or allow.not_action:
        return True
    return any(overlap(d, a) for d in deny.actions for a in allow.actions)


def _without_denied(allow: Statement, deny: Statement) -> Statement | None:
    """The Allow without the actions and principals that an unconditional Deny surely takes; None = nothing is left."""
    if not _covers_resources(deny, allow):
        return allow
    if not _covers_actions(deny, allow):
        left = tuple(a for a in allow.actions if not any(covers(d, a) for d in deny.actions))
        whole = _denies_everybody(deny) and not deny.not_action and not allow.not_action
        return replace(allow, actions=left) if whole and len(left) < len(allow.actions) else allow
    if _denies_everybody(deny):
        return None
    if allow.not_principal:
        return allow
    rest = tuple(p for p in allow.principals if not any(_denied(p, d) for d in deny.principals))
    if not rest:
        return None
    return replace(allow, principals=rest) if len(rest) < len(allow.principals) else allow


def _as_condition(deny: Statement, allow: Statement) -> Condition | None:
    """The condition an Allow gains from a Deny that says "unless"; None where it is not that simple."""
    if not _covers_actions(deny, allow) or not _covers_resources(deny, allow):
        return None
    if deny.not_principal and not deny.conditions:
        spared = [p.value for p in deny.principals if p.kind == "AWS"]
        if not spared:
            return None
        arns = [f"arn:aws:iam::{v}:root" if ACCOUNT_ID.fullmatch(v) else v for v in spared]
        return Condition("aws:principalarn", "arnlike", tuple(_whole_account(a) for a in arns))
    if len(deny.conditions) != 1 or not _denies_everybody(deny):
        return None
    (only,) = deny.conditions
    return only if never_narrows(only.key) else inverted(only)


def _whole_account(arn: str) -> str:
    """An account's root in NotPrincipal spares the account."""
    return arn.removesuffix(":root") + ":*" if arn.endswith(":root") else arn


def _denies_everybody(deny: Statement) -> bool:
    return not deny.not_principal and any(p.kind == "AWS" and p.value == "*" for p in deny.principals)


def _denied(principal: Principal, deny: Principal) -> bool:
    if principal == deny:
        return True
    if principal.kind != "AWS" or deny.kind != "AWS":
        return False
    account = principal.value if ACCOUNT_ID.fullmatch(principal.value) else account_in(principal.value)
    return deny.value == account or (deny.value.endswith(":root") and account_in(deny.value) == account is not None)


def _covers_actions(deny: Statement, allow: Statement) -> bool:
    if allow.not_action:
        return not deny.not_action and "*" in deny.actions
    if deny.not_action:
        return not any(overlap(d, a) for d in deny.actions for a in allow.actions)
    return all(any(covers(d, a) for d in deny.actions) for a in allow.actions)


def _covers_resources(deny: Statement, allow: Statement) -> bool:
    if not deny.resources or (not deny.not_resource and "*" in deny.resources):
        return True
    if deny.not_resource or allow.not_resource or not allow.resources:
        return False
    return all(any(covers(d, r) for d in deny.resources) for r in allow.resources)


# Grants


def _grants_to(principal: Principal, statement: Statement, policy: Policy) -> tuple[list[Grant], str]:
    """The grants to one principal, or what is odd about it."""
    narrowings = [n for c in statement.conditions if (n := _narrowing(c, policy)) is not None]
    base = Grant(
        GrantClass.PUBLIC,
        "*",
        _actions(statement),
        conditions=tuple(str(c) for c in statement.conditions),
        statements=(f"{policy.label}{statement.label}",),
        exact=True,
    )
    if any(not n.values for n in narrowings):
        return [], ""  # a condition that no request fulfils
    match principal.kind:
        case "Service":
            return _to_service(principal.value, base, narrowings, policy), ""
        case "Federated":
            return [_to_provider(principal.value, base, statement.conditions, policy)], ""
        case "CanonicalUser":
            account = policy.facts.canonical_ids.get(principal.value)
            kept = [replace(base, kind=GrantClass.CANONICAL, who=principal.value, account=account)]
            return [_related(g, policy) for g in kept if account != policy.account], ""
    if principal.value == "*":
        return _to_everybody(base, statement, narrowings, policy), ""
    return _to_named(principal.value, base, narrowings, policy)


def _narrowing(condition: Condition, policy: Policy) -> Narrowing | None:
    return narrowing_of(condition, policy.account, policy.facts.organization_id)


def _to_named(value: str, base: Grant, narrowings: Sequence[Narrowing], policy: Policy) -> tuple[list[Grant], str]:
    grant = principal_grant(value, policy, actions=base.actions)
    if grant is None:
        account = value if ACCOUNT_ID.fullmatch(value) else account_in(value)
        return [], "" if account == policy.account else f"the principal {value} could not be read"
    callers = _accounts([n for n in narrowings if not n.of_source], policy.facts)
    if grant.account is not None and callers is not None and grant.account not in callers.values():
        return [], ""  # the conditions leave out the account that is named
    named = replace(base, kind=grant.kind, who=grant.who, account=grant.account, relation=grant.relation)
    return [named], ""


def _to_everybody(base: Grant, statement: Statement, narrowings: Sequence[Narrowing], policy: Policy) -> list[Grant]:
    named = _accounts(narrowings, policy.facts)
    if named is not None:
        grants = [replace(base, kind=GrantClass.ACCOUNT, who=w, account=a) for w, a in named.items()]
        return [_related(g, policy) for g in grants if g.account != policy.account]
    organizations = _common(narrowings, Dimension.ORGANIZATION)
    if organizations is not None:
        return [_of_organization(o, base, policy) for o in organizations]
    networks = [n for n in narrowings if n.dimension in (Dimension.ADDRESS, Dimension.ENDPOINT)]
    if networks:
        return [_from_network(networks, base, policy)]
    via = any(
        c.key == "aws:sourcearn" or (c.key == "aws:principalisawsservice" and c.values == ("true",))
        for c in statement.conditions
    )
    return [replace(base, kind=GrantClass.PUBLIC_VIA_SERVICE if via else GrantClass.PUBLIC)]


def _to_service(name: str, base: Grant, narrowings: Sequence[Narrowing], policy: Policy) -> list[Grant]:
    sources = [n for n in narrowings if n.of_source]
    acting_for = _accounts(sources, policy.facts)
    if acting_for is None:
        bound = policy.trust or bool(sources) or not _SERVICE_NAME.fullmatch(name)
        kind = GrantClass.SERVICE if bound else GrantClass.CONFUSED_DEPUTY
        doubt = "" if bound else "whether the service itself checks for whom it acts is not known here"
        return [replace(base, kind=kind, who=name, exact=bound, why_not_exact=doubt)]
    foreign = {w: a for w, a in acting_for.items() if a != policy.account}
    own = [replace(base, kind=GrantClass.SERVICE, who=name, account=policy.account, relation=Relation.OWN)]
    others = [replace(base, kind=GrantClass.ACCOUNT, who=w, account=a) for w, a in foreign.items()]
    return (own if len(foreign) < len(acting_for) else []) + [_related(g, policy) for g in others]


def _to_provider(provider: str, base: Grant, conditions: Sequence[Condition], policy: Policy) -> Grant:
    owner = account_in(provider)
    named = _related(replace(base, kind=GrantClass.FEDERATED, who=provider, account=owner), policy)
    if is_saml(provider):
        return named
    verdict = open_to_strangers(provider, conditions)
    if verdict is None:
        return replace(named, exact=False, why_not_exact="who can obtain identities of this issuer is not known here")
    return replace(named, kind=GrantClass.FEDERATED_PUBLIC) if verdict else named


def _of_organization(path: str, base: Grant, policy: Policy) -> Grant:
    organization = path.split("/")[0]
    own = policy.facts.organization_id is not None and organization == policy.facts.organization_id
    relation = Relation.OWN if own else Relation.UNKNOWN
    return replace(base, kind=GrantClass.ANY_ACCOUNT_OF_ORG, who=path, relation=relation)


def _from_network(networks: Sequence[Narrowing], base: Grant, policy: Policy) -> Grant:
    values = tuple(dict.fromkeys(v for n in networks for v in n.values))
    owners = {v: policy.facts.owners.get(v) for v in values}
    ours = all(
        party(o, policy.facts) is Relation.OWN or inside(v, policy.facts.known_networks) for v, o in owners.items()
    )
    accounts = set(owners.values())
    return replace(
        base,
        kind=GrantClass.NETWORK_LIMITED,
        who=", ".join(values),
        account=accounts.pop() if len(accounts) == 1 else None,
        relation=Relation.OWN if ours else Relation.UNKNOWN,
    )


def _accounts(narrowings: Iterable[Narrowing], facts: Facts) -> dict[str, str | None] | None:
    """Who → account, left by all conditions that name accounts, ARNs or user ids; None where none does."""
    left: dict[str, str | None] | None = None
    for narrowing in narrowings:
        if narrowing.dimension not in (Dimension.ACCOUNT, Dimension.ARN, Dimension.USER_ID):
            continue
        named = {v: _account_of(v, narrowing.dimension, facts) for v in narrowing.values}
        left = named if left is None else _both(left, named)
    return left


def _both(one: Mapping[str, str | None], other: Mapping[str, str | None]) -> dict[str, str | None]:
    """Those in both, by account. An ARN says more than its account; an owner that is not known may be any of them."""
    left = {}
    for (who, account), (other_who, other_account) in product(one.items(), other.items()):
        if account == other_account or account is None or other_account is None:
            left[who if who != account else other_who] = account or other_account
    return left


def _account_of(value: str, dimension: Dimension, facts: Facts) -> str | None:
    match dimension:
        case Dimension.ACCOUNT:
            return value
        case Dimension.ARN:
            return account_in(value) or facts.owners.get(value.rpartition(":")[2].split("/")[0])
        case _:
            return facts.owners.get(value.split(":")[0])


def _common(narrowings: Iterable[Narrowing], dimension: Dimension) -> list[str] | None:
    sets = [n.values for n in narrowings if n.dimension is dimension]
    return [v for v in sets[0] if all(v in other for other in sets)] if sets else None


def _related(grant: Grant, policy: Policy) -> Grant:
    return replace(grant, relation=party(grant.account, policy.facts))


def _actions(statement: Statement) -> tuple[str, ...]:
    spelled = tuple(statement.spelled.get(action, action) for action in statement.actions)
    return (f"everything but {', '.join(spelled)}",) if statement.not_action else spelled


def _doubts(statement: Statement) -> list[str]:
    """Conditions that were not understood: they can only make a grant narrower than it is told."""
    return [f"the condition {c} is not weighed" for c in statement.conditions if not _weighed(c)]


def _weighed(condition: Condition) -> bool:
    if condition.operator not in KNOWN or any("${" in v for v in condition.values):
        return False
    if condition.key in KEYS:
        return condition.operator not in ("null", "bool")
    if condition.key == "aws:principalisawsservice" or never_narrows(condition.key):
        return True
    return issuer_claim(condition.key)


def _with_doubts(grant: Grant, doubts: Sequence[str]) -> Grant:
    if not doubts or not grant.exact:
        return grant
    return replace(grant, exact=False, why_not_exact="; ".join(doubts))
