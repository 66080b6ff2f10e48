"""Durations as people write them: ``90s``, ``15m``, ``1h``, ``7d``."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_LONGEST = 36_525 * _UNITS["d"]
_PART = re.compile(r"(\d+)\s*([smhdw])")


def parse_duration(text: str) -> timedelta:
    """``"1h30m"`` → 90 minutes.

    Raises:
        ValueError: not a duration, or one of more than a hundred years; the message says what one looks like.
    """
    compact = text.strip().lower()
    parts = _PART.findall(compact)
    if not parts or "".join(f"{n}{u}" for n, u in parts) != compact.replace(" ", ""):
        raise ValueError(f"{text!r} is not a duration: write a number and s, m, h, d or w, such as 90s, 15m, 1h or 7d")
    seconds = sum(int(n) * _UNITS[u] for n, u in parts)
    if seconds > _LONGEST:
        raise ValueError(f"{text!r} is longer than a hundred years: write a shorter duration")
    return timedelta(seconds=seconds)


def format_duration(duration: timedelta) -> str:
    """The shortest spelling with at most two units: 5400 s → ``"1h30m"``."""
    seconds = round(duration.total_seconds())
    parts: list[str] = []
    for unit in ("d", "h", "m", "s"):
        count, seconds = divmod(seconds, _UNITS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts[:2]) or "0s"
