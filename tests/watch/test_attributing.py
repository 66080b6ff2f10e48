"""Who made a change: sets of calls, and how sure; never a failed or read call, whatever it says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from happenings import ALICE, BOB, DEPLOYER, event
from recordings import HOUR, MINUTE, SCOPE, T0, queue
from vigie.model.attribution import Confidence
from vigie.model.change import Change, ChangeKind, DiffEntry, Revision
from vigie.model.event import Event
from vigie.model.resource import Resource
from vigie.model.scope import Scope
from vigie.watch.attributing import Candidate, Conclusion, attribute

GROUP = Resource(Scope(SCOPE.account, SCOPE.region, "AWS::EC2::SecurityGroup"), "sg-1", SCOPE.region)
SECOND = timedelta(seconds=1)


def change(
    *diff: DiffEntry,
    kind: ChangeKind = ChangeKind.CHANGED,
    resource: Resource | None = None,
    configuration: dict[str, Any] | None = None,
) -> Change:
    """Seen at T0 + 1 h; the old state was seen at T0."""
    of = resource or queue("q")
    return Change(Revision(of, 2, kind, T0 + HOUR, configuration or {}, changed_after=T0), diff)


def concluded(of: Change, *events: Event, complete: bool = False, taken: tuple[int, ...] = ()) -> Conclusion:
    """Events are numbered from 0."""
    candidates = [Candidate(number, one, number in taken) for number, one in enumerate(events)]
    return attribute(of, candidates, logs_complete=complete)


def credited(conclusion: Conclusion) -> dict[int, str]:
    return {given.pk: given.confidence.value for given in conclusion.credits}


TIMEOUT = DiffEntry("/Attributes/VisibilityTimeout", "replace", "30", "60")
OPEN_SSH = DiffEntry("/IpPermissions[tcp,22,22]/IpRanges[0.0.0.0/0]", "add", None, {"CidrIp": "0.0.0.0/0"})
CLOSE_WEB = DiffEntry("/IpPermissions[tcp,443,443]/IpRanges[0.0.0.0/0]", "remove", {"CidrIp": "0.0.0.0/0"}, None)


def set_timeout(value: str = "60", **parts: Any) -> Event:
    return event(**{"at": T0 + MINUTE, **parts}, request={"queueUrl": "q", "attributes": {"VisibilityTimeout": value}})


def rule(name: str, port: int, **parts: Any) -> Event:
    permission = {"ipProtocol": "tcp", "fromPort": port, "toPort": port, "ipRanges": {"items": {"cidrIp": "0.0.0.0/0"}}}
    request = {"groupId": "sg-1", "ipPermissions": {"items": [permission]}}
    return event(name, GROUP, **{"at": T0 + MINUTE, "source": "ec2.amazonaws.com", **parts}, request=request)


def test_the_call_whose_values_were_seen_is_exact() -> None:
    found = concluded(change(TIMEOUT), set_timeout("45", by=BOB), set_timeout("60", at=T0 + 2 * MINUTE))
    assert (found.confidence, credited(found)) == (Confidence.EXACT, {1: "exact"})
    assert found.credits[0].paths == (TIMEOUT.path,)


def test_two_calls_within_one_second_are_told_apart_by_their_values() -> None:
    moment = T0 + MINUTE
    found = concluded(change(TIMEOUT), set_timeout("60", at=moment, by=ALICE), set_timeout("45", at=moment, by=BOB))
    assert credited(found) == {0: "exact"}


def test_two_people_that_set_the_same_value_cannot_be_told_apart() -> None:
    found = concluded(change(TIMEOUT), set_timeout(by=ALICE), set_timeout(by=BOB))
    assert (found.confidence, credited(found)) == (Confidence.AMBIGUOUS, {0: "ambiguous", 1: "ambiguous"})


def test_a_change_that_merges_several_calls_is_credited_to_all_of_them() -> None:
    tag = DiffEntry("/Tags/team", "add", None, "payments")
    tagging = event("TagQueue", at=T0 + MINUTE, by=BOB, request={"tags": {"team": "payments"}})
    found = concluded(change(TIMEOUT, tag), set_timeout(), tagging)
    assert (found.confidence, credited(found)) == (Confidence.EXACT, {0: "exact", 1: "exact"})


def test_a_part_that_no_call_explains_makes_it_less_sure() -> None:
    other = DiffEntry("/Attributes/KmsMasterKeyId", "add", None, "alias/k")
    found = concluded(change(TIMEOUT, other), set_timeout())
    assert found.confidence is Confidence.LIKELY
    assert "1 of the differences is explained by no call" in found.reason


def test_the_port_tells_two_openings_to_the_same_network_apart() -> None:
    web, ssh = rule("AuthorizeSecurityGroupIngress", 443, by=BOB), rule("AuthorizeSecurityGroupIngress", 22)
    assert credited(concluded(change(OPEN_SSH, resource=GROUP), web, ssh)) == {1: "exact"}


def test_what_was_taken_away_was_not_added_and_the_other_way_round() -> None:
    adds, takes = rule("AuthorizeSecurityGroupIngress", 443, by=BOB), rule("RevokeSecurityGroupIngress", 443)
    assert credited(concluded(change(CLOSE_WEB, resource=GROUP), adds, takes)) == {1: "exact"}
    opened = replace(CLOSE_WEB, op="add", old=None, new=CLOSE_WEB.old)
    assert credited(concluded(change(opened, resource=GROUP), adds, takes)) == {0: "exact"}


def test_a_call_that_removes_a_whole_part_is_exact() -> None:
    bucket = Resource(Scope(SCOPE.account, "global", "AWS::S3::Bucket"), "b", "eu-west-1", name="b")
    gone = DiffEntry("/Policy", "remove", {"Statement": []}, None)
    deleting = event("DeleteBucketPolicy", bucket, at=T0 + MINUTE, request={"bucketName": "b"})
    versioning = event("PutBucketVersioning", bucket, at=T0 + MINUTE, by=BOB)
    assert credited(concluded(change(gone, resource=bucket), versioning, deleting)) == {1: "exact"}


def test_a_policy_in_a_request_is_read_as_the_document_that_it_is() -> None:
    added = DiffEntry("/Policy/Statement[Open]", "add", None, {"Sid": "Open", "Effect": "Allow", "Principal": "*"})
    request = {"attributes": {"Policy": '{"Statement": [{"Sid": "Open", "Effect": "Allow", "Principal": "*"}]}'}}
    found = concluded(change(added), event(at=T0 + MINUTE, request=request), event(at=T0 + MINUTE, by=BOB))
    assert credited(found) == {0: "exact"}


def test_an_element_is_known_by_the_arn_that_the_call_names_or_the_id_that_it_got() -> None:
    admin = "arn:aws:iam::aws:policy/AdministratorAccess"
    attached = DiffEntry(f"/AttachedManagedPolicies[{admin}]", "add", None, {"PolicyArn": admin, "PolicyName": "A"})
    calls = [event("AttachRolePolicy", at=T0 + MINUTE, by=who, request={"policyArn": arn}) for who, arn in
             ((BOB, "arn:aws:iam::aws:policy/ReadOnlyAccess"), (ALICE, admin))]  # fmt: skip
    assert credited(concluded(change(attached), *calls)) == {1: "exact"}
    made = DiffEntry("/AccessKeys[AKIAIOSFODNN7EXAMPLE]", "add", None, {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE"})
    record = {"requestParameters": {}, "responseElements": {"accessKey": {"accessKeyId": "AKIAIOSFODNN7EXAMPLE"}}}
    got = event("CreateAccessKey", at=T0 + MINUTE, record=record)
    assert credited(concluded(change(made), event("CreateAccessKey", at=T0 + MINUTE, by=BOB), got)) == {1: "exact"}


def test_a_word_such_as_true_proves_nothing_without_the_name_of_its_member() -> None:
    entry = DiffEntry("/PublicAccessBlock/BlockPublicAcls", "replace", True, False)
    same = event("Put", at=T0 + MINUTE, request={"PublicAccessBlockConfiguration": {"BlockPublicAcls": False}})
    other = event("Put", at=T0 + MINUTE, by=BOB, request={"IgnorePublicAcls": False})
    assert credited(concluded(change(entry), other, same)) == {1: "exact"}


def test_the_only_call_is_likely_and_says_that_nothing_proves_it() -> None:
    found = concluded(change(TIMEOUT), event("DoSomething", at=T0 + MINUTE))
    assert (found.confidence, credited(found)) == (Confidence.LIKELY, {0: "likely"})


def test_the_call_that_speaks_of_the_part_is_likely_and_the_others_are_not_blamed() -> None:
    tag = DiffEntry("/Tags/team", "replace", "a", "b")
    found = concluded(change(tag), event("TagQueue", at=T0 + MINUTE), event("AddPermission", at=T0 + MINUTE, by=BOB))
    assert credited(found) == {0: "likely"}


def test_without_a_call_it_is_pending_until_the_logs_are_complete() -> None:
    assert concluded(change(TIMEOUT)).confidence is Confidence.PENDING
    found = concluded(change(TIMEOUT), complete=True)
    assert found.confidence is Confidence.NONE
    assert "no API call explains this" in found.reason


@pytest.mark.parametrize(
    "at", [T0 - 2 * MINUTE, T0 + HOUR + MINUTE, T0 + HOUR + timedelta(seconds=3)], ids=["before", "after", "just after"]
)
def test_a_call_outside_the_window_is_not_credited(at: Any) -> None:
    assert concluded(change(TIMEOUT), set_timeout(at=at)).credits == ()


def test_the_clock_of_a_call_may_be_a_second_off() -> None:
    assert credited(concluded(change(TIMEOUT), set_timeout(at=T0 - SECOND))) == {0: "exact"}
    assert credited(concluded(change(TIMEOUT), set_timeout(at=T0 + HOUR + SECOND))) == {0: "exact"}


def test_a_stale_read_after_a_call_leaves_it_to_explain_the_next_change_by_its_values_alone() -> None:
    late = T0 - timedelta(seconds=30)
    assert credited(concluded(change(TIMEOUT), set_timeout(at=late))) == {0: "exact"}
    assert concluded(change(TIMEOUT), set_timeout(at=late), taken=(0,)).credits == ()
    assert concluded(change(TIMEOUT), event("DoSomething", at=late)).credits == ()


def test_made_and_deleted_resources_are_credited_to_who_made_and_deleted_them() -> None:
    made = event("CreateQueue", at=T0 + MINUTE, by=BOB)
    ended = event("DeleteQueue", at=T0 + MINUTE)
    policy = event("SetQueueAttributes", at=T0 + 2 * MINUTE)
    assert credited(concluded(change(kind=ChangeKind.CREATED), made, policy)) == {0: "exact"}
    assert credited(concluded(change(kind=ChangeKind.DELETED), policy, ended)) == {1: "exact"}
    again = concluded(change(kind=ChangeKind.RECREATED), ended, made)
    assert credited(again) == {0: "exact", 1: "exact"}


def test_what_was_set_before_a_new_resource_was_first_seen_is_credited_too() -> None:
    made = event("CreateQueue", at=T0 + MINUTE, request={"queueName": "q"})
    seen = change(kind=ChangeKind.CREATED, configuration={"Attributes": {"KmsMasterKeyId": "alias/key"}})
    locked = event(at=T0 + MINUTE, by=BOB, request={"attributes": {"KmsMasterKeyId": "alias/key"}})
    assert credited(concluded(seen, made, locked)) == {0: "exact", 1: "exact"}


def test_removing_a_part_does_not_explain_that_the_whole_is_gone() -> None:
    bucket = Resource(Scope(SCOPE.account, "global", "AWS::S3::Bucket"), "b", "eu-west-1", name="b")
    part = event("DeleteBucketPolicy", bucket, at=T0 + MINUTE, by=BOB)
    whole = event("DeleteBucket", bucket, at=T0 + MINUTE)
    assert credited(concluded(change(kind=ChangeKind.DELETED, resource=bucket), part, whole)) == {1: "exact"}


def test_a_service_that_acts_for_a_user_is_told_as_that() -> None:
    through = replace(ALICE, invoked_by="cloudformation.amazonaws.com")
    found = concluded(change(TIMEOUT), set_timeout(by=through))
    assert credited(found) == {0: "exact"}


def test_the_two_copies_of_a_cross_account_call_count_once() -> None:
    copies = (set_timeout(shared_id="s"), set_timeout(shared_id="s", account="999988887777"))
    assert credited(concluded(change(TIMEOUT), *copies)) == {0: "exact"}


EVENTS = st.builds(
    lambda name, value, by, seconds, spoilt: set_timeout(
        value, name=name, by=by, at=T0 + timedelta(seconds=seconds), **({spoilt: True} if spoilt else {})
    ),
    st.sampled_from(["SetQueueAttributes", "CreateQueue", "DeleteQueue", "TagQueue", "AddPermission"]),
    st.sampled_from(["30", "45", "60"]),
    st.sampled_from([ALICE, BOB, DEPLOYER]),
    st.integers(-100, 3_700),
    st.sampled_from(["", "failed", "read_only"]),
)


@given(st.lists(EVENTS, max_size=8), st.sampled_from([k for k in ChangeKind if k.durable]), st.booleans())
def test_a_failed_or_read_call_is_never_credited_nor_one_outside_the_time(
    events: list[Event], kind: ChangeKind, complete: bool
) -> None:
    found = concluded(change(TIMEOUT, kind=kind), *events, complete=complete)
    for given_ in found.credits:
        one = events[given_.pk]
        assert not one.failed
        assert not one.read_only
        assert T0 - MINUTE <= one.at <= T0 + HOUR + 2 * SECOND
    assert found.confidence.names_somebody is bool(found.credits)
    assert found.reason.endswith(".")
