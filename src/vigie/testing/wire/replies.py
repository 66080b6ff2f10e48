"""From an answer, or an error, to the HTTP reply in the protocol of the call."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID
from zlib import crc32

from botocore.model import OperationModel

from vigie.testing.wire import cbor, models, plain, xml
from vigie.testing.wire.models import Shape
from vigie.testing.wire.requests import Call


@dataclass(frozen=True, slots=True)
class Error:
    """An error of AWS. ``status`` None = as the service's model says of the code, else 400."""

    code: str
    message: str = ""
    status: int | None = None
    extra: Mapping[str, str] = field(default_factory=dict)
    """Further members of the body (S3: ``Region``, ``Endpoint``, ``Bucket``)."""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a reply is brought. Whole and at once, unless said otherwise; seconds where times are meant."""

    wait: float = 0.0
    """Before the first byte."""
    cut_after: int | None = None
    """Close the connection after so many bytes of the body, Content-Length promising all."""
    close: bool = False
    """Close without any answer."""
    reset: bool = False
    """RST instead of an answer."""
    hang: float = 0.0
    """Say nothing for so long, then close."""
    drip: float = 0.0
    """Bring the body in small pieces over so long."""

    @property
    def whole(self) -> bool:
        return self.cut_after is None and not (self.close or self.reset or self.hang)


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes
    delivery: Delivery = Delivery()

    def with_body(self, body: bytes, *, status: int | None = None, content_type: str | None = None) -> Reply:
        headers = dict(self.headers) | ({"Content-Type": content_type} if content_type else {})
        return replace(self, body=body, status=status or self.status, headers=headers)


_S3_ROOTS: Mapping[str, str] = {
    "ListBuckets": "ListAllMyBucketsResult",
    "GetBucketAcl": "AccessControlPolicy",
    "GetBucketVersioning": "VersioningConfiguration",
    "GetBucketLogging": "BucketLoggingStatus",
    "GetBucketLifecycleConfiguration": "LifecycleConfiguration",
    "GetBucketCors": "CORSConfiguration",
    "GetBucketWebsite": "WebsiteConfiguration",
    "GetBucketNotificationConfiguration": "NotificationConfiguration",
    "GetBucketTagging": "Tagging",
    "GetBucketRequestPayment": "RequestPaymentConfiguration",
    "GetBucketAccelerateConfiguration": "AccelerateConfiguration",
    "ListObjects": "ListBucketResult",
    "ListObjectsV2": "ListBucketResult",
    "ListObjectVersions": "ListVersionsResult",
    "ListMultipartUploads": "ListMultipartUploadsResult",
}
"""Root elements of S3's answers, where neither the payload's shape nor ``<Operation>Result`` names them (S3 API
reference)."""


def reply(call: Call, answer: Mapping[str, Any]) -> Reply:
    """The answer of a call, as its service would write it."""
    model, shape = call.model, call.model.output_shape
    request_id = _request_id(call)
    status = int(model.http.get("responseCode", 200))
    if call.protocol in ("query", "ec2"):
        body = _query_body if call.protocol == "query" else _ec2_body
        return Reply(status, {"Content-Type": "text/xml;charset=UTF-8"}, body(call, shape, answer, request_id).encode())
    if call.protocol == "json":
        written = plain.structure(shape, answer) if shape else {}
        headers = {"Content-Type": _json_type(call), "x-amzn-RequestId": request_id}
        return Reply(status, headers, _json(written) if shape else b"")
    if call.protocol == "smithy-rpc-v2-cbor":
        written = plain.structure(shape, answer, binary=True) if shape else {}
        headers = {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor", "x-amzn-RequestId": request_id}
        return Reply(status, headers, cbor.dumps(written))
    return _rest(call, model, shape, answer, status, request_id)


def _query_body(call: Call, shape: Shape | None, answer: Mapping[str, Any], request_id: str) -> str:
    result = ""
    if shape is not None:
        inner = xml.members(shape, answer)
        wrapper = shape.serialization.get("resultWrapper")
        result = f"<{wrapper}>{inner}</{wrapper}>" if wrapper else inner
    metadata = f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"
    return f'<{call.operation}Response xmlns="{_namespace(call)}">{result}{metadata}</{call.operation}Response>'


def _ec2_body(call: Call, shape: Shape | None, answer: Mapping[str, Any], request_id: str) -> str:
    inner = xml.members(shape, answer) if shape is not None else "<return>true</return>"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<{call.operation}Response xmlns="{_namespace(call)}">'
        f"<requestId>{request_id}</requestId>{inner}</{call.operation}Response>"
    )


def _namespace(call: Call) -> str:
    metadata = models.service(call.service).metadata
    if call.protocol == "ec2":
        return f"http://ec2.amazonaws.com/doc/{metadata['apiVersion']}/"
    return str(
        metadata.get(
            "xmlNamespace", f"https://{metadata['endpointPrefix']}.amazonaws.com/doc/{metadata['apiVersion']}/"
        )
    )


def _rest(
    call: Call, model: OperationModel, shape: Shape | None, answer: Mapping[str, Any], status: int, request_id: str
) -> Reply:
    written_in_xml = call.protocol == "rest-xml"
    headers = (
        {"x-amzn-RequestId": request_id}
        if not written_in_xml
        else {"x-amz-request-id": request_id, "x-amz-id-2": "host"}
    )
    if shape is None:
        return Reply(204 if status == 200 else status, headers, b"")
    headers |= dict(_in_headers(shape, answer))
    for name, member in shape.members.items():
        if member.serialization.get("location") == "statusCode" and isinstance(answer.get(name), int):
            status = int(answer[name])
    headers.setdefault("Content-Type", "application/xml" if written_in_xml else "application/json")
    payload = shape.serialization.get("payload")
    if payload is not None:
        return _payload_reply(call, shape, payload, answer.get(payload), Reply(status, headers, b""))
    if written_in_xml:
        return Reply(status, headers, _rest_xml_body(call, shape, answer).encode())
    return Reply(status, headers, _json(plain.structure(shape, answer)))


def _in_headers(shape: Shape, answer: Mapping[str, Any]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, member in shape.members.items():
        location, value = member.serialization.get("location"), answer.get(name)
        if value is None or models.wire_name(member, name).lower() == "content-length":
            continue
        if location == "header" and member.type_name == "list":
            found.append((models.wire_name(member, name), ", ".join(str(one) for one in value)))
        elif location == "header":
            found.append((models.wire_name(member, name), xml.text(member, value, "rfc822")))
        elif location == "headers":
            prefix = str(member.serialization.get("name", ""))
            found.extend((prefix + key, str(content)) for key, content in value.items())
    return found


def _payload_reply(call: Call, shape: Shape, payload: str, value: Any, empty: Reply) -> Reply:
    member = shape.members[payload]
    if value is None:
        return empty
    if member.type_name == "blob":
        return empty.with_body(
            value if isinstance(value, bytes) else str(value).encode(), content_type="application/octet-stream"
        )
    if member.type_name == "string":
        return empty.with_body(
            str(value).encode(), content_type="application/json" if str(value)[:1] == "{" else "text/plain"
        )
    if call.protocol == "rest-json":
        return empty.with_body(_json(plain.convert(member, value)))
    root = str(member.serialization.get("name", member.name))
    return empty.with_body(_document(call, root, member, value).encode())


def _rest_xml_body(call: Call, shape: Shape, answer: Mapping[str, Any]) -> str:
    if call.name == "s3:GetBucketLocation":
        # the root itself holds the value; empty for us-east-1 (S3 API reference)
        found = answer.get("LocationConstraint")
        return f'<LocationConstraint xmlns="{_S3_NAMESPACE}">{xml.escape(found or "")}</LocationConstraint>'
    root = _S3_ROOTS.get(call.operation) if call.service == "s3" else None
    return _document(call, root or str(shape.serialization.get("name", f"{call.operation}Result")), shape, answer)


_S3_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


def _document(call: Call, root: str, shape: Shape, value: Mapping[str, Any]) -> str:
    namespace = _S3_NAMESPACE if call.service == "s3" else ""
    opening = f'<{root} xmlns="{namespace}">' if namespace else f"<{root}>"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{opening}{xml.members(shape, value)}</{root}>'


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), default=str).encode()


def _json_type(call: Call) -> str:
    return f"application/x-amz-json-{models.service(call.service).metadata.get('jsonVersion', '1.1')}"


def _request_id(call: Call) -> str:
    return str(UUID(int=crc32(call.name.encode()) << 96 | 0x4000 << 64 | 0x8000 << 48 | call.number))


# errors

_NAMES_OF_OLD_CODES: Mapping[str, str] = {"AWS.SimpleQueueService.NonExistentQueue": "QueueDoesNotExist"}
"""What came from the query protocol tells its old code in a header, and clients show that one (SQS API reference)."""


def error_reply(call: Call, error: Error) -> Reply:
    """An error, as the service of the call would write it."""
    modelled = _modelled_error(call, error.code)
    status = (
        error.status or (int(modelled.metadata.get("error", {}).get("httpStatusCode", 0)) if modelled else 0) or 400
    )
    written = _ERRORS[call.protocol](call, error, modelled, _request_id(call))
    if call.request.method == "HEAD":
        written = replace(written, body=b"")
    return replace(written, status=status, headers={**written.headers, **error.headers})


def _modelled_error(call: Call, code: str) -> Shape | None:
    shapes: list[Shape] = models.service(call.service).error_shapes
    for shape in shapes:
        if code in (shape.name, shape.error_code):
            return shape
    return None


def _query_error(call: Call, error: Error, modelled: Shape | None, request_id: str) -> Reply:
    inner = f"<Type>Sender</Type>{_code_and_message(error)}"
    inner = f"<Error>{inner}</Error><RequestId>{request_id}</RequestId>"
    body = f'<ErrorResponse xmlns="{_namespace(call)}">{inner}</ErrorResponse>'
    return Reply(400, {"Content-Type": "text/xml"}, body.encode())


def _ec2_error(call: Call, error: Error, modelled: Shape | None, request_id: str) -> Reply:
    inner = f"<Errors><Error>{_code_and_message(error)}</Error></Errors><RequestID>{request_id}</RequestID>"
    return Reply(400, {"Content-Type": "text/xml;charset=UTF-8"}, f"<Response>{inner}</Response>".encode())


def _code_and_message(error: Error) -> str:
    extra = "".join(f"<{key}>{xml.escape(value)}</{key}>" for key, value in error.extra.items())
    return f"<Code>{xml.escape(error.code)}</Code><Message>{xml.escape(error.message)}</Message>{extra}"


def _rest_xml_error(call: Call, error: Error, modelled: Shape | None, request_id: str) -> Reply:
    headers = {"Content-Type": "application/xml", "x-amz-request-id": request_id, "x-amz-id-2": "host"}
    if call.service == "s3":
        body = f"<Error>{_code_and_message(error)}<RequestId>{request_id}</RequestId><HostId>host</HostId></Error>"
    else:
        inner = f"<Error><Type>Sender</Type>{_code_and_message(error)}</Error>"
        body = f"<ErrorResponse>{inner}<RequestId>{request_id}</RequestId></ErrorResponse>"
    return Reply(400, headers, f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'.encode())


def _json_error(call: Call, error: Error, modelled: Shape | None, request_id: str) -> Reply:
    body, headers = _json_error_parts(call, error, modelled, request_id)
    return Reply(400, headers | {"Content-Type": _json_type(call)}, _json(body))


def _json_error_parts(
    call: Call, error: Error, modelled: Shape | None, request_id: str
) -> tuple[dict[str, str], dict[str, str]]:
    named = modelled.name if modelled else _NAMES_OF_OLD_CODES.get(error.code, error.code)
    headers = {"x-amzn-RequestId": request_id}
    if models.service(call.service).is_query_compatible:
        headers["x-amzn-query-error"] = f"{error.code};Sender"
    return {"__type": named, "message": error.message, **error.extra}, headers


def _rest_json_error(call: Call, error: Error, modelled: Shape | None, request_id: str) -> Reply:
    headers = {"Content-Type": "application/json", "x-amzn-RequestId": request_id, "x-amzn-ErrorType": error.code}
    return Reply(400, headers, _json({"message": error.message, **error.extra}))


def _cbor_error(call: Call, error: Error, modelled: Shape | None, request_id: str) -> Reply:
    body, headers = _json_error_parts(call, error, modelled, request_id)
    headers |= {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
    return Reply(400, headers, cbor.dumps(body))


_ERRORS = {
    "query": _query_error,
    "ec2": _ec2_error,
    "rest-xml": _rest_xml_error,
    "json": _json_error,
    "rest-json": _rest_json_error,
    "smithy-rpc-v2-cbor": _cbor_error,
}
