"""Operations that keep failing are not asked a thousand times more."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Final

from vigie.aws.errors import CallFailed, Remedy
from vigie.model.scope import Outcome

_IMPATIENT_AFTER: Final = 2
"""So many calls in a row failed for good: further ones are tried once, not three times."""
_OPEN_AFTER: Final = 8
"""So many, and it is not asked any more for a while."""
_OPEN_SECONDS: Final = 30.0

Key = tuple[str, str, str, str]


@dataclass(slots=True)
class _Record:
    failures: int = 0
    closed_until: float = 0.0
    last: CallFailed | None = None


class Breaker:
    """Counts transient failures (5xx, time-outs, connections) of each operation in a region. Threads share it."""

    def __init__(self) -> None:
        self._records: dict[Key, _Record] = {}
        self._lock = threading.Lock()

    def attempts(self, key: Key, now: float, usual: int) -> int:
        """How often a call may be tried now.

        Raises:
            CallFailed: The operation failed so often that it is left alone for some time.
        """
        record = self._records.get(key)
        if record is None or record.failures < _IMPATIENT_AFTER:
            return usual
        last = record.last
        if last is not None and now < record.closed_until:
            message = f"not tried again: {record.failures} calls before failed with: {last.message}"
            raise CallFailed(last.outcome, last.code, message, last.operation, status=last.status)
        return 1

    def failed(self, key: Key, failure: CallFailed, now: float) -> None:
        """A call failed for good, transiently."""
        if failure.remedy is not Remedy.AGAIN or failure.outcome is Outcome.THROTTLED:
            return
        with self._lock:
            record = self._records.setdefault(key, _Record())
            record.failures += 1
            record.last = failure
            if record.failures >= _OPEN_AFTER:
                record.closed_until = now + _OPEN_SECONDS

    def succeeded(self, key: Key) -> None:
        """An answer came."""
        if key in self._records:
            with self._lock:
                self._records.pop(key, None)
