"""Samples: one plausible, harmless resource of each type, under every example, so that an example says only what
matters.

``samples.toml`` in a folder of rules::

    ["AWS::SQS::Queue"]
    id = "https://sqs.eu-west-1.amazonaws.com/111111111111/orders"
    arn = "arn:aws:sqs:eu-west-1:111111111111:orders"
    name = "orders"
    region = "eu-west-1"

    ["AWS::SQS::Queue".configuration.Attributes]
    SqsManagedSseEnabled = "true"

``configuration`` may also be a string of JSON. A type without a sample starts from nothing.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from vigie.model.errors import RuleError
from vigie.rules.judging import plain

SAMPLES_FILE: Final = "samples.toml"


@dataclass(frozen=True, slots=True)
class Sample:
    """A resource of a type, as it would be recorded."""

    type: str
    id: str = "sample"
    arn: str | None = None
    name: str | None = None
    region: str = "eu-west-1"
    configuration: Mapping[str, Any] = field(default_factory=dict)


def read_samples(file: Path) -> dict[str, Sample]:
    """The samples in a file.

    Raises:
        RuleError: it cannot be read.
    """
    found = {}
    for type_, table in read_toml(file).items():
        if not isinstance(table, dict):
            raise RuleError(f'{type_} must be a table: ["{type_}"].')
        unknown = set(table) - {"id", "arn", "name", "region", "configuration"}
        if unknown:
            raise RuleError(f"the sample of {type_} has an unknown key {min(unknown)}.")
        content = configuration_of(table.pop("configuration", {}), f"the sample of {type_}")
        found[type_] = Sample(type=type_, configuration=content, **table)
    return found


def read_toml(file: Path) -> dict[str, Any]:
    """A TOML document.

    Raises:
        RuleError: it cannot be read.
    """
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RuleError(f"it cannot be read as TOML: {error}.") from error


def configuration_of(value: Any, what: str) -> dict[str, Any]:
    """A configuration written as a table or as a string of JSON, as JSON values (times as recorded: RFC 3339 in
    UTC).
    """
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except json.JSONDecodeError as error:
            raise RuleError(f"the configuration of {what} is not JSON: {error}.") from error
    if not isinstance(value, dict):
        raise RuleError(f"the configuration of {what} must be a table, or a string of JSON.")
    return {key: _recorded(inner) for key, inner in value.items()}


def _recorded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _recorded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_recorded(inner) for inner in value]
    return plain(value) if isinstance(value, datetime | date) else value
