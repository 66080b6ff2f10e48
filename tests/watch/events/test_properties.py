"""Whatever comes, nothing is raised; and an envelope changes nothing of what is in it."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from records import cases, record
from vigie.model.event import Event, Malformed, RecordsFile
from vigie.watch.events import Interpreter, read
from watch.events.test_envelopes import ENVELOPES

READABLE = Event | Malformed | RecordsFile
RECORDS = [case[1] for case in cases()]
NAMES = [
    "Records", "detail", "Message", "Body", "Messages", "Events", "CloudTrailEvent", "awslogs", "data", "logEvents",
    "eventName", "eventSource", "eventTime", "userIdentity", "requestParameters", "responseElements", "resources", "s3",
    "items", "instancesSet", "arn", "type", "sessionContext", "bucketName", "roleName", "x",
]  # fmt: skip
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(NAMES)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=4), inner, max_size=5)
    ),
    max_leaves=20,
)
INTERPRETER = Interpreter()


@settings(max_examples=300, deadline=None)
@given(value=ANYTHING)
def test_any_json_is_answered(value: Any) -> None:
    for given_ in (value, json.dumps(value), json.dumps({"Records": [value]})):
        assert all(isinstance(found, READABLE) for found in read(given_, INTERPRETER))


@settings(max_examples=200, deadline=None)
@given(content=st.binary(max_size=200) | st.text(max_size=200))
def test_any_bytes_and_any_text_are_answered(content: bytes | str) -> None:
    assert all(isinstance(found, READABLE) for found in read(content, INTERPRETER))


@settings(max_examples=300, deadline=None)
@given(
    base=st.sampled_from(RECORDS),
    field=st.sampled_from(sorted(record("s3", "x"))),
    value=ANYTHING,
)
def test_a_record_with_anything_in_any_field_is_answered_once(base: dict[str, Any], field: str, value: Any) -> None:
    [found] = read({**base, field: value}, INTERPRETER)
    assert isinstance(found, READABLE)


@settings(max_examples=60, deadline=None)
@given(records=st.lists(st.sampled_from(RECORDS), min_size=1, max_size=4), name=st.sampled_from(sorted(ENVELOPES)))
def test_an_envelope_changes_nothing(records: list[dict[str, Any]], name: str) -> None:
    records = [{**each, "eventID": str(number)} for number, each in enumerate(records)]
    assert list(read(ENVELOPES[name](records), INTERPRETER)) == list(read(records, INTERPRETER))


@settings(max_examples=40, deadline=None)
@given(records=st.lists(st.sampled_from(RECORDS), min_size=1, max_size=4), cut=st.integers(0, 400))
def test_a_broken_line_loses_no_other(records: list[dict[str, Any]], cut: int) -> None:
    lines = [json.dumps(each) for each in records]
    broken = lines[0][: max(1, cut % len(lines[0]))]
    found = list(read("\n".join([*lines, broken, *lines]), INTERPRETER))
    assert sum(isinstance(each, Event) for each in found) == 2 * len(records)
    assert len(found) == 2 * len(records) + 1
