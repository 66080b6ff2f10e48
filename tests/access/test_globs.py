"""Patterns, against a slow oracle that tries every text."""

from __future__ import annotations

import re
import time
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from vigie.access.globs import covers, matches, overlap

PATTERNS = st.text("ab*?", max_size=5)
TEXTS = ["".join(signs) for length in range(6) for signs in product("ab", repeat=length)]


def texts_of(pattern: str) -> set[str]:
    parts = {"*": ".*", "?": "."}
    compiled = re.compile("".join(parts.get(sign, sign) for sign in pattern))
    return {text for text in TEXTS if compiled.fullmatch(text)}


@settings(max_examples=300)
@given(PATTERNS)
def test_a_pattern_holds_its_texts(pattern: str) -> None:
    assert {text for text in TEXTS if matches(pattern, text)} == texts_of(pattern)


@settings(max_examples=300)
@given(PATTERNS, PATTERNS)
def test_overlap_is_a_text_in_both(one: str, other: str) -> None:
    short = len(one.replace("*", "")) + len(other.replace("*", "")) <= 5
    if short:
        assert overlap(one, other) == bool(texts_of(one) & texts_of(other))
    assert overlap(one, other) == overlap(other, one)


@settings(max_examples=300)
@given(PATTERNS, PATTERNS)
def test_what_covers_holds_every_text(wide: str, narrow: str) -> None:
    if covers(wide, narrow):
        assert texts_of(narrow) <= texts_of(wide)


def test_no_pattern_takes_long() -> None:
    began = time.process_time()
    assert not matches("*a" * 100 + "b", "a" * 2000)
    assert overlap("*a" * 200, "*b?" * 200 + "a")
    assert time.process_time() - began < 2
