"""The JSON shapes that the API, the CLI and the pages share."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie.model import documents
from vigie.model.account import Account
from vigie.model.change import Certainty, Change, ChangeKind, DiffEntry, Revision, StateAt
from vigie.model.finding import Finding, FindingKey, FindingStatus, Justification, Severity
from vigie.model.paging import Paged
from vigie.model.resource import Resource
from vigie.model.scope import Coverage, Outcome, Problem, Scope

T0 = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SCOPE = Scope("111122223333", "global", "AWS::S3::Bucket")
BUCKET = Resource(SCOPE, "logs", "eu-west-1", arn="arn:aws:s3:::logs", name="logs", pk=7, first_seen=T0)
REVISION = Revision(
    BUCKET, 2, ChangeKind.CHANGED, T0, {"Name": "logs"}, changed_after=T0 - timedelta(hours=1), config_sha="c", pk=9
)
DENIED = Problem(Outcome.DENIED, "s3:GetBucketPolicy", "AccessDenied", "not authorised", "Policy", "s3:GetBucketPolicy")


def test_an_instant_is_written_in_utc_with_a_fraction_only_where_there_is_one() -> None:
    assert documents.instant(T0) == "2026-01-02T03:04:05Z"
    assert documents.instant(T0.replace(microsecond=120000)) == "2026-01-02T03:04:05.120000Z"
    paris = timezone(timedelta(hours=1))
    assert documents.instant(datetime(2026, 1, 2, 4, 4, 5, tzinfo=paris)) == "2026-01-02T03:04:05Z"


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        documents.instant(datetime(2026, 1, 2))  # noqa: DTZ001 - it is what is tested


def test_a_resource_has_the_documented_fields_first() -> None:
    document = documents.resource_document(BUCKET)
    assert list(document)[:7] == ["account", "region", "type", "id", "arn", "name", "present"]
    assert document["region"] == "eu-west-1"
    assert document["first_seen"] == "2026-01-02T03:04:05Z"


def test_a_change_has_the_documented_fields_and_its_diff() -> None:
    change = Change(REVISION, (DiffEntry("/Policy", "add", None, {"a": T0}),), pk=9)
    document = documents.change_document(change)
    fields = ("account", "region", "type", "id", "arn", "kind", "revision", "changed_after", "observed_at", "diff")
    assert set(fields) <= set(document)
    assert document["kind"] == "changed" and document["revision"] == 2
    assert document["changed_after"] == "2026-01-02T02:04:05Z"
    assert document["diff"] == [
        {"path": "/Policy", "op": "add", "old": None, "new": {"a": "2026-01-02T03:04:05Z"}, "ephemeral": False}
    ]


def test_a_revision_tells_its_configuration_and_what_could_not_be_read() -> None:
    unreadable = Revision(BUCKET, 1, ChangeKind.BASELINE, T0, {"Name": "logs"}, unreadable={"Policy": DENIED})
    document = documents.revision_document(unreadable)
    assert document["present"] is True and document["changed_after"] is None
    assert document["configuration"] == {"Name": "logs"}
    assert document["unreadable"]["Policy"]["permission"] == "s3:GetBucketPolicy"


def test_a_deletion_is_shown_as_not_present() -> None:
    gone = Revision(BUCKET, 3, ChangeKind.DELETED, T0, {})
    assert documents.revision_document(gone)["present"] is False


def test_a_state_that_is_not_known_is_null_and_says_why() -> None:
    document = documents.state_at_document(StateAt(T0, Certainty.UNKNOWN, None, explanation="No look covers it."))
    assert document["state"] is None and document["next"] is None
    assert document["certainty"] == "unknown" and document["explanation"] == "No look covers it."


def test_a_window_of_change_shows_both_its_states() -> None:
    state = StateAt(T0, Certainty.CHANGED_IN_WINDOW, REVISION, REVISION)
    document = documents.state_at_document(state)
    assert document["state"]["revision"] == document["next"]["revision"] == 2


def test_a_comparison_names_both_its_revisions() -> None:
    document = documents.comparison_document(REVISION, REVISION, ())
    assert document["from"]["revision"] == document["to"]["revision"] == 2
    assert document["diff"] == []


def test_a_finding_has_the_documented_fields_and_its_justification() -> None:
    finding = Finding(
        FindingKey("s3-bucket-public", 7, "public:*"), BUCKET, FindingStatus.JUSTIFIED, Severity.HIGH, "Open",
        "anyone may read", T0, T0, T0, evidence={"who": frozenset({"b", "a"})},
        justification=Justification("ada", "a public site", T0, T0 + timedelta(days=1)), pk=3,
    )  # fmt: skip
    document = documents.finding_document(finding)
    fields = (
        "rule", "severity", "status", "account", "region", "type", "id", "arn",
        "subject", "message", "first_seen", "last_seen",
    )  # fmt: skip
    assert set(fields) <= set(document)
    assert document["severity"] == "high" and document["status"] == "justified"
    assert document["evidence"] == {"who": ["a", "b"]}
    assert document["justification"]["expires_at"] == "2026-01-03T03:04:05Z"


def test_coverage_says_what_could_not_be_seen_and_which_permission_lacks() -> None:
    document = documents.coverage_document(Coverage(SCOPE, Outcome.PARTIAL, T0, T0, None, (DENIED,)))
    fields = ("account", "region", "type", "status", "last_ok", "since", "error", "missing_permission")
    assert tuple(document)[: len(fields)] == fields
    assert document["last_ok"] is None
    assert document["missing_permission"] == "s3:GetBucketPolicy"
    assert "AccessDenied" in document["error"]


def test_an_external_id_is_never_told() -> None:
    document = documents.account_document(Account("111122223333", external_id="shared-secret"))
    assert document["has_external_id"] is True
    assert "shared-secret" not in json.dumps(document)


def test_a_page_is_items_and_a_cursor() -> None:
    page = Paged((BUCKET,), next="abc")
    document = documents.paged_document(page, documents.resource_document)
    assert document["next"] == "abc" and document["items"][0]["id"] == "logs"


def test_an_error_carries_a_detail_only_where_there_is_one() -> None:
    assert documents.error_document("not_found", "No.") == {"error": {"code": "not_found", "message": "No."}}
    assert documents.error_document("x", "y", {"at": T0})["error"]["detail"] == {"at": "2026-01-02T03:04:05Z"}


def test_dataclasses_bytes_and_numbers_json_lacks_have_a_form() -> None:
    @dataclass(frozen=True)
    class Shown:
        severity: Severity
        raw: bytes

    assert documents.plain(Shown(Severity.LOW, b"\x00\xff")) == {"severity": "low", "raw": "AP8="}
    assert documents.plain([float("nan"), float("inf"), 1.5]) == [None, None, 1.5]
    with pytest.raises(TypeError, match="no JSON form"):
        documents.plain(object())


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(json_values)
def test_what_is_json_already_stays_as_it_is(value: Any) -> None:
    assert documents.plain(value) == value
    assert json.loads(json.dumps(documents.plain(value))) == value
