"""Who may use the API, and that a forged request may not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from vigie.history.users import Permission, Role

Login = Callable[[Role], TestClient]
Token = Callable[..., str]
JUSTIFY = {"reason": "accepted"}


def error_code(response: object) -> str:
    return str(response.json()["error"]["code"])  # type: ignore[attr-defined]


def test_nobody_gets_an_answer_but_from_the_probes(client: TestClient) -> None:
    for path in ("/api/v1/resources", "/api/v1/statistics", "/api/v1/me", "/api/v1/findings/1"):
        response = client.get(path)
        assert response.status_code == 401
        assert error_code(response) == "not_logged_in"
        assert response.headers["www-authenticate"] == "Bearer"
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ok"}


@pytest.mark.parametrize("sent", ["Bearer vigie_wrong", "Bearer ", "Basic YTpi", "vigie_x", ""])
def test_a_wrong_token_is_refused_even_with_a_valid_session(logged_in: Login, sent: str) -> None:
    response = logged_in(Role.ADMIN).get("/api/v1/me", headers={"authorization": sent})
    assert response.status_code == 401


def test_a_token_may_what_it_and_its_user_may(client: TestClient, token: Token) -> None:
    def me(made: str) -> dict[str, object]:
        answer: dict[str, object] = client.get("/api/v1/me", headers={"authorization": f"Bearer {made}"}).json()
        return answer

    reading = me(token(Role.ADMIN, Permission.READ, name="ci"))
    assert reading["permissions"] == ["read"] and reading["token"] == "ci"
    assert me(token(Role.VIEWER, Permission.READ, Permission.ADMIN))["permissions"] == ["read"]


def test_reading_does_not_include_justifying_nor_administering(client: TestClient, token: Token) -> None:
    headers = {"authorization": f"Bearer {token(Role.ADMIN, Permission.READ)}"}
    assert client.put("/api/v1/findings/1/justification", json=JUSTIFY, headers=headers).status_code == 403
    assert client.put("/api/v1/accounts/111122223333", json={}, headers=headers).status_code == 403
    assert error_code(client.delete("/api/v1/accounts/111122223333", headers=headers)) == "forbidden"


def test_a_session_reads_and_its_role_decides(logged_in: Login) -> None:
    viewer = logged_in(Role.VIEWER)
    assert viewer.get("/api/v1/me").json()["permissions"] == ["read"]
    refused = viewer.put("/api/v1/accounts/111122223333", json={}, headers={"sec-fetch-site": "same-origin"})
    assert refused.status_code == 403 and error_code(refused) == "forbidden"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://testserver.evil.example"},
        {"sec-fetch-site": "cross-site", "origin": "http://testserver"},
        {"x-csrf-token": "wrong"},
    ],
)
def test_a_forged_request_with_a_session_is_refused(logged_in: Login, headers: dict[str, str]) -> None:
    admin = logged_in(Role.ADMIN)
    refused = admin.put("/api/v1/accounts/333344445555", json={}, headers=headers)
    assert refused.status_code == 403 and error_code(refused) == "forged_request"
    assert admin.get("/api/v1/accounts/333344445555").status_code == 404


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "same-origin"}, {"origin": "http://testserver"}])
def test_a_request_of_our_own_pages_is_taken(logged_in: Login, headers: dict[str, str]) -> None:
    admin = logged_in(Role.ADMIN)
    assert admin.put("/api/v1/accounts/333344445555", json={"name": "new"}, headers=headers).status_code == 200


def test_the_token_of_the_page_stands_in_where_the_browser_says_nothing(logged_in: Login) -> None:
    admin = logged_in(Role.ADMIN)
    page = admin.get("/settings").text
    csrf = page.split('name="csrf_token" value="', 1)[1].split('"', 1)[0]
    answer = admin.put("/api/v1/accounts/333344445555", json={}, headers={"x-csrf-token": csrf})
    assert answer.status_code == 200


def test_a_one_time_password_opens_nothing_but_the_change_of_it(logged_in: Login) -> None:
    newcomer = logged_in(Role.ADMIN, must_change=True)  # type: ignore[call-arg]
    refused = newcomer.get("/api/v1/resources")
    assert refused.status_code == 403 and error_code(refused) == "password_change_required"
    assert newcomer.get("/resources", follow_redirects=False).headers["location"] == "/password"


def test_every_error_has_the_one_body(app: FastAPI, client: TestClient, token: Token) -> None:
    headers = {"authorization": f"Bearer {token(Role.ADMIN, *Permission)}"}
    wanted = {
        ("GET", "/api/v1/nothing"): 404,
        ("GET", "/api/v1/resources/999999"): 404,
        ("POST", "/api/v1/resources"): 405,
        ("GET", "/api/v1/resources?limit=0"): 422,
        ("GET", "/api/v1/resources?acount=1"): 422,
        ("GET", "/api/v1/resources?after=garbage"): 422,
        ("GET", "/api/v1/resources?q=%00"): 422,
        ("GET", "/api/v1/changes?since=yesterday"): 422,
        ("GET", "/api/v1/changes?since=0001-01-01T00:00:00Z"): 422,
        ("GET", "/api/v1/resources/99999999999999999999999"): 422,
    }
    for (method, path), status in wanted.items():
        response = client.request(method, path, headers=headers)
        assert response.status_code == status, path
        assert set(response.json()) == {"error"} and {"code", "message"} <= set(response.json()["error"]), path


def test_a_failure_of_ours_is_told_without_its_secrets(app: FastAPI, token: Token) -> None:
    def broken() -> tuple[object, ...]:
        raise RuntimeError("the password is hunter2")

    app.state.web = _with(app.state.web, rules=broken)
    client = TestClient(app, raise_server_exceptions=False)
    response = client.get("/api/v1/rules", headers={"authorization": f"Bearer {token(Role.ADMIN, *Permission)}"})
    assert response.status_code == 500
    assert response.json()["error"]["code"] == "internal"
    assert "hunter2" not in response.text
    assert "content-security-policy" in response.headers


def _with(web: object, **changes: object) -> object:
    from dataclasses import replace

    return replace(web, **changes)  # type: ignore[type-var]
