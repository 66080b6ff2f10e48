"""Log in, log out, change one's password."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from vigie.history.users import User
from vigie.web.auth.csrf import came_from_us
from vigie.web.auth.guard import ActingPerson, Person, WebOf, safe_next
from vigie.web.auth.identity import (
    Identity,
    LoginRefused,
    begin_session,
    drop_session_cookie,
    identify,
    login,
    set_session_cookie,
)
from vigie.web.auth.secrets import SHORTEST_PASSWORD, hash_password, password_matches, password_problem
from vigie.web.config import Web
from vigie.web.errors import Refusal
from vigie.web.ui.forms import field, form_text
from vigie.web.ui.rendering import render

router = APIRouter(include_in_schema=False)


@router.get("/login")
def show_login(request: Request, web: WebOf) -> Response:
    target = safe_next(field(request.query_params, "next"))
    identity = identify(web, request)
    if identity is not None and identity.session_sha is not None:
        return RedirectResponse(target, 303)
    return render(request, "login.html", problem=None, name="", next=target)


@router.post("/login")
async def log_in(request: Request, web: WebOf) -> Response:
    # there is no session yet, so no token can stand in for what the browser says
    if not came_from_us(web.settings, request):
        raise Refusal(403, "This request does not come from vigie's own pages.", "forged_request")
    form = await request.form()
    name = form_text(form, "name", 64)
    password = form.get("password")
    target = safe_next(form_text(form, "next") or None)
    address = request.client.host if request.client else "unknown"
    agent = request.headers.get("user-agent", "")
    try:
        user, token = await run_in_threadpool(
            login, web, name, password if isinstance(password, str) else "", address, agent
        )
    except LoginRefused as refused:
        return render(
            request,
            "login.html",
            status=429 if refused.wait else 401,
            problem=str(refused),
            name=name,
            next=target,
        )
    response = RedirectResponse("/password" if user.must_change_password else target, 303)
    set_session_cookie(web, request, response, token)
    return response


@router.post("/logout")
def log_out(request: Request, web: WebOf, identity: ActingPerson) -> Response:
    if identity.session_sha is not None:
        with web.history.begin() as tx:
            web.history.users.end_session(tx, identity.session_sha, web.clock())
    response = RedirectResponse("/login", 303)
    drop_session_cookie(web, request, response)
    response.headers["clear-site-data"] = '"cache"'
    return response


@router.get("/password")
def show_password(request: Request, identity: Person) -> Response:
    return _password_page(request, identity, None)


@router.post("/password")
async def change_password(request: Request, web: WebOf, identity: ActingPerson) -> Response:
    form = await request.form()
    old, new, again = (_secret(form.get(name)) for name in ("old", "new", "again"))
    problem = await run_in_threadpool(_change, web, identity.user, old, new, again)
    if problem:
        return _password_page(request, identity, problem, 422)
    token = await run_in_threadpool(begin_session, web, identity.user, request.headers.get("user-agent", ""))
    response = RedirectResponse("/", 303)
    set_session_cookie(web, request, response, token)
    return response


def _secret(value: object) -> str:
    return value if isinstance(value, str) else ""


def _change(web: Web, user: User, old: str, new: str, again: str) -> str | None:
    """Change the password and end every session. Returns why it cannot be done, or None."""
    if not password_matches(old, user.password_hash):
        return "The password until now is wrong."
    if new != again:
        return "The two new passwords are not the same."
    problem = password_problem(new, user_name=user.name, old=old)
    if problem:
        return problem
    encoded = hash_password(new)
    with web.history.begin() as tx:
        web.history.users.set_password(tx, user.id, encoded, web.clock(), must_change=False)
    return None


def _password_page(request: Request, identity: Identity, problem: str | None, status: int = 200) -> Response:
    return render(request, "password.html", identity, status=status, problem=problem, shortest=SHORTEST_PASSWORD)
