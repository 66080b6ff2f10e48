"""Loops in threads of this process, until they are told to stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from vigie.model.errors import VigieError

log = structlog.get_logger()

FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Loop:
    """One unit of work, done over and over."""

    name: str
    step: Callable[[], bool]
    """Does what is due now; True where there may be more, False where there was nothing (left) to do."""
    idle: timedelta
    """How long to wait after nothing was to do."""


@dataclass
class Health:
    """How the loops are doing, for the readiness page and the log."""

    failures: dict[str, str] = field(default_factory=dict)
    """Name of a loop → why its last step failed; absent where it succeeded."""
    last_done: dict[str, datetime] = field(default_factory=dict)

    @property
    def well(self) -> bool:
        return not self.failures


class Runner:
    """Runs loops, each in a thread. A step that fails is logged and tried again, later and later; the others go on."""

    def __init__(self, loops: Sequence[Loop], stop: threading.Event) -> None:
        self.health = Health()
        self._stop = stop
        self._threads = [
            threading.Thread(target=self._run, args=(loop,), name=f"vigie-{loop.name}", daemon=True) for loop in loops
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def join(self, timeout: timedelta) -> list[str]:
        """Wait for the loops to end their steps; returns the names of those that did not in time.

        Their work is not lost: its leases run out, and the next start takes it up.
        """
        deadline = datetime.now(UTC) + timeout
        for thread in self._threads:
            thread.join(max(0.0, (deadline - datetime.now(UTC)).total_seconds()))
        return [thread.name for thread in self._threads if thread.is_alive()]

    def _run(self, loop: Loop) -> None:
        pause = FIRST_PAUSE
        while not self._stop.is_set():
            if self._step(loop):
                pause = FIRST_PAUSE
                continue
            failed = loop.name in self.health.failures
            self._stop.wait((pause if failed else loop.idle).total_seconds())
            pause = min(pause * 2, LONGEST_PAUSE) if failed else FIRST_PAUSE

    def _step(self, loop: Loop) -> bool:
        try:
            more = loop.step()
        except VigieError as error:
            self._failed(loop, error, expected=True)
            return False
        except Exception as error:  # noqa: BLE001 - one loop's defect must not stop the others; it is logged and shown
            self._failed(loop, error, expected=False)
            return False
        self.health.failures.pop(loop.name, None)
        self.health.last_done[loop.name] = datetime.now(UTC)
        return more

    def _failed(self, loop: Loop, error: Exception, *, expected: bool) -> None:
        self.health.failures[loop.name] = f"{type(error).__name__}: {error}"
        if expected:
            log.error("a loop cannot go on; it is tried again", loop=loop.name, reason=str(error))
        else:
            log.error("a loop failed; it is tried again", loop=loop.name, exc_info=error)


@contextmanager
def stop_on_signals(stop: threading.Event) -> Iterator[None]:
    """SIGTERM and SIGINT set ``stop`` instead of killing the process; a second one kills it."""

    def ask(number: int, _frame: Any) -> None:
        if stop.is_set():
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
