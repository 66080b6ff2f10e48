"""Services that are not in a region, not enabled or not subscribed to: learnt once, not asked again for hours."""

from __future__ import annotations

import threading
from typing import Final

from vigie.aws.errors import CallFailed
from vigie.model.scope import Outcome

_REMEMBERED_SECONDS: Final = 6 * 3600.0
_WHOLE_SERVICE: Final = frozenset(
    {
        "EndpointConnectionError",
        "EndpointProviderError",
        "OptInRequired",
        "SubscriptionRequiredException",
        "UnknownEndpointError",
    }
)
"""Codes that speak of the service, not of one operation."""


class Places:
    """Which (account, service, region) there is no use to ask. Threads share it; one process's memory."""

    def __init__(self) -> None:
        self._closed: dict[tuple[str, str, str], tuple[CallFailed, float]] = {}
        self._lock = threading.Lock()

    def check(self, account: str, service: str, region: str, operation: str, now: float) -> None:
        """
        Raises:
            CallFailed: ``UNAVAILABLE``, as learnt before.
        """
        known = self._closed.get((account, service, region))
        if known is None or now >= known[1]:
            return
        failure = known[0]
        name = f"{service}:{operation}"
        raise CallFailed(failure.outcome, failure.code, failure.message, name, status=failure.status)

    def learn(self, account: str, service: str, region: str, failure: CallFailed, now: float) -> None:
        """Remember a failure, if it speaks of the whole service in that region."""
        if failure.outcome is Outcome.UNAVAILABLE and failure.code in _WHOLE_SERVICE:
            with self._lock:
                self._closed[account, service, region] = (failure, now + _REMEMBERED_SECONDS)

    def forget(self) -> None:
        """Ask again everywhere (an administrator enabled something)."""
        with self._lock:
            self._closed.clear()
