"""Documents that a command is given: from a file or standard input, as a policy or a configuration."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
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
    if found.keys() & {"policy", "config", "configuration"}:
        configuration = found.get("config", found.get("configuration"))
        return Given(found.get("policy"), configuration if isinstance(configuration, Mapping) else None)
    return Given(configuration=found)


@dataclass(frozen=True, slots=True)
class Case:
    """One line of ``--jsonl``."""

    id: Any
    type: str
    account: str
    given: Given
    arn: str | None = None


def cases(lines: Iterable[str], type_: str | None, account: str | None) -> Iterator[Case | dict[str, Any]]:
    """The cases of lines of JSON, in order; of a line that cannot be read its answer: ``id`` and ``error``."""
    for line in lines:
        if line.strip():
            yield _case(line, type_, account)


def _case(line: str, type_: str | None, account: str | None) -> Case | dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        return {"id": None, "error": f"the line is not JSON: {error}"}
    if not isinstance(row, Mapping):
        return {"id": None, "error": "the line is not an object"}
    wanted, owner = row.get("type", type_), row.get("account", account or "")
    if not isinstance(wanted, str):
        return {"id": row.get("id"), "error": "the case has no type"}
    owner = f"{owner:012d}" if isinstance(owner, int) and not isinstance(owner, bool) else str(owner)
    arn = row.get("arn")
    try:
        return Case(row.get("id"), wanted, account_id(owner), given(row), arn if isinstance(arn, str) else None)
    except UsageError as error:
        return {"id": row.get("id"), "error": str(error)}


def account_id(text: str) -> str:
    """An AWS account number.

    Raises:
        UsageError: it is none.
    """
    if not is_account(text):
        raise UsageError(f"{text!r} is no AWS account: it must have 12 digits.")
    return text
