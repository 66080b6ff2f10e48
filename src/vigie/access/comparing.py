"""What a change did to the access that outsiders have to a resource: who may more than before, and who less.

Two configurations of one resource are compared, not two lists of grants: policies by a search for a request that one
of them allows and the other does not (vigie.access.gaining), lists (access control lists, grants, launch permissions)
by the difference of what they grant. The same said in other words is *neutral*; what could not be read or decided is
*unknown*, with the reason, and never neutral.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from vigie.access.document import Document
from vigie.access.gained_words import gain_shift, grant_shift
from vigie.access.gaining import CAPPED, Gaining, Pair, Side
from vigie.access.mechanisms import mechanism_of
from vigie.access.profiles import ANY, PROFILES
from vigie.access.requesters import Bounds
from vigie.access.subject import NOTHING_UNREAD, Subject
from vigie.access.verdict import NOTHING_KNOWN, Facts, Grant, GrantClass
from vigie.model.verdict import ChangeVerdict, Dimension, Shift, direction_of

_NO_BOUNDS: Final[Bounds] = {}
_ACL_ALL: Final = ("ACL READ", "ACL WRITE", "ACL READ_ACP", "ACL WRITE_ACP")
"""What FULL_CONTROL is ("Access control list (ACL) overview", Amazon S3 user guide)."""
_ANYONE: Final = ("*", "any AWS account")


@dataclass(frozen=True, slots=True)
class State:
    """A configuration of the resource, as recorded, with what was known then."""

    configuration: Mapping[str, Any]
    unread: Mapping[str, str] = field(default_factory=lambda: NOTHING_UNREAD)
    """Keys that could not be read, and why."""
    facts: Facts | None = None
    """Where something in the account differs between the two states: its public access block."""


def compare(
    resource_type: str,
    before: State | None,
    after: State | None,
    *,
    account: str,
    facts: Facts = NOTHING_KNOWN,
    arn: str | None = None,
) -> ChangeVerdict | None:
    """The verdict of access on a change of a resource of ``account``.

    ``before`` is None where it was created, ``after`` where it is gone. None: the type has no sharing mechanism that
    is known here. Never raises.
    """
    states = [s for s in (before, after) if s is not None]
    if not any(mechanism_of(resource_type, s.configuration) for s in states):
        return None
    old = _borne(resource_type, before, account, facts, arn)
    new = _borne(resource_type, after, account, facts, arn)
    gained, lost, problems = _lists(old, new, facts, arn)
    for label in dict.fromkeys([*new.policies, *old.policies]):
        pair = Pair(
            old.policies.get(label, _NO_POLICY),
            new.policies.get(label, _NO_POLICY),
            account,
            facts,
            PROFILES.get(resource_type, ANY),
            arn,
        )
        problems += pair.problems()
        gained += _by_policy(pair, problems, lost=False)
        lost += _by_policy(pair.turned_round(), problems, lost=True)
    return verdict_of(_joined(gained), _joined(lost), problems)


@dataclass(frozen=True, slots=True)
class Found:
    """A shift, and whether it is none perhaps: it rests on what could not be read or decided."""

    shift: Shift
    undecided: str = ""
    """Why."""


def verdict_of(gained: Sequence[Found], lost: Sequence[Found], problems: Iterable[str] = ()) -> ChangeVerdict:
    """What was gained for certain is widened, whatever else is; what is not certain keeps all else from being said."""
    doubts = [f"{f.shift.words}: {f.undecided}" for f in (*gained, *lost) if f.undecided]
    reasons = tuple(dict.fromkeys([*problems, *doubts]))
    certain = any(not f.undecided for f in gained)
    direction = direction_of(gained=certain, lost=bool(lost), undecided=bool(reasons))
    return ChangeVerdict(direction, tuple(f.shift for f in gained), tuple(f.shift for f in lost), reasons)


# One side: its policies, and what it grants by lists


@dataclass
class _Borne:
    """What a configuration bears: policies by their label, and grants that no policy gives."""

    policies: dict[str, Side] = field(default_factory=dict)
    grants: Sequence[Grant] = ()
    problems: Sequence[str] = ()


_NO_POLICY: Final = Side(Document(), _NO_BOUNDS)


@dataclass(frozen=True)
class _Recording(Subject):
    """Keeps every policy that the mechanism of a type reads, with what it grants."""

    seen: list[tuple[str, Document, Bounds, list[Grant]]] = field(default_factory=list)

    def granted_by(self, document: Document, *, label: str = "", bounds: Bounds = _NO_BOUNDS) -> list[Grant]:
        noted = len(self.problems)
        grants = super().granted_by(document, label=label, bounds=bounds)
        del self.problems[noted:]  # what of the policy itself is not readable is asked of the two together
        self.seen.append((label, document, bounds, grants))
        return grants


def _borne(resource_type: str, state: State | None, account: str, facts: Facts, arn: str | None) -> _Borne:
    if state is None:
        return _Borne()
    mechanism = mechanism_of(resource_type, state.configuration)
    if mechanism is None:
        return _Borne()
    facts = state.facts or facts
    subject = _Recording(resource_type, state.configuration, account, facts, arn, state.unread, [])
    kept = list(mechanism(subject))
    left = {id(grant) for grant in kept}
    policies: dict[str, Side] = {}
    of_policies: set[int] = set()
    for number, (label, document, bounds, grants) in enumerate(subject.seen):
        of_policies |= {id(grant) for grant in grants}
        restricted = any(id(grant) not in left for grant in grants)
        policies[label if label not in policies else f"{label}#{number}"] = Side(document, bounds, restricted)
    return _Borne(policies, [g for g in kept if id(g) not in of_policies], subject.problems)


# Policies


def _by_policy(pair: Pair, problems: list[str], *, lost: bool) -> list[Found]:
    gaining = Gaining(pair)
    gains = gaining.gains()
    if gaining.capped:
        problems.append(CAPPED if not lost else CAPPED.replace("allows now and did not before", "allows no more"))
    return [
        Found(gain_shift(gain, pair.facts, pair.account, lost=lost), "; ".join(gain.doubts) if gain.undecided else "")
        for gain in gains
    ]


def _joined(found: Sequence[Found]) -> list[Found]:
    """One shift for what several statements (or policies) give in the same words; the certain ones first."""
    ordered = sorted(found, key=lambda f: bool(f.undecided))
    return list({f.shift.words: f for f in reversed(ordered)}.values())[::-1]


# Lists

_Key = tuple[GrantClass, str, str, tuple[str, ...]]


def _lists(old: _Borne, new: _Borne, facts: Facts, arn: str | None) -> tuple[list[Found], list[Found], list[str]]:
    before, after = _by_grantee(old.grants), _by_grantee(new.grants)
    gained = [grant_shift(g, facts, arn, lost=False) for g in _beyond(after, before)]
    lost = [grant_shift(g, facts, arn, lost=True) for g in _beyond(before, after)]
    problems = [f"before: {p}" for p in old.problems] + [f"after: {p}" for p in new.problems]
    return [Found(s) for s in gained], [Found(s) for s in lost], problems


def _by_grantee(grants: Iterable[Grant]) -> dict[_Key, Grant]:
    found: dict[_Key, Grant] = {}
    for grant in grants:
        actions = tuple(a for one in grant.actions for a in (_ACL_ALL if one == "ACL FULL_CONTROL" else (one,)))
        key = (grant.kind, grant.who, grant.via, grant.conditions)
        known = found[key].actions if key in found else ()
        found[key] = replace(grant, actions=tuple(dict.fromkeys((*known, *actions))))
    return found


def _beyond(some: Mapping[_Key, Grant], others: Mapping[_Key, Grant]) -> list[Grant]:
    """What ``some`` grant and ``others`` do not; what anyone may is no gain for one."""
    found = []
    for key, grant in some.items():
        had = {a for k, g in others.items() if _covers(k, key) for a in g.actions}
        actions = tuple(a for a in grant.actions if a not in had)
        if actions or (not grant.actions and key not in others):
            found.append(replace(grant, actions=actions))
    return found


def _covers(wide: _Key, key: _Key) -> bool:
    """Whether the grantee of ``key`` is among those of ``wide``."""
    kind, who, _, conditions = wide
    if conditions and conditions != key[3]:
        return False
    if (kind, who) == key[:2]:
        return True
    signed = key[0] in (GrantClass.ACCOUNT, GrantClass.CANONICAL, GrantClass.ANY_ACCOUNT_OF_ORG)
    if kind is GrantClass.PUBLIC and who in _ANYONE:
        return signed or (who == "*" and key[0] is GrantClass.PUBLIC)
    return False


__all__ = ["Dimension", "Found", "State", "compare", "verdict_of"]
