"""The table of cases (``cases/*.toml``): what AWS documents, one policy each, and who outside may by it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from vigie.access import Facts, Grant, judge
from vigie.access.explaining import explanation
from vigie.access.offered import known_type, recorded

OWN = "111111111111"
SUMMED_UP = frozenset(
    {"public", "cross_account", "orgs", "services", "confused_deputy", "federated", "canonical_users"}
)
FILES = sorted((Path(__file__).parent / "cases").glob("*.toml"))


def cases() -> Iterator[Any]:
    for file in FILES:
        for case in tomllib.loads(file.read_text(encoding="utf-8"))["case"]:
            yield pytest.param(case, id=f"{file.stem}: {case['name']}")


def said(grant: Grant, wanted: list[str]) -> str:
    """``class who``, with the actions where the case asks for them."""
    plain = f"{grant.kind.value} {grant.who}"
    with_actions = f"{plain}: {', '.join(grant.actions)}"
    return with_actions if with_actions in wanted else plain


@pytest.mark.parametrize("case", list(cases()))
def test_the_case_holds(case: dict[str, Any]) -> None:
    type_ = known_type(case.get("type", "AWS::S3::Bucket"))
    policy = None
    if "statements" in case:
        policy = {"Version": case.get("version", "2012-10-17"), "Statement": json.loads(case["statements"])}
    configuration = recorded(type_, policy, json.loads(case.get("configuration", "{}")))
    settings = {"PublicAccessBlock": configuration.pop("AccountPublicAccessBlock", {})}
    facts = Facts(
        own_accounts=frozenset({OWN}), owners={"our-bucket": OWN}, account_settings=settings, now=case.get("now")
    )
    access = judge(type_, configuration, account=OWN, facts=facts)

    if "problem" in case:
        assert case["problem"] in "; ".join(access.problems)
    else:
        assert access.problems == ()
    assert sorted(said(g, case["expected"]) for g in access.grants) == sorted(case["expected"])
    exact = case.get("exact", True)
    if exact != "either":
        assert {g.exact for g in access.grants} <= {exact}
    answer = explanation(access, OWN)
    assert {field: answer[field] for field in SUMMED_UP & case.keys()} == {f: case[f] for f in SUMMED_UP & case.keys()}
    assert case["rests_on"]


def test_there_are_many_cases_and_no_two_of_one_name() -> None:
    named = [p.id for p in cases()]
    assert len(named) == len(set(named)) >= 400
