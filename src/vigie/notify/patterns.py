"""Patterns of routes: ``*`` is any text (``/`` and ``:`` included), ``?`` one character, all else is itself.

``[`` is itself too: paths of differences have it in them.
"""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    # runs of stars are one star: "**…**" must not take exponential time
    parts = re.split(r"(\*+|\?)", pattern)
    text = "".join(".*" if p.startswith("*") else "." if p == "?" else re.escape(p) for p in parts)
    return re.compile(text, re.DOTALL)


def matches(pattern: str, text: str) -> bool:
    """Whether the whole text is of the pattern; upper and lower case are different."""
    return _compiled(pattern).fullmatch(text) is not None
