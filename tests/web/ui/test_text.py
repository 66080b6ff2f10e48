"""Text of strangers is harmless to look at."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie.web.ui import text

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("invoice\u202egpj.exe", "invoice⟨U+202E⟩gpj.exe"),
        ("\u2067rtl\u2069", "⟨U+2067⟩rtl⟨U+2069⟩"),
        ("red\x1b[31m", "red⟨U+001B⟩[31m"),
        ("nul\x00", "nul⟨U+0000⟩"),
        ("zero\u200bwidth", "zero⟨U+200B⟩width"),
        ("hangul\u3164filler", "hangul⟨U+3164⟩filler"),
        ("tag\U000e0041", "tag⟨U+E0041⟩"),
        ("lone\ud800", "lone⟨U+D800⟩"),
        ("line\u2028separator", "line⟨U+2028⟩separator"),
        ("Bücher 書籍 כתב", "Bücher 書籍 כתב"),
    ],
)
def test_what_cannot_be_seen_is_shown_by_its_code(raw: str, shown: str) -> None:
    assert text.visible(raw) == shown


def test_line_breaks_stay_in_values_and_are_shown_in_names() -> None:
    assert text.visible("a\n\tb") == "a\n\tb"
    assert text.one_line("a\n\tb") == "a⟨U+000A⟩⟨U+0009⟩b"


@given(st.text())
def test_nothing_unseen_remains_in_any_text(raw: str) -> None:
    shown = text.one_line(raw)
    assert all(unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") for character in shown)


@pytest.mark.parametrize(
    "value", ["arn:aws:iam::111122223333:role/app", "sg-0a1b2c3d4e5f60718", "vpc-12345678", "arn:aws-cn:s3:::x"]
)
def test_arns_and_ids_become_links(value: str) -> None:
    assert text.is_reference(value)


@pytest.mark.parametrize("value", ["arn", "sg-xyz", "hello", "i-", 3, None, "arn:aws:s3:::a b", "javascript:alert(1)"])
def test_other_values_do_not(value: object) -> None:
    assert not text.is_reference(value)


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=20), "now"),
        (timedelta(minutes=3), "3 min ago"),
        (timedelta(hours=30), "1 d ago"),
        (timedelta(days=-5), "in 5 d"),
        (timedelta(days=800), "2 y ago"),
    ],
)
def test_a_distance_in_time_is_told_in_one_unit(length: timedelta, words: str) -> None:
    assert text.ago(NOW - length, NOW) == words


def test_a_closed_part_of_a_configuration_is_told_in_a_few_words() -> None:
    assert text.preview({"Effect": "Allow", "Principal": {"AWS": "*"}}) == "Effect: Allow"
    assert text.preview([{"CidrIp": "0.0.0.0/0"}, {"CidrIp": "10.0.0.0/8"}]) == "CidrIp: 0.0.0.0/0, CidrIp: 10.0.0.0/8"
    assert text.preview({"Inner": {}}) == "Inner…"
    assert len(text.preview(["x" * 500])) == 80 and len(text.compact({"a": "x" * 5000})) == 240


def test_a_type_is_named_shortly() -> None:
    assert text.service_of("AWS::EC2::SecurityGroup") == "EC2 SecurityGroup"
    assert text.service_of("AWS::::Account") == "Account"
    assert text.service_of("odd") == "odd"
