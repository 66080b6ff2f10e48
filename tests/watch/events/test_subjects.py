"""Records lead to the resources that they change."""

from __future__ import annotations

from typing import Any

import pytest

from records import cases, record
from vigie.catalogue.loader import load
from vigie.model.event import Event, EventOutcome, KnownBy, Subject
from vigie.watch.events import Interpreter, read

CATALOGUE = load()
INTERPRETER = Interpreter(CATALOGUE)
CASES = list(cases())


def event(source: str, name: str, request: Any = None, answer: Any = None, **more: Any) -> Event:
    return only(record(source, name, request, answer, **more))


def only(given: Any) -> Event:
    [found] = read(given, INTERPRETER)
    assert isinstance(found, Event), found
    return found


def said(subject: Subject) -> str:
    known = "" if subject.known_by is KnownBy.ID else f" {subject.known_by.value}"
    return f"{subject.type} {subject.region} {subject.id}{known}"


@pytest.mark.parametrize(("given", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_record_names_what_it_changes(given: dict[str, Any], expected: list[str]) -> None:
    found = only(given)
    assert [said(subject) for subject in found.subjects] == expected
    assert found.outcome is EventOutcome.SUBJECTS
    assert all(subject.account == "123456789012" for subject in found.subjects)


def test_there_are_many_cases() -> None:
    assert len(CASES) >= 200
