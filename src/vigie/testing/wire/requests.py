"""From an HTTP request to the call it is: service, operation, parameters, region, access key.

The signing scope in ``Authorization`` names the service (or a few that share a name) and the region; the operation
is named by
``X-Amz-Target`` (json), ``Action`` (query, ec2), the path (smithy) or the URI template (rest). A tie is broken by
the service id
that botocore writes into ``User-Agent`` (``api/s3-control#…``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote

from botocore.model import OperationModel

from vigie.testing.wire import cbor, models
from vigie.testing.wire.models import Shape

_SCOPE = re.compile(r"Credential=([^/]*)/\d{8}/([^/]+)/([^/]+)/aws4_request")


class UnknownCallError(Exception):
    """The request is not one that a botocore client makes; the message says what could not be told."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request as it came."""

    method: str
    path: str
    """With its query string, still encoded."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Call:
    """One call to AWS, as the endpoint understood it."""

    service: str
    """As botocore names it, e.g. ``"elbv2"``."""
    operation: str
    parameters: Mapping[str, Any]
    region: str
    access_key: str
    account: str = ""
    """12 digits: whose credentials these are."""
    page: int = 1
    """Counts from 1 within a page run, told from the token."""
    number: int = 0
    """Counts from 1: the nth call of this (service, operation, region, account)."""
    request: Request = field(default_factory=lambda: Request("GET", "/", {}))

    @property
    def model(self) -> OperationModel:
        return models.operation(self.service, self.operation)

    @property
    def protocol(self) -> str:
        return models.protocol(self.service)

    @property
    def paging(self) -> models.Paging | None:
        return models.paging(self.service, self.operation)

    @property
    def name(self) -> str:
        """``service:Operation``, as in the catalogue."""
        return f"{self.service}:{self.operation}"


def understand(request: Request) -> Call:
    """Which call a request is. Raises UnknownCallError."""
    access_key, region, signer = _signed(request)
    for name in _candidates(signer):
        found = _operation(name, request)
        if found is not None:
            operation_model, labels = found
            parameters = _parameters(name, operation_model, request, labels)
            return Call(name, operation_model.name, parameters, region, access_key, request=request)
    raise UnknownCallError(f"no operation of what signs as {signer!r} answers {request.method} {request.path}")


def _signed(request: Request) -> tuple[str, str, str]:
    found = _SCOPE.search(request.headers.get("authorization", ""))
    if found:
        return found.group(1), found.group(2), found.group(3)
    return "", "us-east-1", ""


def _candidates(signer: str) -> Iterator[str]:
    if not signer:
        raise UnknownCallError("the request is not signed, so its service cannot be told")
    likely = models.usually_signed_as(signer)
    yield from likely
    yield from (name for name in models.signed_as(signer) if name not in likely)


def _operation(name: str, request: Request) -> tuple[OperationModel, Mapping[str, str]] | None:
    spoken = models.protocol(name)
    if spoken in ("query", "ec2"):
        form = _form(request)
        return _named(name, form.get("Action", "")) if form.get("Version") == models.service(name).api_version else None
    if spoken == "json":
        prefix, _, operation = request.headers.get("x-amz-target", "").rpartition(".")
        return _named(name, operation) if prefix == models.service(name).metadata.get("targetPrefix") else None
    if spoken == "smithy-rpc-v2-cbor":
        if "/service/" not in request.path:
            return None
        return _named(name, request.path.rpartition("/operation/")[2])
    return _by_template(name, request)


def _named(name: str, operation: str) -> tuple[OperationModel, Mapping[str, str]] | None:
    if operation not in models.service(name).operation_names:
        return None
    return models.operation(name, operation), {}


# rest: method, path and the literal part of the query


@dataclass(frozen=True, slots=True)
class _Template:
    operation: str
    method: str
    path: re.Pattern[str]
    query: Mapping[str, str]
    rank: tuple[int, int, int]


@cache
def _templates(name: str) -> tuple[_Template, ...]:
    found: list[_Template] = []
    for operation in models.service(name).operation_names:
        model = models.operation(name, operation)
        uri = str(model.http["requestUri"])
        path, _, query = uri.partition("?")
        literal = dict(parse_qsl(query, keep_blank_values=True))
        # more literal characters, then more literal query, then not deprecated: the most exact one first
        rank = (len(literal), len(re.sub(r"{[^}]*}", "", path)), int(not model.deprecated))
        found.append(_Template(operation, str(model.http["method"]), _path_pattern(path), literal, rank))
    return tuple(sorted(found, key=lambda template: template.rank, reverse=True))


def _path_pattern(path: str) -> re.Pattern[str]:
    pattern = ""
    for part in re.split(r"({[^}]*})", path.rstrip("/")):
        label = part.strip("{}")
        if not part.startswith("{"):
            pattern += re.escape(part)
        elif label.endswith("+"):
            pattern += f"(?P<{_group(label[:-1])}>.+)"
        else:
            pattern += f"(?P<{_group(label)}>[^/]+)"
    return re.compile(pattern + "/?")


def _group(label: str) -> str:
    return "l_" + label.replace("-", "__")


def _by_template(name: str, request: Request) -> tuple[OperationModel, Mapping[str, str]] | None:
    path, _, query = request.path.partition("?")
    given = dict(parse_qsl(query, keep_blank_values=True))
    for template in _templates(name):
        if template.method != request.method or not _holds(template.query, given):
            continue
        found = template.path.fullmatch(path)
        if found:
            labels = {key[2:].replace("__", "-"): unquote(value) for key, value in found.groupdict().items()}
            return models.operation(name, template.operation), labels
    return None


def _holds(literal: Mapping[str, str], given: Mapping[str, str]) -> bool:
    return all(key in given and given[key] == value for key, value in literal.items())


# parameters


def _form(request: Request) -> dict[str, str]:
    query = request.path.partition("?")[2]
    return dict(parse_qsl(request.body.decode() or query, keep_blank_values=True))


def _parameters(name: str, model: OperationModel, request: Request, labels: Mapping[str, str]) -> dict[str, Any]:
    shape = model.input_shape
    if shape is None:
        return {}
    spoken = models.protocol(name)
    if spoken in ("query", "ec2"):
        return _from_form(shape, _form(request), "", ec2=spoken == "ec2") or {}
    if spoken == "json":
        return dict(_from_json(shape, json.loads(request.body or b"{}")))
    if spoken == "smithy-rpc-v2-cbor":
        return dict(_from_json(shape, cbor.loads(request.body or b"\xa0")))
    return dict(_from_rest(shape, request, labels))


def _from_json(shape: Shape, value: Any) -> Any:
    if shape.type_name == "structure" and isinstance(value, Mapping):
        names = {models.wire_name(member, name): name for name, member in shape.members.items()}
        return {
            names[key]: _from_json(shape.members[names[key]], content) for key, content in value.items() if key in names
        }
    if shape.type_name == "list" and isinstance(value, list):
        return [_from_json(shape.member, one) for one in value]
    return value


def _from_rest(shape: Shape, request: Request, labels: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    query = parse_qsl(request.path.partition("?")[2], keep_blank_values=True)
    payload = shape.serialization.get("payload")
    body = _json_body(request)
    for name, member in shape.members.items():
        travels = models.wire_name(member, name)
        location = member.serialization.get("location")
        if location == "uri" and travels in labels:
            yield name, labels[travels]
        elif location == "querystring":
            given = [value for key, value in query if key == travels]
            if given:
                yield name, given if member.type_name == "list" else _typed(member, given[0])
        elif location == "header" and travels.lower() in request.headers:
            yield name, request.headers[travels.lower()]
        elif location is None and name == payload:
            yield name, body if body is not None else request.body
        elif location is None and isinstance(body, Mapping) and travels in body:
            yield name, _from_json(member, body[travels])


def _json_body(request: Request) -> Any:
    if not request.body or "json" not in request.headers.get("content-type", "application/json"):
        return None
    try:
        return json.loads(request.body)
    except ValueError:
        return None


def _from_form(shape: Shape, form: Mapping[str, str], prefix: str, *, ec2: bool) -> Any:
    """A value of the query protocols, or None where nothing of it was sent."""
    if shape.type_name == "structure":
        found = {
            name: _from_form(member, form, f"{prefix}.{_form_name(name, member, ec2=ec2)}".lstrip("."), ec2=ec2)
            for name, member in shape.members.items()
        }
        return {name: value for name, value in found.items() if value is not None} or None
    if shape.type_name == "list":
        flat = ec2 or shape.serialization.get("flattened")
        inner = prefix if flat else f"{prefix}.{shape.member.serialization.get('name', 'member')}"
        return list(_numbered(shape.member, form, inner, ec2=ec2)) or None
    if shape.type_name == "map":
        return dict(_form_entries(shape, form, prefix, ec2=ec2)) or None
    return _typed(shape, form[prefix]) if prefix in form else None


def _form_name(name: str, member: Shape, *, ec2: bool) -> str:
    if ec2:
        query_name = member.serialization.get("queryName")
        named = str(member.serialization.get("name", name))
        return str(query_name) if query_name else named[:1].upper() + named[1:]
    if member.type_name == "list" and member.serialization.get("flattened"):
        return str(member.member.serialization.get("name", member.serialization.get("name", name)))
    return str(member.serialization.get("name", name))


def _numbered(member: Shape, form: Mapping[str, str], prefix: str, *, ec2: bool) -> Iterator[Any]:
    number = 1
    while any(key == f"{prefix}.{number}" or key.startswith(f"{prefix}.{number}.") for key in form):
        yield _from_form(member, form, f"{prefix}.{number}", ec2=ec2)
        number += 1


def _form_entries(shape: Shape, form: Mapping[str, str], prefix: str, *, ec2: bool) -> Iterator[tuple[str, Any]]:
    inner = prefix if shape.serialization.get("flattened") else f"{prefix}.entry"
    key_name = shape.key.serialization.get("name", "key")
    value_name = shape.value.serialization.get("name", "value")
    number = 1
    while f"{inner}.{number}.{key_name}" in form:
        yield (
            form[f"{inner}.{number}.{key_name}"],
            _from_form(shape.value, form, f"{inner}.{number}.{value_name}", ec2=ec2),
        )
        number += 1


def _typed(shape: Shape, value: str) -> Any:
    if shape.type_name in ("integer", "long"):
        return int(value)
    if shape.type_name == "boolean":
        return value == "true"
    if shape.type_name in ("float", "double"):
        return float(value)
    return value
