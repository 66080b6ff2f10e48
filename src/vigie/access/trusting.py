"""Grants to identity providers: whom they let in is their owner's decision, unless strangers can sign up there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from vigie.access.constraints import Constraint
from vigie.access.document import Statement
from vigie.access.federation import anyones_claims, guests_claims, is_private, is_saml, strangers_claims
from vigie.access.granting import NOT_ACCEPTED, Granting
from vigie.access.patterns import literal
from vigie.access.profiles import SAML, WEB_IDENTITY
from vigie.access.requesters import Bounds, provider
from vigie.access.search import ACTION
from vigie.access.texts import Texts
from vigie.access.verdict import Grant, GrantClass

_UNKNOWN: Final = "who can obtain identities of this issuer is not known here"


def provider_grants(name: str, statement: Statement, granting: Granting) -> Iterator[Grant]:
    """The grant of an Allow to the identities of a provider."""
    world = granting.world
    if name == "*":
        anyone = provider(name, {}, _actions((*SAML, *WEB_IDENTITY)))
        found = granting.grant(statement, anyone, GrantClass.FEDERATED_PUBLIC, name, doubt=NOT_ACCEPTED)
        yield from (found,) if found else ()
        return
    actions = _actions(SAML if is_saml(name) else WEB_IDENTITY)
    conditions = [c for s in world.document.statements for c in s.conditions]
    claims = None if is_saml(name) else strangers_claims(name, conditions)
    for strangers in (claims, guests_claims(name, statement.conditions)):
        if strangers is not None:
            found = granting.grant(statement, provider(name, strangers, actions), GrantClass.FEDERATED_PUBLIC, name)
            if found:
                yield found
                return
    doubt = "" if claims is not None or is_saml(name) or is_private(name) else _UNKNOWN
    anyone = provider(name, anyones_claims(name), actions)
    found = granting.grant(statement, anyone, GrantClass.FEDERATED, name, doubt=doubt)
    yield from (found,) if found else ()


def _actions(names: tuple[str, ...]) -> Bounds:
    return {ACTION: (Constraint(False, Texts(tuple(map(literal, names)), fold=True)),)}
