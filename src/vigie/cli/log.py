"""The program's own log, on standard error."""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO, cast

if TYPE_CHECKING:
    from vigie.settings import LogSettings

SECRETS = ("password", "secret", "token", "authorization", "cookie", "external_id")
"""A logged value whose name holds one of these words is never written."""


def redact(_logger: Any, _method: str, event: Any) -> Any:
    """A structlog processor: replaces values that are secret by their name."""
    return {k: "…" if any(word in k.lower() for word in SECRETS) else v for k, v in event.items()}


class StandardError:
    """Standard error as it is now. Where nobody can be told any more (a terminal that is gone, a full disk), the work
    goes on: a line of the log is never a reason to stop sweeping.
    """

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):
            return sys.stderr.write(text)
        return 0

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.flush()


def configure_log(settings: LogSettings) -> None:
    """Send structlog and the standard library's log to standard error in the configured form."""
    import structlog

    level = getattr(logging, settings.level.upper())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        redact,
    ]
    last = (
        structlog.processors.JSONRenderer()
        if settings.format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, last]
        if settings.format == "json"
        else [*shared, last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, StandardError())),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(
        level=max(level, logging.WARNING), stream=StandardError(), format="%(levelname)s %(name)s: %(message)s"
    )
