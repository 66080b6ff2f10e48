"""What a change of IAM (or of the organisation's policies) did to the power of users and roles: whoever holds it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from vigie.access.power import shifts
from vigie.access.power.effective import Effective
from vigie.access.request import Request
from vigie.audit.laid import Laid, present
from vigie.model.account import Relation
from vigie.model.change import Revision
from vigie.model.verdict import ChangeVerdict, Dimension, Direction, Shift, direction_of, joined
from vigie.rules.estate import Inventory
from vigie.rules.power import ORGANIZATION, TREE_TYPES, Powers

USER, ROLE, GROUP, POLICY = "AWS::IAM::User", "AWS::IAM::Role", "AWS::IAM::Group", "AWS::IAM::ManagedPolicy"
POWER_TYPES: Final = frozenset({USER, ROLE, GROUP, POLICY, ORGANIZATION, *TREE_TYPES})
"""The types of which a change can give somebody power."""
_ANYBODY_MAY: Final = "sts:GetCallerIdentity"
"""No policy can take it away (AWS STS API reference): whoever can call it acts as that user."""
MOST: Final = 500
"""So many principals are compared for one change; where it concerns more, the rest is said to be undecided."""
_WEIGHING: Final[dict[str, tuple[str, ...]]] = {
    USER: ("UserPolicyList", "AttachedManagedPolicies", "PermissionsBoundary", "GroupList", "Tags"),
    ROLE: ("RolePolicyList", "AttachedManagedPolicies", "PermissionsBoundary", "Tags"),
    GROUP: ("GroupPolicyList", "AttachedManagedPolicies"),
}
"""The parts that weigh in what it may do (of a role's trust policy, access speaks)."""


def power_verdict(inventory: Inventory, before: Revision | None, after: Revision) -> ChangeVerdict | None:
    """The verdict of power on a change, with who gained; None where it concerns nobody's power."""
    if after.type not in POWER_TYPES:
        return None
    old, new = present(before), present(after)
    return joined((_by_policies(inventory, old, new, after), *_by_credentials(old, new)))


def _by_policies(inventory: Inventory, old: Revision | None, new: Revision | None, after: Revision) -> ChangeVerdict:
    if _parts(old, after.type) == _parts(new, after.type):
        return ChangeVerdict(Direction.NEUTRAL)
    then, now = (Powers(Laid(inventory, after, state)) for state in (old, new))
    concerned = list(_concerned(inventory, old, new, after))
    found = [shifts(_effective(then, was), _effective(now, became)) for was, became in concerned[:MOST]]
    gained = tuple(s for one in found for s in one.gained)
    lost = tuple(s for one in found for s in one.lost)
    problems = tuple(dict.fromkeys(p for one in found for p in one.problems))
    if len(concerned) > MOST:
        problems = (*problems, f"{len(concerned) - MOST} more principals that it concerns were not compared")
    direction = direction_of(gained=bool(gained), lost=bool(lost), undecided=bool(problems))
    return ChangeVerdict(direction, gained, lost, problems)


# Who can act as a user


def _by_credentials(old: Revision | None, new: Revision | None) -> Iterator[ChangeVerdict]:
    """A key or a password that works now gives its holder what the user may."""
    then, now = _credentials(old), _credentials(new)
    gained = tuple(_act_as(new, told, "may now") for key, told in now.items() if key not in then)
    lost = tuple(_act_as(old, told, "may no longer") for key, told in then.items() if key not in now)
    if gained or lost:
        yield ChangeVerdict(Direction.WIDENED if gained else Direction.NARROWED, gained, lost)


def _credentials(user: Revision | None) -> dict[str, str]:
    """What works now to act as a user → who can, in words."""
    if user is None or user.type != USER:
        return {}
    rows = [row for row in user.configuration.get("AccessKeys") or () if isinstance(row, Mapping)]
    keys = [str(row.get("AccessKeyId", "?")) for row in rows if row.get("Status") == "Active"]
    found = {key: f"whoever holds the access key {key}" for key in keys}
    return {**found, "password": "whoever knows the password"} if user.configuration.get("LoginProfile") else found


def _act_as(user: Revision | None, who: str, verb: str) -> Shift:
    arn = (user.arn or user.id) if user is not None else ""
    request = Request(_ANYBODY_MAY, "*", {"AWS": arn}, user.account if user is not None else None)
    words = f"{who} {verb} act as {arn.split(':', 5)[-1]}"
    return Shift(Dimension.POWER, words, arn, witness=request.document(), relation=Relation.OWN)


# Which principals a change concerns


def _effective(powers: Powers, revision: Revision | None) -> Effective | None:
    return powers.of(revision).effective if revision is not None else None


def _parts(revision: Revision | None, type_: str) -> Any:
    """What of it weighs. Of policies and of the organisation's tree: everything."""
    if revision is None:
        return None
    keys = _WEIGHING.get(type_)
    content = revision.configuration
    unread = sorted(key for key in revision.unreadable if keys is None or key in keys)
    return (dict(content) if keys is None else {key: content.get(key) for key in keys}), unread


def _concerned(
    inventory: Inventory, old: Revision | None, new: Revision | None, changed: Revision
) -> Iterator[tuple[Revision | None, Revision | None]]:
    """The users and roles whose power may be another one now: each before and after."""
    if changed.type in (USER, ROLE):
        yield old, new
    elif changed.type == GROUP:
        yield from _same(_members(inventory, changed))
    elif changed.type == POLICY:
        yield from _same(_holders(inventory, changed))
    else:
        for type_ in (USER, ROLE):
            yield from _same(inventory.resources(type_, None, None))


def _same(revisions: Iterable[Revision]) -> Iterator[tuple[Revision, Revision]]:
    return ((revision, revision) for revision in revisions)


def _members(inventory: Inventory, group: Revision) -> Iterator[Revision]:
    names = {group.name, group.configuration.get("GroupName"), group.id}
    for user in inventory.resources(USER, group.account, None):
        if names.intersection(user.configuration.get("GroupList") or ()):
            yield user


def _holders(inventory: Inventory, policy: Revision) -> Iterator[Revision]:
    """Those it is attached to or bounds, and the members of the groups among them; each once."""
    found: dict[tuple[str, str], Revision] = {}
    arn = policy.arn or policy.id
    for type_ in (USER, ROLE):
        for holder in inventory.referring_to(arn, type_):
            found[holder.account, holder.id] = holder
    for group in inventory.referring_to(arn, GROUP):
        for user in _members(inventory, group):
            found[user.account, user.id] = user
    yield from found.values()
