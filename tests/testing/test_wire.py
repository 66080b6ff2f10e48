"""What the endpoint writes, botocore's own parsers read; what botocore's clients ask, the endpoint understands."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import botocore.session
import pytest
from botocore import parsers
from botocore.awsrequest import HeadersDict
from botocore.config import Config
from botocore.exceptions import ClientError

from vigie.testing import generate
from vigie.testing.endpoint import Endpoint, access_key
from vigie.testing.wire import cbor, models
from vigie.testing.wire.replies import Error, error_reply, reply
from vigie.testing.wire.requests import Call, Request, UnknownCallError, understand

SESSION = botocore.session.Session()
ACCOUNT = "222222222222"
EVERY_PROTOCOL = (
    ("ec2", "DescribeInstances"),
    ("iam", "GetAccountAuthorizationDetails"),
    ("kms", "DescribeKey"),
    ("lambda", "ListFunctions"),
    ("s3", "GetBucketAcl"),
    ("s3control", "GetPublicAccessBlock"),
    ("sqs", "GetQueueAttributes"),
    ("eventbridgev2", "ListEventBuses"),
)


def client(aws: Endpoint, service: str, region: str = "eu-west-1") -> Any:
    return SESSION.create_client(
        service,
        region_name=region,
        endpoint_url=aws.url,
        aws_access_key_id=access_key(ACCOUNT),
        aws_secret_access_key="not-a-secret",
        config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
    )


def parser_of(protocol: str) -> Any:
    return parsers.create_parser(protocol)


@pytest.fixture(scope="module")
def aws() -> Iterator[Endpoint]:
    with Endpoint() as endpoint:
        yield endpoint


def parsed(call: Call, answer: Mapping[str, Any]) -> dict[str, Any]:
    written = reply(call, answer)
    headers = HeadersDict(written.headers)
    response = {"status_code": written.status, "headers": headers, "body": written.body, "context": {}}
    found: dict[str, Any] = parser_of(call.protocol).parse(response, call.model.output_shape)
    found.pop("ResponseMetadata", None)
    return found


def call_of(service: str, operation: str, **parameters: Any) -> Call:
    return Call(service, operation, parameters, "eu-west-1", "", ACCOUNT, request=Request("POST", "/", {}))


def differs(expected: Any, found: Any, path: str = "") -> Iterator[str]:
    """Where what was parsed differs from what was written (times are compared to the second, empty lists may
    vanish)."""
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        for name in expected.keys() | found.keys():
            if expected.get(name) != found.get(name):
                yield from differs(expected.get(name), found.get(name), f"{path}/{name}")
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for place, (one, other) in enumerate(zip(expected, found, strict=True)):
            yield from differs(one, other, f"{path}[{place}]")
    elif isinstance(expected, bytes) and isinstance(found, str | bytes):
        if expected != (found if isinstance(found, bytes) else found.encode()):
            yield f"{path}: {expected!r} became {found!r}"
    elif not (expected in (None, [], {}) and found in (None, [], {}, "")) and expected != found:
        yield f"{path}: {expected!r} became {found!r}"


def reading_operations(service: str) -> list[str]:
    names = [name for name in models.service(service).operation_names if name.startswith(("List", "Describe", "Get"))]
    return [name for name in names if _is_plain(service, name)]


def _is_plain(service: str, operation: str) -> bool:
    model = models.operation(service, operation)
    if model.deprecated:
        return False  # S3's old forms, which nest what they repeat
    return model.output_shape is not None and not model.has_event_stream_output and not model.has_streaming_output


def _wanting(service: str, operation: str) -> Iterator[str]:
    call = call_of(service, operation)
    answer = generate.answer(call)
    if operation == "GetBucketLocation":
        return  # read by a handler of the client, not by the parser
    for difference in differs(answer, parsed(call, answer)):
        if "ContentLength" in difference:
            continue  # the HTTP header of that name is the server's own
        if "prefix" in difference.lower() and models.protocol(service).startswith("rest"):
            continue  # maps in headers come back in lower case
        yield f"{service}:{operation} {difference}"


@pytest.mark.parametrize(
    "service", ["ec2", "iam", "rds", "elbv2", "kms", "lambda", "s3control", "s3", "sqs", "cloudtrail"]
)
def test_every_generated_answer_of_a_service_comes_back_through_botocores_parser_as_it_was(service: str) -> None:
    operations = reading_operations(service)
    count = min(60, len(operations))
    chosen = random.Random(service).sample(operations, count)  # noqa: S311

    assert [wanting for operation in chosen for wanting in _wanting(service, operation)] == []


@pytest.mark.slow
def test_answers_of_any_service_that_botocore_knows_come_back_as_they_were() -> None:
    found: list[str] = []
    for service in models.loader().list_available_services("service-2")[::3]:
        operations = reading_operations(service)
        for operation in random.Random(service).sample(operations, min(2, len(operations))):  # noqa: S311
            found += list(_wanting(service, operation))

    assert found == []


@pytest.mark.parametrize(("service", "operation"), EVERY_PROTOCOL)
def test_an_error_is_read_with_its_code_message_and_status_in_every_protocol(service: str, operation: str) -> None:
    call = call_of(service, operation)
    written = error_reply(call, Error("SomethingBadException", "it <went> wrong & so", 418))

    headers = HeadersDict(written.headers)
    response = {"status_code": written.status, "headers": headers, "body": written.body, "context": {}}
    error = parser_of(call.protocol).parse(response, call.model.output_shape)["Error"]

    assert (error["Code"], error["Message"], written.status) == ("SomethingBadException", "it <went> wrong & so", 418)


def test_an_old_query_code_of_a_json_service_is_read_as_botocore_reads_that_of_sqs() -> None:
    call = call_of("sqs", "GetQueueAttributes")
    written = error_reply(call, Error("AWS.SimpleQueueService.NonExistentQueue", "no such queue"))

    headers = HeadersDict(written.headers)
    response = {"status_code": written.status, "headers": headers, "body": written.body, "context": {}}
    error = parser_of(call.protocol).parse(response, call.model.output_shape)["Error"]

    assert (written.status, error["Code"], error["QueryErrorCode"]) == (
        400,
        "AWS.SimpleQueueService.NonExistentQueue",
        "QueueDoesNotExist",
    )


@pytest.mark.parametrize(
    ("service", "method", "operation", "parameters"),
    [
        ("ec2", "describe_vpc_attribute", "DescribeVpcAttribute", {"VpcId": "vpc-1", "Attribute": "enableDnsSupport"}),
        ("ec2", "describe_snapshots", "DescribeSnapshots", {"OwnerIds": ["self"], "MaxResults": 5}),
        ("ec2", "describe_instances", "DescribeInstances", {"Filters": [{"Name": "vpc-id", "Values": ["a", "b"]}]}),
        ("iam", "list_access_keys", "ListAccessKeys", {"UserName": "zoé & co"}),
        ("iam", "get_account_authorization_details", "GetAccountAuthorizationDetails", {"Filter": ["User", "Role"]}),
        ("elb", "describe_load_balancers", "DescribeLoadBalancers", {"LoadBalancerNames": ["a"]}),
        ("elbv2", "describe_tags", "DescribeTags", {"ResourceArns": ["arn:1", "arn:2"]}),
        ("kms", "get_key_policy", "GetKeyPolicy", {"KeyId": "k", "PolicyName": "default"}),
        ("sqs", "get_queue_attributes", "GetQueueAttributes", {"QueueUrl": "https://q/1", "AttributeNames": ["All"]}),
        ("lambda", "get_policy", "GetPolicy", {"FunctionName": "arn:aws:lambda:eu-west-1:222222222222:function:f:1"}),
        ("lambda", "list_aliases", "ListAliases", {"FunctionName": "f", "MaxItems": 7}),
        ("lambda", "list_tags", "ListTags", {"Resource": "arn:aws:lambda:eu-west-1:222222222222:function:f"}),
        ("guardduty", "get_detector", "GetDetector", {"DetectorId": "d"}),
        ("s3", "list_buckets", "ListBuckets", {"MaxBuckets": 3}),
        ("s3", "get_bucket_acl", "GetBucketAcl", {"Bucket": "one"}),
        ("s3", "get_bucket_policy_status", "GetBucketPolicyStatus", {"Bucket": "one"}),
        ("s3", "get_bucket_lifecycle_configuration", "GetBucketLifecycleConfiguration", {"Bucket": "one"}),
        ("s3", "get_bucket_notification_configuration", "GetBucketNotificationConfiguration", {"Bucket": "one"}),
        ("s3", "get_public_access_block", "GetPublicAccessBlock", {"Bucket": "one"}),
        ("rds", "describe_db_instances", "DescribeDBInstances", {"MaxRecords": 20}),
        ("cloudwatch", "describe_alarms", "DescribeAlarms", {"AlarmNames": ["a"]}),
        ("account", "list_regions", "ListRegions", {"RegionOptStatusContains": ["ENABLED"]}),
        ("opensearch", "list_domain_names", "ListDomainNames", {}),
        ("stepfunctions", "list_state_machines", "ListStateMachines", {}),
    ],
)
def test_a_clients_call_is_understood(
    aws: Endpoint, service: str, method: str, operation: str, parameters: dict[str, Any]
) -> None:
    getattr(client(aws, service), method)(**parameters)
    call = aws.calls[-1]

    assert (call.service, call.operation, call.region, call.account) == (service, operation, "eu-west-1", ACCOUNT)
    assert dict(call.parameters) == parameters
    assert aws.unknown == []


@pytest.mark.parametrize(("service", "operation"), [("eventbridgev2", "ListEventBuses")])
def test_a_service_of_the_cbor_protocol_is_spoken_to(aws: Endpoint, service: str, operation: str) -> None:
    assert models.protocol(service) == "smithy-rpc-v2-cbor"
    names = [name for name in models.service(service).operation_names if name.startswith("List")]
    method = botocore.xform_name(names[0])

    answer = getattr(client(aws, service), method)()

    assert aws.calls[-1].name == f"{service}:{names[0]}"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_what_is_no_call_is_refused_and_remembered() -> None:
    with pytest.raises(UnknownCallError, match="not signed"):
        understand(Request("GET", "/favicon.ico", {"user-agent": "curl/8"}))
    with pytest.raises(UnknownCallError, match="signs as 'nosuch'"):
        understand(
            Request("GET", "/", {"authorization": "AWS4-HMAC-SHA256 Credential=A/20260101/r/nosuch/aws4_request"})
        )


def test_all_pages_of_a_listing_are_told_once_each(aws: Endpoint) -> None:
    kms = client(aws, "kms")
    keys = [key["KeyId"] for page in kms.get_paginator("list_keys").paginate() for key in page["Keys"]]

    assert len(keys) == len(set(keys)) == 4
    assert kms.describe_key(KeyId=keys[3])["KeyMetadata"]["KeyId"] == keys[3]


def test_lists_of_one_account_fit_together(aws: Endpoint) -> None:
    ec2 = client(aws, "ec2")
    vpcs = {vpc["VpcId"] for page in ec2.get_paginator("describe_vpcs").paginate() for vpc in page["Vpcs"]}
    subnets = [s for page in ec2.get_paginator("describe_subnets").paginate() for s in page["Subnets"]]

    assert {subnet["VpcId"] for subnet in subnets} == vpcs


def test_an_error_reaches_the_client_as_a_client_error(aws: Endpoint) -> None:
    aws.answers.script("sns", "ListTopics", Error("AuthorizationError", "no", 403))

    with pytest.raises(ClientError) as caught:
        client(aws, "sns").list_topics()

    assert caught.value.response["Error"]["Code"] == "AuthorizationError"


def test_scripted_answers_are_given_one_after_the_other_the_last_for_ever(aws: Endpoint) -> None:
    aws.answers.script("acm", "ListTagsForCertificate", {"Tags": []}, {"Tags": [{"Key": "a", "Value": "b"}]})
    acm = client(aws, "acm")

    seen = [len(acm.list_tags_for_certificate(CertificateArn="arn:" + "x" * 20)["Tags"]) for _ in range(3)]

    assert seen == [0, 1, 1]


@pytest.mark.parametrize(
    "value", [None, True, -5, 23, 24, 70_000, 2**40, 1.5, "é🦊", b"\x00\xff", [1, [2]], {"a": {"b": []}}]
)
def test_cbor_comes_back_as_it_was(value: Any) -> None:
    assert cbor.loads(cbor.dumps(value)) == value


def test_a_time_in_cbor_is_read_by_botocore_as_that_time() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    parser = parser_of("smithy-rpc-v2-cbor")

    assert parser.parse_data_item(parser.get_peekable_stream_from_bytes(cbor.dumps(moment))) == moment
