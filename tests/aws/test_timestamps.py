from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.utils import parse_timestamp
from hypothesis import given
from hypothesis import strategies as st

from vigie.aws.timestamps import canonical_time, read_timestamp


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
        ("2026-01-02T03:04:05.000Z", "2026-01-02T03:04:05Z"),
        ("2026-01-02T03:04:05.120Z", "2026-01-02T03:04:05.12Z"),
        ("2026-01-02T05:04:05+02:00", "2026-01-02T03:04:05Z"),
        ("Fri, 02 Jan 2026 03:04:05 GMT", "2026-01-02T03:04:05Z"),
        (1767323045, "2026-01-02T03:04:05Z"),
        (1767323045.5, "2026-01-02T03:04:05.5Z"),
        ("1767323045", "2026-01-02T03:04:05Z"),
        ("2026-01-02T03:04:05", "2026-01-02T03:04:05Z"),
    ],
)
def test_every_spelling_of_a_time_becomes_the_one(value: Any, expected: str) -> None:
    assert read_timestamp(value) == expected


@given(st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1)), st.booleans())  # noqa: DTZ001 - made of text here
def test_the_quick_parser_agrees_with_botocores(moment: datetime, fraction: bool) -> None:
    text = (moment if fraction else moment.replace(microsecond=0)).isoformat() + "Z"

    assert read_timestamp(text) == canonical_time(parse_timestamp(text).astimezone(UTC))
