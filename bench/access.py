"""Judging resource policies: policies a second, on one core, cold (no verdict is kept from one to the next).

The policies of tests/access/cases, hard on purpose, and variants of them with other accounts and names.
"""

from __future__ import annotations

import json
import statistics
import time
import tomllib
from pathlib import Path
from typing import Any

from bench.tables import Table
from vigie.access import judge
from vigie.access.comparing import State, compare
from vigie.access.offered import recorded
from vigie.access.remembering import Remembered

CASES = Path(__file__).parent.parent / "tests" / "access" / "cases"
CHANGES = CASES.parent / "changes"
VARIANTS = 8


def access(resources: int) -> list[Table]:
    """``resources`` does not matter here."""
    del resources
    cases = [case for file in sorted(CASES.glob("*.toml")) for case in tomllib.loads(file.read_text())["case"]]
    policies = [variant(case, n) for n in range(VARIANTS) for case in cases if "statements" in case]
    took = []
    for type_, account, policy in policies:
        began = time.process_time()
        judge(type_, recorded(type_, policy, None), account=account)
        took.append(time.process_time() - began)
    store = Remembered()
    for type_, account, policy in policies:
        store.judge(type_, recorded(type_, policy, None), account=account)
    began = time.process_time()
    for type_, account, policy in policies:
        store.judge(type_, recorded(type_, policy, None), account=account)
    again = time.process_time() - began
    figures = (
        f"{len(policies):,}",
        f"{len(policies) / sum(took):,.0f}",
        f"{statistics.median(took) * 1000:.2f}",
        f"{statistics.mean(took) * 1000:.2f}",
        f"{max(took) * 1000:.0f}",
        f"{len(policies) / again:,.0f}",
    )
    return [Table("Access: resource policies, CPU of one core", COLUMNS, [figures])]


def comparing(resources: int) -> list[Table]:
    """The pairs of tests/access/changes, there and back, and variants of them. ``resources`` does not matter here."""
    del resources
    found = [change for file in sorted(CHANGES.glob("*.toml")) for change in tomllib.loads(file.read_text())["change"]]
    took = []
    for number in range(VARIANTS):
        for change in found:
            type_ = change.get("type", "AWS::S3::Bucket")
            before, after = (_state(change[side], number) for side in ("before", "after"))
            for pair in ((before, after), (after, before)):
                began = time.process_time()
                compare(type_, *pair, account="111111111111", arn="arn:aws:s3:::b" if "S3" in type_ else None)
                took.append(time.process_time() - began)
    figures = (
        f"{len(took):,}",
        f"{len(took) / sum(took):,.0f}",
        f"{statistics.median(took) * 1000:.2f}",
        f"{statistics.mean(took) * 1000:.2f}",
        f"{max(took) * 1000:.0f}",
    )
    return [Table("Access: changes of a policy compared, CPU of one core", ("pairs", *COLUMNS[1:5]), [figures])]


def _state(text: str, number: int) -> State:
    for name in ("999999999999", "888888888888"):
        text = text.replace(name, f"{int(name) - number * 7919}")
    given = json.loads(text)
    return State(given if isinstance(given, dict) else {"Policy": {"Version": "2012-10-17", "Statement": given}})


COLUMNS = ("policies", "a second", "median ms", "mean ms", "slowest ms", "again, a second")


def variant(case: dict[str, Any], number: int) -> tuple[str, str, dict[str, Any]]:
    text: str = case["statements"]
    for name in ("111111111111", "222222222222", "999999999999"):
        text = text.replace(name, f"{int(name) - number * 7919}")
    text = text.replace("o-abc123", f"o-abc12{number}").replace("arn:aws:s3:::b/", f"arn:aws:s3:::b{number}/")
    policy = {"Version": case.get("version", "2012-10-17"), "Statement": json.loads(text)}
    return case.get("type", "AWS::S3::Bucket"), f"{111111111111 - number * 7919}", policy
