"""What the API tells of a recorded estate, and that OpenAPI tells the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jsonschema
import pytest
from fastapi import FastAPI

from vigie.model.documents import instant
from vigie.model.verdict import ChangeVerdict, Dimension, Direction, Shift

HOME, PARTNER = "111122223333", "222233334444"
WEB = "sg-0a1b2c3d4e5f60718"


def test_resources_are_listed_with_the_documented_fields(api: Any) -> None:
    items = api.items("/resources", account=HOME)
    assert {item["id"] for item in items} >= {"website", "invoices", "logs", WEB, "AIDAALICE"}
    fields = {"account", "region", "type", "id", "arn", "name", "present"}
    assert all(fields <= set(item) and item["present"] for item in items)


def test_pages_follow_each_other_and_lose_nothing(api: Any) -> None:
    everything = [item["pk"] for item in api.items("/resources")]
    paged: list[int] = []
    after = None
    while True:
        page = api.get("/resources", limit=2, **({"after": after} if after else {}))
        assert len(page["items"]) <= 2
        paged += [item["pk"] for item in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert paged == everything


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"type": "AWS::EC2::SecurityGroup"}, {WEB, "sg-0fedcba9876543210"}),
        ({"region": "us-east-1"}, {"logs"}),
        ({"q": "INVOI"}, {"invoices"}),
        ({"q": "arn:aws:s3:::web"}, {"website"}),
        ({"tag": "Name=web"}, {WEB}),
        ({"present": "false"}, {"jobs"}),
        ({"ref": "vpc-0a1b2c3d4e5f60718"}, {WEB, "sg-0fedcba9876543210"}),
        ({"q": "100%"}, set()),
        ({"q": "' OR 1=1 --"}, set()),
    ],
)
def test_resources_are_found(api: Any, query: Mapping[str, str], found: set[str]) -> None:
    assert {item["id"] for item in api.items("/resources", **query)} == found


def test_facets_count_what_the_list_shows(api: Any) -> None:
    facets = api.get("/resources/facets", account=HOME)
    assert facets["total"] == len(api.items("/resources", account=HOME))
    assert facets["types"]["AWS::S3::Bucket"] == 3


def test_a_resource_is_shown_with_its_latest_revision(api: Any) -> None:
    shown = api.get(f"/resources/{api.pk(WEB)}")
    assert shown["latest"]["configuration"]["GroupName"] == "web"
    assert shown["latest"]["revision"] == 2
    (found,) = api.items("/resources/find", q=WEB)
    assert found["pk"] == shown["pk"]


def test_history_tells_each_change_with_its_diff(api: Any) -> None:
    changed, baseline = api.items(f"/resources/{api.pk(WEB)}/history")
    assert (changed["kind"], baseline["kind"]) == ("changed", "baseline")
    assert [(entry["path"], entry["op"]) for entry in changed["diff"]] == [("/IpPermissions[tcp,22,22]", "add")]
    assert changed["changed_after"] < changed["observed_at"] and baseline["changed_after"] is None


def test_two_revisions_are_compared_both_ways(api: Any) -> None:
    pk = api.pk(WEB)
    forth = api.get(f"/resources/{pk}/diff", **{"from": 1, "to": 2})
    back = api.get(f"/resources/{pk}/diff", **{"from": 2, "to": 1})
    assert [entry["op"] for entry in forth["diff"]] == ["add"]
    assert [entry["op"] for entry in back["diff"]] == ["remove"]
    assert forth["from"]["revision"] == 1 and forth["to"]["revision"] == 2


def test_a_state_at_a_time_is_what_was_seen_then_and_says_how_sure_it_is(api: Any, clock: Any) -> None:
    pk = api.pk(WEB)
    clock.pass_by(minutes=-30)
    now = api.get(f"/resources/{pk}/at", time=instant(clock()))
    assert now["state"]["revision"] == 2
    clock.pass_by(days=-5)
    before = api.get(f"/resources/{pk}/at", time=instant(clock()))
    assert before["certainty"] == "exact" and before["state"]["revision"] == 1
    clock.pass_by(days=-50)
    unknown = api.get(f"/resources/{pk}/at", time=instant(clock()))
    assert unknown["certainty"] == "unknown" and unknown["state"] is None


def test_changes_are_what_was_done_unless_more_is_asked_for(api: Any) -> None:
    kinds = {item["kind"] for item in api.items("/changes")}
    assert kinds == {"created", "changed", "deleted"}
    baseline = api.items("/changes", kind="baseline")
    assert baseline and all(item["changed_after"] is None for item in baseline)
    (opened,) = api.items("/changes", type="AWS::EC2::SecurityGroup", path="/IpPermissions[tcp,22,22]")
    assert opened["id"] == WEB
    assert api.get(f"/changes/{opened['pk']}") == opened
    assert api.get("/changes/counts")["deleted"] == 1


def test_references_are_the_present_resources_that_name_it(api: Any) -> None:
    assert api.items(f"/resources/{api.pk('website')}/references") is not None


def test_coverage_says_which_permission_lacks(api: Any) -> None:
    (partial,) = api.items("/coverage", status="partial")
    assert partial["missing_permission"] == "s3:GetBucketPolicy"
    assert partial["account"] == PARTNER and partial["last_ok"] is None
    assert {row["status"] for row in api.items("/coverage")} >= {"complete", "partial", "denied_scp", "throttled"}


def test_accounts_are_added_labelled_and_forgotten(api: Any) -> None:
    body = {"name": "Auditors Ltd", "relation": "third-party", "watched": False, "reason": "audits us"}
    made = api.send("PUT", "/accounts/555566667777", body)
    assert made["relation"] == "third-party" and not made["has_external_id"]
    api.send("PUT", "/accounts/555566667777", body | {"external_id": "s3cr3t"})
    assert api.get("/accounts/555566667777")["has_external_id"] is True
    assert "s3cr3t" not in api.raw("GET", "/accounts").text
    api.send("DELETE", "/accounts/555566667777")
    assert api.raw("GET", "/accounts/555566667777").status_code == 404


def test_rules_and_types_are_listed(api: Any) -> None:
    rule = api.items("/rules")[0]
    assert api.get(f"/rules/{rule['id']}") == rule
    assert api.items("/types")[0]["type"] == "AWS::S3::Bucket"


def test_statistics_count_the_store_and_the_open_findings(api: Any) -> None:
    statistics = api.get("/statistics")
    assert statistics["resources"] == len(api.items("/resources"))
    assert statistics["findings"]["critical"] == 1
    assert statistics["score"] > 10


def test_a_finding_is_justified_and_open_again_after_withdrawal(api: Any, clock: Any) -> None:
    (finding,) = api.items("/findings", severity="critical", status="open")
    path = f"/findings/{finding['pk']}"
    clock.pass_by(minutes=1)
    justified = api.send(
        "PUT", f"{path}/justification", {"reason": "a public site", "expires_at": "2027-01-01T00:00:00Z"}
    )
    assert justified["status"] == "justified"
    assert justified["justification"]["reason"] == "a public site"
    assert justified["justification"]["author"] == "admin (token test)"
    assert api.items("/findings", severity="critical", status="open") == []
    assert api.send("DELETE", f"{path}/justification")["status"] == "open"
    assert api.raw("DELETE", f"{path}/justification").status_code == 409
    past = {"reason": "x", "expires_at": "2020-01-01T00:00:00Z"}
    assert api.raw("PUT", f"{path}/justification", json=past).status_code == 422


PATHS = [
    "/resources", "/resources/facets", "/resources/{pk}", "/resources/{pk}/history", "/resources/{pk}/revisions/1",
    "/resources/{pk}/diff?from=1&to=2", "/resources/{pk}/at?time=2026-11-23T02:00:00Z", "/resources/{pk}/references",
    "/resources/{pk}/findings", "/changes", "/changes/counts", "/findings", "/coverage", "/accounts", "/rules",
    "/types", "/statistics", "/me",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_an_answer_is_of_the_shape_that_openapi_tells(app: FastAPI, api: Any, path: str) -> None:
    document = app.openapi()
    answer = api.get(path.format(pk=api.pk(WEB)))
    template = path.split("?")[0].replace("{pk}/revisions/1", "{pk}/revisions/{number}")
    schema = document["paths"]["/api/v1" + template]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    jsonschema.validate(answer, {**schema, "components": document["components"]})


def test_changes_are_found_by_their_verdict(api: Any, estate: Any) -> None:
    change = api.items("/changes")[0]
    shift = Shift(Dimension.ACCESS, "anyone may now", "*", ("s3:GetObject",), {"action": "s3:GetObject"})
    with estate.history.begin() as tx:
        estate.history.verdicts.put(tx, {change["pk"]: ChangeVerdict(Direction.WIDENED, (shift,))}, estate.clock())

    (found,) = [c for c in api.items("/changes", verdict="widened") if c["pk"] == change["pk"]]
    assert found["verdict"]["severity"] == "critical"
    assert found["verdict"]["gained"][0]["witness"] == {"action": "s3:GetObject"}
    assert change["pk"] not in {c["pk"] for c in api.items("/changes", verdict="neutral")}
    assert api.raw("GET", "/changes?verdict=wider").status_code == 422
