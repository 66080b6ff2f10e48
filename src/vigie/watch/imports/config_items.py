"""AWS Config's configuration items: of its snapshots, its history files, and the answers of its API.

Formats: AWS Config developer guide, "Components of a configuration item", "Example configuration snapshot from AWS
Config" and "Example configuration history from AWS Config"; API reference, ``ConfigurationItem`` and
``BaseConfigurationItem`` (whose ``configuration`` is a string of JSON).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from vigie.model.account import is_account
from vigie.model.canonical import Redactor, digests, normalise
from vigie.model.imported import ImportedState, ImportSource
from vigie.model.resource import Configuration
from vigie.model.scope import GLOBAL
from vigie.watch.imports.secrets import redacted

_LISTS: Final = ("configurationItems", "baseConfigurationItems", "ConfigurationItems", "BaseConfigurationItems")
_DELETED: Final = ("ResourceDeleted", "ResourceDeletedNotRecorded")


@dataclass(frozen=True, slots=True)
class Refused:
    """An item that could not be read, and why."""

    place: str
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


class _OddError(ValueError):
    """A part of an item that is not as AWS documents it: one phrase."""


def read_items(document: Any, origin: str, redactor: Redactor) -> Iterator[ImportedState | Refused]:
    """Every configuration item of a parsed file, in its order; never raises."""
    items = _items(document)
    if items is None:
        yield Refused(origin, "it holds no configuration items of AWS Config")
        return
    for number, item in enumerate(items, 1):
        try:
            yield _state(item, origin, redactor)
        except (_OddError, RecursionError) as odd:
            yield Refused(f"{origin}, item {number}", str(odd) or "it is nested too deeply")


def _items(document: Any) -> Sequence[Any] | None:
    if isinstance(document, list):
        return document
    if not isinstance(document, Mapping):
        return None
    found = next((document[name] for name in _LISTS if isinstance(document.get(name), list)), None)
    if found is not None:
        return list(found)
    if "configurationItem" in document:  # the message of a delivery channel's SNS topic
        return [document["configurationItem"]]
    return [document] if "configurationItemCaptureTime" in document else None


def _state(item: Any, origin: str, redactor: Redactor) -> ImportedState:
    if not isinstance(item, Mapping):
        raise _OddError("it is not an object")
    status = _text(item, "configurationItemStatus") or ""
    account = _text(item, "awsAccountId", "accountId")
    if account is None or not is_account(account):
        raise _OddError(f"its account is {account!r}, not 12 digits")
    type_, id_ = _text(item, "resourceType"), _text(item, "resourceId")
    if type_ is None or id_ is None:
        raise _OddError("it has no resourceType or no resourceId")
    configuration = _configuration(item, redactor)
    return ImportedState(
        source=ImportSource.AWS_CONFIG,
        account=account,
        region=_text(item, "awsRegion") or GLOBAL,
        type=type_,
        id=id_,
        captured_at=_time(item.get("configurationItemCaptureTime")),
        present=status not in _DELETED,
        configuration=configuration,
        status=status,
        arn=_text(item, "ARN", "arn"),
        name=_text(item, "resourceName"),
        origin=origin,
        config_sha=digests(configuration)[0],
    )


def _configuration(item: Mapping[str, Any], redactor: Redactor) -> Configuration:
    """Configuration, supplementary configuration, tags and relationships, under Config's own names."""
    said: dict[str, Any] = {
        "configuration": _parsed(item.get("configuration")),
        "supplementaryConfiguration": _each_parsed(item.get("supplementaryConfiguration")),
        "tags": item.get("tags"),
        "relationships": item.get("relationships"),
    }
    kept = {name: value for name, value in said.items() if value not in (None, {}, [], "")}
    try:
        return normalise(redacted(kept, redactor))
    except ValueError as error:
        raise _OddError(f"its configuration cannot be kept: {error}") from None


def _parsed(value: Any) -> Any:
    """The API gives JSON as text."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _each_parsed(value: Any) -> Any:
    return {name: _parsed(inner) for name, inner in value.items()} if isinstance(value, Mapping) else value


def _text(item: Mapping[str, Any], *names: str) -> str | None:
    found = (item.get(name) for name in names)
    return next((value for value in found if isinstance(value, str) and value), None)


def _time(value: Any) -> datetime:
    """RFC 3339; the API writes seconds since 1970."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        when = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        raise _OddError(f"its configurationItemCaptureTime is {str(value)[:40]!r}") from None
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
