"""The differ: what changed, told by what it is called."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest
from deepdiff import DeepDiff
from hypothesis import example, given, settings

from configurations import TREATMENT, raws
from vigie.model.apply import apply, steps_of
from vigie.model.canonical import canonical_text, comparable, digests, normalise, treatment_paths
from vigie.model.change import DiffEntry
from vigie.model.diff import diff, shared_spelling
from vigie.model.treatment import PLAIN, Treatment


def changes(old: Any, new: Any, treatment: Treatment = PLAIN) -> list[tuple[str, str, Any, Any]]:
    found = diff(normalise(old, treatment), normalise(new, treatment), treatment)
    return [(entry.op, entry.path, entry.old, entry.new) for entry in found]


def seen_by_the_differ(old: Any, new: Any, treatment: Treatment) -> tuple[Any, Any]:
    start, spell = treatment_paths(treatment).start(), shared_spelling(old, new)
    before, after = (comparable(value, start, drop_ephemeral=False, spell=spell) for value in (old, new))
    return before, after


@given(raws, raws)
@settings(deadline=None, max_examples=100)
@example({"Other": [True]}, {"Other": [1]})
@example({"Other": 1}, {"Other": True})
@example({"Other": {}}, {"Other": None})
def test_no_difference_means_the_same_content(one: dict[str, Any], other: dict[str, Any]) -> None:
    old, new = normalise(one, TREATMENT), normalise(other, TREATMENT)
    before, after = seen_by_the_differ(old, new, TREATMENT)
    same = canonical_text(before) == canonical_text(after)
    assert (diff(old, new, TREATMENT) == ()) == same
    assert same == (not DeepDiff(without_booleans(before), without_booleans(after)))


def without_booleans(value: Any) -> Any:
    """deepdiff takes True for 1."""
    if isinstance(value, dict):
        return {key: without_booleans(member) for key, member in value.items()}
    if isinstance(value, list):
        return [without_booleans(element) for element in value]
    return f"<{value}>" if isinstance(value, bool) else value


@given(raws, raws)
@settings(deadline=None, max_examples=150)
def test_the_difference_applied_to_the_old_gives_the_new(one: dict[str, Any], other: dict[str, Any]) -> None:
    old, new = normalise(one, TREATMENT), normalise(other, TREATMENT)
    _, after = seen_by_the_differ(old, new, TREATMENT)
    made = apply(old, diff(old, new, TREATMENT), TREATMENT, shared_spelling(old, new))
    assert canonical_text(made) == canonical_text(after)


@given(raws, raws)
@settings(deadline=None, max_examples=100)
def test_only_ephemeral_entries_means_the_same_durable_digest(one: dict[str, Any], other: dict[str, Any]) -> None:
    old, new = normalise(one, TREATMENT), normalise(other, TREATMENT)
    quiet = all(entry.ephemeral for entry in diff(old, new, TREATMENT))
    assert quiet == (digests(old, TREATMENT)[1] == digests(new, TREATMENT)[1])


GROUP = {
    "IpPermissions": [
        {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]},
        {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg-1", "UserId": "111122223333"}]},
    ]
}


def test_an_opened_port_is_one_change_that_says_what_was_opened() -> None:
    opened = {
        "IpPermissions": [
            GROUP["IpPermissions"][1],
            {
                "IpProtocol": "tcp",
                "FromPort": 443,
                "ToPort": 443,
                "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "all"}, {"CidrIp": "10.0.0.0/8"}],
            },
        ]
    }
    assert changes(GROUP, opened) == [
        (
            "add",
            "/IpPermissions[tcp,443,443]/IpRanges[0.0.0.0/0]",
            None,
            {"CidrIp": "0.0.0.0/0", "Description": "all"},
        )
    ]


def test_one_edit_in_a_shuffled_security_group_is_one_change() -> None:
    dice = random.Random(7)  # noqa: S311
    for _ in range(100):
        rules = [
            {
                "IpProtocol": "tcp",
                "FromPort": port,
                "ToPort": port,
                "IpRanges": [{"CidrIp": f"10.{n}.0.0/16"} for n in range(4)],
            }
            for port in range(20, 30)
        ]
        edited = [{**rule, "IpRanges": list(rule["IpRanges"])} for rule in rules]  # type: ignore[call-overload]
        dice.choice(edited)["IpRanges"].append({"CidrIp": "0.0.0.0/0"})
        for rule in edited:
            dice.shuffle(rule["IpRanges"])
        dice.shuffle(edited)
        assert len(changes({"IpPermissions": rules}, {"IpPermissions": edited})) == 1


def test_statements_are_known_by_their_sid_and_a_respelling_is_no_difference() -> None:
    old = {"Statement": [{"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": ["a", "b"]}]}
    same = {"Statement": {"Sid": "Read", "Effect": "Allow", "Action": ["S3:getobject"], "Resource": ["b", "a"]}}
    more = {
        "Statement": {
            "Sid": "Read",
            "Effect": "Allow",
            "Action": ["s3:getObject", "s3:PutObject"],
            "Resource": ["b", "a"],
        }
    }
    assert changes({"Policy": old}, {"Policy": same}) == []
    assert changes({"Policy": old}, {"Policy": more}) == [
        ("add", "/Policy/Statement[Read]/Action[s3:PutObject]", None, "s3:PutObject")
    ]


def test_a_statement_without_sid_that_changed_a_little_is_the_same_statement() -> None:
    old = {"Statement": [{"Effect": "Allow", "Action": "a:a", "Resource": "x"}, {"Effect": "Deny", "Action": "b:b"}]}
    new = {"Statement": [{"Effect": "Allow", "Action": "a:a", "Resource": "y"}, {"Effect": "Deny", "Action": "b:b"}]}
    assert changes({"Policy": old}, {"Policy": new}) == [
        ("remove", "/Policy/Statement[#0]/Resource[x]", "x", None),
        ("add", "/Policy/Statement[#0]/Resource[y]", None, "y"),
    ]


def test_grants_that_share_little_are_removed_and_added() -> None:
    old = {"Grants": [{"Grantee": {"ID": "a"}, "Permission": "READ"}, {"Grantee": {"ID": "c"}, "Permission": "READ"}]}
    new = {"Grants": [{"Grantee": {"ID": "b"}, "Permission": "READ"}, {"Grantee": {"ID": "c"}, "Permission": "READ"}]}
    assert [(op, path) for op, path, _, _ in changes(old, new)] == [("remove", "/Grants[#0]"), ("add", "/Grants[#0]")]


def test_members_appear_disappear_and_change() -> None:
    assert changes({"A": 1, "B": None, "Tags": {"a/b": "1"}}, {"A": "1", "C": None, "Tags": {"a/b": "2"}}) == [
        ("replace", "/A", 1, "1"),
        ("remove", "/B", None, None),
        ("add", "/C", None, None),
        ("replace", '/Tags/"a/b"', "1", "2"),
    ]


def test_an_identity_that_the_old_list_alone_would_not_suggest_is_named() -> None:
    old = {"L": [{"Key": "a", "GroupId": "g1", "V": 1}, {"Key": "b", "GroupId": "g2", "V": 1}]}
    new = {"L": [{"Key": "a", "GroupId": "g1", "V": 2}, {"Key": "a", "GroupId": "g2", "V": 1}]}
    assert [path for _, path, _, _ in changes(old, new)] == ["/L[GroupId=g1]/V", "/L[GroupId=g2]/Key"]


def test_an_ordered_list_tells_places() -> None:
    treatment = Treatment(ordered=("Steps",))
    assert changes({"Steps": ["a", "b", "c"]}, {"Steps": ["a", "x", "b", "c"]}, treatment) == [
        ("add", "/Steps[1]", None, "x")
    ]
    assert changes({"Steps": ["a", "b"]}, {"Steps": ["b", "a"]}, treatment) != []


def test_ephemeral_parts_are_marked() -> None:
    treatment = Treatment(ephemeral=("Keys[].LastUsed", "State"))
    old = normalise({"Keys": [{"AccessKeyId": "k", "LastUsed": {"D": 1}}], "State": {"A": 1}}, treatment)
    new = normalise({"Keys": [{"AccessKeyId": "k", "LastUsed": {"D": 2}}], "State": {"A": 2}}, treatment)
    assert diff(old, new, treatment) == (
        DiffEntry("/Keys[k]/LastUsed/D", "replace", 1, 2, ephemeral=True),
        DiffEntry("/State/A", "replace", 1, 2, ephemeral=True),
    )


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("/A/B[tcp,1,2]/C[0.0.0.0/0]", (("/", "A"), ("/", "B"), ("[", "tcp,1,2"), ("/", "C"), ("[", "0.0.0.0/0"))),
        ('/"a/[b"["x]\\"y"]/c', (("/", '"a/[b"'), ("[", '"x]\\"y"'), ("/", "c"))),
    ],
)
def test_paths_are_read_back(path: str, steps: Any) -> None:
    assert steps_of(path) == steps


def test_an_entry_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="plain value"):
        apply({"A": 1}, [DiffEntry("/A/B", "add", new=1)])


def big_policy(statements: int) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": f"Statement{n}",
                "Effect": "Allow",
                "Action": [f"service{n}:Action{k}" for k in range(20)],
                "Resource": [f"arn:aws:service{n}:eu-west-1:111122223333:thing/{k}" for k in range(12)],
            }
            for n in range(statements)
        ],
    }


def test_a_large_policy_takes_milliseconds() -> None:
    old = normalise({"Policy": big_policy(110)})
    assert len(canonical_text(old)) > 110_000
    edited = big_policy(110)
    edited["Statement"][50]["Action"].append("service50:New")
    edited["Statement"].reverse()
    new = normalise({"Policy": edited})
    before = time.process_time()
    found = diff(old, new)
    took = time.process_time() - before
    assert [entry.path for entry in found] == ["/Policy/Statement[Statement50]/Action[service50:New]"]
    assert took < 1.0  # 30 ms on a quiet machine; a quadratic differ takes minutes
