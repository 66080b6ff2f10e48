"""AWS Config's files become states, whatever is in them; secrets do not."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie.model.canonical import REDACTED, keyed_redactor
from vigie.model.imported import ImportedState
from vigie.watch.imports.config_items import Refused, read_items

REDACTOR = keyed_redactor(b"0123456789abcdef")
ITEM: dict[str, Any] = {
    "configurationItemVersion": "1.3",
    "configurationItemCaptureTime": "2025-03-01T10:00:00.123Z",
    "configurationStateId": 1,
    "awsAccountId": "111122223333",
    "configurationItemStatus": "OK",
    "resourceType": "AWS::S3::Bucket",
    "resourceId": "website",
    "resourceName": "website",
    "ARN": "arn:aws:s3:::website",
    "awsRegion": "eu-west-1",
    "tags": {"team": "web"},
    "relationships": [],
    "configuration": {"name": "website", "owner": {"id": "abc"}},
    "supplementaryConfiguration": {"BucketPolicy": '{"policyText":null}'},
}


def read(document: Any) -> list[ImportedState | Refused]:
    return list(read_items(document, "a.json", REDACTOR))


def state(**members: Any) -> ImportedState:
    (found,) = read({"configurationItems": [{**ITEM, **members}]})
    assert isinstance(found, ImportedState), found
    return found


def test_an_item_of_a_snapshot_is_read_whole() -> None:
    found = state()
    assert (found.account, found.region, found.type, found.id, found.name, found.arn) == (
        "111122223333", "eu-west-1", "AWS::S3::Bucket", "website", "website", "arn:aws:s3:::website",
    )  # fmt: skip
    assert found.captured_at == datetime(2025, 3, 1, 10, 0, 0, 123000, UTC)
    assert found.present
    assert found.configuration["configuration"]["owner"] == {"id": "abc"}
    assert found.configuration["supplementaryConfiguration"] == {"BucketPolicy": {"policyText": None}}
    assert "relationships" not in found.configuration


def test_an_item_of_the_api_says_the_same() -> None:
    """GetResourceConfigHistory: other names, JSON as text, a time as a number."""
    renamed = {k: v for k, v in ITEM.items() if k not in ("awsAccountId", "ARN")}
    spoken = {
        **renamed,
        "accountId": "111122223333",
        "arn": ITEM["ARN"],
        "configurationItemCaptureTime": 1740823200.123,
    }
    (found,) = read({"configurationItems": [{**spoken, "configuration": json.dumps(ITEM["configuration"])}]})
    assert isinstance(found, ImportedState)
    assert (found.config_sha, found.captured_at, found.arn) == (state().config_sha, state().captured_at, ITEM["ARN"])


@pytest.mark.parametrize(
    "envelope",
    [
        {"fileVersion": "1.0", "configSnapshotId": "1", "configurationItems": [ITEM]},
        {"baseConfigurationItems": [ITEM]},
        {
            "configurationItemDiff": None,
            "configurationItem": ITEM,
            "messageType": "ConfigurationItemChangeNotification",
        },
        [ITEM],
        ITEM,
    ],
)
def test_every_envelope_holds_the_same_state(envelope: Any) -> None:
    (found,) = read(envelope)
    assert found == state()


@pytest.mark.parametrize(
    ("status", "present"),
    [("OK", True), ("ResourceDiscovered", True), ("ResourceDeleted", False), ("ResourceDeletedNotRecorded", False)],
)
def test_a_deletion_is_told(status: str, present: bool) -> None:
    assert state(configurationItemStatus=status).present is present


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"awsAccountId": "1"}, "account is '1'"),
        ({"resourceId": None}, "no resourceType or no resourceId"),
        ({"configurationItemCaptureTime": "yesterday"}, "configurationItemCaptureTime is 'yesterday'"),
        ({"configurationItemCaptureTime": 1e300}, "configurationItemCaptureTime"),
        ({"configuration": {"size": float("nan")}}, "cannot be kept"),
    ],
)
def test_an_item_that_cannot_be_read_is_told_and_stops_no_other(wrong: dict[str, Any], reason: str) -> None:
    refused, kept = read({"configurationItems": [{**ITEM, **wrong}, ITEM]})
    assert isinstance(refused, Refused)
    assert reason in str(refused)
    assert str(refused).startswith("a.json, item 1: ")
    assert isinstance(kept, ImportedState)


@pytest.mark.parametrize("document", [{}, {"Records": []}, "text", None, 3])
def test_a_file_of_something_else_is_refused_as_such(document: Any) -> None:
    (refused,) = read(document)
    assert "no configuration items" in str(refused)


@pytest.mark.parametrize(
    "configuration",
    [
        {"environment": {"variables": {"KEY": "hunter2"}}},
        {"containerDefinitions": [{"environment": [{"name": "KEY", "value": "hunter2"}]}]},
        {
            "environment": {
                "type": "LINUX",
                "environmentVariables": [{"name": "KEY", "type": "PLAINTEXT", "value": "hunter2"}],
            }
        },
        {"userData": "hunter2"},
        {"pendingModifiedValues": {"masterUserPassword": "hunter2"}},
        {"authenticateOidcConfig": {"clientSecret": "hunter2"}},
        {"nested": [[{"apiKey": "hunter2"}]]},
    ],
)
def test_secrets_are_never_kept_and_their_change_shows(configuration: dict[str, Any]) -> None:
    found = state(configuration=configuration)
    assert "hunter2" not in repr(found)
    assert REDACTED in repr(found)
    other = json.loads(json.dumps(configuration).replace("hunter2", "hunter3"))
    assert state(configuration=other).config_sha != found.config_sha


def test_what_only_speaks_of_secrets_is_kept() -> None:
    said = {"secretArn": "arn:aws:secretsmanager:x", "passwordLastUsed": {"date": 1}, "passwordPolicy": "strong"}
    assert state(configuration=said).configuration["configuration"]["secretArn"] == "arn:aws:secretsmanager:x"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*ITEM, "variables"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON)
def test_whatever_a_file_holds_reading_it_never_raises(document: Any) -> None:
    for found in read(document):
        assert isinstance(found, ImportedState | Refused)
