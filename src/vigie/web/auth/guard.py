"""Dependencies of endpoints: who asks, whether they may, and that the request is not forged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPBearer

from vigie.history.users import Permission
from vigie.web.auth.csrf import FIELD, HEADER, SAFE, is_forged
from vigie.web.auth.identity import Identity, identify
from vigie.web.config import Web
from vigie.web.errors import LoginFirst, Refusal

bearer: Final = HTTPBearer(
    auto_error=False, scheme_name="token", description="An API token, made on the settings page."
)
cookie: Final = APIKeyCookie(
    name="vigie", auto_error=False, scheme_name="session", description="The session of a person who is logged in."
)


def web_of(request: Request) -> Web:
    """What the application was made with."""
    web: Web = request.app.state.web
    return web


WebOf = Annotated[Web, Depends(web_of)]


def _known(request: Request, web: Web) -> Identity:
    identity = identify(web, request)
    if identity is None:
        raise Refusal(401, "Log in, or send an API token: Authorization: Bearer …")
    return identity


def allowed(permission: Permission) -> Callable[..., Identity]:
    """The dependency of an API endpoint that needs a permission."""

    def check(
        request: Request,
        web: WebOf,
        _bearer: Annotated[object, Security(bearer)] = None,
        _cookie: Annotated[object, Security(cookie)] = None,
    ) -> Identity:
        identity = _known(request, web)
        by_cookie = identity.session_sha is not None
        if by_cookie and identity.user.must_change_password:
            raise Refusal(403, "Change your one-time password first, on the page.", "password_change_required")
        if by_cookie and request.method not in SAFE:
            _refuse_forged(web, request, identity, request.headers.get(HEADER))
        if not identity.may(permission):
            raise Refusal(403, f"This needs the permission to {permission.value}.")
        return identity

    return check


Reader = Annotated[Identity, Depends(allowed(Permission.READ))]
Justifier = Annotated[Identity, Depends(allowed(Permission.JUSTIFY))]
Administrator = Annotated[Identity, Depends(allowed(Permission.ADMIN))]


def _refuse_forged(web: Web, request: Request, identity: Identity, token: str | None) -> None:
    if is_forged(web.settings, request, identity.session_sha, token):
        raise Refusal(403, "This request does not come from vigie's own pages.", "forged_request")


def person(request: Request, web: WebOf) -> Identity:
    """The person that asks for a page. API tokens open no pages.

    Raises:
        LoginFirst: Nobody is logged in, or they must change their password first.
    """
    identity = identify(web, request)
    if identity is None or identity.session_sha is None:
        raise LoginFirst("/login" + _back(request))
    if identity.user.must_change_password and request.url.path not in ("/password", "/logout"):
        raise LoginFirst("/password")
    return identity


Person = Annotated[Identity, Depends(person)]


async def person_acting(request: Request, identity: Person, web: WebOf) -> Identity:
    """The person that sends a form of ours."""
    form = await request.form()
    token = form.get(FIELD)
    _refuse_forged(web, request, identity, token if isinstance(token, str) else None)
    return identity


ActingPerson = Annotated[Identity, Depends(person_acting)]


def need(identity: Identity, permission: Permission) -> None:
    """Raises: Refusal (403) where the person lacks a permission."""
    if not identity.may(permission):
        raise Refusal(
            403, f"Your role ({identity.user.role.value}) does not include the permission to {permission.value}."
        )


def _back(request: Request) -> str:
    if request.method != "GET" or request.url.path == "/":
        return ""
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return f"?next={quote(target, safe='')}"


def safe_next(target: str | None) -> str:
    """Where to go after login: a path of ours, never another site (``//host``, ``/\\host``)."""
    if not target or not target.startswith("/") or target.startswith("//"):
        return "/"
    if any(character in target for character in "\\\r\n\t") or not target.isprintable():
        return "/"
    return target
