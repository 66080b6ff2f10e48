"""Access keys of a user, as ListAccessKeys and GetAccessKeyLastUsed tell them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from vigie.model.change import Revision
from vigie.rules.declare import CannotTell
from vigie.rules.times import when


def keys(user: Revision, status: str = "Active") -> Iterator[Mapping[str, Any]]:
    for key in user.configuration.get("AccessKeys") or ():
        if key.get("Status") == status:
            yield key


def created(key: Mapping[str, Any]) -> datetime:
    return when(key.get("CreateDate"), f"the creation of access key {key.get('AccessKeyId')}")


def last_used(key: Mapping[str, Any]) -> datetime | None:
    """When the key was last used; None = never (AWS then leaves the date out).

    Raises:
        CannotTell: the last use was not read.
    """
    used = key.get("LastUsed")
    if not isinstance(used, Mapping):
        raise CannotTell(f"the last use of access key {key.get('AccessKeyId')} was not read")
    date = used.get("LastUsedDate")
    return when(date) if date else None
