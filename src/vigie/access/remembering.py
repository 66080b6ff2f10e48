"""Verdicts of access kept by content: the same document of the same owner, in the same world, is judged once.

A verdict depends on its arguments and on the owners that were looked up while judging. Those look-ups are kept with the
verdict and made again before it is given out, so that a bucket that changed hands is judged anew.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import blake2b
from typing import Any, Final

from vigie.access.mechanisms import judge
from vigie.access.subject import NOTHING_UNREAD
from vigie.access.verdict import NOTHING_KNOWN, Access, Facts

MOST_KEPT: Final = 4096
"""Verdicts. One with a handful of grants has about 5 KB."""
_MOST_GRANTS: Final = 100
"""A verdict with more is not kept: it is rare, and large."""


@dataclass(frozen=True, slots=True)
class _Kept:
    access: Access
    owners: Mapping[str, str | None]
    """What was looked up while judging."""


class _Asked(Mapping[str, str]):
    """Owners, with a note of what was asked."""

    def __init__(self, owners: Mapping[str, str]) -> None:
        self._owners = owners
        self.answers: dict[str, str | None] = {}

    def __getitem__(self, identifier: str) -> str:
        found = self.answers[identifier] = self._owners.get(identifier)
        if found is None:
            raise KeyError(identifier)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._owners)

    def __len__(self) -> int:
        return len(self._owners)


@dataclass
class Remembered:
    """A store of verdicts, the least used of which is dropped.

    Threads may share it: each step on the store is one of the interpreter's own, and at worst something is judged
    twice.
    """

    most: int = MOST_KEPT
    judged: int = 0
    """How many were not found, and judged."""
    _kept: OrderedDict[Hashable, _Kept] = field(default_factory=OrderedDict)

    def judge(
        self,
        resource_type: str,
        configuration: Mapping[str, Any],
        *,
        account: str,
        facts: Facts = NOTHING_KNOWN,
        arn: str | None = None,
        unread: Mapping[str, str] = NOTHING_UNREAD,
    ) -> Access:
        """As :func:`vigie.access.judge`, from the store where the same was judged before."""
        key = _key(resource_type, configuration, account, facts, arn, unread)
        kept = self._kept.pop(key, None) if key is not None else None
        if kept is not None and all(facts.owners.get(name) == owner for name, owner in kept.owners.items()):
            self._kept[key] = kept  # the latest used is last
            return kept.access
        owners = _Asked(facts.owners)
        facts = replace(facts, owners=owners)
        access = judge(resource_type, configuration, account=account, facts=facts, arn=arn, unread=unread)
        self.judged += 1
        if key is not None and len(access.grants) <= _MOST_GRANTS:
            self._kept[key] = _Kept(access, owners.answers)
            for _ in range(len(self._kept) - self.most):
                self._kept.popitem(last=False)
        return access


def _key(
    resource_type: str,
    configuration: Mapping[str, Any],
    account: str,
    facts: Facts,
    arn: str | None,
    unread: Mapping[str, str],
) -> Hashable | None:
    """What a verdict depends on but for the owners; None where the configuration is no JSON and cannot be compared."""
    try:
        text = json.dumps(
            [configuration, facts.account_settings, facts.unread_settings, facts.canonical_ids, unread],
            sort_keys=True,
            default=_as_json,
        )
    except (TypeError, ValueError, RecursionError):
        return None
    digest = blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()
    known = (facts.own_accounts, facts.third_party_accounts, facts.organization_id, facts.known_networks, facts.now)
    return (resource_type, account, arn, digest, known)


def _as_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, date):
        return ["date", value.isoformat()]
    raise TypeError(type(value).__name__)


REMEMBERED: Final = Remembered()
"""The store of this process."""
