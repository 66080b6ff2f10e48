"""Patterns of policies: ``*`` any run of characters, ``?`` one (IAM JSON policy reference).

Hand-made instead of regular expressions: no pattern, however odd, takes more steps than its length times that of the
text.
"""

from __future__ import annotations


def matches(pattern: str, text: str) -> bool:
    """Whether the pattern holds the text. A ``?`` does not stand for a ``*`` of the text: see :func:`covers`."""
    at = star = resume = 0
    seen_star = False
    place = 0
    while place < len(text):
        sign = pattern[at : at + 1]
        if sign == "*":
            seen_star, star, resume = True, at, place
            at += 1
        elif sign and (sign == text[place] or (sign == "?" and text[place] != "*")):
            at, place = at + 1, place + 1
        elif seen_star:
            resume += 1
            at, place = star + 1, resume
        else:
            return False
    return not pattern[at:].strip("*")


def covers(wide: str, narrow: str) -> bool:
    """Whether every text of the pattern ``narrow`` is one of ``wide``. Never says so wrongly; may fail to see it."""
    return matches(wide, narrow)


def overlap(one: str, other: str) -> bool:
    """Whether some text is in both patterns."""
    if "*" in (one, other) or one == other:
        return True
    if not _is_pattern(one) and not _is_pattern(other):
        return False
    reachable = {0} | _after_stars(other, 0)
    for sign in one:
        reachable = _advance(sign, other, reachable)
        if not reachable:
            return False
    return len(other) in reachable


def _advance(sign: str, other: str, places: set[int]) -> set[int]:
    """Places in ``other`` that can be reached by one more sign of the first pattern."""
    if sign == "*":
        return set(range(min(places), len(other) + 1))
    found: set[int] = set()
    for place in places:
        facing = other[place : place + 1]
        if facing == "*":
            found.add(place)  # it takes the sign, and may take more
            found |= _after_stars(other, place)
        elif facing and (facing == sign or "?" in (facing, sign)):
            found.add(place + 1)
            found |= _after_stars(other, place + 1)
    return found


def _after_stars(pattern: str, place: int) -> set[int]:
    """Places that are reached from here by letting stars be empty."""
    found = set()
    while pattern[place : place + 1] == "*":
        place += 1
        found.add(place)
    return found


def _is_pattern(text: str) -> bool:
    return "*" in text or "?" in text
