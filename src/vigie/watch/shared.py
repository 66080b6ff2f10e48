"""Answers that several types of one account share: fetched once, by whichever scope needs them first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from vigie.aws.errors import CallFailed

Pages = list[dict[str, Any]]
Key = tuple[str, str, str, int]


class SharedAnswers:
    """Of one account, for the time of one sweep. Threads share it; those who come second wait for the first.

    A *look* is 0 at first, and 1 and up for second looks: these must not be given what the first look saw.
    """

    def __init__(self) -> None:
        self._kept: dict[Key, Pages | CallFailed] = {}
        self._locks: dict[Key, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, service: str, source: str, region: str, look: int, fetch: Callable[[], Pages]) -> Pages:
        """The pages of a shared source. Raises CallFailed, the same to all."""
        key = (service, source, region, look)
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            if key not in self._kept:
                self._kept[key] = _fetched(fetch)
            kept = self._kept[key]
        if isinstance(kept, CallFailed):
            raise kept
        return kept


def _fetched(fetch: Callable[[], Pages]) -> Pages | CallFailed:
    try:
        return fetch()
    except CallFailed as failure:
        return failure
