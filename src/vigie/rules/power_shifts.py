"""What a change of a user, role, group, managed policy or organisation policy gave to whom, and what it took.

A change of a policy is a change of everybody who holds it (or is bound by it); one of the organisation is told once for
each account, as what anybody in it can be allowed at most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from vigie.access.power.comparing import Shifts, shifts
from vigie.access.power.effective import Effective, Identity, IdentityKind, LayerKind, layered
from vigie.access.power.organizations import Tree, over
from vigie.access.power.realm import GROUP, POLICY, ROLE, USER, Account, Entry, Organization
from vigie.access.power.statements import policy
from vigie.model.change import ChangeKind, Revision
from vigie.rules.power import TREE_TYPES, Powers, entry_of

SHIFTING_TYPES: Final = (USER, ROLE, GROUP, POLICY, *TREE_TYPES)
"""The types whose changes change power."""
MOST_HOLDERS: Final = 50
"""Principals (or accounts) that one change is told of; the others are counted in ``problems``."""
_ANYTHING: Final = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}


def shifted(powers: Powers, before: Revision | None, after: Revision) -> Iterator[Shifts]:
    """What the change from one revision to the next did, for each principal that it concerns. Never raises.

    ``before`` None: there was none. Of a deletion, ``after`` holds nothing. All else is as it is recorded now.
    """
    if after.type in TREE_TYPES:
        yield from _of_organization(powers, before, after)
        return
    old, new = _present(before), _present(after)
    account = powers.account(after.account)
    was, is_ = _with(account, after.type, old, new), _with(account, after.type, new, old)
    if after.type in (USER, ROLE):
        yield shifts(was.effective(old) if old else None, is_.effective(new) if new else None)
        return
    some = new or old
    if some is None:
        return
    holders = [e for e in _principals(account) if _holds(e, some)]
    yield from _capped(holders, lambda entry: shifts(was.effective(entry), is_.effective(entry)))


def _capped(concerned: list[Any], compare: Callable[[Any], Shifts]) -> Iterator[Shifts]:
    for one in concerned[:MOST_HOLDERS]:
        yield compare(one)
    left = len(concerned) - MOST_HOLDERS
    if left > 0:
        yield Shifts(problems=(f"{left} more that it concerns were not compared",))


def _present(revision: Revision | None) -> Entry | None:
    return None if revision is None or revision.kind is ChangeKind.DELETED else entry_of(revision)


def _with(account: Account, type_: str, entry: Entry | None, other: Entry | None) -> Account:
    """The account as it is recorded, with this entry in the place of the other."""

    def load(wanted: str) -> Iterable[Entry]:
        found: Mapping[str, Entry] = account.of_type(wanted)
        if wanted != type_:
            return found.values()
        kept = {arn: e for arn, e in found.items() if other is None or arn != other.arn}
        return [*(e for e in kept.values() if entry is None or e.arn != entry.arn), *([entry] if entry else [])]

    return Account(account.id, load, account.organization, account.elsewhere)


def _principals(account: Account) -> Iterator[Entry]:
    yield from account.of_type(USER).values()
    yield from account.of_type(ROLE).values()


def _holds(principal: Entry, held: Entry) -> bool:
    configuration = principal.configuration
    if held.type == GROUP:
        return held.configuration.get("GroupName") in (configuration.get("GroupList") or ())
    boundary = configuration.get("PermissionsBoundary") or {}
    attached = [row.get("PolicyArn") for row in configuration.get("AttachedManagedPolicies") or ()]
    return held.arn in attached or boundary.get("PermissionsBoundaryArn") == held.arn


# The organisation


def _of_organization(powers: Powers, before: Revision | None, after: Revision) -> Iterator[Shifts]:
    tree = powers.tree(after.account)
    if tree is None:
        yield Shifts(problems=("the organisation's tree is not recorded",))
        return
    was, is_ = _tree_with(tree, after, _present(before)), _tree_with(tree, after, _present(after))
    accounts = sorted({str(a.get("Id")) for a in (*was.accounts, *is_.accounts)})

    def compare(account: str) -> Shifts:
        return shifts(_anybody(account, over(account, was)), _anybody(account, over(account, is_)))

    yield from _capped(accounts, compare)


def _tree_with(tree: Tree, revision: Revision, entry: Entry | None) -> Tree:
    """The tree with one of its rows as this entry has it."""
    place = dict(zip(TREE_TYPES, ("units", "accounts", "policies"), strict=True))[revision.type]
    rows = [row for row in getattr(tree, place) if row.get("Id") != revision.id]
    changed: Any = {place: (*rows, *([entry.configuration] if entry is not None else []))}
    return replace(tree, **changed)


def _anybody(account: str, organization: Organization) -> Effective:
    """Anybody of an account whose own policies allow everything: what the organisation leaves."""
    identity = Identity(f"arn:aws:iam::{account}:root", account, IdentityKind.GROUP, organization=organization.id)
    own = policy("whatever its own policies allow", _ANYTHING)
    found = layered(identity, [own], None, organization.levels, () if organization.known else organization.notes)
    return replace(found, layers=tuple(la for la in found.layers if la.kind is not LayerKind.RCP), _rules={})
