"""Who made a change, on the pages: of changes, of a resource and its revisions, of the actor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from happenings import ALICE, DEPLOYER, event
from vigie.history.users import Role
from vigie.model.change import Change, ChangeKind
from vigie.model.paging import Page
from vigie.model.queries import ChangeFilter
from vigie.watch.attributor import Attributor

HOSTILE = replace(ALICE, agent="<script>alert(1)</script>\u202e", address="203.0.113.7")


@pytest.fixture
def change(estate: Any) -> Change:
    """A change of the estate, made by alice in a session of the role ``deploy``; she failed at something before."""
    chosen = ChangeFilter(kinds=(ChangeKind.CHANGED,))
    found: Change = estate.history.archive.changes(chosen, Page(limit=1)).items[0]
    at, account = found.revision.observed_at, found.resource.account
    about: dict[str, Any] = {"account": account, "at": at}
    told = [
        event("AssumeRole", by=HOSTILE, read_only=True, made_keys=(DEPLOYER.access_key,), **about),
        event("PutSomething", found.resource, by=replace(DEPLOYER, agent=HOSTILE.agent), **about),
        event("DeleteEverything", found.resource, by=HOSTILE, failed=True, error_code="AccessDenied", **about),
    ]
    with estate.history.begin() as tx:
        estate.history.events.record(tx, told, at)
    Attributor(estate.history, estate.clock).run()
    return found


@pytest.fixture
def browser(logged_in: Callable[..., TestClient]) -> TestClient:
    return logged_in(Role.VIEWER)


def test_the_page_of_changes_names_who_made_each(browser: TestClient, change: Change) -> None:
    page = browser.get("/changes").text
    assert "role deploy (session ci)" in page
    assert "/actors?who=" in page
    filtered = browser.get("/changes", params={"actor": "alice"}).text
    assert filtered.count("<tr>") == 2
    assert "No change matches" in browser.get("/changes", params={"actor": "nobody"}).text


def test_the_page_of_a_revision_says_who_in_which_call_from_where_and_how_sure(
    browser: TestClient, change: Change
) -> None:
    page = browser.get(f"/resources/{change.resource.pk}/revisions/{change.revision.number}").text
    assert f"Who made revision {change.revision.number}" in page
    assert "PutSomething" in page
    assert "likely" in page
    assert "behind the session:" in page
    assert "Calls on it" in page
    assert "DeleteEverything" in page


def test_the_page_of_an_actor_has_failed_calls_and_changes(browser: TestClient, change: Change) -> None:
    page = browser.get("/actors", params={"who": "alice"}).text
    for text in ("AssumeRole", "PutSomething", "DeleteEverything", "AccessDenied", "203.0.113.7"):
        assert text in page
    assert f"/resources/{change.resource.pk}/revisions/{change.revision.number}" in page
    assert "No call of theirs is recorded." in browser.get("/actors", params={"who": "nobody"}).text
    assert browser.get("/actors", follow_redirects=False).status_code == 303


def test_what_callers_call_themselves_is_shown_and_never_run(browser: TestClient, change: Change) -> None:
    for address in (
        "/changes",
        f"/resources/{change.resource.pk}/revisions/{change.revision.number}",
        "/actors?who=alice",
    ):
        page = browser.get(address).text
        assert "<script>alert" not in page
        assert "\u202e" not in page


def test_the_api_answers_who_and_what_somebody_did(
    client: TestClient, token: Callable[..., str], change: Change
) -> None:
    from vigie.history.users import Permission

    headers = {"Authorization": f"Bearer {token(Role.VIEWER, Permission.READ)}"}

    def get(path: str, **query: str) -> Any:
        answer = client.get(f"/api/v1{path}", params=query, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    assert get(f"/changes/{change.pk}")["attribution"]["confidence"] == "likely"
    assert [one["pk"] for one in get("/changes", actor="alice")["items"]] == [change.pk]
    parts = get(f"/resources/{change.resource.pk}/who")["items"]
    assert parts[0]["attribution"]["actors"] == ["role deploy (session ci)"]
    done = get("/events", actor="alice")["items"]
    assert {one["name"] for one in done} == {"AssumeRole", "PutSomething", "DeleteEverything"}
    assert get(f"/events/{done[0]['id']}")["record"]["eventName"]
    assert len(get(f"/resources/{change.resource.pk}/events")["items"]) == 2
