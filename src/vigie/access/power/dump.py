"""A realm of one account from what ``aws iam get-account-authorization-details`` prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote

from vigie.access.power.realm import (
    GROUP,
    NO_ORGANIZATION,
    POLICY,
    ROLE,
    USER,
    Account,
    Entry,
    Holder,
    Organization,
    Realm,
)

_LISTS: Final = {"UserDetailList": USER, "RoleDetailList": ROLE, "GroupDetailList": GROUP, "Policies": POLICY}
_NO_INVENTORY: Final = "a dump of IAM tells nothing of it"


def is_dump(document: Any) -> bool:
    """Whether it has the shape of GetAccountAuthorizationDetails."""
    return isinstance(document, Mapping) and any(isinstance(document.get(key), list | tuple) for key in _LISTS)


def realm_of_dump(document: Mapping[str, Any], organization: Organization | None = None) -> Realm:
    """The realm of the account that the dump is of. Documents may be objects, JSON, or URL-encoded JSON."""
    entries = list(_entries(document))
    accounts = sorted({e.account for e in entries if e.account.isdigit()})
    own = {id_: _account(id_, entries, organization) for id_ in accounts}
    return Realm(own.get, accounts, _no_holders, lambda type_, _: f"{type_}: {_NO_INVENTORY}")


def _no_holders(type_: str, account: str) -> Sequence[Holder]:
    return ()


def _account(id_: str, entries: Sequence[Entry], organization: Organization | None) -> Account:
    def load(type_: str) -> list[Entry]:
        return [e for e in entries if e.type == type_ and (type_ == POLICY or e.account == id_)]

    return Account(id_, load, organization or NO_ORGANIZATION)


def _entries(document: Mapping[str, Any]) -> list[Entry]:
    found = []
    for key, type_ in _LISTS.items():
        for row in document.get(key) or ():
            if isinstance(row, Mapping) and isinstance(row.get("Arn"), str):
                arn = row["Arn"]
                account = (arn.split(":") + [""] * 5)[4]
                found.append(Entry(type_, arn, account, _decoded(row)))
    return found


def _decoded(value: Any) -> Any:
    """URL-encoded policy documents, as the API gives them, as JSON."""
    if isinstance(value, Mapping):
        return {
            key: unquote(inner) if isinstance(inner, str) and inner.startswith("%7B") else _decoded(inner)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [_decoded(inner) for inner in value]
    return value
