"""The path language of treatments."""

from __future__ import annotations

from typing import Any

import pytest

from vigie.model.paths import find, matches, remove, split, transform

FUNCTION: dict[str, Any] = {
    "Environment": {"Variables": {"A": "1", "B": "2"}},
    "Rules": [{"Ranges": ["x", "y"], "Count": 1}, {"Ranges": []}],
    "Attributes": {"ApproximateNumberOfMessages": 1, "ApproximateNumberOfMessagesDelayed": 2, "Policy": "p"},
}


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("A", ("A",)),
        ("A.B*.C?", ("A", "B*", "C?")),
        ("A[].B", ("A", None, "B")),
        ("A[]", ("A", None)),
        ("A[][]", ("A", None, None)),
        ("[].A", (None, "A")),
        ("aws:tag/x-y.Z", ("aws:tag/x-y", "Z")),
    ],
)
def test_a_path_is_keys_and_elements(path: str, steps: tuple[str | None, ...]) -> None:
    assert split(path) == steps


@pytest.mark.parametrize("path", ["", ".", ".A", "A.", "A..B", "A[", "A]", "A[0]", "A[]B"])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        split(path)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("Environment.Variables.*", ("1", "2")),
        ("Rules[].Ranges", (["x", "y"], [])),
        ("Rules[].Ranges[]", ("x", "y")),
        ("Rules[].Count", (1,)),
        ("Attributes.ApproximateNumberOfMessages*", (1, 2)),
        ("Attributes.Approximate?umberOfMessages", (1,)),
        ("Rules.Ranges", ()),
        ("Environment[].Variables", ()),
        ("attributes", ()),
    ],
)
def test_parts_are_found(path: str, found: tuple[Any, ...]) -> None:
    assert find(FUNCTION, [path]) == found
    assert matches(FUNCTION, [path]) == bool(found)


def test_parts_are_removed_from_a_copy_that_shares_the_rest() -> None:
    made = remove(FUNCTION, ["Environment.Variables.A", "Rules[].Count", "Attributes.*"])
    assert made["Environment"] == {"Variables": {"B": "2"}}
    assert made["Rules"] == [{"Ranges": ["x", "y"]}, {"Ranges": []}]
    assert made["Rules"][1] is FUNCTION["Rules"][1]
    assert made["Attributes"] == {}
    assert "A" in FUNCTION["Environment"]["Variables"]


def test_elements_are_removed() -> None:
    assert remove({"L": [1, 2]}, ["L[]"]) == {"L": []}


def test_parts_are_changed() -> None:
    made = transform(FUNCTION, ["Rules[].Ranges[]"], str.upper)
    assert made["Rules"][0]["Ranges"] == ["X", "Y"]
    assert made["Attributes"] is FUNCTION["Attributes"]


def test_what_no_path_touches_is_the_very_same() -> None:
    assert remove(FUNCTION, ["Nothing", "Rules[].Nothing"]) is FUNCTION
