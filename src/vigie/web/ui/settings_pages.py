"""One's API tokens and sessions; for administrators, the users."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from vigie.history.users import Permission, Role
from vigie.model.errors import UsageError
from vigie.web.auth.first import reset_password
from vigie.web.auth.guard import ActingPerson, Person, WebOf, need
from vigie.web.auth.identity import Identity
from vigie.web.auth.secrets import digest, hash_password, new_api_token, one_time_password
from vigie.web.config import Web
from vigie.web.errors import not_found
from vigie.web.ui.forms import form_text
from vigie.web.ui.rendering import render

router = APIRouter(prefix="/settings", include_in_schema=False)
_DAYS: Final = {"30": 30, "90": 90, "365": 365, "0": None}


@dataclass(frozen=True, slots=True)
class MadeToken:
    """A token just made, to be shown this once."""

    name: str
    token: str


@dataclass(frozen=True, slots=True)
class MadeUser:
    name: str
    password: str


def _page(request: Request, web: Web, identity: Identity, status: int = 200, **values: Any) -> Response:
    administers = identity.may(Permission.ADMIN)
    shown = {"problem": None, "made_token": None, "made_user": None} | values
    return render(
        request,
        "settings.html",
        identity,
        status=status,
        tokens=web.history.users.tokens(identity.user.id),
        sessions=web.history.users.sessions(identity.user.id, web.clock()),
        scopes=[permission.value for permission in Permission if identity.may(permission)],
        users=web.history.users.all() if administers else [],
        roles=[role.value for role in Role],
        may_administer=administers,
        **shown,
    )


@router.get("")
def show_settings(request: Request, web: WebOf, identity: Person) -> Response:
    return _page(request, web, identity)


@router.post("/tokens")
async def make_token(request: Request, web: WebOf, identity: ActingPerson) -> Response:
    form = await request.form()
    name = form_text(form, "name", 64)
    chosen = {str(scope) for scope in form.getlist("scope")}
    scopes = frozenset(p for p in Permission if p.value in chosen and identity.may(p))
    days = form_text(form, "days")
    if not name or not scopes or days not in _DAYS:
        return _page(request, web, identity, 422, problem="A token needs a name, and something that it may do.")
    made = await run_in_threadpool(_make_token, web, identity, name, scopes, _DAYS[days])
    return _page(request, web, identity, made_token=made)


def _make_token(web: Web, identity: Identity, name: str, scopes: frozenset[Permission], days: int | None) -> MadeToken:
    token = new_api_token()
    now = web.clock()
    ends = None if days is None else now + timedelta(days=days)
    with web.history.begin() as tx:
        web.history.users.add_token(tx, identity.user.id, name, digest(token), scopes, now, ends)
    return MadeToken(name, token)


@router.post("/tokens/{token_id}/revoke")
def revoke_token(web: WebOf, identity: ActingPerson, token_id: int) -> Response:
    with web.history.begin() as tx:
        web.history.users.revoke_token(tx, token_id, web.clock(), user_id=identity.user.id)
    return RedirectResponse("/settings", 303)


@router.post("/sessions/end")
def end_sessions(web: WebOf, identity: ActingPerson) -> Response:
    with web.history.begin() as tx:
        web.history.users.end_sessions(tx, identity.user.id, web.clock(), keep=identity.session_sha)
    return RedirectResponse("/settings", 303)


@router.post("/users")
async def add_user(request: Request, web: WebOf, identity: ActingPerson) -> Response:
    need(identity, Permission.ADMIN)
    form = await request.form()
    name, role = form_text(form, "name", 64), form_text(form, "role")
    if role not in {known.value for known in Role}:
        return _page(request, web, identity, 422, problem="Choose a role.")
    try:
        made = await run_in_threadpool(_add_user, web, name, Role(role))
    except UsageError as error:
        return _page(request, web, identity, 422, problem=str(error))
    return _page(request, web, identity, made_user=made)


def _add_user(web: Web, name: str, role: Role) -> MadeUser:
    password = one_time_password()
    encoded = hash_password(password)
    with web.history.begin() as tx:
        user = web.history.users.add(tx, name, encoded, role, web.clock(), must_change=True)
    return MadeUser(user.name, password)


@router.post("/users/{user_id}/role")
async def set_role(request: Request, web: WebOf, identity: ActingPerson, user_id: int) -> Response:
    need(identity, Permission.ADMIN)
    role = form_text(await request.form(), "role")
    if role not in {known.value for known in Role}:
        return _page(request, web, identity, 422, problem="Choose a role.")
    return await run_in_threadpool(_set_role, request, web, identity, user_id, Role(role))


def _set_role(request: Request, web: Web, identity: Identity, user_id: int, role: Role) -> Response:
    try:
        with web.history.begin() as tx:
            web.history.users.set_role(tx, user_id, role)
    except UsageError as error:
        return _page(request, web, identity, 422, problem=str(error))
    return RedirectResponse("/settings", 303)


@router.post("/users/{user_id}/reset")
def reset(request: Request, web: WebOf, identity: ActingPerson, user_id: int) -> Response:
    """Give a user a new one-time password; their sessions end."""
    need(identity, Permission.ADMIN)
    user = web.history.users.get(user_id)
    if user is None:
        raise not_found("user")
    if user.id == identity.user.id:
        return RedirectResponse("/password", 303)
    made = reset_password(web.history, user.name, web.clock())
    return _page(request, web, identity, made_user=MadeUser(made.name, made.password))


@router.post("/users/{user_id}/shut-out")
def shut_out(request: Request, web: WebOf, identity: ActingPerson, user_id: int) -> Response:
    return _set_disabled(request, web, identity, user_id, disabled=True)


@router.post("/users/{user_id}/admit")
def admit(request: Request, web: WebOf, identity: ActingPerson, user_id: int) -> Response:
    return _set_disabled(request, web, identity, user_id, disabled=False)


def _set_disabled(request: Request, web: Web, identity: Identity, user_id: int, *, disabled: bool) -> Response:
    need(identity, Permission.ADMIN)
    try:
        with web.history.begin() as tx:
            web.history.users.set_disabled(tx, user_id, web.clock(), disabled=disabled)
    except UsageError as error:
        return _page(request, web, identity, 422, problem=str(error))
    return RedirectResponse("/settings", 303)
