"""How the pages of an operation are asked for: botocore's paginator definitions, or the operation's own tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import jmespath
from botocore.exceptions import DataNotFoundError, UnknownServiceError
from botocore.loaders import Loader
from botocore.model import OperationModel, StructureShape

_TOKENS: Final = (
    ("NextToken", "NextToken"),
    ("nextToken", "nextToken"),
    ("Marker", "NextMarker"),
    ("Marker", "Marker"),
    ("marker", "nextMarker"),
    ("PaginationToken", "PaginationToken"),
    ("NextMarker", "NextMarker"),
    ("nextPageToken", "nextPageToken"),
    ("pageToken", "nextPageToken"),
    ("PageToken", "NextPageToken"),
    ("position", "position"),
    ("Position", "Position"),
    ("ContinuationToken", "ContinuationToken"),
    ("ContinuationToken", "NextContinuationToken"),
)
"""(input, output) members of the list operations that have no paginator in botocore (401 of them)."""


@dataclass(frozen=True, slots=True)
class PageTokens:
    """The tokens of a paged operation. Outputs are compiled JMESPath expressions over the answer."""

    inputs: tuple[str, ...]
    outputs: tuple[Any, ...]
    more: Any | None = None
    """Says whether a further page follows, where the operation says so by itself."""

    def next(self, answer: Mapping[str, Any]) -> dict[str, Any] | None:
        """The parameters that ask for the page after this answer; None after the last."""
        if self.more is not None and not self.more.search(answer):
            return None
        values = {name: output.search(answer) for name, output in zip(self.inputs, self.outputs, strict=True)}
        values = {name: value for name, value in values.items() if value not in (None, "")}
        return values or None


def tokens_of(loader: Loader, model: OperationModel) -> PageTokens | None:
    """The tokens of an operation; None where it has no pages."""
    return _from_paginator(loader, model) or _from_members(model)


def _from_paginator(loader: Loader, model: OperationModel) -> PageTokens | None:
    service = model.service_model
    try:
        definitions = loader.load_service_model(service.service_name, "paginators-1", service.api_version)
    except (UnknownServiceError, DataNotFoundError):
        return None
    definition = definitions["pagination"].get(model.name)
    if definition is None:
        return None
    more = definition.get("more_results")
    return PageTokens(
        inputs=tuple(_listed(definition["input_token"])),
        outputs=tuple(jmespath.compile(text) for text in _listed(definition["output_token"])),
        more=jmespath.compile(more) if more else None,
    )


def _from_members(model: OperationModel) -> PageTokens | None:
    asked, answered = model.input_shape, model.output_shape
    if not isinstance(asked, StructureShape) or not isinstance(answered, StructureShape):
        return None
    for sent, given in _TOKENS:
        if sent in asked.members and given in answered.members:
            return PageTokens((sent,), (jmespath.compile(given),))
    return None


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
