"""The table of cases (``cases/*.toml``): what AWS documents of one principal's power, one decision each."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from vigie.access.power.deciding import can
from vigie.access.power.effective import Identity, IdentityKind, Layer, LayerKind, layered
from vigie.access.power.recheck import permits
from vigie.access.power.statements import Policy, policy
from vigie.access.power.targets import Target
from vigie.access.request import Request

OWN = "111111111111"
FILES = sorted((Path(__file__).parent / "cases").glob("*.toml"))


def cases() -> Iterator[Any]:
    for file in FILES:
        for case in tomllib.loads(file.read_text(encoding="utf-8"))["case"]:
            yield pytest.param(case, id=f"{file.stem}: {case['name']}")


def of(name: str, statements: str) -> Policy:
    return policy(name, {"Version": "2012-10-17", "Statement": json.loads(statements)})


def identity(who: str, tags: dict[str, str]) -> Identity:
    start = f"arn:aws:iam::{OWN}:"
    if who == "user":
        return Identity(f"{start}user/ann", OWN, IdentityKind.USER, "ann", "AIDAANN", tags)
    linked = who == "linked"
    return Identity(f"{start}role/job", OWN, IdentityKind.ROLE, "job", "AROAJOB", tags, service_linked=linked)


@pytest.mark.parametrize("case", list(cases()))
def test_the_case_holds(case: dict[str, Any]) -> None:
    boundary = of("boundary", case["boundary"]) if "boundary" in case else None
    levels = [
        Layer(LayerKind.SCP, f"level {n}", (of(f"scp {n}", level),)) for n, level in enumerate(case.get("levels", ()))
    ]
    who = identity(case.get("who", "user"), case.get("tags", {}))
    holder = layered(who, [of("own", case["own"])], boundary, levels)
    target = None
    if "target" in case:
        row = case["target"]
        target = Target(row["arn"], row["account"], row["type"], of("policy of the resource", row["statements"]))

    said = can(holder, case["action"], (case["resource"],), case.get("context"), target=target)

    assert said.extent.value == case["expected"]
    assert said.exact
    assert said.freely == case.get("freely", said.freely)
    assert case["rests_on"]
    if said.allowed:
        witness = said.witness
        assert witness is not None
        context = {k: tuple(v) if isinstance(v, list) else v for k, v in witness["context"].items()}
        request = Request(witness["action"], witness["resource"], witness["principal"], witness["account"], context)
        assert permits(holder, request, target)


def test_there_are_many_cases_and_no_two_of_one_name() -> None:
    named = [p.id for p in cases()]
    assert len(named) == len(set(named)) >= 90
