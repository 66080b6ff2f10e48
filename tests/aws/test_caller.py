from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.credentials import Credentials, ReadOnlyCredentials

from vigie.aws.caller import Caller, Line, RestrictedCaller, UndeclaredCallError
from vigie.aws.credentials import AmbientPurse
from vigie.aws.errors import CallFailed
from vigie.model.scope import Outcome
from vigie.testing import faults
from vigie.testing.answers import Pages
from vigie.testing.endpoint import ACCOUNT, Endpoint, access_key

REGION = "eu-west-1"
KEYS = ("kms", "eu-west-1", "ListKeys")


def key(name: str) -> dict[str, str]:
    return {"KeyId": name, "KeyArn": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/{name}"}


class Renewable:
    """Keys that get a new name when they are renewed."""

    def __init__(self, *, can: bool = True) -> None:
        self.number = 0
        self.can = can

    def keys(self) -> ReadOnlyCredentials:
        return ReadOnlyCredentials(f"ASIA{ACCOUNT}{self.number:04d}", "not-a-secret", "token")

    def renew(self, used: ReadOnlyCredentials) -> bool:
        if not self.can:
            return False
        self.number += 1
        return True


def test_an_undeclared_operation_is_refused_and_never_sent(aws: Endpoint, caller: Caller) -> None:
    restricted = RestrictedCaller(caller, frozenset({("kms", "ListKeys")}), REGION)

    with pytest.raises(UndeclaredCallError, match="kms:DescribeKey is not declared"):
        restricted.call("kms", "DescribeKey", {"KeyId": "x"})
    with pytest.raises(UndeclaredCallError):
        restricted.pages("kms", "ListAliases")

    assert aws.called() == []
    assert restricted.pages("kms", "ListKeys")


def test_botocore_makes_no_call_of_its_own_to_follow_a_bucket(aws: Endpoint, caller: Caller) -> None:
    aws.faults.add(faults.failing("PermanentRedirect", status=301), operation="GetBucketAcl")

    with pytest.raises(CallFailed):
        caller.call("s3", REGION, "GetBucketAcl", {"Bucket": "somewhere"})

    assert {call.operation for call in aws.called()} <= {"GetBucketAcl"}


def test_all_pages_are_read_an_empty_one_too(aws: Endpoint, caller: Caller) -> None:
    pages = Pages([{"Keys": [key("a")]}, {"Keys": []}, {"Keys": [key("b")]}])
    aws.answers.script("kms", "ListKeys", pages)

    found = [one["KeyId"] for page in caller.pages(*KEYS, expect="Keys") for one in page["Keys"]]

    assert found == ["a", "b"]


def test_a_denial_is_not_tried_again_and_names_the_permission(aws: Endpoint, caller: Caller) -> None:
    aws.faults.add(faults.denied(), operation="ListKeys")

    with pytest.raises(CallFailed) as caught:
        caller.call(*KEYS)

    assert (caught.value.outcome, caught.value.permission) == (Outcome.DENIED, "kms:ListKeys")
    assert len(aws.called("kms:ListKeys")) == 1


def test_a_transient_error_is_tried_three_times(aws: Endpoint, caller: Caller) -> None:
    aws.faults.add(faults.internal_failure(), operation="ListKeys")

    with pytest.raises(CallFailed) as caught:
        caller.call(*KEYS)

    assert caught.value.outcome is Outcome.ERROR
    assert len(aws.called("kms:ListKeys")) == 3


def test_a_throttle_is_waited_for_within_the_deadline_only(aws: Endpoint, caller: Caller, line: Line) -> None:
    aws.faults.add(faults.throttled(), operation="ListKeys", times=4)
    assert caller.call(*KEYS)

    aws.faults.add(faults.throttled(), operation="ListAliases")
    began = time.monotonic()
    with pytest.raises(CallFailed) as caught:
        caller.call("kms", REGION, "ListAliases", deadline=line.clock() + 0.5)

    assert caught.value.outcome is Outcome.THROTTLED
    assert time.monotonic() - began < 2.0


def test_an_expired_session_is_renewed_once_and_the_call_resumed(
    aws: Endpoint, make_caller: Callable[..., Caller]
) -> None:
    purse = Renewable()
    aws.faults.add(faults.expired(), access_key="*0000")

    assert make_caller(purse).call(*KEYS)
    assert purse.number == 1


def test_a_session_that_cannot_be_renewed_ends_the_account(aws: Endpoint, make_caller: Callable[..., Caller]) -> None:
    aws.faults.add(faults.expired())
    caller = make_caller(Renewable(can=False))

    for operation in ("ListKeys", "ListAliases"):
        with pytest.raises(CallFailed) as caught:
            caller.call("kms", REGION, operation)
        assert caught.value.outcome is Outcome.CREDENTIALS

    assert len(aws.called()) == 1, "after the first, nothing more is asked"


def test_a_disabled_region_is_told_apart_from_a_bad_key(aws: Endpoint, make_caller: Callable[..., Caller]) -> None:
    aws.faults.add(faults.region_off(), region="af-south-1")
    with pytest.raises(CallFailed) as off:
        make_caller().call("kms", "af-south-1", "ListKeys")
    assert off.value.outcome is Outcome.REGION_DISABLED

    aws.faults.clear()
    aws.faults.add(faults.unknown_key())
    with pytest.raises(CallFailed) as bad:
        make_caller().call("kms", "af-south-1", "ListKeys")
    assert bad.value.outcome is Outcome.CREDENTIALS


@pytest.mark.parametrize("fault", [faults.html_200(), faults.empty_200()])
@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("ec2", "DescribeVpcs", {}),
        ("iam", "ListUsers", {}),
        ("kms", "ListKeys", {}),
        ("lambda", "ListFunctions", {}),
        ("s3", "GetBucketPolicy", {"Bucket": "a-bucket"}),
        ("sqs", "ListQueues", {}),
    ],
)
def test_what_is_no_answer_is_an_error_in_every_protocol(
    aws: Endpoint, caller: Caller, fault: Any, service: str, operation: str, parameters: dict[str, str]
) -> None:
    aws.faults.add(fault)

    with pytest.raises(CallFailed) as caught:
        caller.call(service, REGION, operation, parameters)

    assert caught.value.outcome is Outcome.ERROR


def test_an_answer_without_its_result_member_is_an_error(aws: Endpoint, caller: Caller) -> None:
    aws.faults.add(faults.without("Keys"), operation="ListKeys")

    with pytest.raises(CallFailed, match="lacks its member Keys"):
        caller.pages(*KEYS, expect="Keys")


def test_control_characters_do_not_cost_the_page(aws: Endpoint, caller: Caller) -> None:
    aws.answers.script("ec2", "DescribeSecurityGroups", {"SecurityGroups": [{"GroupId": "sg-1", "Description": "x"}]})
    aws.faults.add(faults.control_character(), operation="DescribeSecurityGroups")

    page = caller.call("ec2", REGION, "DescribeSecurityGroups", expect="SecurityGroups")

    assert "␋" in page["SecurityGroups"][0]["Description"]


def test_the_same_token_twice_ends_the_listing_as_an_error(aws: Endpoint, caller: Caller) -> None:
    aws.faults.add(faults.same_token(), operation="ListKeys")

    with pytest.raises(CallFailed, match="token"):
        caller.pages(*KEYS)


def test_a_rejected_token_starts_the_listing_again_once(aws: Endpoint, caller: Caller) -> None:
    aws.answers.script("kms", "ListKeys", Pages([{"Keys": [key("a")]}, {"Keys": [key("b")]}]))
    aws.faults.add(faults.token_rejected(), operation="ListKeys", page=2, times=1)

    found = [one["KeyId"] for page in caller.pages(*KEYS) for one in page["Keys"]]

    assert found == ["a", "b"]


def test_threads_that_act_as_different_accounts_sign_with_their_own_keys(aws: Endpoint, line: Line) -> None:
    accounts = [f"{number:012d}" for number in range(1, 6)]

    def ask(account: str) -> None:
        purse = AmbientPurse(lambda: Credentials(access_key(account), "not-a-secret"))
        one = Caller(line, account, purse, trusted_region="us-east-1")
        for _ in range(10):
            one.call(*KEYS)

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(ask, accounts))

    seen = {account: sum(call.account == account for call in aws.called("kms:ListKeys")) for account in accounts}
    assert seen == dict.fromkeys(accounts, 10)
