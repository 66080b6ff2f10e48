"""Patterns and sets of texts, against a slow oracle that tries every text."""

from __future__ import annotations

import re
import time
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from vigie.access.patterns import STAR, arn_glob, covers, glob, literal, matches
from vigie.access.texts import Texts, Undecided, common_text

PATTERNS = st.text("ab*?", max_size=5)
TEXTS = ["".join(signs) for length in range(6) for signs in product("ab", repeat=length)]


def texts_of(pattern: str) -> set[str]:
    parts = {"*": ".*", "?": "."}
    compiled = re.compile("".join(parts.get(sign, sign) for sign in pattern))
    return {text for text in TEXTS if compiled.fullmatch(text)}


@settings(max_examples=300)
@given(PATTERNS)
def test_a_pattern_holds_its_texts(pattern: str) -> None:
    assert {text for text in TEXTS if matches(glob(pattern), text)} == texts_of(pattern)


SETS = st.builds(
    lambda patterns, positive: Texts(tuple(map(glob, patterns)), positive=positive),
    st.lists(PATTERNS, min_size=1, max_size=3),
    st.booleans(),
)


@settings(max_examples=400)
@given(st.lists(SETS, min_size=1, max_size=4))
def test_a_common_text_is_in_all_sets_and_is_found_if_there_is_a_short_one(sets: list[Texts]) -> None:
    found = common_text(sets)
    if isinstance(found, str):
        assert all(s.holds(found) for s in sets)
    else:
        assert found is Undecided.EMPTY
        assert not any(all(s.holds(text) for s in sets) for text in TEXTS)


def test_case_matters_only_where_it_does() -> None:
    assert common_text([Texts((literal("S3:Get"),), fold=True), Texts((literal("s3:get"),))]) == "s3:get"
    assert common_text([Texts((literal("a"),), fold=True), Texts((literal("a"), literal("A")), positive=False)]) is (
        Undecided.EMPTY
    )


def test_a_star_in_a_part_of_an_arn_stays_in_it() -> None:
    pattern = arn_glob(glob("arn:aws:sns:*:111111111111:*"))
    assert matches(pattern, "arn:aws:sns:eu-west-1:111111111111:topic")
    assert not matches(pattern, "arn:aws:sns:eu-west-1:222222222222:x:111111111111:topic")
    assert matches(arn_glob(glob("arn:aws:s3:::b/*")), "arn:aws:s3:::b/a:c")


def test_what_is_too_much_is_capped_and_says_so() -> None:
    many = [Texts((glob(f"*{a}*{b}*"),), positive=True) for a in "abcdefgh" for b in "ijklmnop"]
    many.append(Texts((STAR,), positive=False))
    assert common_text(many) is Undecided.EMPTY
    hard = [Texts((glob(f"*{a}?{b}*"),)) for a in "abcdefgh" for b in "ijklmnop"]
    began = time.process_time()
    assert common_text([*hard, Texts((glob("??????????*"),), positive=False)]) in (Undecided.CAPPED, Undecided.EMPTY)
    assert time.process_time() - began < 5


@settings(max_examples=300)
@given(PATTERNS, PATTERNS)
def test_what_covers_holds_every_text(wide: str, narrow: str) -> None:
    if covers(glob(wide), glob(narrow)):
        assert texts_of(narrow) <= texts_of(wide)


def test_no_pattern_takes_long() -> None:
    began = time.process_time()
    assert not matches(glob("*a" * 100 + "b"), "a" * 2000)
    assert time.process_time() - began < 2
