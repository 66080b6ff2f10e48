"""The codes and statuses with which AWS says one thing in its protocols, and in some services of their own.

From the design page (faults.md), which says of each whether it is recorded, modelled, or from documentation. A
service's own entry
goes before its protocol's.
"""

from __future__ import annotations

from collections.abc import Mapping

Table = Mapping[str, tuple[str, int]]

THROTTLED: Table = {
    "ec2": ("RequestLimitExceeded", 503),
    "query": ("Throttling", 400),
    "json": ("ThrottlingException", 400),
    "rest-json": ("TooManyRequestsException", 429),
    "rest-xml": ("SlowDown", 503),
    "smithy-rpc-v2-cbor": ("ThrottlingException", 400),
    "sqs": ("RequestThrottled", 403),
    "organizations": ("TooManyRequestsException", 400),
    "route53": ("Throttling", 400),
    "cloudfront": ("Throttling", 400),
    "cloudwatch": ("Throttling", 400),
    "guardduty": ("ThrottlingException", 429),
}
EXPIRED: Table = {
    "ec2": ("RequestExpired", 400),
    "query": ("ExpiredToken", 403),
    "json": ("ExpiredTokenException", 400),
    "rest-json": ("ExpiredTokenException", 403),
    "rest-xml": ("ExpiredToken", 400),
    "smithy-rpc-v2-cbor": ("ExpiredTokenException", 400),
}
UNKNOWN_KEY: Table = {
    "ec2": ("AuthFailure", 401),
    "query": ("InvalidClientTokenId", 403),
    "json": ("UnrecognizedClientException", 400),
    "rest-json": ("UnrecognizedClientException", 403),
    "rest-xml": ("InvalidAccessKeyId", 403),
    "smithy-rpc-v2-cbor": ("UnrecognizedClientException", 400),
}
REGION_OFF: Table = {**UNKNOWN_KEY, "rest-xml": ("InvalidToken", 400)}
DENIED: Table = {
    "ec2": ("UnauthorizedOperation", 403),
    "query": ("AccessDenied", 403),
    "json": ("AccessDeniedException", 400),
    "rest-json": ("AccessDeniedException", 403),
    "rest-xml": ("AccessDenied", 403),
    "smithy-rpc-v2-cbor": ("AccessDeniedException", 400),
    "sqs": ("AccessDenied", 403),
}
SKEWED: Table = {
    "ec2": ("RequestExpired", 400),
    "query": ("SignatureDoesNotMatch", 403),
    "json": ("InvalidSignatureException", 400),
    "rest-json": ("InvalidSignatureException", 403),
    "rest-xml": ("RequestTimeTooSkewed", 403),
    "smithy-rpc-v2-cbor": ("InvalidSignatureException", 400),
}
TOKEN_REJECTED: Table = {
    "ec2": ("InvalidNextToken", 400),
    "query": ("ValidationError", 400),
    "json": ("InvalidNextTokenException", 400),
    "rest-json": ("ValidationException", 400),
    "rest-xml": ("InvalidArgument", 400),
    "smithy-rpc-v2-cbor": ("InvalidNextTokenException", 400),
    "kms": ("InvalidMarkerException", 400),
}
GONE: Table = {
    "ec2": ("InvalidVpcID.NotFound", 400),
    "query": ("NoSuchEntity", 404),
    "json": ("ResourceNotFoundException", 400),
    "rest-json": ("ResourceNotFoundException", 404),
    "rest-xml": ("NoSuchBucket", 404),
    "smithy-rpc-v2-cbor": ("ResourceNotFoundException", 400),
    "kms": ("NotFoundException", 400),
    "sqs": ("AWS.SimpleQueueService.NonExistentQueue", 400),
    "sns": ("NotFound", 404),
    "rds": ("DBInstanceNotFound", 404),
    "elbv2": ("LoadBalancerNotFound", 400),
    "elb": ("LoadBalancerNotFound", 400),
}
BROKEN: Table = {
    "ec2": ("InternalError", 500),
    "query": ("InternalFailure", 500),
    "json": ("InternalFailure", 500),
    "rest-json": ("ServiceException", 500),
    "rest-xml": ("InternalError", 500),
    "smithy-rpc-v2-cbor": ("InternalFailure", 500),
}
