"""An access as one JSON object, for programs: docs/reference/access.md describes it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from vigie.access.mentions import account_in
from vigie.access.networks import ENDPOINTS_OF
from vigie.access.verdict import Access, Grant, GrantClass
from vigie.access.weighing import weight_of
from vigie.model.account import is_account

_ORGANIZATION: Final = re.compile(r"o-[a-z0-9]{4,32}")
_FEDERATED: Final = (GrantClass.FEDERATED, GrantClass.FEDERATED_PUBLIC)
_SERVING: Final = (GrantClass.SERVICE, GrantClass.CONFUSED_DEPUTY)
_OF_ACCOUNTS: Final = (GrantClass.ACCOUNT, GrantClass.CANONICAL)


def explanation(access: Access, account: str) -> dict[str, Any]:
    """What outsiders may, summed up and grant by grant."""
    grants = access.grants
    return {
        "public": bool(access.public()),
        "cross_account": _sorted(a for g in grants for a in _accounts(g) if a != account),
        "orgs": _sorted(_organization(g.who) for g in access.of(GrantClass.ANY_ACCOUNT_OF_ORG)),
        "services": _sorted(_service(g) for g in grants),
        "confused_deputy": _sorted(g.who for g in access.of(GrantClass.CONFUSED_DEPUTY)),
        "federated": _sorted(g.who for g in grants if g.kind in _FEDERATED),
        "canonical_users": _sorted(g.who for g in access.of(GrantClass.CANONICAL)),
        "network_limited": _sorted(n for g in access.of(GrantClass.NETWORK_LIMITED) for n in g.who.split(", ")),
        "exact": all(g.exact for g in grants) and not access.problems,
        "grants": [grant_document(g) for g in grants],
        "problems": list(access.problems),
        "notes": [*access.problems, *access.notes, *(g.why_not_exact for g in grants if g.why_not_exact)],
    }


def grant_document(grant: Grant) -> dict[str, Any]:
    """One grant. ``witness`` is a request that it allows."""
    return {
        "class": grant.kind.value,
        "who": grant.who,
        "account": grant.account,
        "relation": grant.relation.value,
        "via": grant.via or None,
        "actions": list(grant.actions),
        "weight": weight_of(grant.actions).word,
        "conditions": list(grant.conditions),
        "statements": list(grant.statements),
        "witness": grant.witness,
        "exact": grant.exact,
        "why_not_exact": grant.why_not_exact or None,
    }


def _sorted(names: Iterable[str | None]) -> list[str]:
    return sorted({name for name in names if name})


def _accounts(grant: Grant) -> Iterator[str | None]:
    """The accounts that a grant names: that of a principal, of a source, of an identity provider, of VPC endpoints."""
    if grant.kind in _OF_ACCOUNTS:
        yield grant.account
    elif grant.kind in _FEDERATED:
        yield account_in(grant.who)
    elif grant.kind is GrantClass.NETWORK_LIMITED:
        for network in grant.who.split(", "):
            account = network.removeprefix(ENDPOINTS_OF)
            yield account if is_account(account) else account_in(network)


def _organization(who: str) -> str:
    found = _ORGANIZATION.search(who)
    return found[0] if found else who


def _service(grant: Grant) -> str | None:
    if grant.via and "." in grant.via:
        return grant.via
    return grant.who if grant.kind in _SERVING and not grant.who.startswith("arn:") else None
