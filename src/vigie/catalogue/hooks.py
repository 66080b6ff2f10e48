"""The few reads that no declaration can say: generators given a caller that refuses undeclared operations."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, Protocol

from vigie.model.scope import Scope


class RestrictedCall(Protocol):
    """The caller that a hook is given: one paced call at a time, no paging; an operation that the declaration does not
    name raises. Failures of AWS are raised too, and are to be let through: they end the look at the scope."""

    def __call__(self, operation: str, /, **parameters: Any) -> Mapping[str, Any]:
        """The answer to one call. ``operation`` is ``"iam:GetCredentialReport"``."""
        ...

    def unless(self, codes: Collection[str], operation: str, /, **parameters: Any) -> Mapping[str, Any] | None:
        """The answer, or None where AWS answers with one of these error codes."""
        ...

    def wait(self, seconds: float) -> None:
        """Waits, within the deadline of the scope."""
        ...


class Hook(Protocol):
    """Yields the resources of the scope, as a listing would."""

    def __call__(self, caller: RestrictedCall, scope: Scope) -> Iterator[Mapping[str, Any]]: ...


class ReportNotReadyError(RuntimeError):
    """IAM did not finish its credential report in time. The look at the scope failed; nothing is concluded."""


REPORT_ATTEMPTS: Final = 30
REPORT_SECONDS: Final = 2.0
# IAM API reference, GetCredentialReport: 410 there is none, 404 it is being made, 410 it is older than four hours.
_NO_REPORT_YET: Final = frozenset({"ReportNotPresent", "ReportInProgress", "ReportExpired"})
_NO_VALUE: Final = frozenset({"", "N/A", "not_supported", "no_information"})
_TRUTH: Final = {"true": True, "TRUE": True, "false": False, "FALSE": False}


def credential_report(caller: RestrictedCall, scope: Scope) -> Iterator[Mapping[str, Any]]:
    """One resource a row of IAM's credential report, ``<root_account>`` included.

    Texts ``true`` and ``false`` become booleans, ``N/A``, ``not_supported`` and ``no_information`` null.
    IAM makes a report at most every four hours and answers with the last one in between.
    """
    content = _finished_report(caller)
    text = content.decode() if isinstance(content, bytes) else str(content)
    for row in csv.DictReader(io.StringIO(text)):
        yield {column: _typed(value) for column, value in row.items()}


def _finished_report(caller: RestrictedCall) -> bytes | str:
    for _ in range(REPORT_ATTEMPTS):
        report = caller.unless(_NO_REPORT_YET, "iam:GetCredentialReport")
        if report is not None:
            content: bytes | str = report["Content"]
            return content
        caller("iam:GenerateCredentialReport")
        caller.wait(REPORT_SECONDS)
    raise ReportNotReadyError(f"no credential report after {REPORT_ATTEMPTS * REPORT_SECONDS:.0f} s")


def _typed(value: str) -> str | bool | None:
    if value in _NO_VALUE:
        return None
    return _TRUTH.get(value, value)
