"""What every answer says to the browser."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from vigie.history.users import Role


@pytest.mark.parametrize("path", ["/login", "/nothing", "/api/v1/me", "/healthz", "/api/v1/openapi.json"])
def test_every_answer_has_the_security_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy and "frame-ancestors 'none'" in policy and "base-uri 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers


def test_static_files_are_kept_by_browsers_and_nothing_else_is_served(client: TestClient) -> None:
    page = client.get("/login").text
    address = page.split('rel="stylesheet" href="', 1)[1].split('"', 1)[0]
    answer = client.get(address)
    assert answer.status_code == 200 and "immutable" in answer.headers["cache-control"]
    base = address.rsplit("/", 1)[0]
    for outside in ("/../rendering.py", "/%2e%2e/rendering.py", "/..%2frendering.py"):
        assert client.get(base + outside).status_code == 404


def test_with_a_base_url_other_host_names_are_refused(estate: Any, clock: Any, make_app: Any) -> None:
    app = make_app(estate.history, clock, base_url="https://vigie.example.org")
    browser = TestClient(app, base_url="https://vigie.example.org")
    answer = browser.get("/login")
    assert answer.status_code == 200 and "strict-transport-security" in answer.headers
    refused = TestClient(app, base_url="https://rebound.evil.example").get("/login")
    assert refused.status_code == 421 and refused.json()["error"]["code"] == "wrong_host"
    assert TestClient(app, base_url="http://10.0.0.7:8080").get("/healthz").status_code == 200
    assert TestClient(app, base_url="http://127.0.0.1:8080").get("/login").status_code == 200


def test_a_body_that_is_too_large_is_refused(client: TestClient) -> None:
    answer = client.post("/login", data={"name": "x" * 2_000_000}, headers={"origin": "http://testserver"})
    assert answer.status_code == 413


def test_there_is_no_page_that_loads_scripts_from_elsewhere(client: TestClient) -> None:
    assert client.get("/docs").status_code == 404
    assert client.get("/redoc").status_code == 404


def test_an_error_is_a_page_for_people_and_json_for_programs(client: TestClient, logged_in: Any) -> None:
    assert client.get("/nothing").headers["content-type"].startswith("text/html")
    assert client.get("/api/nothing").headers["content-type"] == "application/json"
    page = logged_in(Role.VIEWER).get("/resources/999999")
    assert page.status_code == 404 and "There is no such resource." in page.text
