"""Whether an answer is one.

botocore reads an HTML page, or nothing at all, with status 200 as a success without content (F24, F25), and an answer
whose result member is missing as an empty list (F40). Both would say that resources are gone. So the envelope of
every answer is looked at before botocore parses it, and the callers name the member that has to be there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from botocore.model import OperationModel

from vigie.aws.errors import CallFailed, Remedy
from vigie.model.scope import Outcome

_HTML: Final = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+html|html\b|head\b|body\b)", re.IGNORECASE)
_ROOT: Final = re.compile(rb"\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*<([A-Za-z_][\w.:-]*)", re.DOTALL)
_XML: Final = frozenset({"ec2", "query", "rest-xml"})
_REQUEST_IDS: Final = ("x-amzn-requestid", "x-amz-request-id", "x-amzn-request-id", "x-amz-cf-id")
_FORBIDDEN_IN_XML: Final = bytes(i for i in range(32) if i not in (9, 10, 13))
_PICTURES: Final = {code: chr(0x2400 + code).encode() for code in _FORBIDDEN_IN_XML}
_FORBIDDEN: Final = re.compile(b"[" + re.escape(_FORBIDDEN_IN_XML) + b"]")
_FORBIDDEN_REFERENCE: Final = re.compile(rb"&#(?:x0*(1?[0-9a-fA-F])|0*([12]?[0-9]|3[01]));")


def check_envelope(operation_model: OperationModel, response_dict: dict[str, Any], **_: Any) -> None:
    """Answer botocore's ``before-parse`` event.

    Raises:
        CallFailed: The answer is not one of this protocol's. ``ERROR``, worth another attempt.
    """
    status = response_dict["status_code"]
    body = response_dict["body"]
    if not isinstance(body, bytes):
        return  # a stream
    protocol = operation_model.service_model.resolved_protocol
    if status >= 300:
        if status >= 500 and _HTML.match(body):
            raise _not_an_answer(operation_model, str(status), "an HTML page instead of an answer", status)
        return
    fault = _fault(protocol, operation_model, response_dict["headers"], body)
    if fault:
        raise _not_an_answer(operation_model, "NotAnAnswer", fault, status)
    if protocol in _XML:
        response_dict["body"] = without_forbidden_characters(body)


def _not_an_answer(model: OperationModel, code: str, message: str, status: int) -> CallFailed:
    name = f"{model.service_model.service_name}:{model.name}"
    return CallFailed(Outcome.ERROR, code, message, name, remedy=Remedy.AGAIN, status=status)


def _fault(protocol: str, model: OperationModel, headers: Mapping[str, str], body: bytes) -> str | None:
    if not body.strip():
        return "an empty body with status 200" if _has_body(model) else None
    if _HTML.match(body):
        return "an HTML page with status 200"
    if not any(name in headers for name in _REQUEST_IDS) and b"equestId>" not in body:
        return "an answer without a request id, so not AWS's"
    if not _has_body(model):
        return None
    return _FORMS[protocol](model, body) if protocol in _FORMS else None


def _has_body(model: OperationModel) -> bool:
    shape = model.output_shape
    if shape is None:
        return False
    if shape.serialization.get("payload"):
        return True
    return any("location" not in member.serialization for member in shape.members.values())


def _json_form(model: OperationModel, body: bytes) -> str | None:
    if _text_payload(model) or body.lstrip()[:1] == b"{":
        return None
    return "a body that is not a JSON object"


def _xml_form(model: OperationModel, body: bytes) -> str | None:
    if _text_payload(model):
        return None
    root = _ROOT.match(body)
    if root is None:
        return "a body that is not XML"
    name = root[1].rpartition(b":")[2].decode()
    protocol = model.service_model.resolved_protocol
    if protocol != "rest-xml" and name != f"{model.name}Response":
        return f"an answer to something else (<{name}>)"
    wrapper = model.output_shape.serialization.get("resultWrapper") if model.output_shape else None
    if protocol == "query" and wrapper and f"<{wrapper}".encode() not in body:
        return f"an answer without its <{wrapper}>"
    return None


def _cbor_form(model: OperationModel, body: bytes) -> str | None:
    return None if body[0] >> 5 == 5 else "a body that is not a CBOR map"


def _text_payload(model: OperationModel) -> bool:
    """Whether the body is a text or bytes by itself, as GetBucketPolicy's."""
    shape = model.output_shape
    payload = shape.serialization.get("payload") if shape else None
    return shape is not None and payload is not None and shape.members[payload].type_name in ("string", "blob")


_FORMS: Final = {
    "json": _json_form,
    "rest-json": _json_form,
    "ec2": _xml_form,
    "query": _xml_form,
    "rest-xml": _xml_form,
    "smithy-rpc-v2-cbor": _cbor_form,
}


def without_forbidden_characters(body: bytes) -> bytes:
    """XML in which control characters, which no XML may hold, are shown by their pictures (U+000B → ``␋``).

    AWS lets them into descriptions, and a parser then refuses the whole page (F37). The picture is the same each time,
    so that the configuration stays comparable, and nothing of the page is lost.
    """
    if body.translate(None, _FORBIDDEN_IN_XML) != body:
        body = _FORBIDDEN.sub(lambda found: _PICTURES[found[0][0]], body)
    if b"&#" in body:
        body = _FORBIDDEN_REFERENCE.sub(_picture_of_reference, body)
    return body


def _picture_of_reference(found: re.Match[bytes]) -> bytes:
    code = int(found[1], 16) if found[1] else int(found[2])
    return _PICTURES.get(code, found[0])


def require(answer: Mapping[str, Any], member: str, service: str, operation: str) -> None:
    """The rule of the missing member.

    Raises:
        CallFailed: ``ERROR``; the answer lacks its result member.
    """
    if member not in answer:
        message = f"the answer lacks its member {member}: it cannot be told from an empty one"
        raise CallFailed(Outcome.ERROR, "MissingMember", message, f"{service}:{operation}", remedy=Remedy.AGAIN)
