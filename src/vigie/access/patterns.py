"""Patterns of policies: ``*`` any run of characters, ``?`` one (IAM JSON policy reference).

A pattern is a text in which four signs of a private area stand for the wildcards, so that a literal ``*`` stays one.
The wildcards of the first five parts of an ARN hold no colon. Matching steps through the text with one integer of bits
as the set of places in the pattern: no pattern, however odd, takes more steps than the text has characters.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

STAR, ONE, STAR_IN_PART, ONE_IN_PART = "\ue000", "\ue001", "\ue002", "\ue003"
WITH_A_STAR: Final = f"{STAR}*{STAR}"
"""Texts with a star in them: no name in AWS has one."""
_SIGNS: Final = frozenset((STAR, ONE, STAR_IN_PART, ONE_IN_PART))
_NO_SIGNS: Final = str.maketrans(dict.fromkeys(_SIGNS, "\ufffd"))
_GLOB: Final = str.maketrans({"*": STAR, "?": ONE})
_GLOB_IN_PART: Final = str.maketrans({"*": STAR_IN_PART, "?": ONE_IN_PART})
_SHOWN: Final = str.maketrans({STAR: "*", ONE: "?", STAR_IN_PART: "*", ONE_IN_PART: "?"})
_PARTS: Final = 6


def literal(text: str) -> str:
    """The pattern that holds this text only."""
    return text.translate(_NO_SIGNS)


def glob(text: str) -> str:
    """The pattern of a policy's text with ``*`` and ``?``."""
    return text.translate(_NO_SIGNS).translate(_GLOB)


def arn_glob(pattern: str) -> str:
    """A pattern made part by part: a wildcard of the first five parts of an ARN does not reach into the next.

    ``pattern`` has the signs of :func:`glob`. One with fewer than six parts is taken to be open at its end.
    """
    parts = pattern.split(":", _PARTS - 1)
    head = [part.replace(STAR, STAR_IN_PART).replace(ONE, ONE_IN_PART) for part in parts[:-1]]
    return ":".join([*head, parts[-1]])


def shown(pattern: str) -> str:
    """The pattern as people write it."""
    return pattern.translate(_SHOWN)


def is_literal(pattern: str) -> bool:
    return _SIGNS.isdisjoint(pattern)


@lru_cache(maxsize=8192)
def literal_start(pattern: str) -> str:
    """What every text of the pattern begins with."""
    return next((pattern[:place] for place, sign in enumerate(pattern) if sign in _SIGNS), pattern)


@lru_cache(maxsize=8192)
def _head(pattern: str) -> tuple[str, tuple[str, ...]]:
    """What every text of the pattern begins with, and the parts between colons before any wildcard that holds one."""
    end = min((place for sign in (STAR, ONE) if (place := pattern.find(sign)) >= 0), default=len(pattern))
    parts = pattern[:end].split(":")
    return literal_start(pattern), tuple(parts if end == len(pattern) else parts[:-1])


def apart(one: str, two: str) -> bool:
    """Whether it is plain that no text is of both: they begin differently, or a part of their ARNs is another."""
    (start, parts), (other_start, other_parts) = _head(one), _head(two)
    if not (start.startswith(other_start) or other_start.startswith(start)):
        return True
    return any(a != b and is_literal(a) and is_literal(b) for a, b in zip(parts, other_parts, strict=False))


def filled(pattern: str, run: str, one: str) -> str:
    """A text of the pattern: every run and every single wildcard replaced."""
    return (
        pattern.replace(STAR, run).replace(STAR_IN_PART, run).replace(ONE, one).replace(ONE_IN_PART, one)
        if not is_literal(pattern)
        else pattern
    )


@dataclass(frozen=True, slots=True)
class Machine:
    """A pattern as sets of places (bits of integers). Place n: the first n signs that are no runs have been met."""

    signs: dict[str, int]
    """Character → places that it leads on from."""
    any_sign: int
    part_sign: int
    """Places that any character leads on from; any but a colon."""
    stay: int
    stay_in_part: int
    """Places with a run: any character keeps them; any but a colon."""
    end: int
    fold: bool

    def step(self, places: int, character: str) -> int:
        if self.fold:
            character = character.lower()
        onward = self.signs.get(character, 0) | self.any_sign
        kept = self.stay
        if character != ":":
            onward |= self.part_sign
            kept |= self.stay_in_part
        return ((places & onward) << 1) | (places & kept)

    def accepts(self, text: str) -> bool:
        places = 1
        for character in text:
            places = self.step(places, character)
            if not places:
                return False
        return bool(places & self.end)

    def covers(self, narrow: str) -> bool:
        """Whether every text of the pattern ``narrow`` is one of this. Never says so wrongly; may fail to see it."""
        places = 1
        for sign in narrow:
            if sign == STAR:
                places &= self.stay
            elif sign == STAR_IN_PART:
                places &= self.stay | self.stay_in_part
            elif sign == ONE:
                places = ((places & self.any_sign) << 1) | (places & self.stay)
            elif sign == ONE_IN_PART:
                places = ((places & (self.any_sign | self.part_sign)) << 1) | (places & (self.stay | self.stay_in_part))
            else:
                places = self.step(places, sign)
            if not places:
                return False
        return bool(places & self.end)

    def left(self, places: int) -> int:
        """At least how many characters are missing until the end."""
        return self.end.bit_length() - places.bit_length()


@lru_cache(maxsize=8192)
def machine(pattern: str, fold: bool = False) -> Machine:
    signs: dict[str, int] = {}
    any_sign = part_sign = stay = stay_in_part = 0
    place = 1
    for sign in pattern.lower() if fold else pattern:
        match sign:
            case "\ue000":
                stay |= place
                continue
            case "\ue002":
                stay_in_part |= place
                continue
            case "\ue001":
                any_sign |= place
            case "\ue003":
                part_sign |= place
            case _:
                signs[sign] = signs.get(sign, 0) | place
        place <<= 1
    return Machine(signs, any_sign, part_sign, stay, stay_in_part, place, fold)


def matches(pattern: str, text: str, fold: bool = False) -> bool:
    """Whether the pattern holds the text; ``fold``: upper and lower case are the same."""
    if is_literal(pattern):
        return pattern.lower() == text.lower() if fold else pattern == text
    if pattern == STAR:
        return True
    if not fold and not text.startswith(literal_start(pattern)):
        return False
    return machine(pattern, fold).accepts(text)


def covers(wide: str, narrow: str, fold: bool = False) -> bool:
    """Whether every text of ``narrow`` is one of ``wide``. Never says so wrongly; may fail to see it."""
    if wide in (STAR, narrow):
        return True
    if not fold and not literal_start(narrow).startswith(literal_start(wide)):
        return False
    return machine(wide, fold).covers(narrow)
