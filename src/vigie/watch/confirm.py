"""A second look at what a first look put in doubt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from vigie.model.recording import Draft, Head
from vigie.model.resource import Configuration, Observation, Reading
from vigie.model.scope import Outcome, Problem
from vigie.watch.decide import Known, Plan, deletion_of, draft_of, missing_from
from vigie.watch.read import Look

_LOOKS: Final = 2
"""Second looks at a change: two that differ are followed by one more, whose state is then recorded."""

LookAgain = Callable[[frozenset[str], Mapping[str, Configuration], int], Look]
"""(ids, id → what is known of it, number of the look) → a look at these resources."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What may be recorded now."""

    drafts: tuple[Draft, ...]
    problems: tuple[Problem, ...] = ()
    """Why some of it could not be confirmed."""
    outcome: Outcome | None = None
    """That of a second look that failed."""
    unconfirmed: frozenset[str] = frozenset()
    """Ids that nothing is concluded about at this sweep."""
    still_missing: int = 0


@dataclass
class _Doubts:
    """What is still in doubt, and what has been settled."""

    changes: dict[str, Draft]
    missing: dict[str, Head]
    settled: list[Draft] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    outcome: Outcome | None = None
    deleted: int = 0

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(self.changes) | frozenset(self.missing)


def confirm(plan: Plan, known: Known, look_again: LookAgain) -> Confirmed:
    """Look again at what is doubtful or missing, and say what holds.

    A change that the second look does not show was never one. One that it shows otherwise is looked at a third time. A
    missing resource that is back is read like any other.
    """
    doubts = _Doubts(
        {draft.resource.id: draft for draft in plan.doubtful}, {head.resource.id: head for head in plan.missing}
    )
    for number in range(1, _LOOKS + 1):
        if not doubts.ids:
            break
        look = look_again(doubts.ids, _names(doubts, known), number)
        if not look.reading.outcome.listed_everything:
            doubts.outcome = look.reading.outcome
            doubts.problems.extend(look.reading.problems)
            break
        _weigh(doubts, look.reading, known, last=number == _LOOKS)
    return Confirmed(
        drafts=(*plan.settled, *doubts.settled),
        problems=tuple(replace(problem, path=problem.path) for problem in doubts.problems),
        outcome=doubts.outcome,
        unconfirmed=doubts.ids,
        still_missing=doubts.deleted,
    )


def _names(doubts: _Doubts, known: Known) -> dict[str, Configuration]:
    names: dict[str, Configuration] = {identity: draft.configuration for identity, draft in doubts.changes.items()}
    for identity, head in doubts.missing.items():
        names[identity] = known.configuration(head.config_sha)
    return names


def _weigh(doubts: _Doubts, reading: Reading, known: Known, *, last: bool) -> None:
    shown = {one.resource.id: one for one in reading.observations}
    for identity in doubts.ids:
        seen = shown.get(identity)
        if seen is not None:
            _weigh_shown(doubts, identity, seen, known, last=last)
    doubted = {identity: known.heads[identity] for identity in doubts.ids if identity in known.heads}
    for head in missing_from(reading, doubted):
        if head.resource.id in shown:
            continue
        if head.resource.id in doubts.missing or last:
            _conclude_deleted(doubts, head, reading, known)
        else:  # changed at the first look, gone at the second
            doubts.changes.pop(head.resource.id, None)
            doubts.missing[head.resource.id] = head


def _weigh_shown(doubts: _Doubts, identity: str, seen: Observation, known: Known, *, last: bool) -> None:
    again = draft_of(seen, known)
    before = doubts.changes.pop(identity, None)
    doubts.missing.pop(identity, None)
    if again is None:
        return  # as recorded: what the first look showed was torn, or late
    agree = before is not None and before.kind is again.kind and before.durable_sha == again.durable_sha
    if agree or last:
        doubts.settled.append(again)
    else:
        doubts.changes[identity] = again


def _conclude_deleted(doubts: _Doubts, head: Head, reading: Reading, known: Known) -> None:
    doubts.changes.pop(head.resource.id, None)
    doubts.missing.pop(head.resource.id, None)
    doubts.settled.append(deletion_of(head, reading.finished_at, known))
    doubts.deleted += 1
