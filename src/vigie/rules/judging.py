"""Judging one revision by one rule, in isolation: whatever a rule does, it gives a verdict and stops nobody else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any

from vigie.model.change import Revision
from vigie.model.finding import Compliance, Severity, Violation
from vigie.rules.declare import CannotTell, LookAgain, Rule
from vigie.rules.estate import Estate
from vigie.rules.readable import readable


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule says about one revision.

    With an ``error`` the compliance is *unknown*; violations that were found before it stand all the same.
    """

    rule: str
    compliance: Compliance
    violations: tuple[Violation, ...] = ()
    """At most one per subject, each with its severity and with plain (JSON) evidence."""
    look_again: datetime | None = None
    error: str | None = None
    """Why nothing can be said, in one sentence."""
    failed: bool = False
    """The rule itself failed (a defect), rather than something that could not be looked at."""
    graded: frozenset[str] = frozenset()
    """Subjects whose severity the rule gave to the violation itself: no setting changes those."""


def judge(
    rule: Rule,
    revision: Revision,
    estate: Estate,
    *,
    severity: Severity | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> Verdict:
    """Judge ``revision`` by ``rule``. Never raises (but for the end of the process).

    ``severity`` replaces the rule's; ``parameters`` replace some of its parameters.
    """
    weight = severity or rule.severity
    found: dict[str, Violation] = {}
    dates: list[datetime] = []
    graded: set[str] = set()
    error: str | None = None
    failed = False
    try:
        for said in rule(readable(revision), estate, **(parameters or {})):
            if isinstance(said, LookAgain):
                dates.append(said.at)
            else:
                _take(said, found, graded, weight)
    except CannotTell as reason:
        error = str(reason) or "what the rule needs could not be looked at"
    except Exception as defect:  # noqa: BLE001 - the one place: a rule may raise anything, and it is recorded
        error, failed = f"{type(defect).__name__}: {defect}"[:1000], True
    again = _soonest(dates, estate)
    violations = tuple(found.values())
    return Verdict(rule.id, _compliance(found, error), violations, again, error, failed, frozenset(graded))


def _take(said: object, found: dict[str, Violation], graded: set[str], weight: Severity) -> None:
    if not isinstance(said, Violation):
        raise TypeError(f"a rule yields Violation or LookAgain, not {type(said).__name__}")
    violation = replace(said, evidence=plain(said.evidence), severity=said.severity or weight)
    if said.severity is not None:
        graded.add(violation.subject)
    earlier = found.get(violation.subject)
    found[violation.subject] = violation if earlier is None else _merged(earlier, violation)


def _merged(one: Violation, other: Violation) -> Violation:
    """Two violations with one subject are one finding: the worse weight, both texts, both evidences."""
    worse = max(one.severity or Severity.LOW, other.severity or Severity.LOW, key=lambda s: s.rank)
    message = one.message if other.message in one.message else f"{one.message}; {other.message}"
    evidence = one.evidence if one.evidence == other.evidence else [one.evidence, other.evidence]
    return Violation(message, one.subject, evidence, worse)


def _compliance(found: Mapping[str, Violation], error: str | None) -> Compliance:
    if error is not None:
        return Compliance.UNKNOWN
    return Compliance.NON_COMPLIANT if found else Compliance.COMPLIANT


def _soonest(dates: Iterable[datetime], estate: Estate) -> datetime | None:
    return min((at for at in dates if at > estate.now), default=None)


def plain(value: Any) -> Any:
    """The same as JSON values: dataclasses and mappings to dicts, sets to sorted lists, times to RFC 3339."""
    match value:
        case None | bool() | int() | float():
            return value
        case Enum():
            return plain(value.value)
        case str():
            return value
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case Mapping():
            return {str(key): plain(inner) for key, inner in value.items()}
        case set() | frozenset():
            return sorted((plain(inner) for inner in value), key=_canonical)
        case list() | tuple():
            return [plain(inner) for inner in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value) if f.metadata.get("state", True)}
    raise TypeError(f"evidence must be plain values, not {type(value).__name__}")


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
