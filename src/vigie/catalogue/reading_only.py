"""Which operations only read, and which of those give away what must not be asked for. Pinned facts, with sources."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Any, Final

_DATA: Final = files("vigie.catalogue") / "data"

READING_VERBS: Final = ("Get", "List", "Describe", "Head", "BatchGet", "BatchDescribe", "Search", "View")
READS_ALL_THE_SAME: Final = {
    "iam:GenerateCredentialReport": "makes IAM write its own report; nothing of the account changes",
}
"""Operations with another verb that read (their access level is Read), and why."""


@cache
def access_levels() -> Mapping[str, Mapping[str, str]]:
    """IAM prefix → action → ``List`` or ``Read``. What is not there does more than read, or does not exist."""
    levels: dict[str, dict[str, str]] = {}
    for line in (_DATA / "access_levels.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            prefix, level, *actions = line.split()
            levels.setdefault(prefix, {}).update(dict.fromkeys(actions, level))
    return levels


@cache
def _permissions() -> Mapping[str, Mapping[str, Any]]:
    return tomllib.loads((_DATA / "permissions.toml").read_text(encoding="utf-8"))


@cache
def _withheld() -> Mapping[str, Mapping[str, list[str]]]:
    return tomllib.loads((_DATA / "withheld.toml").read_text(encoding="utf-8"))


def permission_for(service: str, operation: str) -> str | None:
    """The IAM action that allows the operation (``s3:GetEncryptionConfiguration`` for S3's GetBucketEncryption);
    None where none is needed."""
    found = _permissions()["action"].get(f"{service}:{operation}")
    if found is not None:
        return found or None
    return f"{_permissions()['prefix'].get(service, service)}:{operation}"


def only_reads(service: str, operation: str) -> str | None:
    """Why the operation does more than read, or None where it only reads."""
    name = f"{service}:{operation}"
    permission = permission_for(service, operation)
    if permission is None:
        return None
    prefix, action = permission.split(":")
    known = access_levels().get(prefix)
    if known is None:
        return f"nothing is known of the IAM actions of {prefix!r} (data/access_levels.txt)"
    if action not in known:
        return f"the IAM action {permission} is not of access level Read or List, or does not exist"
    if not operation.startswith(READING_VERBS) and name not in READS_ALL_THE_SAME:
        return f"{operation} does not begin with a verb of reading ({', '.join(READING_VERBS)})"
    return None


def gives_away(service: str, operation: str) -> str | None:
    """``"credentials"`` or ``"contents"`` where the operation hands them out; None where it does not."""
    for what, services in _withheld().items():
        if any(fnmatchcase(operation, pattern) for pattern in services.get(service, ())):
            return what
    return None
