"""Which calls fail, and in which of three places: an error instead of the answer, an edited answer, an edited reply."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from vigie.testing.wire.replies import Error, Reply
from vigie.testing.wire.requests import Call

Content = dict[str, Any]
Answerer = Callable[[Call], Content | Error]
Writer = Callable[[Content | Error], Reply]


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to fail."""

    id: str
    """Of the design page: ``"F02"``."""
    what: str
    error: Callable[[Call], Error] | None = None
    edit: Callable[[Call, Content], Content] | None = None
    deliver: Callable[[Call, Reply], Reply] | None = None
    unless: Callable[[Call], bool] | None = None
    """Spares a call: a token bucket that still has tokens."""


@dataclass(slots=True)
class _Planned:
    fault: Fault
    patterns: Mapping[str, str]
    page: int | None
    calls: range | None
    share: float
    resource: str | None
    times: int | None
    hits: int = 0

    def meets(self, call: Call) -> bool:
        given = {
            "service": call.service,
            "operation": call.operation,
            "region": call.region,
            "account": call.account,
            "access_key": call.access_key,
        }
        return (
            all(fnmatchcase(given[name], pattern) for name, pattern in self.patterns.items())
            and self.page in (None, call.page)
            and (self.calls is None or call.number in self.calls)
            and (self.resource is None or self.resource in call.parameters.values())
            and (self.times is None or self.hits < self.times)
        )


@dataclass(slots=True)
class Hit:
    """One fault that was done to one call."""

    fault: Fault
    call: Call


class FaultPlan:
    """Which calls fail, and how. The seed decides for faults that strike a share of calls. Thread-safe."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)  # noqa: S311 - chance of a test, not of a secret
        self._lock = threading.Lock()
        self._planned: list[_Planned] = []
        self.hits: list[Hit] = []
        """What was done, in order: a test of a fault asserts that the fault happened."""

    def add(
        self,
        fault: Fault,
        *,
        page: int | None = None,
        calls: range | int | None = None,
        share: float = 1.0,
        resource: str | None = None,
        times: int | None = None,
        **patterns: str,
    ) -> Fault:
        """Put a fault into the way of calls.

        ``patterns``: ``service``, ``operation``, ``region``, ``account``, ``access_key``, with ``*`` and ``?``.
        ``page``: that page of a
        page run. ``calls``: the nth call (from 1) of its operation, or a range of them. ``share``: the part of
        those calls,
        by chance. ``resource``: only calls that have this value among their parameters. ``times``: at most so often.
        """
        unknown = set(patterns) - {"service", "operation", "region", "account", "access_key"}
        if unknown:
            raise TypeError(f"a fault is not aimed by {', '.join(sorted(unknown))}")
        counted = range(calls, calls + 1) if isinstance(calls, int) else calls
        with self._lock:
            self._planned.append(_Planned(fault, patterns, page, counted, share, resource, times))
        return fault

    def clear(self) -> None:
        """From now on, all is well."""
        with self._lock:
            self._planned.clear()

    def reply(self, call: Call, answer: Answerer, write: Writer) -> Reply:
        """The reply to a call, after all the faults that meet it."""
        faults = self._meeting(call)
        for fault in faults:
            if fault.error is not None:
                return write(fault.error(call))
        content = answer(call)
        for fault in faults:
            if fault.edit is not None and not isinstance(content, Error):
                content = fault.edit(call, content)
        written = write(content)
        for fault in faults:
            if fault.deliver is not None:
                written = fault.deliver(call, written)
        return written

    def _meeting(self, call: Call) -> list[Fault]:
        with self._lock:
            met = [planned for planned in self._planned if planned.meets(call) and self._strikes(planned, call)]
            for planned in met:
                planned.hits += 1
                self.hits.append(Hit(planned.fault, call))
            return [planned.fault for planned in met]

    def _strikes(self, planned: _Planned, call: Call) -> bool:
        if planned.share < 1.0 and self._random.random() >= planned.share:
            return False
        return planned.fault.unless is None or not planned.fault.unless(call)
