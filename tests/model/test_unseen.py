"""Whatever is not seen is written out, and what is seen is left as it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie.cli.output import printable
from vigie.model.unseen import escaped, is_unseen, shown
from vigie.notify.phrases import clean
from vigie.web.ui.text import one_line


@pytest.mark.parametrize(
    "character",
    [
        "\x00",
        "\x1b",
        "\x7f",
        "\x85",
        "\u200b",
        "\u202e",
        "\u2066",
        "\ufeff",
        "\u2028",
        "\u3164",
        "\u115f",
        "\U000e0041",
        "\ud800",
    ],
)
def test_what_hides_or_reorders_is_unseen(character: str) -> None:
    assert is_unseen(character)
    assert shown(f"a{character}b", escaped) == f"a{escaped(character)}b"
    for told in (printable, clean, one_line):
        assert character not in told(f"a{character}b")


@pytest.mark.parametrize("text", ["jobs", "café", "Фильтр", "東京 支店", "🚀", "a b", "‘x’"])
def test_what_is_seen_stays(text: str) -> None:
    for told in (printable, clean, one_line):
        assert told(text) == text


@given(st.text(st.characters()))
def test_terminal_mail_and_page_hide_the_same_characters(text: str) -> None:
    for told in (printable, clean, one_line):
        assert not any(is_unseen(character) for character in told(text))
