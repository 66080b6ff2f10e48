"""Codes and messages mean what the design page *faults* says, whatever the exception class."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore import exceptions as b
from botocore.parsers import ResponseParserError

from vigie.aws.errors import CallFailed, Remedy, classify
from vigie.model.scope import Outcome


def failure(code: str, message: str = "", status: int = 400, **kwargs: Any) -> CallFailed:
    answer = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": kwargs.pop("headers", {})},
    }
    error = b.ClientError(answer, "GetThing")  # type: ignore[arg-type]
    return classify(error, "svc", "GetThing", **kwargs)


@pytest.mark.parametrize(
    ("code", "status", "outcome", "remedy"),
    [
        ("RequestLimitExceeded", 503, Outcome.THROTTLED, Remedy.WAIT),
        ("Throttling", 400, Outcome.THROTTLED, Remedy.WAIT),
        ("ThrottlingException", 400, Outcome.THROTTLED, Remedy.WAIT),
        ("TooManyRequestsException", 429, Outcome.THROTTLED, Remedy.WAIT),
        ("SlowDown", 503, Outcome.THROTTLED, Remedy.WAIT),
        ("RequestThrottled", 403, Outcome.THROTTLED, Remedy.WAIT),
        ("LimitExceededException", 400, Outcome.THROTTLED, Remedy.AGAIN),
        ("ExpiredToken", 403, Outcome.CREDENTIALS, Remedy.RENEW),
        ("ExpiredTokenException", 400, Outcome.CREDENTIALS, Remedy.RENEW),
        ("RequestExpired", 400, Outcome.CREDENTIALS, Remedy.RENEW),
        ("AuthFailure", 401, Outcome.CREDENTIALS, Remedy.ASK_REGION),
        ("InvalidClientTokenId", 403, Outcome.CREDENTIALS, Remedy.ASK_REGION),
        ("UnrecognizedClientException", 400, Outcome.CREDENTIALS, Remedy.ASK_REGION),
        ("InvalidAccessKeyId", 403, Outcome.CREDENTIALS, Remedy.ASK_REGION),
        ("OptInRequired", 403, Outcome.UNAVAILABLE, Remedy.NONE),
        ("SubscriptionRequiredException", 400, Outcome.UNAVAILABLE, Remedy.NONE),
        ("AWSOrganizationsNotInUseException", 400, Outcome.UNAVAILABLE, Remedy.NONE),
        ("UnauthorizedOperation", 403, Outcome.DENIED, Remedy.NONE),
        ("AccessDenied", 403, Outcome.DENIED, Remedy.NONE),
        ("AccessDeniedException", 400, Outcome.DENIED, Remedy.NONE),
        ("AuthorizationError", 403, Outcome.DENIED, Remedy.NONE),
        ("InvalidNextToken", 400, Outcome.ERROR, Remedy.RESTART),
        ("ExpiredNextTokenException", 400, Outcome.ERROR, Remedy.RESTART),
        ("InvalidMarkerException", 400, Outcome.ERROR, Remedy.RESTART),
        ("InternalFailure", 500, Outcome.ERROR, Remedy.AGAIN),
        ("503", 503, Outcome.ERROR, Remedy.AGAIN),
        ("500", 500, Outcome.ERROR, Remedy.AGAIN),
        ("SomethingNew", 502, Outcome.ERROR, Remedy.AGAIN),
        ("InvalidGroup.NotFound", 400, Outcome.NOT_FOUND, Remedy.NONE),
        ("NoSuchEntity", 404, Outcome.NOT_FOUND, Remedy.NONE),
        ("DBInstanceNotFound", 404, Outcome.NOT_FOUND, Remedy.NONE),
        ("ResourceNotFoundException", 404, Outcome.NOT_FOUND, Remedy.NONE),
        ("AWS.SimpleQueueService.NonExistentQueue", 400, Outcome.NOT_FOUND, Remedy.NONE),
        ("SignatureDoesNotMatch", 403, Outcome.CREDENTIALS, Remedy.NONE),
        ("RequestTimeTooSkewed", 403, Outcome.CREDENTIALS, Remedy.NONE),
        ("ValidationException", 400, Outcome.ERROR, Remedy.NONE),
        ("com.amazonaws.kms#AccessDeniedException", 400, Outcome.DENIED, Remedy.NONE),
        ("Client.UnauthorizedOperation", 403, Outcome.DENIED, Remedy.NONE),
    ],
)
def test_a_code_has_its_meaning(code: str, status: int, outcome: Outcome, remedy: Remedy) -> None:
    failed = failure(code, status=status)

    assert (failed.outcome, failed.remedy) == (outcome, remedy)


def test_a_denial_by_the_organisation_is_told_by_its_message() -> None:
    failed = failure(
        "AccessDenied", "User: x is not authorized … with an explicit deny in a service control policy", 403
    )

    assert failed.outcome is Outcome.DENIED_SCP


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("AccessDeniedException", "Macie is not enabled"),
        ("InvalidAccessException", "Account 111122223333 is not subscribed to AWS Security Hub"),
        ("AccessDeniedException", "Amazon Machine Learning is no longer available to new customers"),
        ("AccessDeniedException", "The operation is not supported in this region"),
    ],
)
def test_not_enabled_is_not_a_denial(code: str, message: str) -> None:
    assert failure(code, message, 403).outcome is Outcome.UNAVAILABLE


def test_a_generic_code_means_a_rejected_token_only_where_one_was_sent() -> None:
    assert failure("ValidationException", "Invalid token", sent_token=True).remedy is Remedy.RESTART
    assert failure("ValidationException", "Invalid token").remedy is Remedy.NONE
    assert failure("ValidationException", "Name too long", sent_token=True).remedy is Remedy.NONE


def test_the_missing_permission_is_named_for_denials_only() -> None:
    named: dict[str, Any] = {"permission_of": lambda service, operation: f"{service}:{operation}"}

    assert failure("AccessDenied", status=403, **named).permission == "svc:GetThing"
    assert failure("InternalFailure", status=500, **named).permission is None


def test_a_clock_that_is_off_is_told_with_the_minutes() -> None:
    now = datetime(2026, 1, 2, 3, 30, tzinfo=UTC)
    headers = {"date": "Fri, 02 Jan 2026 03:00:00 GMT"}

    failed = failure("RequestTimeTooSkewed", "too skewed", 403, headers=headers, now=now)

    assert "30 minutes ahead" in failed.message


def test_connections_that_break_are_told_apart() -> None:
    unknown_host = b.EndpointConnectionError(endpoint_url="https://x", error=socket.gaierror(-2, "unknown"))
    refused = b.EndpointConnectionError(endpoint_url="https://x", error=ConnectionRefusedError())

    assert classify(unknown_host, "s", "O").outcome is Outcome.UNAVAILABLE
    assert classify(refused, "s", "O").outcome is Outcome.ERROR
    assert classify(b.ReadTimeoutError(endpoint_url="x", error=""), "s", "O").outcome is Outcome.TIMEOUT
    assert classify(b.ConnectionClosedError(endpoint_url="x", error=""), "s", "O").remedy is Remedy.AGAIN
    assert classify(b.NoCredentialsError(), "s", "O").outcome is Outcome.CREDENTIALS
    assert classify(ResponseParserError("no"), "s", "O").outcome is Outcome.ERROR


def test_even_botocores_own_bugs_are_failures_and_not_absences() -> None:
    assert classify(KeyError("ListUsersResult"), "iam", "ListUsers").outcome is Outcome.ERROR
    assert classify(TypeError("NoneType"), "s3", "ListBuckets").outcome is Outcome.ERROR
