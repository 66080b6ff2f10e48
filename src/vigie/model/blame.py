"""Who set each part of a resource, when, and how sure that is. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vigie.model.attribution import Attribution, Confidence, Credit
from vigie.model.change import Change, ChangeKind, DiffEntry


@dataclass(frozen=True, slots=True)
class Blame:
    """The last change of one part. The part ``/`` is all that no later change touched."""

    path: str
    change: Change
    entry: DiffEntry | None = None
    """None for the resource as a whole."""

    @property
    def credits(self) -> tuple[Credit, ...]:
        """The calls that set this part."""
        found = self.change.attribution.credits if self.change.attribution else ()
        return tuple(credit for credit in found if not credit.paths or self.path in credit.paths)

    @property
    def attribution(self) -> Attribution | None:
        """What is concluded about this part: that of the change, where no call is credited for just this."""
        of_change = self.change.attribution
        if of_change is None or not of_change.credits:
            return of_change
        credits = self.credits
        if not credits:
            return Attribution(Confidence.PENDING, reason="No call that is known explains this part of the change.")
        weakest = max((credit.confidence for credit in credits), key=tuple(Confidence).index)
        return Attribution(weakest, credits, of_change.reason, of_change.number, of_change.at)


def blame(changes: Iterable[Change], path: str | None = None) -> list[Blame]:
    """The last change of each part, newest first; ``changes`` is the history of one resource, newest first.

    Args:
        path: Only parts at, below or around that path.
    """
    found: list[Blame] = []
    for change in changes:
        read_more = change.kind is ChangeKind.BASELINE and bool(change.diff)
        if change.kind in _WHOLE and not read_more:
            found.append(Blame("/", change))
            break
        found += [Blame(entry.path, change, entry) for entry in change.diff if not _is_covered(entry.path, found)]
    return [one for one in found if path is None or _concerns(one.path, path)]


_WHOLE = frozenset({ChangeKind.CREATED, ChangeKind.RECREATED, ChangeKind.BASELINE, ChangeKind.DELETED})
"""Kinds that begin (or end) a resource's history, with whatever it then had."""


def _is_covered(path: str, later: Sequence[Blame]) -> bool:
    """Whether a later change replaced that part, or something around it."""
    return any(_is_within(path, one.path) for one in later)


def _is_within(path: str, outer: str) -> bool:
    return path == outer or (path.startswith(outer) and path[len(outer)] in "/[")


def _concerns(path: str, asked: str) -> bool:
    return path == "/" or _is_within(path, asked) or _is_within(asked, path) or path.startswith(asked)
