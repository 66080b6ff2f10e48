"""What a failed call means: any exception of botocore or urllib3, as one :class:`CallFailed`."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from typing import Any, Final

from botocore import exceptions as b
from botocore.parsers import ResponseParserError

from vigie.aws import codes
from vigie.model.scope import Outcome, Problem

PermissionOf = Callable[[str, str], str | None]
"""(service, operation) → the IAM action that allows it; from the catalogue, which lies above this package."""

_MESSAGE_LIMIT: Final = 500
_SKEW: Final = timedelta(minutes=4)


class Remedy(Enum):
    """What may be done about a failure."""

    NONE = auto()
    """Trying again gives the same."""
    WAIT = auto()
    """A throttle: again, later, within the scope's deadline."""
    AGAIN = auto()
    """Transient: again, a few times."""
    RENEW = auto()
    """An expired session: new credentials, once."""
    RESTART = auto()
    """A page token was rejected: the listing from its start, once."""
    ASK_REGION = auto()
    """A bad key or a region that is not opted in: a call elsewhere tells which."""


class CallFailed(Exception):  # noqa: N818 - it is an outcome, read as such where it is caught
    """One call of AWS gave no answer that may be believed.

    ``operation`` is ``service:Operation``; ``code`` AWS's error code, or the name of the connection error;
    ``permission`` the IAM action that lacks, where that is the cause.
    """

    def __init__(
        self,
        outcome: Outcome,
        code: str,
        message: str,
        operation: str,
        permission: str | None = None,
        remedy: Remedy = Remedy.NONE,
        status: int | None = None,
    ) -> None:
        super().__init__(f"{operation}: {code}: {message}")
        self.outcome = outcome
        self.code = code
        self.message = message
        self.operation = operation
        self.permission = permission
        self.remedy = remedy
        self.status = status
        """HTTP status, where there was an answer."""

    def problem(self, path: str = "") -> Problem:
        """The same as data, to be stored with the coverage."""
        return Problem(self.outcome, self.operation, self.code, self.message, path, self.permission)

    def but(self, outcome: Outcome, message: str | None = None) -> CallFailed:
        """The same failure, known better."""
        text = self.message if message is None else message
        return CallFailed(outcome, self.code, text, self.operation, self.permission, Remedy.NONE, self.status)


@dataclass(frozen=True, slots=True)
class _Meaning:
    outcome: Outcome
    remedy: Remedy = Remedy.NONE
    note: str = ""


def classify(
    error: Exception,
    service: str,
    operation: str,
    *,
    permission_of: PermissionOf | None = None,
    sent_token: bool = False,
    now: datetime | None = None,
) -> CallFailed:
    """What ``error``, raised by a call of ``service:operation``, means.

    Args:
        permission_of: Names the IAM action that lacks, for denials.
        sent_token: Whether the call asked for a page after the first.
        now: To tell by how much the local clock is off, where AWS says that it is.
    """
    name = f"{service}:{operation}"
    if isinstance(error, CallFailed):
        return error
    if isinstance(error, b.ClientError):
        code, message, status, headers = _read_client_error(error)
        meaning = _meaning_of(code, message, status, sent_token)
        if code in codes.CLOCK or code == "RequestExpired":
            meaning = replace(meaning, note=_clock_note(headers, now))
    else:
        code, message, status = type(error).__name__, _one_line(str(error)), None
        meaning = _meaning_of_exception(error)
    permission = permission_of(service, operation) if permission_of and meaning.outcome is Outcome.DENIED else None
    return CallFailed(meaning.outcome, code, message + meaning.note, name, permission, meaning.remedy, status)


def _read_client_error(error: b.ClientError) -> tuple[str, str, int | None, Mapping[str, Any]]:
    answer: Mapping[str, Any] = error.response
    said = answer.get("Error") or {}
    metadata = answer.get("ResponseMetadata") or {}
    status = metadata.get("HTTPStatusCode")
    code = str(said.get("Code") or status or "Unknown")
    return code, _one_line(str(said.get("Message") or "")), status, metadata.get("HTTPHeaders") or {}


def _meaning_of(code: str, message: str, status: int | None, sent_token: bool) -> _Meaning:
    plain = code.rpartition("#")[2].removeprefix("Client.").removeprefix("Server.")
    for step in (_by_message, _by_code):
        meaning = step(plain, message, sent_token)
        if meaning:
            return meaning
    if status is not None and status >= 500:
        return _Meaning(Outcome.ERROR, Remedy.AGAIN)
    if status == 429:
        return _Meaning(Outcome.THROTTLED, Remedy.WAIT)
    if codes.NOT_FOUND.search(plain):
        return _Meaning(Outcome.NOT_FOUND)
    return _Meaning(Outcome.ERROR)


def _by_message(code: str, message: str, sent_token: bool) -> _Meaning | None:
    generic = code in codes.DENIED or code in codes.CONDITIONALLY_NOT_ENABLED or code in codes.REJECTED_TOKEN_GENERIC
    if generic and codes.NOT_ENABLED_MESSAGE.search(message):
        return _Meaning(Outcome.UNAVAILABLE)
    if code in codes.DENIED and codes.SCP_MESSAGE.search(message):
        return _Meaning(Outcome.DENIED_SCP)
    if sent_token and code in codes.REJECTED_TOKEN_GENERIC and codes.TOKEN_MESSAGE.search(message):
        return _Meaning(Outcome.ERROR, Remedy.RESTART)
    return None


_BY_CODE: Final[tuple[tuple[frozenset[str], _Meaning], ...]] = (
    (codes.THROTTLED, _Meaning(Outcome.THROTTLED, Remedy.WAIT)),
    (codes.QUOTA, _Meaning(Outcome.THROTTLED, Remedy.AGAIN)),
    (codes.EXPIRED, _Meaning(Outcome.CREDENTIALS, Remedy.RENEW)),
    (codes.SUSPECT_KEY, _Meaning(Outcome.CREDENTIALS, Remedy.ASK_REGION)),
    (codes.SUSPENDED, _Meaning(Outcome.CREDENTIALS)),
    (codes.CLOCK, _Meaning(Outcome.CREDENTIALS)),
    (codes.UNAVAILABLE, _Meaning(Outcome.UNAVAILABLE)),
    (codes.DENIED, _Meaning(Outcome.DENIED)),
    (codes.REJECTED_TOKEN, _Meaning(Outcome.ERROR, Remedy.RESTART)),
    (codes.TRANSIENT, _Meaning(Outcome.ERROR, Remedy.AGAIN)),
)


def _by_code(code: str, message: str, sent_token: bool) -> _Meaning | None:
    if code == "RequestThrottled" or re.search(r"\brate exceeded\b", message, re.IGNORECASE):
        return _Meaning(Outcome.THROTTLED, Remedy.WAIT)
    return next((meaning for known, meaning in _BY_CODE if code in known), None)


_NO_CREDENTIALS: Final = (
    b.NoCredentialsError,
    b.PartialCredentialsError,
    b.CredentialRetrievalError,
    b.MetadataRetrievalError,
    b.ProfileNotFound,
    b.ConfigNotFound,
    b.InvalidConfigError,
    b.UnauthorizedSSOTokenError,
    b.SSOError,
    b.TokenRetrievalError,
)
_NOT_THERE: Final = (b.UnknownServiceError, b.UnknownEndpointError, b.EndpointProviderError, b.UnknownRegionError)


def _meaning_of_exception(error: Exception) -> _Meaning:
    if isinstance(error, _NO_CREDENTIALS):
        return _Meaning(Outcome.CREDENTIALS)
    if isinstance(error, b.ReadTimeoutError | b.ConnectTimeoutError | TimeoutError):
        return _Meaning(Outcome.TIMEOUT, Remedy.AGAIN)
    if isinstance(error, b.EndpointConnectionError):
        return _Meaning(Outcome.UNAVAILABLE if _no_such_host(error) else Outcome.ERROR, Remedy.AGAIN)
    if isinstance(error, _NOT_THERE):
        return _Meaning(Outcome.UNAVAILABLE)
    if isinstance(error, b.ParamValidationError):
        return _Meaning(Outcome.ERROR)
    if isinstance(error, b.HTTPClientError | b.ConnectionError | ResponseParserError | OSError):
        return _Meaning(Outcome.ERROR, Remedy.AGAIN)
    # Whatever else botocore raises while it reads an answer: KeyError for a page that is not XML (F24), TypeError in
    # its S3 redirection (F34). The answer cannot be believed.
    return _Meaning(Outcome.ERROR)


def _no_such_host(error: BaseException) -> bool:
    cause: BaseException | None = getattr(error, "kwargs", {}).get("error")
    for _ in range(8):
        if cause is None:
            return False
        if isinstance(cause, socket.gaierror) or type(cause).__name__ == "NameResolutionError":
            return True
        cause = cause.__cause__ or cause.__context__ or getattr(cause, "reason", None)
    return False


def _clock_note(headers: Mapping[str, Any], now: datetime | None) -> str:
    date = headers.get("date")
    if not date or now is None:
        return ""
    try:
        theirs = parsedate_to_datetime(str(date))
    except ValueError:
        return ""
    offset = now - (theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC))
    if abs(offset) < _SKEW:
        return ""
    direction = "ahead of" if offset > timedelta(0) else "behind"
    minutes = round(abs(offset).total_seconds() / 60)
    return f" (the clock of this machine is {minutes} minutes {direction} AWS's: set it right)"


def _one_line(text: str) -> str:
    text = " ".join(text.split())
    # botocore appends this to the message when it was told not to retry
    text = re.sub(r" \(reached max retries: \d+\)", "", text)
    return text if len(text) <= _MESSAGE_LIMIT else text[: _MESSAGE_LIMIT - 1] + "…"
