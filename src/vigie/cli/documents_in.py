"""Documents that a command is given: from a file or standard input, as a policy or a configuration."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

from vigie.model.account import is_account
from vigie.model.errors import UsageError


@dataclass(frozen=True, slots=True)
class Given:
    """A policy document, a configuration, or both."""

    policy: Any = None
    configuration: Mapping[str, Any] | None = None


def read_document(file: IO[str]) -> Given:
    """A policy is told from a configuration by its ``Statement``; ``{"policy": …, "config": …}`` gives both.

    Raises:
        UsageError: the file is no text.
    """
    try:
        text = file.read()
    except UnicodeDecodeError as error:
        raise UsageError(f"{file.name} is not UTF-8 text: {error.reason}.") from None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return Given(policy=text)  # judged as a policy that is no JSON, and told so
    return given(found)


def given(found: Any) -> Given:
    if not isinstance(found, Mapping) or "Statement" in found:
        return Given(policy=found)
    if found.keys() & {"policy", "config"}:
        configuration = found.get("config")
        return Given(found.get("policy"), configuration if isinstance(configuration, Mapping) else None)
    return Given(configuration=found)


def account_id(text: str) -> str:
    """An AWS account number.

    Raises:
        UsageError: it is none.
    """
    if not is_account(text):
        raise UsageError(f"{text!r} is no AWS account: it must have 12 digits.")
    return text
