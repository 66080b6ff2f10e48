"""`vigie access explain` and `vigie evaluate`: documents that are recorded nowhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from vigie.cli.main import run as exit_code_of
from vigie.cli.main import vigie

OWN, FOREIGN = "111111111111", "999999999999"
OPEN = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}]}
SHARED = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": FOREIGN}, "Action": "s3:*", "Resource": "*"}]}
BUCKET = ["--type", "AWS::S3::Bucket", "--account", OWN]


def run(*arguments: str, given: str = "") -> Result:
    return CliRunner().invoke(vigie, list(arguments), input=given, catch_exceptions=False)


def answer(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_a_policy_on_standard_input_is_explained_as_json() -> None:
    told = answer(run("access", "explain", "-", *BUCKET, "--json", given=json.dumps(OPEN)))
    assert told["public"] is True
    (grant,) = told["grants"]
    assert (grant["class"], grant["who"], grant["actions"], grant["exact"]) == ("public", "*", ["s3:GetObject"], True)
    assert grant["witness"]["principal"] == "anonymous"
    keys = {"cross_account", "orgs", "services", "confused_deputy", "federated", "canonical_users", "network_limited"}
    assert all(told[key] == [] for key in keys)


def test_text_is_for_people(tmp_path: Path) -> None:
    file = tmp_path / "policy.json"
    file.write_text(json.dumps(SHARED))
    result = run("access", "explain", str(file), *BUCKET)
    assert "not public" in result.output
    assert FOREIGN in result.output


def test_many_cases_come_back_in_order_with_their_ids() -> None:
    cases: list[Any] = [
        {"id": "a", "type": "aws::s3::bucket", "account": OWN, "policy": OPEN},
        {"id": 2, "type": "AWS::S3::Bucket", "account": int(OWN), "policy": json.dumps(SHARED)},
        {"id": "c", "type": "AWS::EC2::Image", "account": OWN, "config": {"launch_permissions": ["all"]}},
        {"id": "d", "type": "AWS::S3::Bucket", "account": "12", "policy": OPEN},
        {"id": "e", "type": "AWS::S3::Bucket", "account": OWN, "policy": "{"},
    ]
    lines = "\n".join(map(json.dumps, cases)) + "\nnothing\n"
    result = run("access", "explain", "--jsonl", "-", given=lines)
    told = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["id"] for row in told] == ["a", 2, "c", "d", "e", None]
    assert [row.get("public") for row in told] == [True, False, True, None, False, None]
    assert told[1]["cross_account"] == [FOREIGN]
    assert "12 digits" in told[3]["error"]
    assert "not JSON" in told[4]["problems"][0]


def test_the_block_of_the_account_and_the_estate_weigh_in(tmp_path: Path) -> None:
    blocked = {"policy": OPEN, "config": {"account_public_access_block": {"restrict_public_buckets": True}}}
    assert answer(run("access", "explain", "-", *BUCKET, "--json", given=json.dumps(blocked)))["public"] is False
    estate = tmp_path / "estate.toml"
    estate.write_text(f'accounts = [{{ id = "{FOREIGN}", relation = "third-party" }}]\n')
    told = answer(run("access", "explain", "-", *BUCKET, "--json", "--estate", str(estate), given=json.dumps(SHARED)))
    assert told["grants"][0]["relation"] == "third-party"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["access", "explain", "-", "--type", "AWS::S3::Bucket", "--account", "1"], "12 digits"),
        (["access", "explain"], "--jsonl"),
        (["access", "explain", "-", *BUCKET, "--estate", "pyproject.toml"], "unknown key"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(arguments: list[str], sentence: str) -> None:
    from vigie.model.errors import UsageError

    with pytest.raises(UsageError, match=sentence):
        run(*arguments, given="{}")


def test_evaluate_judges_by_every_rule_and_its_exit_code_says_how_bad(tmp_path: Path) -> None:
    told = answer(run("evaluate", "-", *BUCKET, "--json", given=json.dumps(OPEN)))
    found = {f["rule"]: f["severity"] for f in told["findings"]}
    assert found["s3-bucket-public"] == "high"
    assert "s3-bucket-versioning" in {u["rule"] for u in told["unknown"]}  # the document does not say
    assert told["passed"] > 0
    file = tmp_path / "policy.json"
    file.write_text(json.dumps(OPEN))
    line = ["evaluate", str(file), *BUCKET, "--json"]
    assert exit_code_of([*line, "--fail-on", "high"]) == 1
    assert exit_code_of([*line, "--fail-on", "critical"]) == 0
    assert exit_code_of([*line, "--fail-on-unknown"]) == 3


def test_evaluate_takes_many_cases_and_its_exit_code_is_that_of_the_worst(tmp_path: Path) -> None:
    cases = [
        {"id": "open", "type": "AWS::S3::Bucket", "account": OWN, "policy": OPEN},
        {"id": "none", "type": "AWS::S3::Bucket", "account": OWN},
        {"id": "odd", "type": "AWS::S3::Bucket", "account": "7"},
    ]
    lines = "\n".join(map(json.dumps, cases)) + "\n{\n"
    result = CliRunner().invoke(vigie, ["evaluate", "--jsonl", "-", "--fail-on", "high"], input=lines)
    told = [json.loads(line) for line in result.stdout.splitlines()]
    assert [row["id"] for row in told] == ["open", "none", "odd", None]
    assert "s3-bucket-public" in {f["rule"] for f in told[0]["findings"]}
    assert "s3-bucket-public" not in {f["rule"] for f in told[1]["findings"]}
    assert ["error" in row for row in told] == [False, False, True, True]
    file = tmp_path / "cases.jsonl"
    file.write_text(lines)
    assert exit_code_of(["evaluate", "--jsonl", str(file), "--fail-on", "high"]) == 1
    file.write_text(lines.splitlines()[2])
    assert exit_code_of(["evaluate", "--jsonl", str(file), "--fail-on-unknown"]) == 3
    assert exit_code_of(["evaluate", "--jsonl", str(file)]) == 0


def test_half_of_a_surrogate_pair_is_printed_all_the_same() -> None:
    case = {"id": "\ud800", "type": "AWS::S3::Bucket", "account": OWN, "policy": "\ud800"}
    line = json.dumps(case)
    (told,) = run("access", "explain", "--jsonl", "-", given=line).stdout.splitlines()
    assert json.loads(told)["exact"] is False


def test_evaluate_judges_what_the_document_says() -> None:
    versioned = {"Policy": SHARED, "Versioning": None}
    told = answer(run("evaluate", "-", *BUCKET, "--json", given=json.dumps(versioned)))
    rules = {f["rule"] for f in told["findings"]}
    assert {"s3-bucket-versioning", "cross-account-unknown"} <= rules
    assert "s3-bucket-public" not in rules
