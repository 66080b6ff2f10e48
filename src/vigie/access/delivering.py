"""Accounts of AWS itself that deliver logs into buckets: known, so that they raise no alarm, and named in a note.

``data/service_accounts.toml`` names them and what they need to do. An account that may do more than that, or something
else than deliver into a bucket, is treated as any other: a number from that table proves nothing about who uses it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Final

from vigie.access.verdict import Grant, GrantClass
from vigie.model.account import Relation

_TYPE: Final = "AWS::S3::Bucket"


@dataclass(frozen=True, slots=True)
class ServiceAccounts:
    version: str
    services: Mapping[str, str]
    """Account → the service, and the region where one is told."""
    actions: frozenset[str]
    """In lower case."""


@cache
def service_accounts() -> ServiceAccounts:
    """The table of accounts, read once from the package."""
    text = resources.files("vigie.access").joinpath("data/service_accounts.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    found = {
        account: service if region.startswith("older") else f"{service} in {region}"
        for service, regions in table["services"].items()
        for region, account in regions.items()
    }
    return ServiceAccounts(table["version"], found, frozenset(map(str.lower, table["actions"])))


def deliveries_told(resource_type: str, grants: Iterable[Grant]) -> tuple[list[Grant], list[str]]:
    """The grants, with those to accounts of AWS that only deliver known as such, and a note on each."""
    if resource_type != _TYPE:
        return list(grants), []
    known = service_accounts()
    found: list[Grant] = []
    notes: list[str] = []
    for grant in grants:
        if (
            grant.kind is GrantClass.ACCOUNT
            and grant.relation is Relation.UNKNOWN
            and grant.account in known.services
            and {action.lower() for action in grant.actions} <= known.actions
        ):
            grant = replace(grant, relation=Relation.THIRD_PARTY)
            notes.append(f"{grant.account} is an account of AWS itself: {known.services[grant.account or '']}")
        found.append(grant)
    return found, notes
