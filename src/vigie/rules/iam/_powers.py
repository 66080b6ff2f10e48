"""Which actions of a table a statement allows: patterns matched service by service, so that large policies stay
cheap.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from vigie.rules.policies import Allowance, matches


def allowed_of(allowance: Allowance, table: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Service → actions of the table (names without the service) that the statement allows. NotAction is not
    expanded.
    """
    found: dict[str, list[str]] = {}
    for pattern in allowance.statement.actions:
        service, _, name = pattern.lower().partition(":")
        if service not in table or not name:
            continue
        for action in table[service]:
            if matches(name, action) and allowance.allows(f"{service}:{action}"):
                found.setdefault(service, []).append(action)
    return {service: sorted(set(actions)) for service, actions in sorted(found.items())}


def is_everything(allowance: Allowance) -> bool:
    """Whether the statement allows every service at once: ``*``, or all but some (NotAction)."""
    return bool(allowance.statement.not_actions) or any(a in ("*", "*:*") for a in allowance.statement.actions)
