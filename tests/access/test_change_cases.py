"""The table of changes (``changes/*.toml``): two states each, what the change gave and took, and the way back."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from vigie.access import Facts
from vigie.access.comparing import State, compare
from vigie.model.verdict import ChangeVerdict, Direction

OWN = "111111111111"
FILES = sorted((Path(__file__).parent / "changes").glob("*.toml"))
ARNS = {"AWS::S3::Bucket": "arn:aws:s3:::b"}
FACTS = Facts(own_accounts=frozenset({OWN}), now=datetime(2026, 11, 25, tzinfo=UTC))


def changes() -> Iterator[Any]:
    for file in FILES:
        for change in tomllib.loads(file.read_text(encoding="utf-8"))["change"]:
            yield pytest.param(change, id=f"{file.stem}: {change['name']}")


def state(text: str) -> State:
    """A configuration, or a list of statements of a bucket's policy."""
    given = json.loads(text)
    return State(given if isinstance(given, dict) else {"Policy": {"Version": "2012-10-17", "Statement": given}})


def said(change: dict[str, Any], before: str, after: str) -> ChangeVerdict:
    type_ = change.get("type", "AWS::S3::Bucket")
    found = compare(type_, state(change[before]), state(change[after]), account=OWN, facts=FACTS, arn=ARNS.get(type_))
    assert found is not None
    return found


def direction(gained: list[str], lost: list[str]) -> Direction:
    if gained:
        return Direction.WIDENED
    return Direction.NARROWED if lost else Direction.NEUTRAL


@pytest.mark.parametrize("change", list(changes()))
def test_the_change_does_what_it_does_and_the_way_back_the_contrary(change: dict[str, Any]) -> None:
    for before, after, gained, lost in (("before", "after", "gained", "lost"), ("after", "before", "lost", "gained")):
        found = said(change, before, after)
        assert found.problems == ()
        assert sorted({s.who for s in found.gained}) == sorted(change[gained]), found
        assert sorted({s.who for s in found.lost}) == sorted(change[lost]), found
        assert found.direction is direction(change[gained], change[lost])
        assert all(shift.exact for shift in (*found.gained, *found.lost) if shift.witness)
    assert change["rests_on"]


def test_there_are_many_changes_and_no_two_of_one_name() -> None:
    named = [p.id for p in changes()]
    assert len(named) == len(set(named)) >= 100
