"""Libraries that log the addresses they talk to are kept quiet while they talk to secret ones."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_TALKATIVE: Final = (
    "apprise",
    "httpx",
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.proxy",
    "urllib3.connectionpool",
    "urllib3.util.retry",
)


class _Listener(logging.Filter):
    """Lets no record of its thread pass, and keeps the texts of warnings."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self._thread = threading.get_ident()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.thread != self._thread:
            return True
        if record.levelno >= logging.WARNING and len(self.said) < 5:
            self.said.append(record.getMessage()[:300])
        return False


@contextmanager
def quiet() -> Iterator[list[str]]:
    """Nothing that these libraries log on this thread meanwhile reaches a log; their warnings are given instead."""
    listener = _Listener()
    loggers = [logging.getLogger(name) for name in _TALKATIVE]
    for logger in loggers:
        logger.addFilter(listener)
    try:
        yield listener.said
    finally:
        for logger in loggers:
            logger.removeFilter(listener)
