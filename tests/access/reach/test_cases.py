"""The table of cases (``cases/*.toml``): what AWS documents, one network each, and what of the internet gets in."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from networks import recording
from vigie.access.reach import Network, Passage, Reach, question, reach
from vigie.access.reach.boxes import boxes_text

FILES = sorted((Path(__file__).parent / "cases").glob("*.toml"))


def cases() -> Iterator[Any]:
    for file in FILES:
        for case in tomllib.loads(file.read_text(encoding="utf-8"))["case"]:
            yield pytest.param(case, id=f"{file.stem}: {case['name']}")


def answered(case: dict[str, Any]) -> Reach:
    known = recording(
        json.loads(case.get("change", "{}")),
        json.loads(case.get("also", "[]")),
        case.get("without", ()),
        case.get("unseen", ()),
    )
    asked = question(case.get("protocol"), case.get("port"), case.get("from"))
    return reach(known.one(case.get("of", "i-1")), Network(known), asked)


@pytest.mark.parametrize("case", list(cases()))
def test_the_case_holds(case: dict[str, Any]) -> None:
    answer = answered(case)
    expected = {"yes": True, "no": False, "unknown": None}[case["reachable"]]
    assert answer.reachable is expected, answer
    if "boxes" in case:
        assert boxes_text(answer.boxes) == case["boxes"]
    if "through" in case:
        ways = [f"{p.landing[0]}/{p.landing[1]}: {boxes_text(p.certain)}" for p in answer.through if p.landing]
        assert sorted(set(ways)) == sorted(case["through"])
    if "stopped_by" in case:
        stops = {hop.kind for path in answer.paths for hop in path.hops if hop.passage is Passage.CLOSED}
        assert case["stopped_by"] in stops, answer
    if "because" in case:
        assert any(case["because"] in reason for reason in (*answer.unknowns, *answer.assumed)), answer
    if "addresses" in case:
        assert list(answer.addresses) == case["addresses"]
    assert case["rests_on"]


def test_every_answer_has_a_witness_where_something_gets_in_and_a_stop_where_nothing_does() -> None:
    for parameter in cases():
        answer = answered(parameter.values[0])
        assert (answer.witness is not None) is (answer.reachable is True), parameter.id
        if answer.reachable is False:
            assert all(path.stopped_by for path in answer.paths), parameter.id
        if answer.reachable is None:
            assert answer.unknowns, parameter.id


def test_there_are_many_cases_and_no_two_of_one_name() -> None:
    named = [p.id for p in cases()]
    assert len(named) == len(set(named)) >= 60
