"""Secrets in what others recorded: told by the names of members, since no catalogue declares those forms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from vigie.model.canonical import Redactor

_SECRET: Final = re.compile(
    r"(?i)(password|passphrase|secret|credential|private_?key|auth_?token|access_?token|api_?key|user_?data|sas_?token)"
)
_NAMES_ONLY: Final = re.compile(r"(?i)(arn|id|name|names|date|length|policy|enabled|status|type|version|rotation\w*)$")
"""A member like ``secretArn`` or ``passwordPolicy`` speaks of a secret and holds none."""
_ENVIRONMENTS: Final = frozenset({"environment", "environmentvariables", "variables"})
"""Members that hold variables: of Lambda as a map, of ECS and CodeBuild as a list of names and values."""


def redacted(value: Any, redactor: Redactor, path: str = "") -> Any:
    """The same with every secret value replaced by its keyed digest: a change shows, the value does not."""
    if isinstance(value, Mapping):
        return {str(key): _member(str(key), inner, redactor, f"{path}.{key}") for key, inner in value.items()}
    if isinstance(value, list):
        return [redacted(inner, redactor, f"{path}[]") for inner in value]
    return value


def _member(key: str, value: Any, redactor: Redactor, path: str) -> Any:
    if key.lower() in _ENVIRONMENTS:
        return _environment(value, redactor, path)
    if _SECRET.search(key) and not _NAMES_ONLY.search(key) and _is_value(value):
        return redactor(path, value)
    return redacted(value, redactor, path)


def _environment(value: Any, redactor: Redactor, path: str) -> Any:
    if isinstance(value, list):
        return [_environment(inner, redactor, path) for inner in value]
    if not isinstance(value, Mapping):
        return redactor(path, value) if _is_value(value) else value
    if {"name", "value"} <= {str(key).lower() for key in value}:
        return {k: redactor(f"{path}.{k}", v) if k.lower() == "value" and _is_value(v) else v for k, v in value.items()}
    kept = {}
    for key, inner in value.items():
        where = f"{path}.{key}"
        kept[key] = redactor(where, inner) if _is_value(inner) else _environment(inner, redactor, where)
    return kept


def _is_value(value: Any) -> bool:
    return isinstance(value, str | bytes | int | float) and not isinstance(value, bool) and value not in ("", 0)
