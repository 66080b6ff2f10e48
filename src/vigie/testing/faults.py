"""How AWS fails: the faults F01–F44 of the design, to be put into the way of chosen calls.

    aws.faults.add(throttled(), service="kms", operation="Describe*")
    aws.faults.add(expired(), access_key=first_session)
    aws.faults.add(token_rejected(), service="ec2", page=2)

Codes are those of the protocol of each call. Which test shows what vigie makes of each: docs/reference/faults.md.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

from vigie.testing import fault_codes as codes
from vigie.testing.answers import lookup, position, replaced, token, with_token
from vigie.testing.fault_plan import Content, Fault
from vigie.testing.wire.replies import Delivery, Error
from vigie.testing.wire.requests import Call


def _coded(table: codes.Table, message: str) -> Callable[[Call], Error]:
    def error(call: Call) -> Error:
        code, status = table.get(call.service) or table[call.protocol]
        return Error(code, message, status)

    return error


def failing(code: str, message: str = "", status: int | None = None, *, id: str = "", **extra: str) -> Fault:
    """Any one code, the same in every protocol."""
    return Fault(id, code, error=lambda call: Error(code, message, status, extra))


# throttling and quotas


def throttled() -> Fault:
    """F01 (with ``share=0.3``), F02: the throttle of the protocol."""
    return Fault("F02", "throttled", error=_coded(codes.THROTTLED, "Rate exceeded"))


def token_bucket(rate: float, burst: int, *, clock: Callable[[], float] = time.monotonic) -> Fault:
    """F03: throttles what comes faster than ``rate`` calls a second and ``burst`` at once, by (account, region,
    service)."""
    left: dict[tuple[str, str, str], tuple[float, float]] = {}

    def has_token(call: Call) -> bool:
        key, now = (call.account, call.region, call.service), clock()
        tokens, then = left.get(key, (float(burst), now))
        tokens = min(float(burst), tokens + (now - then) * rate)
        granted = tokens >= 1
        left[key] = (tokens - 1 if granted else tokens, now)
        return granted

    return Fault("F03", "token bucket", error=_coded(codes.THROTTLED, "Rate exceeded"), unless=has_token)


def limit_exceeded() -> Fault:
    """F04: a quota, which botocore takes for a throttle."""
    return failing("LimitExceededException", "You have reached the limit of your account", 400, id="F04")


# credentials, regions, permissions


def expired() -> Fault:
    """F05: the session expired."""
    return Fault(
        "F05", "session expired", error=_coded(codes.EXPIRED, "The security token included in the request is expired")
    )


def unknown_key() -> Fault:
    """F06: the key is unknown, was deleted, or its account is suspended."""
    return Fault(
        "F06", "key unknown", error=_coded(codes.UNKNOWN_KEY, "The security token included in the request is invalid.")
    )


def assume_role_denied(role_arn: str = "arn:aws:iam::222222222222:role/vigie") -> Fault:
    """F07: aim it at sts:AssumeRole."""
    who = "arn:aws:iam::111111111111:user/vigie"
    message = f"User: {who} is not authorized to perform: sts:AssumeRole on resource: {role_arn}"
    return failing("AccessDenied", message, 403, id="F07")


def region_off() -> Fault:
    """F08: the region is not opted in. But for S3, the same codes as F06."""
    return Fault(
        "F08",
        "region not opted in",
        error=_coded(codes.REGION_OFF, "The security token included in the request is invalid"),
    )


def opt_in_required() -> Fault:
    """F09: the account has no subscription to the service (in this region)."""
    return failing("OptInRequired", "The AWS Access Key Id needs a subscription for the service", 403, id="F09")


def denied_by_scp() -> Fault:
    """F10: denied by a service control policy."""
    return Fault(
        "F10",
        "denied by an SCP",
        error=lambda call: _denial(call, " with an explicit deny in a service control policy"),
    )


def denied() -> Fault:
    """F11 (one operation), F12 (with ``resource=``): no permission."""
    return Fault("F11", "denied", error=lambda call: _denial(call, ""))


def _denial(call: Call, why: str) -> Error:
    code, status = codes.DENIED.get(call.service) or codes.DENIED[call.protocol]
    if call.protocol == "ec2":
        return Error(code, f"You are not authorized to perform this operation.{why and ' ' + why.strip()}", status)
    signer = call.model.service_model.signing_name
    who = f"arn:aws:sts::{call.account}:assumed-role/vigie/sweep"
    because = why or f" because no identity-based policy allows the {signer}:{call.operation} action"
    return Error(code, f"User: {who} is not authorized to perform: {signer}:{call.operation}{because}", status)


def not_enabled(
    message: str = "Macie is not enabled.", code: str = "AccessDeniedException", status: int = 403
) -> Fault:
    """F13: the service is not enabled in the account, told as a denial."""
    return failing(code, message, status, id="F13")


def subscription_required() -> Fault:
    """F14: a service that is closed, or not subscribed to."""
    return failing(
        "SubscriptionRequiredException", "The AWS Access Key Id needs a subscription for the service", 400, id="F14"
    )


# servers and networks

_HTML = b"<html><head><title>503</title></head><body><h1>503 Service Temporarily Unavailable</h1></body></html>"


def _instead(id: str, what: str, status: int | None, body: bytes, content_type: str | None) -> Fault:
    return Fault(id, what, deliver=lambda call, reply: reply.with_body(body, status=status, content_type=content_type))


def html_503() -> Fault:
    """F15: a load balancer's page."""
    return _instead("F15", "503 HTML", 503, _HTML, "text/html")


def empty_500() -> Fault:
    """F16."""
    return _instead("F16", "500 without a body", 500, b"", None)


def internal_failure() -> Fault:
    """F17: the service's own internal error."""
    return Fault("F17", "internal failure", error=_coded(codes.BROKEN, "An internal error occurred"))


def _brought(id: str, what: str, delivery: Delivery) -> Fault:
    return Fault(id, what, deliver=lambda call, reply: replace(reply, delivery=delivery))


def reset() -> Fault:
    """F18: the connection is reset."""
    return _brought("F18", "RST", Delivery(reset=True))


def closed() -> Fault:
    """F19: the connection is closed without an answer."""
    return _brought("F19", "closed without an answer", Delivery(close=True))


def truncated(part: float = 0.6) -> Fault:
    """F20: the body ends before its promised length."""
    return Fault(
        "F20",
        "truncated body",
        deliver=lambda call, reply: replace(reply, delivery=Delivery(cut_after=int(len(reply.body) * part))),
    )


def hanging(seconds: float = 60.0) -> Fault:
    """F21: nothing comes."""
    return _brought("F21", "hang", Delivery(hang=seconds))


def dripping(seconds: float = 4.0) -> Fault:
    """F22: the body comes in drops, each within the read timeout."""
    return _brought("F22", "drip", Delivery(drip=seconds))


def html_200() -> Fault:
    """F24: a page of a proxy, with status 200."""
    return _instead(
        "F24", "HTML with status 200", 200, b"<html><body>Please log in to the network.</body></html>", "text/html"
    )


def empty_200() -> Fault:
    """F25."""
    return _instead("F25", "200 without a body", 200, b"", None)


def slow(seconds: float = 2.0) -> Fault:
    """F44: a slow service."""
    return _brought("F44", "slow", Delivery(wait=seconds))


# pages


def token_rejected() -> Fault:
    """F26: aim it at page 2."""
    return Fault(
        "F26", "page token rejected", error=_coded(codes.TOKEN_REJECTED, "The token is invalid or has expired")
    )


def _results(call: Call) -> tuple[str, ...]:
    if call.paging:
        return call.paging.results
    members = call.model.output_shape.members if call.model.output_shape else {}
    return tuple(name for name, shape in members.items() if shape.type_name == "list")


def _edit_results(change: Callable[[Call, list[Any]], list[Any]]) -> Callable[[Call, Content], Content]:
    def edit(call: Call, content: Content) -> Content:
        for result in _results(call):
            found = lookup(content, result)
            if isinstance(found, list):
                content = replaced(content, result, change(call, found))
        return content

    return edit


def duplicated() -> Fault:
    """F27: the first thing of the page comes twice."""
    return Fault("F27", "duplicate", edit=_edit_results(lambda call, found: [*found, *deepcopy(found[:1])]))


def shifted() -> Fault:
    """F28: the first thing of the page is told nowhere (it moved over the boundary while the listing went on)."""
    return Fault("F28", "shifted page boundary", edit=_edit_results(lambda call, found: found[1:]))


def same_token() -> Fault:
    """F29: the token of the page is the one it was asked with."""

    def edit(call: Call, content: Content) -> Content:
        page, start = position(call.service, call.operation, call.parameters)
        return with_token(call, content, token(page, start) if page > 1 else token(2, start + 1))

    return Fault("F29", "same token twice", edit=edit)


def empty_page() -> Fault:
    """F30: an empty page with a token, and what should have been on it on the next one. Aim it at a page, once a
    run."""

    def edit(call: Call, content: Content) -> Content:
        page, start = position(call.service, call.operation, call.parameters)
        emptied = _edit_results(lambda call, found: [])(call, content)
        return with_token(call, emptied, token(page + 1, start))

    return Fault("F30", "empty page with a token", edit=edit)


def gone(code: str | None = None) -> Fault:
    """F31: deleted between the listing and the look. EC2 has a code a type: give it."""
    if code is None:
        return Fault("F31", "gone", error=_coded(codes.GONE, "It does not exist"))
    return failing(code, "It does not exist", id="F31")


# S3's regions


def redirected(region: str) -> Fault:
    """F32: the bucket is elsewhere (301)."""
    headers = {"x-amz-bucket-region": region}
    message = "The bucket you are attempting to access must be addressed using the specified endpoint."
    return Fault(
        "F32", "redirect", error=lambda call: Error("PermanentRedirect", message, 301, {"Region": region}, headers)
    )


def malformed_region(region: str) -> Fault:
    """F33: the signature is for another region (400)."""
    headers = {"x-amz-bucket-region": region}
    message = f"The authorization header is malformed; the region is wrong; expecting '{region}'"
    return Fault(
        "F33",
        "wrong region",
        error=lambda call: Error("AuthorizationHeaderMalformed", message, 400, {"Region": region}, headers),
    )


def illegal_location(region: str | None = None) -> Fault:
    """F34: an opt-in region's answer to a foreign one."""
    headers = {"x-amz-bucket-region": region} if region else {}
    message = "The location constraint is incompatible for the region specific endpoint this request was sent to."
    return Fault(
        "F34",
        "illegal location",
        error=lambda call: Error("IllegalLocationConstraintException", message, 400, {}, headers),
    )


# contents


def edited(id: str, what: str, **values: Any) -> Fault:
    """F35, F36, F37, F38: other values for members of the answer (or of each thing listed that has such a member).

    A value may be a function of the old one. Members that do not exist anywhere are left out.
    """

    def edit(call: Call, content: Content) -> Content:
        return _replace_members(content, values)  # type: ignore[no-any-return]

    return Fault(id, what, edit=edit)


def _replace_members(value: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(value, Mapping):
        return {
            name: (values[name](content) if callable(values[name]) else values[name])
            if name in values
            else _replace_members(content, values)
            for name, content in value.items()
        }
    if isinstance(value, list):
        return [_replace_members(one, values) for one in value]
    return value


def policy_not_json(member: str = "Policy") -> Fault:
    """F35."""
    return edited("F35", "policy is not JSON", **{member: '{"Version": "2012-10-17", "Statement": ['})


def control_character(member: str = "Description") -> Fault:
    """F37: a vertical tab, which XML 1.0 forbids."""
    return edited("F37", "control character", **{member: "before\x0bafter"})


STRANGE = 'emoji 🦊, bidi \u202egnirts\u202c, <xml> & "quotes" \' ]]> \u2028 é'
"""F38's text."""


def strange_text(member: str) -> Fault:
    """F38: emoji, a bidirectional override, XML's own characters."""
    return edited("F38", "strange text", **{member: STRANGE})


def skewed() -> Fault:
    """F39: the host's clock is wrong."""
    return Fault(
        "F39",
        "clock skew",
        error=_coded(codes.SKEWED, "Signature expired: 20260102T030405Z is now earlier than allowed"),
    )


def without(*members: str) -> Fault:
    """F40: the answer lacks members; without names, those that hold its result."""

    def edit(call: Call, content: Content) -> Content:
        left_out = members or tuple(result.partition(".")[0] for result in _results(call))
        return {name: value for name, value in content.items() if name not in left_out}

    return Fault("F40", "result member missing", edit=edit)


def null_element() -> Fault:
    """F41: a null among what is listed (XML: an empty element)."""
    return Fault("F41", "null in the list", edit=_edit_results(lambda call, found: [None, *found]))


def unknown_members() -> Fault:
    """F42: members that the installed botocore does not know."""
    news = {"NewsOfNextYear": {"Deep": ["x", 1]}, "AnotherNews": "yes"}

    def change(call: Call, found: list[Any]) -> list[Any]:
        return [{**one, **news} if isinstance(one, dict) else one for one in found]

    return Fault(
        "F42",
        "unknown members",
        edit=lambda call, content: {**_edit_results(change)(call, content), "NewsAtTheTop": "yes"},
    )


def stale(before: Content, times: int = 1) -> Fault:
    """F43: the first ``times`` calls are told of an older state (use ``add(…, times=times)`` for the same)."""
    return Fault("F43", "stale read", edit=lambda call, content: {**content, **deepcopy(before)})


def big(member: str, size: int) -> Fault:
    """An answer of about ``size`` bytes: the member of the first thing on the page is that long."""

    def pad(call: Call, found: list[Any]) -> list[Any]:
        return [{**found[0], member: "x" * size}, *found[1:]] if found else found

    return Fault("large", f"answer of {size} bytes", edit=_edit_results(pad))
