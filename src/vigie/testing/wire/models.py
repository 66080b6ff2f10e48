"""botocore's service models, loaded once, and what the endpoint needs to find in them."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import botocore.session
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

Shape: TypeAlias = Any
"""A shape of botocore: which members it has depends on its ``type_name``, which no static type tells."""

_USUAL_SIGNERS: Mapping[str, tuple[str, ...]] = {
    "access-analyzer": ("accessanalyzer",),
    "apigateway": ("apigateway", "apigatewayv2"),
    "dynamodb": ("dynamodb",),
    "ec2": ("ec2",),
    "events": ("events", "eventbridgev2"),
    "ecr": ("ecr",),
    "elasticfilesystem": ("efs",),
    "elasticloadbalancing": ("elbv2", "elb"),
    "es": ("opensearch", "es"),
    "guardduty": ("guardduty",),
    "iam": ("iam",),
    "lambda": ("lambda",),
    "monitoring": ("cloudwatch",),
    "rds": ("rds", "docdb", "neptune"),
    "s3": ("s3control", "s3"),
    "ses": ("ses", "sesv2"),
    "sqs": ("sqs",),
    "states": ("stepfunctions",),
    "sts": ("sts",),
    "kms": ("kms",),
    "sns": ("sns",),
}
"""Signing name → services, for the most asked: saves the scan of all models. S3 comes last of its name: any path
could be
an object's."""

_TOKEN_NAMES = ("NextToken", "nextToken", "Marker", "marker", "NextMarker", "PaginationToken", "paginationToken")
_lock = threading.RLock()


@cache
def loader() -> Loader:
    found = botocore.session.get_session().get_component("data_loader")
    if not isinstance(found, Loader):
        raise TypeError("botocore's session has no loader")
    return found


@cache
def _service(name: str) -> ServiceModel:
    return ServiceModel(loader().load_service_model(name, "service-2"), name)


def service(name: str) -> ServiceModel:
    """The model of a service, e.g. ``"ec2"``. Raises botocore's UnknownServiceError."""
    with _lock:
        return _service(name)


@cache
def operation(service_name: str, operation_name: str) -> OperationModel:
    """The model of an operation. Raises botocore's OperationNotFoundError."""
    with _lock:
        return service(service_name).operation_model(operation_name)


def protocol(service_name: str) -> str:
    """The protocol that the installed botocore resolves to: ec2, query, json, rest-json, rest-xml or
    smithy-rpc-v2-cbor."""
    return str(service(service_name).resolved_protocol)


@cache
def _signers() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name in loader().list_available_services("service-2"):
        signer = str(service(name).signing_name)
        found[signer] = (*found.get(signer, ()), name)
    return found


def usually_signed_as(signing_name: str) -> tuple[str, ...]:
    """The services that most likely signed so, without the scan of all models."""
    if usual := _USUAL_SIGNERS.get(signing_name):
        return usual
    try:
        service(signing_name)
    except UnknownServiceError:
        return ()
    return (signing_name,)


def signed_as(signing_name: str) -> tuple[str, ...]:
    """All services that sign their requests so; more than one for 31 names. The first use takes some 4 seconds."""
    with _lock:
        return _signers().get(signing_name, ())


@dataclass(frozen=True, slots=True)
class Paging:
    """How an operation is paged: member names of its input and output (top level; ``DescribeStream.Shards`` is
    split by ``.``)."""

    input_tokens: tuple[str, ...]
    output_tokens: tuple[str, ...]
    results: tuple[str, ...]
    limit: str | None
    more: str | None
    only_with: str | None = None
    """Pages are made only where this parameter is given (SQS ListQueues, S3 ListBuckets); without it everything
    comes at once."""


_PAGES_ONLY_WITH: Mapping[tuple[str, str], str] = {
    ("sqs", "ListQueues"): "MaxResults",
    ("s3", "ListBuckets"): "MaxBuckets",
}


@cache
def paging(service_name: str, operation_name: str) -> Paging | None:
    """How the operation is paged: as botocore's paginators say, else by the usual names of tokens; None where it
    is not paged."""
    with _lock:
        declared = _paginators(service_name).get(operation_name)
        if declared is not None:
            return _declared_paging(service_name, operation_name, declared)
        return _paging_by_names(operation(service_name, operation_name))


@cache
def _paginators(service_name: str) -> Mapping[str, Mapping[str, Any]]:
    try:
        found: Mapping[str, Mapping[str, Any]] = loader().load_service_model(service_name, "paginators-1")["pagination"]
    except UnknownServiceError:
        return {}
    return found


def _declared_paging(service_name: str, operation_name: str, declared: Mapping[str, Any]) -> Paging | None:
    input_tokens = _as_tuple(declared["input_token"])
    # `NextMarker || Contents[-1].Key` is botocore's way out where S3 leaves the marker out; ours does not
    output_tokens = tuple(token.split("||")[0].strip() for token in _as_tuple(declared["output_token"]))
    if any("[" in token for token in output_tokens):
        return None
    return Paging(
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        results=_as_tuple(declared["result_key"]),
        limit=declared.get("limit_key"),
        more=declared.get("more_results"),
        only_with=_PAGES_ONLY_WITH.get((service_name, operation_name)),
    )


def _paging_by_names(found: OperationModel) -> Paging | None:
    if found.input_shape is None or found.output_shape is None:
        return None
    given = [name for name in (*_TOKEN_NAMES, "pageToken") if name in found.input_shape.members]
    answered = [name for name in (*_TOKEN_NAMES, "nextPageToken") if name in found.output_shape.members]
    results = tuple(_results(found.output_shape))
    if not (given and answered and results):
        return None
    limits = [
        name for name in found.input_shape.members if name.lower() in ("maxresults", "limit", "maxitems", "pagesize")
    ]
    return Paging((given[0],), (answered[0],), results, limits[0] if limits else None, None)


def _results(answer: Shape) -> list[str]:
    """The members of an answer that are cut into pages; else those of a structure in it."""
    direct = [name for name, shape in answer.members.items() if shape.type_name in ("list", "map")]
    around = [(name, shape) for name, shape in answer.members.items() if shape.type_name == "structure"]
    return direct or [f"{name}.{inner}" for name, shape in around for inner in _results(shape)]


def _as_tuple(value: Any) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, list) else (str(value),)


def wire_name(shape: Shape, member: str) -> str:
    """The name under which a member travels."""
    return str(shape.serialization.get("name", member))
