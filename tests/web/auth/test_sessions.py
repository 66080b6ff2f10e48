"""Logging in, staying logged in, and being logged out."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from vigie.history.store import History
from vigie.history.users import Permission, Role
from vigie.web.auth.first import first_administrator, reset_password
from vigie.web.auth.guard import safe_next

PASSWORD = "correct horse battery staple"
ORIGIN = {"origin": "http://testserver"}
Login = Callable[..., TestClient]


def post(browser: TestClient, path: str, **fields: str) -> Any:
    return browser.post(path, data=fields, headers=ORIGIN, follow_redirects=False)


def test_the_first_start_makes_one_administrator_with_a_password_that_is_shown_once(
    history: History, clock: Any
) -> None:
    made = first_administrator(history, clock())
    assert made is not None and made.name == "admin"
    assert re.fullmatch(r"([a-z2-9]{5}-){3}[a-z2-9]{5}", made.password)
    assert first_administrator(history, clock()) is None
    admin = history.users.by_name("ADMIN")
    assert admin is not None and admin.role is Role.ADMIN and admin.must_change_password
    assert admin.password_hash is not None and made.password not in admin.password_hash


def test_the_one_time_password_must_be_changed_before_anything_is_shown(make_browser: Any, clock: Any) -> None:
    browser, history = make_browser()
    made = first_administrator(history, clock())
    assert made is not None
    answer = post(browser, "/login", name="admin", password=made.password, next="/findings")
    assert answer.status_code == 303 and answer.headers["location"] == "/password"
    assert browser.get("/findings", follow_redirects=False).headers["location"] == "/password"
    first_cookie = browser.cookies["vigie"]
    refused = post(browser, "/password", old=made.password, new="short", again="short")
    assert refused.status_code == 422 and "too short" in refused.text
    changed = post(browser, "/password", old=made.password, new=PASSWORD, again=PASSWORD)
    assert changed.status_code == 303 and changed.headers["location"] == "/"
    assert browser.cookies["vigie"] != first_cookie, "a changed password begins a new session"
    assert browser.get("/findings", follow_redirects=False).status_code == 200
    assert post(TestClient(browser.app), "/login", name="admin", password=made.password).status_code == 401


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(app: Any, person: Any) -> None:
    person(Role.VIEWER)
    answer = post(TestClient(app), "/login", name="viewer", password=PASSWORD)
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("vigie=") and "httponly" in cookie and "samesite=lax" in cookie
    assert "secure" not in cookie, "http, on this machine"


def test_over_https_the_cookie_is_bound_to_https_and_the_host(app: Any, person: Any) -> None:
    person(Role.VIEWER)
    browser = TestClient(app, base_url="https://testserver")
    answer = browser.post(
        "/login",
        data={"name": "viewer", "password": PASSWORD},
        headers={"origin": "https://testserver"},
        follow_redirects=False,
    )
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-vigie=") and "Secure" in cookie and "Path=/" in cookie and "Domain" not in cookie
    assert browser.get("/", follow_redirects=False).status_code == 200


def test_a_session_ends_when_its_time_is_over(logged_in: Login, clock: Any) -> None:
    browser = logged_in(Role.VIEWER)
    clock.pass_by(hours=11, minutes=59)
    assert browser.get("/", follow_redirects=False).status_code == 200
    clock.pass_by(minutes=2)
    assert browser.get("/", follow_redirects=False).headers["location"] == "/login"


def test_logging_out_ends_the_session_and_not_only_the_cookie(logged_in: Login) -> None:
    browser = logged_in(Role.VIEWER)
    stolen = browser.cookies["vigie"]
    assert post(browser, "/logout").headers["location"] == "/login"
    thief = TestClient(browser.app, cookies={"vigie": stolen})
    assert thief.get("/", follow_redirects=False).status_code == 303


def test_a_person_who_is_shut_out_is_out_at_once(logged_in: Login, token: Any, estate: Any, clock: Any) -> None:
    browser = logged_in(Role.VIEWER)
    made = token(Role.VIEWER, Permission.READ)
    logged_in(Role.ADMIN)
    viewer = estate.history.users.by_name("viewer")
    with estate.history.begin() as tx:
        estate.history.users.set_disabled(tx, viewer.id, clock(), disabled=True)
    assert browser.get("/", follow_redirects=False).status_code == 303
    headers = {"authorization": f"Bearer {made}"}
    assert TestClient(browser.app).get("/api/v1/me", headers=headers).status_code == 401
    assert post(TestClient(browser.app), "/login", name="viewer", password=PASSWORD).status_code == 401


def test_a_reset_password_ends_every_session(logged_in: Login, estate: Any, clock: Any) -> None:
    browser = logged_in(Role.ADMIN)
    made = reset_password(estate.history, "admin", clock())
    assert browser.get("/", follow_redirects=False).status_code == 303
    answer = post(browser, "/login", name="admin", password=made.password)
    assert answer.headers["location"] == "/password"


def test_guessing_is_stopped_and_waiting_helps(app: Any, person: Any, clock: Any) -> None:
    person(Role.VIEWER)
    browser = TestClient(app)
    for _ in range(5):
        assert post(browser, "/login", name="viewer", password="wrong").status_code == 401
    stopped = post(browser, "/login", name="viewer", password=PASSWORD)
    assert stopped.status_code == 429 and "wait" in stopped.text
    clock.pass_by(minutes=16)
    assert post(browser, "/login", name="viewer", password=PASSWORD).status_code == 303


def test_a_wrong_name_and_a_wrong_password_look_alike(app: Any, person: Any) -> None:
    person(Role.VIEWER)
    browser = TestClient(app)
    answers = [post(browser, "/login", name=name, password="wrong") for name in ("viewer", "nobody")]
    assert answers[0].status_code == answers[1].status_code == 401
    assert answers[0].text.replace("viewer", "") == answers[1].text.replace("nobody", "")


def test_another_site_cannot_log_a_browser_in(app: Any, person: Any) -> None:
    person(Role.VIEWER)
    form = {"name": "viewer", "password": PASSWORD}
    for headers in ({}, {"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        assert TestClient(app).post("/login", data=form, headers=headers).status_code == 403


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/\t/evil", "/\n", "", None],
)
def test_after_login_nobody_is_sent_to_another_site(target: str | None) -> None:
    assert safe_next(target) == "/"
    assert safe_next("/resources?q=a") == "/resources?q=a"


def test_after_login_one_is_where_one_wanted_to_be(app: Any, person: Any) -> None:
    person(Role.VIEWER)
    browser = TestClient(app)
    asked = browser.get("/resources?type=AWS%3A%3AS3%3A%3ABucket", follow_redirects=False)
    page = browser.get(asked.headers["location"]).text
    assert 'name="next" value="/resources?type=AWS%3A%3AS3%3A%3ABucket"' in page


def test_a_token_is_shown_once_and_works_until_it_is_revoked(logged_in: Login, estate: Any) -> None:
    browser = logged_in(Role.JUSTIFIER)
    page = post(browser, "/settings/tokens", name="ci", days="30", scope="read").text
    made = re.search(r"vigie_[A-Za-z0-9_-]{40,}", page)
    assert made is not None
    assert made.group() not in browser.get("/settings").text
    headers = {"authorization": f"Bearer {made.group()}"}
    program = TestClient(browser.app)
    assert program.get("/api/v1/me", headers=headers).json()["permissions"] == ["read"]
    (stored,) = estate.history.users.tokens()
    post(browser, f"/settings/tokens/{stored.id}/revoke")
    assert program.get("/api/v1/me", headers=headers).status_code == 401


def test_nobody_makes_a_token_that_may_more_than_they(logged_in: Login, estate: Any) -> None:
    assert post(logged_in(Role.VIEWER), "/settings/tokens", name="x", days="30", scope="admin").status_code == 422
    assert estate.history.users.tokens() == []


def test_only_an_administrator_administers(logged_in: Login, estate: Any) -> None:
    viewer = logged_in(Role.VIEWER)
    assert post(viewer, "/settings/users", name="mallory", role="admin").status_code == 403
    assert post(viewer, "/accounts", id="333344445555", relation="own").status_code == 403
    assert post(viewer, f"/findings/{estate.findings['public']}/justify", reason="fine").status_code == 403
    admin = logged_in(Role.ADMIN)
    page = post(admin, "/settings/users", name="Ada", role="justifier").text
    assert "One-time password of" in page
    ada = estate.history.users.by_name("ada")
    assert ada.role is Role.JUSTIFIER and ada.must_change_password


def test_the_last_administrator_stays(logged_in: Login, estate: Any) -> None:
    admin = logged_in(Role.ADMIN)
    me = estate.history.users.by_name("admin")
    assert post(admin, f"/settings/users/{me.id}/shut-out").status_code == 422
    assert post(admin, f"/settings/users/{me.id}/role", role="viewer").status_code == 422
    assert estate.history.users.by_name("admin").role is Role.ADMIN


def test_failed_logins_are_forgotten_after_a_day(estate: Any, clock: Any) -> None:
    users = estate.history.users
    with estate.history.begin() as tx:
        users.note_failure(tx, "ada", "192.0.2.1", clock())
    clock.pass_by(days=2)
    with estate.history.begin() as tx:
        users.note_failure(tx, "ada", "192.0.2.1", clock())
        assert users.failures(tx, "ada", "192.0.2.1", clock() - timedelta(days=9)).pair == 1
