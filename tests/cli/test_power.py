"""Who may do what, who is administrator and who can become one: the commands, over a store and over a dump."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from vigie.testing.recorded import OWN, World

USER, ROLE = "AWS::IAM::User", "AWS::IAM::Role"
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def document(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def arn(kind: str, name: str) -> str:
    return f"arn:aws:iam::{OWN}:{kind}/{name}"


ANN = {
    "UserName": "ann", "Arn": arn("user", "ann"), "Path": "/", "GroupList": [],
    "UserPolicyList": [
        {"PolicyName": "assume", "PolicyDocument": document({**EVERYTHING, "Action": "sts:AssumeRole"})}
    ],
}  # fmt: skip
DEPLOY = {
    "RoleName": "deploy", "Arn": arn("role", "deploy"), "Path": "/",
    "AssumeRolePolicyDocument": document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": OWN}}),
    "RolePolicyList": [
        {"PolicyName": "work", "PolicyDocument": document({**EVERYTHING, "Action": ["iam:PassRole", "lambda:*"]})}
    ],
}  # fmt: skip
BOSS = {
    "RoleName": "boss", "Arn": arn("role", "boss"), "Path": "/",
    "AssumeRolePolicyDocument": document(
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
    ),
    "RolePolicyList": [{"PolicyName": "all", "PolicyDocument": document(EVERYTHING)}],
}  # fmt: skip


@pytest.fixture
def dump(tmp_path: Path) -> str:
    file = tmp_path / "iam.json"
    found = {"UserDetailList": [ANN], "RoleDetailList": [DEPLOY, BOSS], "GroupDetailList": [], "Policies": []}
    file.write_text(json.dumps(found), encoding="utf-8")
    return str(file)


@pytest.fixture
def people(recorded: World) -> World:
    recorded.see(USER, "AIDAANN", ANN)
    recorded.see(ROLE, "deploy", DEPLOY)
    recorded.see(ROLE, "boss", BOSS)
    return recorded


def standings(items: list[dict[str, Any]]) -> dict[str, str]:
    return {item["principal"].rpartition("/")[2]: item["standing"] for item in items}


WHO_IS_WHAT = {"boss": "administrator", "deploy": "becomes_administrator", "ann": "becomes_administrator"}


def test_administrators_and_who_can_become_one_are_listed_with_the_path(vigie: Any, people: World) -> None:
    said = vigie("access", "admins", "--json")
    assert said.code == 0, said.err
    assert standings(said.items) == WHO_IS_WHAT
    (ann,) = [item for item in said.items if item["principal"] == ANN["Arn"]]
    assert [hop["method"] for hop in ann["path"]["hops"]] == ["assume-role", "lambda-create-invoke"]
    assert ann["path"]["sure"]
    assert any("SCPs" in note for note in said.json["notes"]), "what is not known is said"


def test_a_dump_of_iam_is_enough(vigie: Any, dump: str) -> None:
    said = vigie("access", "admins", "--documents", dump, "--json")
    assert standings(said.items) == WHO_IS_WHAT
    direct = vigie("access", "admins", "--documents", dump, "--direct", "--json")
    assert standings(direct.items) == {"boss": "administrator"}


def test_a_path_is_shown_hop_by_hop_with_its_statements(vigie: Any, people: World) -> None:
    said = vigie("access", "paths", "ann")
    assert said.code == 0, said.err
    assert "1. Assume a role that trusts one" in said.out
    assert "iam:PassRole by inline work/#1" in said.out
    whole = vigie("access", "paths", ANN["Arn"], "--json").json
    assert set(whole) == {
        "principal", "account", "standing", "statements", "conditions", "exact", "why_not_exact", "paths", "reached",
        "undecided", "notes",
    }  # fmt: skip
    assert whole["paths"][0]["end"] == BOSS["Arn"]
    assert any("AWS::Lambda::Function" in text for text in whole["undecided"]), "functions were never looked at"


def test_who_may_do_something_is_listed_and_who_may_not_is_left_out(vigie: Any, people: World) -> None:
    said = vigie("access", "who-can", "lambda:InvokeFunction", "*", "--json")
    assert [item["principal"].rpartition("/")[2] for item in said.items] == ["deploy", "boss"]
    assert said.items[0]["extent"] == "everywhere"
    assert said.items[0]["witness"]["action"] == "lambda:InvokeFunction"
    assert vigie("access", "who-can", "s3:GetObject", "*").out.count("arn:aws:iam") == 1


def test_the_policy_of_a_recorded_resource_weighs_in(vigie: Any, people: World) -> None:
    trusted = f"arn:aws:x:eu-west-1:{OWN}:deploy"  # as it is recorded by hand here
    said = vigie("access", "who-can", "sts:AssumeRole", trusted, "--json")
    assert said.json["recorded"]
    assert {item["principal"] for item in said.items} == {ANN["Arn"], BOSS["Arn"]}


def test_nothing_in_another_account_is_said_to_be_allowed_by_one_side_alone(vigie: Any, people: World) -> None:
    said = vigie("access", "who-can", "sqs:SendMessage", "arn:aws:sqs:eu-west-1:999999999999:far", "--json")
    assert said.items == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("paths", "nobody"), "No user or role 'nobody' is recorded"),
        (("who-can", "GetObject", "*"), "is no action"),
        (("admins", "--documents", "vigie.toml"), "is not JSON"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(vigie: Any, people: World, words: tuple[str, ...], sentence: str) -> None:
    said = vigie("access", *(str(vigie.folder / word) if word == "vigie.toml" else word for word in words))
    assert said.code == 2
    assert sentence in said.err
    assert "Traceback" not in said.err
