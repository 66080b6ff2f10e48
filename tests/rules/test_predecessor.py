"""Parity: every check of the predecessor on types that vigie watches has a rule that covers it, or a reason why not."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from vigie.rules.discover import discover

TABLE: dict[str, Any] = tomllib.loads((Path(__file__).parent / "predecessor.toml").read_text(encoding="utf-8"))
RULES = {rule.id: rule for rule in discover(group=None)}
ROWS = [
    pytest.param(f"{auditor}.{check}", row, id=f"{auditor}.{check}")
    for auditor, checks in TABLE.items()
    for check, row in checks.items()
]


@pytest.mark.parametrize(("check", "row"), ROWS)
def test_the_check_is_covered_or_it_is_said_why_not(check: str, row: dict[str, Any]) -> None:
    assert set(row) <= {"rules", "why_not"}
    assert row.get("rules") or row.get("why_not")
    for id_ in row.get("rules", ()):
        assert id_ in RULES
        assert check in RULES[id_].predecessor, f"{id_} does not say that it covers {check}"


def test_what_rules_claim_to_cover_is_in_the_table() -> None:
    claimed = {(check, rule.id) for rule in RULES.values() for check in rule.predecessor}
    told = {
        (f"{auditor}.{check}", id_)
        for auditor, checks in TABLE.items()
        for check, row in checks.items()
        for id_ in row.get("rules", ())
    }
    assert claimed == told


def test_the_table_holds_every_check_of_the_predecessor_on_our_types() -> None:
    """The numbers are those of the predecessor's source (design page, section 2): a row that is lost is noticed."""
    counts = {auditor: len(checks) for auditor, checks in TABLE.items()}
    assert counts == {
        "resourcepolicy": 5, "s3": 13, "sqs": 5, "sns": 7, "kms": 6, "lambda": 5,
        "iampolicy": 8, "policy": 8, "iamgroup": 1, "iamrole": 6, "iamuser": 7, "iamssl": 9,
        "securitygroup": 9, "elb": 3, "alb": 4, "rdsdbinstance": 1, "rdsdbcluster": 1,
        "rdssnapshot": 4, "ec2image": 4, "ebssnapshot": 5, "vpc": 1, "acm": 3, "cloudtrail": 2,
    }  # fmt: skip
