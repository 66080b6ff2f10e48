"""The verifier finds nothing in what is shipped, and finds every kind of mistake that is seeded."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel

from vigie.aws.paging import tokens_of
from vigie.catalogue.defects import CHECKS
from vigie.catalogue.loader import Catalogue, declarations, load
from vigie.catalogue.reading_only import access_levels, gives_away, only_reads
from vigie.catalogue.service_models import ServiceModels, pagination
from vigie.catalogue.verify import Defect, verify

OWN = frozenset({"vigie.catalogue"})

KEY = """
_service = "kms"
[key]
cfn  = "AWS::KMS::Key"
list = { op = "ListKeys", items = "Keys" }
id   = "KeyId"
arn  = "KeyArn"
"""
DETAIL = KEY + '[key.detail.Metadata]\nop = "DescribeKey"\nbind = { KeyId = "KeyId" }\ntake = "KeyMetadata"\n'
QUEUE = """
_service = "sqs"
[queue]
cfn  = "AWS::SQS::Queue"
list = { op = "ListQueues", items = "QueueUrls", as = "QueueUrl" }
id   = "QueueUrl"
"""
QUEUES = QUEUE + (
    '[queue.detail.Attributes]\nop = "GetQueueAttributes"\nbind = { QueueUrl = "QueueUrl" }\ntake = "Attributes"\n'
)
FUNCTION = """
_service = "lambda"
[function]
cfn  = "AWS::Lambda::Function"
list = { op = "ListFunctions", items = "Functions" }
id   = "FunctionName"
stable = ["RevisionId", "LastModified", "LastUpdate*"]
sensitive = ["*.Error.Message"]
"""


def with_list_args(args: str) -> str:
    return KEY.replace('items = "Keys"', f'items = "Keys", args = {args}')


def narrowed(param: str, many: bool) -> str:
    narrow = f'narrow = {{ param = "{param}", item = "KeyId", many = {str(many).lower()} }}'
    return KEY.replace('items = "Keys"', f'items = "Keys", {narrow}')


def acm(args: str) -> str:
    listing = f'list = {{ op = "ListCertificates", items = "CertificateSummaryList", args = {args} }}'
    return f'_service = "acm"\n[c]\ncfn = "AWS::ACM::C"\nid = "CertificateArn"\n{listing}\n'


def found_in(text: str, models: ServiceModels | None = None) -> list[Defect]:
    types = declarations("seeded.toml", tomllib.loads(text), OWN)
    return verify(Catalogue({declared.type: declared for declared in types}), models)


def test_what_is_shipped_has_no_defect_and_is_verified_in_seconds() -> None:
    catalogue = load()
    started = time.process_time()
    assert [str(defect) for defect in verify(catalogue)] == []
    assert time.process_time() - started < 3


@pytest.mark.parametrize("text", [KEY, DETAIL, QUEUE], ids=["key", "detail", "queue"])
def test_the_declarations_that_mistakes_are_seeded_into_are_sound(text: str) -> None:
    assert found_in(text) == []


SEEDED = {
    "a service that does not exist": (KEY.replace('"kms"', '"kmss"'), "operation", "botocore knows no service 'kmss'"),
    "an operation that does not exist": (KEY.replace("ListKeys", "ListKey"), "operation", "is ListKeys meant?"),
    "an operation that writes": (
        KEY + '[key.detail.X]\nop = "EnableKey"\nbind = { KeyId = "KeyId" }',
        "reads",
        "kms:EnableKey is not of access level Read or List",
    ),
    "an operation with the verb of a write": (
        '_service = "sns"\n[t]\ncfn = "AWS::SNS::T"\nid = "x"\n'
        'hook = "vigie.catalogue.hooks:credential_report"\ncalls = ["CheckIfPhoneNumberIsOptedOut"]',
        "reads",
        "does not begin with a verb of reading",
    ),
    "an operation that hands out credentials": (
        '_service = "ecr"\n[t]\ncfn = "AWS::ECR::T"\nsingleton = { op = "GetAuthorizationToken" }',
        "withheld",
        "hands out credentials",
    ),
    "an operation that hands out code": (
        FUNCTION + '[function.detail.X]\nop = "GetFunction"\nbind = { FunctionName = "FunctionName" }',
        "withheld",
        "lambda:GetFunction hands out credentials",
    ),
    "a parameter that does not exist": (
        DETAIL.replace("bind = { KeyId", "bind = { KeyID"),
        "parameters",
        "kms:DescribeKey has no parameter 'KeyID'; is 'KeyId' meant?",
    ),
    "a parameter that lacks": (
        DETAIL.replace('bind = { KeyId = "KeyId" }', ""),
        "parameters",
        "needs the parameter 'KeyId'",
    ),
    "a literal of the wrong type": (with_list_args("{ Limit = '5' }"), "parameters", "Limit is a integer, '5' is not"),
    "a literal beyond the maximum": (with_list_args("{ Limit = 5000 }"), "parameters", "Limit is at most 1000; 5000"),
    "a literal under the minimum": (with_list_args("{ Limit = 0 }"), "parameters", "Limit is at least 1; 0"),
    "a literal that is no value of the enumeration": (
        QUEUES.replace("bind", 'args = { AttributeNames = ["Everything"] }\nbind'),
        "parameters",
        "'Everything' is not",
    ),
    "a literal with an unknown member": (
        acm('{ Includes = { keyType = ["RSA_2048"] } }'),
        "parameters",
        "Includes has no member 'keyType'",
    ),
    "a parameter given twice": (
        DETAIL.replace("bind", 'args = { KeyId = "x" }\nbind'),
        "parameters",
        "the parameter 'KeyId' is given twice",
    ),
    "a bound member of another type": (
        DETAIL + '[key.detail.Y]\nop = "GetKeyPolicy"\nbind = { KeyId = "Metadata" }',
        "parameters",
        "Metadata is a structure KeyMetadata, not a string",
    ),
    "a member that does not exist": (KEY.replace('"KeyArn"', '"KeyARN"'), "expression", "'KeyARN' is not in structure"),
    "a member of a condition that does not exist": (
        DETAIL + "when = \"KeyState == 'Enabled'\"",
        "expression",
        "'KeyState' is not in",
    ),
    "a comparison that is never true": (
        DETAIL + '[key.detail.Y]\nop = "ListGrants"\nbind = { KeyId = "KeyId" }\nwhen = "Metadata.KeyId == `5`"',
        "expression",
        "which are never equal",
    ),
    "an expression that cannot be parsed": (DETAIL + 'when = "A =="', "expression", "cannot be parsed"),
    "a list that is none": (KEY.replace('"Keys"', '"Truncated"'), "list", "Truncated is a boolean, not a list"),
    "texts that are not named": (QUEUE.replace(', as = "QueueUrl"', ""), "list", "texts need 'as'"),
    "pairs of what is no list": (DETAIL + 'pairs = { key = "A", value = "B" }', "list", "not a list"),
    "details of the elements of what is no list": (
        DETAIL + '[key.detail.Metadata.each.X]\nop = "ListKeys"',
        "list",
        "is read for every element of a list of structures",
    ),
    "an id that is no text": (DETAIL.replace('id   = "KeyId"', 'id   = "@"'), "identity", "@ is a structure"),
    "a region that is asked for and not given": (KEY + "calls_in_region = true", "identity", "needs 'region'"),
    "a name that is no text": (
        DETAIL.replace("id  ", 'name = "Metadata.CreationDate"\nid  '),
        "identity",
        "not a text",
    ),
    "a document in what is no text": (DETAIL + 'decode = "json"', "decode", "not a text"),
    "a path of a document that is no text": (
        DETAIL.replace("id  ", 'decode = { "Metadata.Enabled" = "json" }\nid  '),
        "decode",
        "is a boolean, not a text",
    ),
    "an ephemeral path that hits nothing": (
        DETAIL.replace("id  ", 'ephemeral = ["Metadata.LastSeen"]\nid  '),
        "path",
        "'Metadata.LastSeen' hits nothing",
    ),
    "a key that the model does not list": (
        QUEUES.replace("id  ", 'ephemeral = ["Attributes.Approximately*"]\nid  '),
        "path",
        "'Attributes.Approximately*' hits nothing",
    ),
    "an ordered path that is no list": (KEY + 'ordered = ["KeyId"]', "list", "'KeyId' is a string, not a list"),
    "a code that the operation does not have": (
        DETAIL + 'gone = ["NotFound"]',
        "codes",
        "declares no error 'NotFound'; is 'NotFoundException' meant?",
    ),
    "a code that means two things": (
        DETAIL + 'gone = ["NotFoundException"]\nabsent = ["NotFoundException"]',
        "codes",
        "cannot mean both",
    ),
    "pages that nobody knows how to ask for": (
        '_service = "route53"\n[p]\ncfn = "AWS::Route53::P"\nid = "Id"\n'
        'list = { op = "ListTrafficPolicies", items = "TrafficPolicySummaries" }',
        "pages",
        "nobody knows how its further pages are asked for",
    ),
    "an event that does not exist": (KEY + 'events = ["CreateKeys"]', "events", "'CreateKeys' matches no operation"),
    "a secret that would be kept": (FUNCTION, "sensitive", "Environment.Variables is sensitive"),
    "a counter that would make revisions": (QUEUES, "ephemeral", "Attributes"),
    "a hook that is not there": (
        '_service = "iam"\n[t]\ncfn = "A::B::C"\nid = "x"\n'
        'hook = "vigie.catalogue.hooks:nothing"\ncalls = ["ListUsers"]',
        "hook",
        "has no function 'nothing'",
    ),
    "a hook in a module that is not there": (
        '_service = "iam"\n[t]\ncfn = "A::B::C"\nid = "x"\nhook = "vigie.catalogue.none:x"\ncalls = ["ListUsers"]',
        "hook",
        "cannot be imported",
    ),
    "a join on what is never equal": (
        DETAIL
        + '[key.join.A]\nop = "ListAliases"\nitems = "Aliases"\n'
        + 'on = { item = "Metadata.Enabled", other = "AliasName" }',
        "join",
        "never equal",
    ),
    "tags with other names": (
        KEY + '[key.tags]\nop = "ListResourceTags"\nbind = { KeyId = "KeyId" }\ntake = "Tags"',
        "expression",
        "a tag has no 'Key', but TagKey, TagValue",
    ),
    "tags that are none": (
        DETAIL + '[key.tags]\nop = "ListResourceTags"\nbind = { KeyId = "KeyId" }\ntake = "Truncated"',
        "list",
        "neither a list of key and value nor a map",
    ),
    "a narrowing by what is no parameter": (narrowed("Keys", False), "narrow", "has no parameter 'Keys'"),
    "a narrowing by a text that is called a list": (narrowed("Marker", True), "narrow", "Marker is one text"),
}


@pytest.mark.parametrize(("text", "check", "message"), SEEDED.values(), ids=list(SEEDED))
def test_a_seeded_defect_is_found(text: str, check: str, message: str) -> None:
    found = found_in(text)
    assert any(defect.check == check and message in defect.message for defect in found), [str(d) for d in found]


def test_every_check_has_a_seeded_defect_and_is_in_the_reference() -> None:
    assert {check for _, check, _ in SEEDED.values()} == set(CHECKS)


def test_what_a_child_takes_from_its_parent_is_looked_up_in_the_parent() -> None:
    text = (
        '_service = "elbv2"\n[lb]\ncfn = "A::B::LB"\nid = "LoadBalancerArn"\n'
        'list = { op = "DescribeLoadBalancers", items = "LoadBalancers" }\n'
        '[listener]\ncfn = "A::B::L"\nid = "ListenerArn"\nparent = "lb"\nredact = ["DefaultActions"]\n'
        'list = { op = "DescribeListeners", items = "Listeners", '
        'bind = { LoadBalancerArn = "parent.LoadBalancerARN" } }\n'
    )
    assert [defect.where for defect in found_in(text)] == ["list.bind.LoadBalancerArn"]
    assert found_in(text.replace("BalancerARN", "BalancerArn")) == []


def test_a_defect_says_where_it_is() -> None:
    (defect,) = found_in(DETAIL + 'when = "KeyState"')
    assert str(defect).startswith("AWS::KMS::Key detail.Metadata.when: KeyState: 'KeyState' is not in")


def test_a_secret_that_is_redacted_or_acknowledged_is_no_defect() -> None:
    assert found_in(FUNCTION + 'redact = ["Environment.Variables.*"]') == []
    acknowledged = FUNCTION.replace('"*.Error.Message"', '"*.Error.Message", "Environment.Variables"')
    assert found_in(acknowledged) == []


# what is pinned


def test_every_declared_operation_has_an_access_level_of_reading() -> None:
    for service, operation in load().operations():
        assert only_reads(service, operation) is None


@pytest.mark.parametrize(
    "name",
    [
        "ecr:GetAuthorizationToken",
        "redshift:GetClusterCredentials",
        "lambda:GetFunction",
        "ec2:GetPasswordData",
        "secretsmanager:GetSecretValue",
        "ssm:GetParametersByPath",
        "dynamodb:Scan",
        "s3:GetObject",
        "logs:FilterLogEvents",
        "sts:AssumeRoleWithSAML",
    ],
)
def test_what_hands_out_credentials_or_contents_is_withheld(name: str) -> None:
    service, operation = name.split(":")
    assert gives_away(service, operation) in ("credentials", "contents")


def test_everything_withheld_exists() -> None:
    from vigie.catalogue.reading_only import _withheld

    models = ServiceModels()
    for services in _withheld().values():
        for service, operations in services.items():
            model = models.service(service)
            assert model is not None, service
            for operation in operations:
                prefix = operation.rstrip("*")
                assert any(name.startswith(prefix) for name in model.operation_names), f"{service}:{operation}"


def test_the_access_levels_tell_reads_from_writes() -> None:
    levels = access_levels()
    assert levels["s3"]["ListAllMyBuckets"] == "List"
    assert levels["kms"]["GetKeyPolicy"] == "Read"
    assert "PutBucketPolicy" not in levels["s3"]


# pages


@pytest.mark.parametrize(
    ("service", "operation", "token"),
    [
        ("s3", "ListBuckets", "ContinuationToken"),
        ("sqs", "ListQueues", "NextToken"),
        ("kms", "ListKeys", "Marker"),
        ("iam", "GetAccountAuthorizationDetails", "Marker"),
        ("iam", "ListServiceSpecificCredentials", "Marker"),  # botocore has no paginator for it
    ],
)
def test_a_paged_operation_is_paged_by_its_tokens(service: str, operation: str, token: str) -> None:
    pages = pagination(service, operation)
    assert pages is not None
    assert pages.inputs == (token,)


def test_an_operation_with_one_page_has_no_tokens() -> None:
    assert pagination("s3", "GetBucketPolicy") is None
    assert pagination("s3", "NoSuchOperation") is None


def test_every_declared_list_operation_with_a_limit_is_paged() -> None:
    loader, models = Loader(), ServiceModels()
    for declared in load().types.values():
        for call in declared.calls:
            operation = models.operation(call.service, call.operation)
            assert operation is not None
            if {"MaxResults", "MaxItems", "Limit", "PageSize", "MaxRecords"} & set(call.args):
                assert tokens_of(loader, operation) is not None, f"{call} gives a page size and has no pages"


def test_a_service_of_a_model_that_was_changed_is_verified_against_that_model() -> None:
    class Renamed(ServiceModels):
        def _loaded(self, name: str) -> ServiceModel | None:
            model: Mapping[str, Any] = self.loader.load_service_model(name, "service-2")
            operations = {key: value for key, value in model["operations"].items() if key != "ListKeys"}
            return ServiceModel({**model, "operations": operations}, name)

    assert [defect.check for defect in found_in(KEY, Renamed())] == ["operation"]
