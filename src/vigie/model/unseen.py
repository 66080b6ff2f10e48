"""Characters that are not seen, or that change what is seen: text from AWS may hold any of them.

One list for the terminal, for mail and for pages, so that no name looks like another in one of them. Each of them
writes such a character in its own way.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Final

_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Controls, formats (directions, zero width), surrogates, private and unassigned ones, line and paragraph separators
(Unicode Standard, chapter 4.5, "General Category").
"""
_FILLERS: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u2800\u3164\uffa0")
"""Letters and marks by their category, blank by their look."""


@lru_cache(maxsize=4096)
def is_unseen(character: str) -> bool:
    """Whether it cannot be seen. White space of a line (a space of any width) can: between other characters."""
    return unicodedata.category(character) in _CATEGORIES or character in _FILLERS


def shown(text: str, write: Callable[[str], str], *, keep: str = "") -> str:
    """The text with every character that cannot be seen as ``write`` writes it, but for those of ``keep``."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(write(c) if is_unseen(c) and c not in keep else c for c in text)


def escaped(character: str) -> str:
    """As in JSON and Python: ``\\u202e``, ``\\U000e0041``."""
    code = ord(character)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
