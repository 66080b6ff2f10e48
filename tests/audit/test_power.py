"""Power over a real store: what a change makes due, and who becomes administrator by it."""

from __future__ import annotations

from typing import Any

import pytest

from vigie.audit.estate import EstateSettings, HistoryInventory, make_estate
from vigie.history.store import History
from vigie.model.account import Account
from vigie.model.change import ChangeKind, Revision
from vigie.rules.discover import discover
from vigie.rules.power import Powers
from vigie.testing.recorded import OWN, World

USER, ROLE, GROUP, POLICY = "AWS::IAM::User", "AWS::IAM::Role", "AWS::IAM::Group", "AWS::IAM::ManagedPolicy"
MANAGEMENT = "222222222222"
RULES = {rule.id: rule for rule in discover(group=None)}
EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
READING = {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}
WORK = f"arn:aws:iam::{OWN}:policy/work"


@pytest.fixture
def both(history: History) -> World:
    """On SQLite and on PostgreSQL."""
    return World(history, settings=EstateSettings({OWN: Account(OWN), MANAGEMENT: Account(MANAGEMENT)}))


@pytest.fixture
def world(sqlite_history: History) -> World:
    return World(sqlite_history, settings=EstateSettings({OWN: Account(OWN), MANAGEMENT: Account(MANAGEMENT)}))


def document(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def user(name: str, *statements: Any, **more: Any) -> dict[str, Any]:
    inline = [{"PolicyName": "p", "PolicyDocument": document(*statements)}] if statements else []
    arn = f"arn:aws:iam::{OWN}:user/{name}"
    return {"UserName": name, "Arn": arn, "Path": "/", "GroupList": [], "UserPolicyList": inline, **more}


def role(name: str, trust: Any, *statements: Any) -> dict[str, Any]:
    trusted = document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": trust})
    inline = [{"PolicyName": "p", "PolicyDocument": document(*statements)}] if statements else []
    return {
        "RoleName": name, "Arn": f"arn:aws:iam::{OWN}:role/{name}", "Path": "/", "AssumeRolePolicyDocument": trusted,
        "RolePolicyList": inline,
    }  # fmt: skip


def managed(*statements: Any) -> dict[str, Any]:
    version = {"VersionId": "v1", "IsDefaultVersion": True, "Document": document(*statements)}
    return {"PolicyName": "work", "Arn": WORK, "PolicyVersionList": [version]}


def group(name: str, *statements: Any) -> dict[str, Any]:
    inline = [{"PolicyName": "p", "PolicyDocument": document(*statements)}]
    return {"GroupName": name, "Arn": f"arn:aws:iam::{OWN}:group/{name}", "GroupPolicyList": inline}


def held(*arns: str) -> list[dict[str, str]]:
    return [{"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn} for arn in arns]


def powers(world: World) -> Powers:
    estate = make_estate(world.history, world.settings, HistoryInventory(world.history), world.now)
    return estate.powers


def revisions(world: World, pk: int) -> tuple[Revision | None, Revision]:
    """The last two revisions of a resource."""
    archive = world.history.archive
    (last,) = archive.load([pk]).values()
    return (archive.revision(pk, last.number - 1) if last.number > 1 else None), last


def test_a_policy_that_becomes_everything_makes_those_administrators_who_hold_it_and_judges_nobody_else(
    both: World,
) -> None:
    rule = "iam-principal-administrator"
    both.rules[rule] = RULES[rule]
    both.see(POLICY, WORK, managed(READING))
    both.see(USER, "AIDAANN", user("ann", AttachedManagedPolicies=held(WORK)))
    for number in range(5):
        both.see(USER, f"AIDA{number}", user(f"other{number}", READING))
    both.judge()
    assert both.statuses() == {}
    both.see(POLICY, WORK, managed(EVERYTHING))
    report = both.judge()
    assert both.statuses() == {(rule, "AIDAANN"): "open"}
    assert report.judged == 2, "the policy, and the one user who holds it"


def test_a_group_that_becomes_administrator_makes_its_members_so(both: World) -> None:
    rule = "iam-principal-administrator"
    both.rules[rule] = RULES[rule]
    both.see(GROUP, "ops", group("ops", READING))
    both.see(USER, "AIDAANN", user("ann", GroupList=["ops"]))
    both.judge()
    both.see(GROUP, "ops", group("ops", EVERYTHING))
    both.judge()
    assert both.statuses() == {(rule, "ops"): "open", (rule, "AIDAANN"): "open"}


def test_a_chain_of_two_is_found_when_its_last_link_is_made(both: World) -> None:
    rule = "iam-principal-escalates"
    both.rules[rule] = RULES[rule]
    both.see(USER, "AIDAANN", user("ann", {**READING, "Action": "sts:AssumeRole"}))
    both.see(ROLE, "deploy", role("deploy", {"AWS": OWN}, {**READING, "Action": ["iam:PassRole", "lambda:*"]}))
    both.see(ROLE, "job", role("job", {"Service": "lambda.amazonaws.com"}, READING))
    both.judge()
    assert both.statuses() == {}
    both.see(ROLE, "job", role("job", {"Service": "lambda.amazonaws.com"}, EVERYTHING))
    both.judge()
    assert both.statuses() == {(rule, "AIDAANN"): "open", (rule, "deploy"): "open"}
    (ann,) = [f for f in both.findings() if f.resource.name == "AIDAANN"]
    assert [(hop["method"], hop["to"].rpartition("/")[2]) for hop in ann.evidence["path"]] == [
        ("assume-role", "deploy"),
        ("lambda-create-invoke", "job"),
    ]


def test_a_last_use_of_one_role_judges_nobody_else(world: World) -> None:
    rule = "iam-principal-escalates"
    world.rules[rule] = RULES[rule]
    job = role("job", {"Service": "lambda.amazonaws.com"}, READING)
    world.see(ROLE, "job", job)
    world.see(USER, "AIDAANN", user("ann", READING))
    world.judge()
    used = {**job, "RoleLastUsed": {"Region": "eu-west-1"}}
    world.see(ROLE, "job", used, again=ChangeKind.EPHEMERAL)
    assert world.judge().judged == 1
    world.see(ROLE, "job", used | role("job", {"Service": "ec2.amazonaws.com"}))
    assert world.judge().judged == 2


def see_organization(world: World, *statements: Any) -> int:
    tree = "AWS::Organizations::"
    row = {"Id": "o-1", "MasterAccountId": MANAGEMENT}
    world.see(f"{tree}Organization", "o-1", row, region="global")
    world.see(f"{tree}Organization", "o-1", row, region="global", account=MANAGEMENT)
    world.see(
        f"{tree}OrganizationalUnit", "ou-1", {"Id": "ou-1", "ParentId": "r-1"}, region="global", account=MANAGEMENT
    )
    world.see(
        f"{tree}Account", OWN, {"Id": OWN, "Name": "ours", "ParentId": "r-1"}, region="global", account=MANAGEMENT
    )
    return see_policy(world, *statements)


def see_policy(world: World, *statements: Any) -> int:
    targets = [{"TargetId": "r-1"}, {"TargetId": OWN}]
    content = {"Id": "p-1", "Name": "guard", "Type": "SERVICE_CONTROL_POLICY", "Content": document(*statements)}
    return world.see("AWS::Organizations::Policy", "p-1", {**content, "Targets": targets}, region="global",
                     account=MANAGEMENT)  # fmt: skip


def test_a_service_control_policy_that_is_lifted_makes_administrators_in_other_accounts(both: World) -> None:
    rule = "iam-principal-administrator"
    both.rules[rule] = RULES[rule]
    see_organization(both, READING)
    both.see(USER, "AIDAANN", user("ann", EVERYTHING))
    both.judge()
    assert both.statuses() == {}
    see_policy(both, EVERYTHING)
    both.judge()
    assert both.statuses() == {(rule, "AIDAANN"): "open"}


def test_an_organisation_that_is_not_recorded_is_said_and_not_taken_for_none(world: World) -> None:
    world.see("AWS::Organizations::Organization", "o-1", {"Id": "o-1", "MasterAccountId": MANAGEMENT}, region="global")
    pk = world.see(USER, "AIDAANN", user("ann", EVERYTHING))
    power = powers(world).of(revisions(world, pk)[1])
    assert power.stand.is_administrator
    assert any("SCPs" in note and MANAGEMENT in note for note in power.notes)
