"""Tables of AWS's error codes: what each means. By code string and message, never by exception class.

Source: the design page *faults* (codes by protocol, with the evidence of each); throttles are modelled in only part of
the services, so no list of a service's own model would do.
"""

from __future__ import annotations

import re
from typing import Final

THROTTLED: Final = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "Throttling.User",
        "ThrottlingException",
        "TooManyRequests",
        "TooManyRequestsException",
        "429",
    }
)
QUOTA: Final = frozenset({"LimitExceededException", "LimitExceeded", "TransactionInProgressException"})
"""May be a throttle (kinesis) or a quota that no waiting helps: tried a few times only."""

EXPIRED: Final = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired", "ExpiredCredentials"}
)
SUSPECT_KEY: Final = frozenset(
    {
        "AuthFailure",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSecurity",
        "InvalidToken",
        "UnrecognizedClientException",
    }
)
"""An unknown key, a suspended account, or a region that is not opted in: AWS has the same codes for all three."""

SUSPENDED: Final = frozenset({"AccountProblem", "AccountSuspended", "AccountIsSuspended", "AccountBlocked"})
CLOCK: Final = frozenset(
    {
        "IncompleteSignature",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
    }
)
"""A clock that is off, or a secret key that does not belong to the key id."""

DENIED: Final = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AccountAccessDeniedException",
        "AuthorizationError",
        "AuthorizationErrorException",
        "Forbidden",
        "ForbiddenException",
        "InsufficientPermissionsException",
        "NotAuthorized",
        "NotAuthorizedException",
        "OperationDisabledException",
        "Unauthorized",
        "UnauthorizedAccess",
        "UnauthorizedException",
        "UnauthorizedOperation",
        "401",
        "403",
    }
)
UNAVAILABLE: Final = frozenset(
    {
        "AWSOrganizationsNotInUseException",
        "InvalidAction",
        "NotImplemented",
        "NotSignedUp",
        "OptInRequired",
        "SubscriptionRequiredException",
        "UnknownOperationException",
        "UnsupportedOperationException.Region",
        "501",
    }
)
"""Permanent for a (service, region) until someone enables or subscribes."""

NOT_ENABLED_MESSAGE: Final = re.compile(
    r"""
      \b(?:is|are)\ not\ (?:enabled|subscribed|registered|opted|activated)\b
    | \bnot\ subscribed\ to\b
    | \bno\ longer\ available\ to\ new\ customers\b
    | \bnot\ (?:supported|available|offered)\ in\ (?:this|the|your)\b.*\bregion\b
    | \bhas\ not\ been\ (?:enabled|activated)\b
    | \bneeds\ a\ subscription\b
    | \brequires\ a\ subscription\b
    | \bis\ not\ a\ member\ of\ an\ organization\b
    | \bNot\ yet\ implemented\b
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""Services that say "not enabled" with the code of a denial (macie2, securityhub, guardduty, organizations)."""

SCP_MESSAGE: Final = re.compile(
    r"service control policy|resource control policy|service control policies|resource control policies", re.IGNORECASE
)
CONDITIONALLY_NOT_ENABLED: Final = frozenset({"InvalidAccessException", "BadRequestException", "InvalidInputException"})
"""Codes that mean "not enabled" only with such a message."""

REJECTED_TOKEN: Final = frozenset(
    {
        "ExpiredNextToken",
        "ExpiredNextTokenException",
        "ExpiredPaginationTokenException",
        "InvalidMarker",
        "InvalidMarkerException",
        "InvalidNextToken",
        "InvalidNextTokenException",
        "InvalidPaginationException",
        "InvalidPaginationToken",
        "InvalidPaginationTokenException",
        "PaginationTokenExpiredException",
    }
)
REJECTED_TOKEN_GENERIC: Final = frozenset(
    {
        "BadRequest",
        "BadRequestException",
        "InvalidArgument",
        "InvalidInput",
        "InvalidInputException",
        "InvalidParameter",
        "InvalidParameterException",
        "InvalidParameterValue",
        "InvalidRequestException",
        "ValidationError",
        "ValidationException",
    }
)
TOKEN_MESSAGE: Final = re.compile(r"token|marker|pagination", re.IGNORECASE)
"""With one of the generic codes, when a token was sent."""

TRANSIENT: Final = frozenset(
    {
        "InternalError",
        "InternalErrorException",
        "InternalFailure",
        "InternalServerError",
        "InternalServerErrorException",
        "InternalServerException",
        "InternalServiceError",
        "InternalServiceException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServerException",
        "ServiceException",
        "ServiceFailureException",
        "ServiceInternalException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "Unavailable",
    }
)
NOT_FOUND: Final = re.compile(
    r"(?:^|\.)NotFound$|NotFound(?:Exception|Error|Fault)?$|^NoSuch\w+|NonExistent\w+$|DoesNotExist(?:Exception)?$|^404$"
)
"""``InvalidGroup.NotFound``, ``NoSuchEntity``, ``DBInstanceNotFound``, ``AWS.SimpleQueueService.NonExistentQueue`` …"""
