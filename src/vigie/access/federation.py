"""Identity providers in trust policies: when is a trust open to identities that strangers can make for themselves?

Rests on the AWS IAM user guide ("Identity-provider controls for shared OIDC providers") and the providers' own token
documents.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from vigie.access.document import Condition
from vigie.access.narrowing import POSITIVE

# issuer (host, or host with its path) → claims of which at least one must be narrowed, and the shape of a value that
# narrows it
SHARED_ISSUERS: Final[dict[str, dict[str, str]]] = {
    "token.actions.githubusercontent.com": {
        "sub": r"repo:[^/*?]+/.*",
        "job_workflow_ref": r"[^/*?]+/.*",
        "repository_owner": r"[^*?]+",
        "repository_owner_id": r"[^*?]+",
        "repository": r"[^/*?]+/.*",
        "repository_id": r"[^*?]+",
    },
    "gitlab.com": {"sub": r"project_path:[^/*?]+/.*", "namespace_path": r"[^*?]+", "project_path": r"[^/*?]+/.*"},
    "app.terraform.io": {"sub": r"organization:[^:*?]+:.*"},
    "api.bitbucket.org": {"sub": r"\{[^*?]+\}.*", "aud": r"[^*?]+"},
    "oidc.circleci.com": {"aud": r"[^*?]+", "sub": r"org/[^/*?]+/.*"},
    "agent.buildkite.com": {"sub": r"organization:[^:*?]+:.*"},
    "cognito-identity.amazonaws.com": {"aud": r"[^*?]+"},
    "accounts.google.com": {"aud": r"[^*?]+", "sub": r"[^*?]+", "oaud": r"[^*?]+"},
    "graph.facebook.com": {"app_id": r"[^*?]+"},
    "www.amazon.com": {"app_id": r"[^*?]+"},
}
_ALWAYS_PUBLIC_PREFIXES: Final = ("oidc.circleci.com/org/",)


def issuer_of(provider: str) -> str:
    """The issuer behind a Federated principal: the ARN of an OIDC provider, or a name like ``accounts.google.com``."""
    return provider.partition(":oidc-provider/")[2] or provider


def is_saml(provider: str) -> bool:
    return ":saml-provider/" in provider


def issuer_claim(key: str) -> bool:
    """Whether a condition key is a claim of a known issuer (``token.actions.githubusercontent.com:sub``), or of
    SAML.
    """
    issuer = key.rpartition(":")[0]
    return issuer == "saml" or issuer.partition("/")[0] in SHARED_ISSUERS


def open_to_strangers(provider: str, conditions: Sequence[Condition]) -> bool | None:
    """Whether identities that strangers can obtain satisfy the trust; None where the issuer is not known here."""
    issuer = issuer_of(provider)
    if issuer.startswith(_ALWAYS_PUBLIC_PREFIXES):
        return False  # the issuer itself is one organisation's
    claims = SHARED_ISSUERS.get(issuer) or SHARED_ISSUERS.get(issuer.partition("/")[0])
    if claims is None:
        return None
    return not any(_narrows(condition, issuer, claims) for condition in conditions)


def _narrows(condition: Condition, issuer: str, claims: dict[str, str]) -> bool:
    prefix, _, claim = condition.key.rpartition(":")
    if prefix != issuer.lower() or claim not in claims:
        return False
    if condition.operator not in POSITIVE or condition.if_exists or condition.quantifier == "forallvalues":
        return False
    shape = re.compile(claims[claim])
    literal = condition.operator.startswith("stringequals")
    alive = [v for v in condition.values if not (literal and "*" in v)]
    return all(shape.fullmatch(v) for v in alive)
