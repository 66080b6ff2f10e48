"""Patterns of policies: ``*`` any run of characters, ``?`` one (IAM JSON policy reference). Pure string work, no
``fnmatch``.
"""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    # a "?" of the covering pattern does not stand for a "*" of the covered one
    parts = {"*": "[\\s\\S]*", "?": "[^*]"}
    return re.compile("".join(parts.get(c, re.escape(c)) for c in pattern))


def matches(pattern: str, text: str) -> bool:
    """Whether the pattern holds the text."""
    return pattern == "*" or _compiled(pattern).fullmatch(text) is not None


def covers(wide: str, narrow: str) -> bool:
    """Whether every text of the pattern ``narrow`` is one of ``wide``. Never says so wrongly; may fail to see it."""
    return matches(wide, narrow)


def overlap(one: str, other: str) -> bool:
    """Whether some text is in both patterns."""
    reached = {(0, 0)}
    done: set[tuple[int, int]] = set()
    while reached:
        place = reached.pop()
        done.add(place)
        i, j = place
        if i == len(one) and j == len(other):
            return True
        reached |= set(_steps(one, other, i, j)) - done
    return False


def _steps(one: str, other: str, i: int, j: int) -> list[tuple[int, int]]:
    a, b = one[i : i + 1], other[j : j + 1]
    steps = []
    if a == "*":
        steps.append((i + 1, j))
    if b == "*":
        steps.append((i, j + 1))
    if a and b:
        if a == "*":
            steps.append((i, j + 1))
        elif b == "*":
            steps.append((i + 1, j))
        elif a == b or "?" in (a, b):
            steps.append((i + 1, j + 1))
    return steps
