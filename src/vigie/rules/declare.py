"""Declaring a rule: one pure function with its metadata. ``@rule`` returns a frozen value and registers nothing."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vigie.model.change import Revision
from vigie.model.finding import Severity, Violation

if TYPE_CHECKING:
    from vigie.rules.estate import Estate


class CannotTell(Exception):  # noqa: N818 - it is a verdict, not an error of the program
    """Raised by a rule, or by the estate under it, when what is needed to decide could not be looked at: *unknown*."""


@dataclass(frozen=True, slots=True)
class LookAgain:
    """Yielded by a rule whose verdict changes when a date passes, without any change of the resource."""

    at: datetime


Judgement = Callable[..., Iterable[Violation | LookAgain]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: what it judges, how it weighs, what to do about it.

    Parameters are the keyword-only arguments of the function, with their defaults; settings can override them.
    """

    id: str
    title: str
    applies_to: tuple[str, ...]
    severity: Severity
    remedy: str
    judge: Judgement
    description: str = ""
    depends_on: tuple[str, ...] = ()
    """Further resource types that the rule looks up in the estate: a change there judges again."""
    names: tuple[str, ...] = ()
    """Further resource types that the rule looks up, and whose changes judge nothing again but what names them. What
    else it rests on of them, a rule follows by :class:`LookAgain`.
    """
    parameters: Mapping[str, Any] = field(default_factory=dict)
    references: tuple[str, ...] = ()
    """Addresses of the documents it rests on."""
    not_reported: str = ""
    """What it does not report, and why: false alarms are a defect as much as misses."""
    predecessor: tuple[str, ...] = ()
    """The predecessor's checks that it covers."""
    origin: str = "vigie"
    """Where it was found: ``vigie``, a path, or a distribution's name."""
    source: Path | None = None
    """The file that declares it. Its examples are beside it, with the ending ``.toml`` (the same file for a rule
    without Python).
    """

    @property
    def looks_up(self) -> tuple[str, ...]:
        """All types that it looks up besides those that it judges."""
        return (*self.depends_on, *self.names)

    @property
    def examples(self) -> Path | None:
        """The file of its examples (which may not exist)."""
        return self.source.with_suffix(".toml") if self.source else None

    def __call__(self, revision: Revision, estate: Estate, **parameters: Any) -> Iterable[Violation | LookAgain]:
        """Judge one revision. Yields violations; nothing = compliant.

        Raises:
            CannotTell: what is needed could not be looked at.
        """
        return self.judge(revision, estate, **{**self.parameters, **parameters})


def rule(
    id: str,
    *,
    title: str,
    applies_to: str | tuple[str, ...],
    severity: Severity,
    remedy: str,
    depends_on: tuple[str, ...] = (),
    names: tuple[str, ...] = (),
    references: tuple[str, ...] = (),
    not_reported: str = "",
    predecessor: tuple[str, ...] = (),
) -> Callable[[Judgement], Rule]:
    """Make a rule of a function ``(revision, estate, *, parameter=default…) -> Iterator[Violation]``."""

    def declare(judge: Judgement) -> Rule:
        parameters = {
            p.name: p.default
            for p in inspect.signature(judge).parameters.values()
            if p.kind is inspect.Parameter.KEYWORD_ONLY
        }
        return Rule(
            id=id,
            title=title,
            applies_to=(applies_to,) if isinstance(applies_to, str) else tuple(applies_to),
            severity=severity,
            remedy=remedy,
            judge=judge,
            description=inspect.getdoc(judge) or "",
            depends_on=depends_on,
            names=names,
            parameters=parameters,
            references=references,
            not_reported=not_reported,
            predecessor=predecessor,
        )

    return declare
