"""Changes of IAM and of networks: whoever gained by them is told in the verdict, by the state of that time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from vigie.audit.estate import EstateSettings
from vigie.history.store import History
from vigie.model.account import Account
from vigie.model.change import ChangeKind
from vigie.model.finding import Severity
from vigie.model.paging import Page
from vigie.model.verdict import ChangeVerdict, Dimension
from vigie.testing.recorded import World

OWN = "111111111111"
USER, ROLE, GROUP, POLICY = "AWS::IAM::User", "AWS::IAM::Role", "AWS::IAM::Group", "AWS::IAM::ManagedPolicy"
BASELINE = ChangeKind.BASELINE


@pytest.fixture
def world(sqlite_history: History) -> World:
    return World(sqlite_history, settings=EstateSettings({OWN: Account(OWN)}))


def document(*actions: str) -> Mapping[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}


def managed(*actions: str) -> Mapping[str, Any]:
    version = {"VersionId": "v1", "IsDefaultVersion": True, "Document": document(*actions)}
    return {"PolicyName": "work", "DefaultVersionId": "v1", "PolicyVersionList": [version]}


def arn(name: str) -> str:
    return f"arn:aws:x:eu-west-1:{OWN}:{name}"


def attached(name: str) -> list[Mapping[str, Any]]:
    return [{"PolicyArn": arn(name), "PolicyName": name}]


def last(world: World, name: str, type_: str) -> ChangeVerdict:
    (found,) = [r for r in world.history.archive.find(name) if r.type == type_]
    verdict = world.history.archive.revisions(found.pk or 0, Page(1)).items[0].verdict
    assert verdict is not None
    return verdict


def test_a_policy_that_grows_is_told_with_all_who_hold_it(world: World) -> None:
    world.see(POLICY, "work", managed("s3:GetObject"), first=BASELINE)
    world.see(USER, "alice", {"UserName": "alice", "GroupList": ["staff"]}, first=BASELINE)
    world.see(USER, "bob", {"UserName": "bob"}, first=BASELINE)
    world.see(GROUP, "staff", {"GroupName": "staff", "AttachedManagedPolicies": attached("work")}, first=BASELINE)
    world.see(ROLE, "app", {"RoleName": "app", "AttachedManagedPolicies": attached("work")}, first=BASELINE)
    world.see(POLICY, "work", managed("s3:GetObject", "s3:DeleteBucket"))
    world.judge()

    found = last(world, "work", POLICY)
    assert found.direction.value == "widened"
    assert {shift.who for shift in found.gained} == {arn("alice"), arn("app")}
    assert {shift.dimension for shift in found.gained} == {Dimension.POWER}
    assert all(shift.what == ("s3:DeleteBucket",) and shift.witness for shift in found.gained)

    world.see(POLICY, "work", managed("s3:GetObject"))
    world.judge()
    back = last(world, "work", POLICY)
    assert back.direction.value == "narrowed"
    assert {shift.who for shift in back.lost} == {arn("alice"), arn("app")}


def test_a_user_who_joins_a_group_gains_what_it_may(world: World) -> None:
    world.see(USER, "alice", {"UserName": "alice", "GroupList": []}, first=BASELINE)
    policies = [{"PolicyName": "all", "PolicyDocument": document("*")}]
    world.see(GROUP, "staff", {"GroupName": "staff", "GroupPolicyList": policies}, first=BASELINE)
    world.see(USER, "alice", {"UserName": "alice", "GroupList": ["staff"]})
    world.judge()

    found = last(world, "alice", USER)
    assert found.direction.value == "widened"
    assert found.severity is Severity.HIGH
    assert "may now do everything on everything" in found.gained[0].words


def test_a_group_without_members_gives_nobody_anything(world: World) -> None:
    world.see(GROUP, "staff", {"GroupName": "staff"}, first=BASELINE)
    policies = [{"PolicyName": "all", "PolicyDocument": document("*")}]
    world.see(GROUP, "staff", {"GroupName": "staff", "GroupPolicyList": policies})
    world.judge()
    assert last(world, "staff", GROUP).direction.value == "neutral"


def test_a_key_that_works_is_gained_and_one_that_does_not_is_lost(world: World) -> None:
    def user(**keys: str) -> Mapping[str, Any]:
        rows = [{"AccessKeyId": key, "Status": status} for key, status in keys.items()]
        return {"UserName": "bob", "AccessKeys": rows}

    world.see(USER, "bob", user(), first=BASELINE)
    world.see(USER, "bob", user(AKIA1="Active"))
    world.judge()
    gained = last(world, "bob", USER)
    assert [shift.words for shift in gained.gained] == ["whoever holds the access key AKIA1 may now act as bob"]
    assert gained.severity is Severity.MEDIUM

    world.see(USER, "bob", user(AKIA1="Inactive"))
    world.judge()
    assert last(world, "bob", USER).direction.value == "narrowed"


def test_tags_of_a_bucket_and_parts_that_do_not_weigh_are_neutral(world: World) -> None:
    missing = attached("not-recorded")
    world.see(ROLE, "app", {"RoleName": "app", "AttachedManagedPolicies": missing}, first=BASELINE)
    world.see(ROLE, "app", {"RoleName": "app", "AttachedManagedPolicies": missing, "Description": "x"})
    world.judge()
    assert last(world, "app", ROLE).direction.value == "neutral"


def test_what_could_not_be_read_of_a_policy_is_unknown(world: World) -> None:
    world.see(ROLE, "app", {"RoleName": "app"}, first=BASELINE)
    world.see(ROLE, "app", {"RoleName": "app", "AttachedManagedPolicies": attached("not-recorded")})
    world.judge()
    found = last(world, "app", ROLE)
    assert found.direction.value == "unknown"
    assert "is not recorded" in found.problems[0]


def test_an_old_change_is_judged_by_the_state_of_its_time(world: World) -> None:
    world.see(POLICY, "work", managed("s3:GetObject"), first=BASELINE)
    world.see(ROLE, "app", {"RoleName": "app"}, first=BASELINE)
    world.see(ROLE, "app", {"RoleName": "app", "AttachedManagedPolicies": attached("work")})
    world.later(days=1)
    world.see(POLICY, "work", managed("*"))
    world.see(ROLE, "app", None)
    world.later(days=1)
    world.judge()  # nobody judged meanwhile

    (role,) = world.history.archive.find("app")
    changes = world.history.archive.revisions(role.pk or 0, Page(10)).items
    attachment, deletion = changes[1].verdict, changes[0].verdict
    assert attachment is not None
    assert [shift.what for shift in attachment.gained] == [("s3:GetObject",)]
    assert deletion is not None
    assert deletion.direction.value == "narrowed"
    assert last(world, "work", POLICY).gained[0].who == arn("app")

    before = {c.pk: c.verdict for c in changes}
    world.auditor().judge_all_changes(world.now + timedelta(days=30))
    again = world.history.archive.revisions(role.pk or 0, Page(10)).items
    assert {c.pk: c.verdict for c in again} == before
