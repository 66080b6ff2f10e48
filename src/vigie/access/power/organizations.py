"""The organisation's policies as they are recorded: which levels of them lie over an account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from vigie.access.power.effective import Layer, LayerKind
from vigie.access.power.realm import NO_ORGANIZATION, Organization
from vigie.access.power.statements import policy

SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
MANAGEMENT: Final = "the management account is bound by no service control policy"
_DEEPEST: Final = 10
"""Organizations allows five levels of units under the root ("Quotas and service limits for AWS Organizations")."""
Configuration = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tree:
    """What the management account recorded of its organisation. Each row is a recorded configuration."""

    organization: Configuration
    units: Sequence[Configuration] = ()
    accounts: Sequence[Configuration] = ()
    policies: Sequence[Configuration] = ()
    unread: str = ""
    """Why (a part of) it could not be read; empty where it was seen whole."""


def over(account: str, tree: Tree | None) -> Organization:
    """What the organisation lays over an account. Without a tree: the account is in no organisation."""
    if tree is None:
        return Organization()
    id_ = tree.organization.get("Id")
    if tree.organization.get("MasterAccountId") == account:
        return Organization(id_, notes=(MANAGEMENT,))
    if tree.unread:
        return Organization(id_, notes=(f"{NO_ORGANIZATION.notes[0]}: {tree.unread}",), known=False)
    chain = _chain(account, tree)
    if chain is None:
        return Organization(id_, notes=(f"{NO_ORGANIZATION.notes[0]}: where the account stands is not recorded",),
                            known=False)  # fmt: skip
    notes: list[str] = []
    scps = tuple(_levels(SCP, LayerKind.SCP, chain, tree, notes)) if _enabled(SCP, tree) else ()
    rcps = tuple(_levels(RCP, LayerKind.RCP, chain, tree, notes)) if _enabled(RCP, tree) else ()
    return Organization(id_, scps, rcps, tuple(notes), known=not notes)


def _enabled(type_: str, tree: Tree) -> bool:
    """Whether the policy type is on at the root; where the root does not say, whether some policy hangs anywhere."""
    kinds = [k for root in tree.organization.get("Roots") or () for k in root.get("PolicyTypes") or ()]
    if kinds:
        return any(k.get("Type") == type_ and k.get("Status") == "ENABLED" for k in kinds)
    return any(p.get("Type") == type_ and p.get("Targets") for p in tree.policies)


def _chain(account: str, tree: Tree) -> list[tuple[str, str]] | None:
    """(id, name) of the root, the units and the account itself, in that order; None where it is not known."""
    units = {unit.get("Id"): unit for unit in tree.units}
    own = next((a for a in tree.accounts if a.get("Id") == account), None)
    if own is None:
        return None
    found = [(account, f"account {own.get('Name', account)}")]
    at = own.get("ParentId")
    for _ in range(_DEEPEST):
        if not at:
            return None
        if str(at).startswith("r-"):
            found.append((str(at), "root"))
            return found[::-1]
        unit = units.get(at)
        if unit is None:
            return None
        found.append((str(at), f"unit {unit.get('Name', at)}"))
        at = unit.get("ParentId")
    return None


def _levels(
    type_: str, kind: LayerKind, chain: Sequence[tuple[str, str]], tree: Tree, notes: list[str]
) -> Iterator[Layer]:
    for id_, name in chain:
        rows = [p for p in tree.policies if p.get("Type") == type_ and _hangs_on(p, id_)]
        if rows:
            policies = tuple(policy(str(p.get("Name", p.get("Id"))), p.get("Content")) for p in rows)
            yield Layer(kind, f"{kind.value.upper()}s of the {name} ({id_})", policies)
        else:  # AWS lets no level be without one where the type is on
            notes.append(f"no {kind.value.upper()} of the {name} ({id_}) is recorded: it is not weighed")


def _hangs_on(row: Configuration, id_: str) -> bool:
    return any(target.get("TargetId") == id_ for target in row.get("Targets") or ())
