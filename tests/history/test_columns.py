"""The column types behave alike on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from vigie.history.tables.base import Digest, Instant

DIALECT = sqlite.dialect()


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))])))
def test_a_time_comes_back_in_utc_to_the_microsecond(moment: datetime) -> None:
    stored = Instant().process_bind_param(moment, DIALECT)
    try:
        expected = moment.astimezone(UTC)
    except OverflowError:  # year 1 or 9999, east of the edge
        return
    back = Instant().process_result_value(stored, DIALECT)
    assert back == expected
    assert back is not None and back.tzinfo is UTC


def test_a_time_without_a_zone_is_never_stored() -> None:
    with pytest.raises(ValueError, match="zone"):
        Instant().process_bind_param(datetime(2026, 1, 2), DIALECT)  # noqa: DTZ001


@pytest.mark.parametrize("name", ["sha256", "durable1-sha256"])
def test_a_digest_keeps_its_name(name: str) -> None:
    digest = f"{name}:{'0a' * 32}"
    stored = Digest().process_bind_param(digest, DIALECT)
    assert stored is not None and len(stored) == 33
    assert Digest().process_result_value(stored, DIALECT) == digest


@pytest.mark.parametrize("digest", ["md5:" + "0" * 64, "sha256:00", "0" * 64, ""])
def test_a_digest_of_another_name_or_length_is_never_stored(digest: str) -> None:
    with pytest.raises(ValueError, match="digest"):
        Digest().process_bind_param(digest, DIALECT)
