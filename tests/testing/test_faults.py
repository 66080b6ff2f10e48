"""The faults do what AWS does, as botocore's own clients see it."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from vigie.testing import faults
from vigie.testing.answers import Pages
from vigie.testing.endpoint import Endpoint, access_key
from vigie.testing.fault_plan import Fault, FaultPlan

SESSION = botocore.session.Session()


@pytest.fixture
def aws() -> Iterator[Endpoint]:
    with Endpoint() as endpoint:
        yield endpoint


def client(aws: Endpoint, service: str, **config: Any) -> Any:
    return SESSION.create_client(
        service,
        region_name="eu-west-1",
        endpoint_url=aws.url,
        aws_access_key_id=access_key("222222222222"),
        aws_secret_access_key="not-a-secret",
        config=Config(retries={"total_max_attempts": 1}, **config),
    )


def code(caught: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize(
    ("service", "method", "told"),
    [
        ("ec2", "describe_vpcs", ("RequestLimitExceeded", 503)),
        ("iam", "list_users", ("Throttling", 400)),
        ("kms", "list_keys", ("ThrottlingException", 400)),
        ("lambda", "list_functions", ("TooManyRequestsException", 429)),
        ("s3", "list_buckets", ("SlowDown", 503)),
        ("sqs", "list_queues", ("RequestThrottled", 403)),
    ],
)
def test_a_throttle_has_the_code_of_its_protocol(
    aws: Endpoint, service: str, method: str, told: tuple[str, int]
) -> None:
    aws.faults.add(faults.throttled(), service=service)

    with pytest.raises(ClientError) as caught:
        getattr(client(aws, service), method)()

    assert code(caught) == told
    assert [hit.fault.id for hit in aws.faults.hits] == ["F02"]


def test_a_share_of_calls_fails_the_same_ones_with_the_same_seed() -> None:
    def struck(seed: int) -> list[int]:
        with Endpoint(faults=FaultPlan(seed)) as aws:
            aws.faults.add(faults.throttled(), share=0.3)
            sqs = client(aws, "sqs")
            for _ in range(20):
                try:
                    sqs.list_queues()
                except ClientError:
                    continue
            return [hit.call.number for hit in aws.faults.hits]

    assert struck(1) == struck(1)
    assert struck(1) != struck(2)
    assert 2 <= len(struck(1)) <= 11


def test_a_token_bucket_serves_its_burst_and_refills() -> None:
    now = [0.0]
    bucket = faults.token_bucket(rate=1, burst=2, clock=lambda: now[0])
    with Endpoint() as aws:
        aws.faults.add(bucket)
        sqs = client(aws, "sqs")
        sqs.list_queues()
        sqs.list_queues()
        with pytest.raises(ClientError):
            sqs.list_queues()
        now[0] = 1.0
        sqs.list_queues()


def test_a_fault_is_aimed_at_a_page(aws: Endpoint) -> None:
    aws.faults.add(faults.token_rejected(), service="kms", page=2)
    pages = iter(client(aws, "kms").get_paginator("list_keys").paginate())

    assert len(next(pages)["Keys"]) == 2
    with pytest.raises(ClientError) as caught:
        next(pages)
    assert code(caught) == ("InvalidMarkerException", 400)


def test_a_fault_is_aimed_at_one_call_one_resource_one_key(aws: Endpoint) -> None:
    aws.faults.add(faults.denied(), service="kms", operation="DescribeKey", resource="the-key")
    aws.faults.add(faults.internal_failure(), service="kms", operation="ListKeys", calls=2)
    kms = client(aws, "kms")

    kms.describe_key(KeyId="another")
    with pytest.raises(ClientError, match="not authorized to perform: kms:DescribeKey"):
        kms.describe_key(KeyId="the-key")
    kms.list_keys()
    with pytest.raises(ClientError, match="internal error"):
        kms.list_keys()
    kms.list_keys()


def test_a_wrong_aim_is_refused() -> None:
    with pytest.raises(TypeError, match="colour"):
        FaultPlan().add(faults.throttled(), colour="red")


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        (faults.html_503(), "ClientError: 503"),
        (faults.empty_500(), "ClientError: 500"),
        (faults.reset(), "ConnectionClosedError"),
        (faults.closed(), "ConnectionClosedError"),
        (faults.hanging(), "ReadTimeoutError"),
        (faults.empty_200(), "ResponseParserError"),
        (faults.control_character("Description"), "ResponseParserError"),
    ],
    ids=lambda value: value.what if isinstance(value, Fault) else "",
)
def test_servers_and_networks_fail_as_botocore_knows_them_to(aws: Endpoint, fault: Fault, seen: str) -> None:
    aws.faults.add(fault, service="ec2")
    ec2 = client(aws, "ec2", read_timeout=0.3)

    with pytest.raises((BotoCoreError, ClientError, Exception)) as caught:
        ec2.describe_security_groups()

    told = type(caught.value).__name__
    if isinstance(caught.value, ClientError):
        told += ": " + caught.value.response["Error"]["Code"]
    assert told == seen


def test_a_truncated_body_is_shorter_than_it_was_promised_to_be(aws: Endpoint) -> None:
    aws.faults.add(faults.truncated())
    with pytest.raises(Exception, match=r"unclosed token|Connection was closed"):
        client(aws, "ec2").describe_security_groups()
    request = aws.calls[-1].request

    connection = http.client.HTTPConnection(*aws.url.removeprefix("http://").split(":"))  # type: ignore[arg-type]
    connection.request(request.method, request.path, request.body, dict(request.headers))

    with pytest.raises(http.client.IncompleteRead), connection.getresponse() as response:
        response.read()


def test_a_drip_outlives_the_read_timeout(aws: Endpoint) -> None:
    aws.faults.add(faults.dripping(1.0))
    began = time.monotonic()

    client(aws, "ec2", read_timeout=0.5).describe_vpcs()

    assert time.monotonic() - began > 0.8


def test_an_html_page_with_status_200_is_an_empty_success_to_botocore(aws: Endpoint) -> None:
    aws.faults.add(faults.html_200())

    assert client(aws, "ec2").describe_vpcs().get("Vpcs", []) == []
    assert client(aws, "kms").list_keys().get("Keys", []) == []


def listed(aws: Endpoint) -> list[str]:
    pages = client(aws, "kms").get_paginator("list_keys").paginate()
    return [key["KeyId"] for page in pages for key in page["Keys"]]


def test_pages_go_wrong_in_the_ways_that_pages_do(aws: Endpoint) -> None:
    whole = listed(aws)

    aws.faults.add(faults.duplicated(), page=1)
    assert listed(aws) == [*whole[:2], whole[0], *whole[2:]]
    aws.faults.clear()

    aws.faults.add(faults.shifted(), page=2)
    assert listed(aws) == [*whole[:2], *whole[3:]]
    aws.faults.clear()

    aws.faults.add(faults.empty_page(), page=2, times=1)
    assert listed(aws) == whole
    assert [call.page for call in aws.called("kms:ListKeys")][-3:] == [1, 2, 3]
    aws.faults.clear()

    aws.faults.add(faults.same_token())
    with pytest.raises(BotoCoreError, match="same next token"):
        listed(aws)


def test_the_result_member_may_be_missing_and_elements_null(aws: Endpoint) -> None:
    aws.faults.add(faults.without(), service="kms")
    assert "Keys" not in client(aws, "kms").list_keys()
    aws.faults.add(faults.null_element(), service="lambda")
    assert client(aws, "lambda").list_functions()["Functions"][0] is None


def test_members_that_botocore_does_not_know_travel_and_are_dropped_by_it(aws: Endpoint) -> None:
    before = client(aws, "ec2").describe_vpcs()["Vpcs"]
    aws.faults.add(faults.unknown_members())

    assert client(aws, "ec2").describe_vpcs()["Vpcs"] == before
    reply = aws.respond(aws.calls[-1].request)
    assert b"NewsOfNextYear" in reply.body


def test_strange_text_arrives_as_it_was_in_xml_and_json(aws: Endpoint) -> None:
    aws.faults.add(faults.strange_text("Description"))

    assert client(aws, "ec2").describe_security_groups()["SecurityGroups"][0]["Description"] == faults.STRANGE
    assert client(aws, "lambda").list_functions()["Functions"][0]["Description"] == faults.STRANGE


def test_pages_can_be_scripted(aws: Endpoint) -> None:
    aws.answers.script("kms", "ListKeys", Pages([{"Keys": [{"KeyId": "a"}]}, {"Keys": []}, {"Keys": [{"KeyId": "b"}]}]))

    assert listed(aws) == ["a", "b"]


def test_a_bucket_elsewhere_is_followed_there(aws: Endpoint) -> None:
    aws.faults.add(faults.redirected("eu-central-1"), service="s3", region="eu-west-1")

    client(aws, "s3").get_bucket_acl(Bucket="far")

    assert [call.region for call in aws.called("s3:GetBucketAcl")] == ["eu-west-1", "eu-central-1"]


def test_an_assumed_role_has_a_key_that_belongs_to_its_account(aws: Endpoint) -> None:
    sts = client(aws, "sts")
    session = sts.assume_role(RoleArn="arn:aws:iam::333333333333:role/vigie", RoleSessionName="sweep")
    key = session["Credentials"]["AccessKeyId"]
    assumed: Any = SESSION.create_client(
        "sts", region_name="eu-west-1", endpoint_url=aws.url, aws_access_key_id=key, aws_secret_access_key="x"
    )

    assert assumed.get_caller_identity()["Account"] == "333333333333"
    assert aws.sessions == [key]


def test_a_big_answer_arrives_whole(aws: Endpoint) -> None:
    aws.faults.add(faults.big("Description", 4_000_000), service="ec2")

    groups = client(aws, "ec2").describe_security_groups()["SecurityGroups"]

    assert [len(group["Description"]) for group in groups] == [4_000_000, len(groups[1]["Description"])]
