"""What a file says of the world around one document: accounts, organisation, networks, owners.

    organization = "o-1234567890"
    networks = ["198.51.100.0/24"]
    accounts = [{ id = "222222222222", relation = "third-party", canonical_ids = ["c0ffee"] }]
    [owners]
    our-bucket = "111111111111"

TOML, or the same as JSON.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from vigie.model.account import Account, Relation
from vigie.model.errors import UsageError

_KEYS: Final = ("organization", "networks", "accounts", "owners", "resources")


@dataclass(frozen=True, slots=True)
class EstateFile:
    organization: str | None = None
    networks: tuple[str, ...] = ()
    accounts: Mapping[str, Account] = field(default_factory=dict)
    owners: Mapping[str, str] = field(default_factory=dict)
    """Identifier (bucket, VPC, VPC endpoint, address, user id) → account id."""
    resources: tuple[Mapping[str, Any], ...] = ()
    """Other recorded resources, as the examples of rules write them."""


def read_estate(path: Path | None) -> EstateFile:
    """Raises:
    UsageError: it cannot be read, or says something that is not known.
    """
    if path is None:
        return EstateFile()
    table = _table(path)
    unknown = [key for key in table if key not in _KEYS]
    if unknown:
        raise UsageError(f"{path} has an unknown key {unknown[0]!r}; known are {', '.join(_KEYS)}.")
    accounts = [_account(row, path) for row in table.get("accounts", [])]
    owners = table.get("owners", {})
    if not isinstance(owners, Mapping):
        raise UsageError(f"owners in {path} must be a table of identifier = account.")
    return EstateFile(
        organization=table.get("organization"),
        networks=tuple(map(str, table.get("networks", ()))),
        accounts={account.id: account for account in accounts},
        owners={str(k): str(v) for k, v in owners.items()},
        resources=tuple(row for row in table.get("resources", ()) if isinstance(row, Mapping)),
    )


def _table(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        table = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise UsageError(f"The estate {path} cannot be read: {error}.") from None
    if not isinstance(table, dict):
        raise UsageError(f"The estate {path} must be one object.")
    return table


def _account(row: Any, path: Path) -> Account:
    if not isinstance(row, Mapping) or "id" not in row:
        raise UsageError(f"An account in {path} has no id.")
    relation = row.get("relation", Relation.OWN.value)
    if relation not in list(Relation):
        raise UsageError(f"The relation of an account in {path} must be one of {', '.join(Relation)}.")
    ids = tuple(map(str, row.get("canonical_ids", ())))
    return Account(str(row["id"]), row.get("name"), Relation(relation), canonical_ids=ids)
