"""Who can become administrator: the graph over users and roles, and the table of methods."""

from __future__ import annotations

from typing import Any

import pytest

from vigie.access.power.dump import is_dump, realm_of_dump
from vigie.access.power.effective import Layer, LayerKind
from vigie.access.power.methods import Gain, table
from vigie.access.power.paths import Graph, Path
from vigie.access.power.realm import Account, Entry, Holder, Organization, Realm
from vigie.access.power.standing import Standing
from vigie.access.power.statements import policy

OWN, OTHER = "111111111111", "222222222222"
EVERYTHING: dict[str, Any] = {"Effect": "Allow", "Action": "*", "Resource": "*"}
LAMBDA = {"Service": "lambda.amazonaws.com"}


def allow(action: Any, resource: Any = "*", condition: Any = None) -> dict[str, Any]:
    found = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {**found, "Condition": condition} if condition else found


def arn(kind: str, name: str, account: str = OWN) -> str:
    return f"arn:aws:iam::{account}:{kind}/{name}"


def document(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def user(name: str, *statements: Any, account: str = OWN, **more: Any) -> dict[str, Any]:
    inline = [{"PolicyName": "p", "PolicyDocument": document(*statements)}] if statements else []
    return {"UserName": name, "Arn": arn("user", name, account), "Path": "/", "UserPolicyList": inline, **more}


def role(name: str, trust: Any, *statements: Any, account: str = OWN, **more: Any) -> dict[str, Any]:
    trusted = document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": trust})
    inline = [{"PolicyName": "p", "PolicyDocument": document(*statements)}] if statements else []
    return {
        "RoleName": name, "Arn": arn("role", name, account), "Path": "/", "AssumeRolePolicyDocument": trusted,
        "RolePolicyList": inline, **more,
    }  # fmt: skip


def managed(name: str, *versions: dict[str, Any]) -> dict[str, Any]:
    rows = [{"VersionId": f"v{n}", "IsDefaultVersion": n == 1, "Document": v} for n, v in enumerate(versions, 1)]
    return {"PolicyName": name, "Arn": arn("policy", name), "PolicyVersionList": rows}


def attached(*names: str) -> list[dict[str, str]]:
    return [{"PolicyName": n, "PolicyArn": arn("policy", n)} for n in names]


def dump(*rows: dict[str, Any]) -> dict[str, Any]:
    def of(key: str) -> list[dict[str, Any]]:
        return [row for row in rows if key in row]

    return {
        "UserDetailList": of("UserName"), "RoleDetailList": of("RoleName"), "GroupDetailList": of("GroupName"),
        "Policies": of("PolicyName"),
    }  # fmt: skip


def graph(*rows: dict[str, Any], organization: Organization | None = None) -> Graph:
    return Graph(realm_of_dump(dump(*rows), organization))


def told(path: Path) -> list[tuple[str, str]]:
    return [(hop.method.id, hop.target.split(":", 5)[-1]) for hop in path.hops]


BOSS = role("boss", LAMBDA, EVERYTHING)


def test_a_chain_of_two_is_found_and_its_path_shown() -> None:
    found = graph(
        user("ann", allow("sts:AssumeRole", arn("role", "deploy"))),
        role("deploy", {"AWS": OWN}, allow(["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"])),
        BOSS,
    )
    (path,) = found.walk(arn("user", "ann")).paths
    assert told(path) == [("assume-role", "role/deploy"), ("lambda-create-invoke", "role/boss")]
    assert path.sure
    assert path.hops[0].statements == ("inline p/#1", "trust policy of deploy/#1")
    assert [step.action for step in path.hops[1].steps] == [
        "iam:PassRole",
        "lambda:CreateFunction",
        "lambda:InvokeFunction",
    ]


@pytest.mark.parametrize(
    "broken",
    [
        allow(["iam:PassRole", "lambda:CreateFunction"]),  # nobody calls it
        allow(["lambda:CreateFunction", "lambda:InvokeFunction"]),  # nothing is passed
        allow(["iam:PassRole", "ec2:RunInstances"]),  # to a service that the role does not trust
    ],
)
def test_a_method_of_which_a_step_is_missing_is_no_path(broken: Any) -> None:
    assert graph(user("ann", broken), BOSS).walk(arn("user", "ann")).paths == ()


def test_a_role_that_names_a_user_of_its_account_needs_no_policy_of_the_user() -> None:
    admin = role("admin", {"AWS": arn("user", "ann")}, EVERYTHING)
    (path,) = graph(user("ann"), admin).walk(arn("user", "ann")).paths
    assert told(path) == [("assume-role", "role/admin")]
    assert graph(user("bob"), admin).walk(arn("user", "bob")).paths == ()


@pytest.mark.parametrize(("own", "found"), [([], 0), ([allow("sts:AssumeRole")], 1)])
def test_across_accounts_both_sides_must_allow(own: list[Any], found: int) -> None:
    far = role("far", {"AWS": arn("user", "ann")}, EVERYTHING, account=OTHER)
    assert len(graph(user("ann", *own), far).walk(arn("user", "ann")).paths) == found


def test_a_condition_that_the_caller_does_not_choose_makes_a_path_unsure() -> None:
    mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    (path, *_) = graph(user("ann", allow("iam:PutUserPolicy", condition=mfa))).walk(arn("user", "ann")).paths
    assert not path.sure
    assert path.hops[0].conditions == ("bool aws:multifactorauthpresent true",)


def test_who_rewrites_itself_stays_within_its_boundary_unless_that_comes_off() -> None:
    limit = managed("limit", document(allow(["iam:PutUserPolicy", "s3:*"])))
    bounded: dict[str, Any] = {"PermissionsBoundary": {"PermissionsBoundaryArn": arn("policy", "limit")}}
    held = user("ann", allow("iam:PutUserPolicy"), **bounded)
    assert graph(held, limit).walk(arn("user", "ann")).paths == ()
    loose = managed("limit", document(allow(["iam:PutUserPolicy", "iam:DeleteUserPermissionsBoundary"])))
    (path, *_) = graph(held, loose).walk(arn("user", "ann")).paths
    assert [method for method, _ in told(path)] == ["iam-put-user-policy", "iam-delete-user-boundary"]


def test_who_rewrites_itself_stays_within_the_organisation() -> None:
    scp = policy("no iam", document(EVERYTHING, {"Effect": "Deny", "Action": "iam:Attach*", "Resource": "*"}))
    only_s3 = policy("s3", document(allow("s3:*"), allow("iam:PutUserPolicy")))
    ann = user("ann", allow("iam:PutUserPolicy"))
    for level, count in ((scp, 1), (only_s3, 0)):
        organization = Organization("o-1", (Layer(LayerKind.SCP, "SCPs of the root", (level,)),))
        assert bool(graph(ann, organization=organization).walk(arn("user", "ann")).paths) == bool(count)


def test_an_older_version_of_a_policy_can_be_taken_back() -> None:
    old = managed("work", document(allow("s3:*")), document(EVERYTHING))
    ann = user("ann", allow("iam:SetDefaultPolicyVersion"), AttachedManagedPolicies=attached("work"))
    (path,) = graph(ann, old).walk(arn("user", "ann")).paths
    assert told(path) == [("iam-set-default-policy-version", "user/ann (with work v2)")]


def test_a_group_with_an_administrator_policy_can_be_joined() -> None:
    admins = {
        "GroupName": "admins",
        "Arn": arn("group", "admins"),
        "GroupPolicyList": [{"PolicyName": "all", "PolicyDocument": document(EVERYTHING)}],
    }
    (path,) = graph(user("ann", allow("iam:AddUserToGroup")), admins).walk(arn("user", "ann")).paths
    assert told(path) == [("iam-add-user-to-group", "user/ann (in group admins)")]


def test_a_deny_in_an_inline_policy_can_be_deleted() -> None:
    ann = user("ann", {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}, allow("iam:DeleteUserPolicy"))
    ann["AttachedManagedPolicies"] = attached("all-but")
    held = managed("all-but", document(EVERYTHING))
    assert graph(ann, held).stand_of(arn("user", "ann")).standing is Standing.ADMINISTRATOR  # type: ignore[union-attr]
    ann["UserPolicyList"][0]["PolicyDocument"]["Statement"][0]["NotAction"] = "iam:DeleteUserPolicy"
    del ann["UserPolicyList"][0]["PolicyDocument"]["Statement"][0]["Action"]
    again = graph(ann, held)
    assert again.stand_of(arn("user", "ann")).standing is Standing.ORDINARY  # type: ignore[union-attr]
    assert told(again.walk(arn("user", "ann")).paths[0]) == [("iam-delete-user-policy", "user/ann (without Deny)")]


def test_a_path_goes_on_over_users_whose_keys_can_be_made() -> None:
    found = graph(
        user("ann", allow("iam:CreateAccessKey", arn("user", "bob"))),
        user("bob", allow("sts:AssumeRole")),
        role("admin", {"AWS": OWN}, EVERYTHING),
    )
    (path,) = found.walk(arn("user", "ann")).paths
    assert told(path) == [("iam-create-access-key", "user/bob"), ("assume-role", "role/admin")]


def realm_with(*rows: dict[str, Any], holders: dict[str, list[Holder]], unseen: str | None = None) -> Realm:
    entries = [Entry(_type(row), row["Arn"], OWN, row) for row in rows]
    own = Account(OWN, lambda type_: [e for e in entries if e.type == type_])
    return Realm({OWN: own}.get, [OWN], lambda type_, _: holders.get(type_, []), lambda type_, _: unseen)


def _type(row: dict[str, Any]) -> str:
    return "AWS::IAM::User" if "UserName" in row else "AWS::IAM::Role"


def test_a_function_with_a_strong_role_is_taken_over_where_it_is_recorded() -> None:
    function = Holder("AWS::Lambda::Function", "arn:aws:lambda:eu-west-1:111111111111:function:f", (BOSS["Arn"],))
    ann = user("ann", allow("lambda:UpdateFunctionCode", function.arn))
    with_it = Graph(realm_with(ann, BOSS, holders={"AWS::Lambda::Function": [function]}))
    (path,) = with_it.walk(ann["Arn"]).paths
    assert (told(path), path.hops[0].by) == ([("lambda-update-code", "role/boss")], function.arn)
    assert Graph(realm_with(ann, BOSS, holders={})).walk(ann["Arn"]).paths == ()


def test_a_prerequisite_of_which_nothing_is_known_is_told_and_is_no_path() -> None:
    ann = user("ann", allow("lambda:UpdateFunctionCode"))
    walk = Graph(realm_with(ann, BOSS, holders={}, unseen="eu-west-1 was not seen whole")).walk(ann["Arn"])
    assert walk.paths == ()
    assert walk.undecided == ("lambda-update-code (Change the code of a function): eu-west-1 was not seen whole",)


@pytest.mark.parametrize(
    ("statements", "standing"),
    [
        ([EVERYTHING], Standing.ADMINISTRATOR),
        ([{"Effect": "Allow", "NotAction": ["iam:*", "organizations:*"], "Resource": "*"}], Standing.POWER_USER),
        ([allow("iam:*")], Standing.ORDINARY),
        ([allow(["s3:*", "ec2:*", "iam:*", "lambda:*"])], Standing.ORDINARY),
        ([allow("*", condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})], Standing.CONDITIONAL),
        ([EVERYTHING, {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::logs/*"}], Standing.ADMINISTRATOR),
        ([EVERYTHING, {"Effect": "Deny", "Action": "*", "Resource": "*"}], Standing.ORDINARY),
        (
            [EVERYTHING, {"Effect": "Deny", "NotAction": "iam:*", "Resource": "*",
                          "Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}}],
            Standing.ADMINISTRATOR,
        ),
    ],
)  # fmt: skip
def test_administrator_is_who_may_do_what_nobody_has_named_yet(statements: list[Any], standing: Standing) -> None:
    stand = graph(user("ann", *statements)).stand_of(arn("user", "ann"))
    assert stand is not None
    assert stand.standing is standing


def test_what_is_not_recorded_makes_a_standing_unknown() -> None:
    ann = user("ann", AttachedManagedPolicies=attached("lost"))
    stand = graph(ann).stand_of(arn("user", "ann"))
    assert stand is not None
    assert stand.standing is Standing.UNKNOWN
    assert "policy/lost is not recorded" in stand.everything.why_not_exact


def test_documents_of_a_dump_may_be_url_encoded() -> None:
    ann = user("ann", EVERYTHING)
    ann["UserPolicyList"][0]["PolicyDocument"] = (
        "%7B%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22%2A%22%2C%22Resource%22%3A%22%2A%22%7D%7D"
    )
    assert is_dump(dump(ann))
    stand = graph(ann).stand_of(arn("user", "ann"))
    assert stand is not None
    assert stand.standing is Standing.ADMINISTRATOR


# The table


def test_the_table_has_a_hundred_methods_each_with_a_source_and_no_id_twice() -> None:
    methods = table().methods
    assert len(methods) >= 100
    assert len({m.id for m in methods}) == len(methods)
    assert all(m.source and m.title and m.steps for m in methods)
    assert sum(m.gain is not Gain.NOTHING for m in methods) >= 100


def test_every_method_that_passes_a_role_says_to_which_service() -> None:
    for method in table().methods:
        passes = any(step.action == "iam:PassRole" and step.target == "role" for step in method.steps)
        assert passes == (method.gain is Gain.PASSED_ROLE), method.id
        assert bool(method.service) == passes, method.id
        assert (method.gain is Gain.HOLDER_ROLE) <= (len(method.needs) == 1), method.id


def test_every_passing_method_leads_to_a_role_that_trusts_its_service() -> None:
    for method in table().methods:
        if method.gain is not Gain.PASSED_ROLE:
            continue
        strong = role("strong", {"Service": method.service}, EVERYTHING, InstanceProfileList=[{"Arn": "x"}])
        ann = user("ann", allow([step.action for step in method.steps]))
        need = {type_: [Holder(type_, "arn:aws:x:::y", ())] for type_ in method.needs}
        walk = Graph(realm_with(ann, strong, holders=need)).walk(ann["Arn"])
        assert [path.end for path in walk.paths] == [strong["Arn"]], method.id


def test_an_account_in_which_everybody_may_assume_everybody_is_walked_to_its_end() -> None:
    open_roles = [role(f"r{n}", {"AWS": OWN}, allow("sts:AssumeRole")) for n in range(60)]
    last = role("last", {"AWS": arn("role", "r59")}, EVERYTHING)
    found = graph(user("ann", allow("sts:AssumeRole", arn("role", "r0"))), *open_roles, last)
    (path,) = found.walk(arn("user", "ann")).paths
    assert [target for _, target in told(path)] == ["role/r0", "role/r59", "role/last"]
    assert path.hops[1].statements == ("inline p/#1", "trust policy of r59/#1")


def test_a_walk_may_end_at_the_first_path_that_will_do() -> None:
    found = graph(user("ann", allow("iam:*")), BOSS)
    node = found.node(arn("user", "ann"))
    assert node is not None
    walk = found.walk_from(node, lambda path: True, most_hops=1)
    assert all(len(path.hops) == 1 for path in walk.paths)
    weak = found.node(arn("role", "boss"))
    assert weak is not None
    assert found.walk_from(weak).paths == (), "an administrator has nothing to become"
