"""Identity providers in trust policies: which identities can strangers make for themselves at an issuer?

Rests on ``data/issuers.toml``, whose sources are named in it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from vigie.access.constraints import Constraint, equal, none_of
from vigie.access.document import Condition
from vigie.access.patterns import WITH_A_STAR, glob, literal
from vigie.access.requesters import Bounds
from vigie.access.texts import Texts

_POSITIVE: Final = re.compile(r"(string|arn)(not)?(equals|like)(ignorecase)?")


@dataclass(frozen=True, slots=True)
class Issuers:
    version: str
    shared: Mapping[str, Mapping[str, tuple[re.Pattern[str], ...]]]
    """Issuer → claim → shapes of values that belong to one customer."""
    private: tuple[re.Pattern[str], ...]
    guests: Mapping[str, Mapping[str, str]]
    """Issuer → claim → the value that says: did not sign in."""


@cache
def issuers() -> Issuers:
    """The table of issuers, read once from the package."""
    text = resources.files("vigie.access").joinpath("data/issuers.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    shared = {
        issuer.lower(): {claim: tuple(map(re.compile, shapes)) for claim, shapes in claims.items()}
        for issuer, claims in table["shared"].items()
    }
    return Issuers(table["version"], shared, tuple(map(re.compile, table["private"]["patterns"])), table["guests"])


def issuer_of(provider: str) -> str:
    """The issuer behind a Federated principal: the ARN of an OIDC provider, or a name like ``accounts.google.com``."""
    return (provider.partition(":oidc-provider/")[2] or provider).lower()


def is_saml(provider: str) -> bool:
    return ":saml-provider/" in provider


def is_claim(key: str) -> bool:
    """Whether a condition key is a claim of an identity provider (``token.actions.githubusercontent.com:sub``)."""
    issuer = key.rpartition(":")[0]
    return issuer == "saml" or "." in issuer


def is_private(provider: str) -> bool:
    issuer = issuer_of(provider)
    return any(pattern.fullmatch(issuer) for pattern in issuers().private)


def strangers_claims(provider: str, conditions: Iterable[Condition]) -> Bounds | None:
    """What strangers can have in the claims of a shared issuer: any value but those that the policy names and that
    belong to one customer. None: the issuer is not a shared one that is known here.
    """
    issuer = issuer_of(provider)
    claims = issuers().shared.get(issuer)
    if claims is None:
        return None
    # no identity provider writes a star into a claim
    named = {f"{issuer}:{claim}": [WITH_A_STAR] for claim in claims}
    for condition in conditions:
        prefix, _, claim = condition.key.rpartition(":")
        if prefix == issuer and claim in claims and _POSITIVE.fullmatch(condition.operator):
            wild = "like" in condition.operator or condition.operator.startswith("arn")
            for value in condition.values:
                if any(shape.fullmatch(value) for shape in claims[claim]):
                    named[condition.key].append(glob(value) if wild else literal(value))
    # names of organisations and repositories know no case where they are given out: nobody gets them in another one
    return {key: (Constraint(True, Texts(tuple(p), fold=True, positive=False)),) for key, p in named.items()}


def guests_claims(provider: str, conditions: Iterable[Condition]) -> Bounds | None:
    """What those have in their claims who did not sign in; None where the policy does not speak of them."""
    issuer = issuer_of(provider)
    for claim, value in issuers().guests.get(issuer, {}).items():
        key = f"{issuer}:{claim}"
        if any(c.key == key and value in c.values for c in conditions):
            return {key: (equal(value),)}
    return None


def anyones_claims(provider: str) -> Bounds:
    """What any identity of an issuer can have in its claims, strangers or not."""
    issuer = issuer_of(provider)
    return {f"{issuer}:{claim}": (none_of((WITH_A_STAR,)),) for claim in issuers().shared.get(issuer, ())}
