"""Pages and API say the same over SQLite and over PostgreSQL."""

from __future__ import annotations

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient

from vigie.history.users import Permission, Role
from vigie.web.auth.secrets import digest, new_api_token

ORIGIN = {"origin": "http://testserver"}
PASSWORD = "correct horse battery staple"


@pytest.mark.slow
def test_every_page_and_list_is_the_same_on_every_store(
    recorded: Any, make_app: Any, encoded_password: str, clock: Any
) -> None:
    history = recorded.history
    with history.begin() as tx:
        admin = history.users.add(tx, "admin", encoded_password, Role.ADMIN, clock(), must_change=False)
        made = new_api_token()
        history.users.add_token(tx, admin.id, "test", digest(made), Permission, clock(), None)
    app = make_app(history, clock)
    browser, program = TestClient(app), TestClient(app, headers={"authorization": f"Bearer {made}"})
    browser.post("/login", data={"name": "admin", "password": PASSWORD}, headers=ORIGIN)

    def told(path: str) -> Any:
        answer = program.get(f"/api/v1{path}")
        assert answer.status_code == 200, (path, answer.text)
        return answer.json()

    web, public = recorded.pks["sg-0a1b2c3d4e5f60718"], recorded.findings["public"]
    assert len(told("/resources")["items"]) == 9
    assert [item["id"] for item in told("/resources?q=INVOICES")["items"]] == ["invoices"]
    assert told("/resources?tag=Name=web")["items"][0]["pk"] == web
    assert told("/changes/counts")["deleted"] == 1
    assert told(f"/resources/{web}/at?time=2026-11-18T12:00:00Z")["certainty"] == "exact"
    first = told("/changes?limit=3")
    assert len(told(f"/changes?limit=100&after={first['next']}")["items"]) == len(told("/changes")["items"]) - 3
    for path in (
        "/",
        "/resources",
        f"/resources/{web}",
        "/changes",
        "/findings",
        "/past",
        "/past?at=2026-06-01T00:00:00",
        "/coverage",
        "/accounts",
        "/settings",
    ):
        assert browser.get(path).status_code == 200, path
    form = {"reason": "ünïcödé ✓", "expires": "2027-01-31"}
    assert browser.post(f"/findings/{public}/justify", data=form, headers=ORIGIN).status_code == 200
    assert told(f"/findings/{public}")["justification"]["reason"] == "ünïcödé ✓"
    odd = program.get("/api/v1/resources", params={"q": "a\x00b"})
    assert odd.status_code == 422
    assert browser.get("/resources", params={"q": "a\x00b"}).status_code == 200
    assert re.search(r"1 justified", browser.get("/findings").text)
