"""Who a request comes from: a session cookie, or an API token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from vigie.history.users import Permission, User
from vigie.web.auth.secrets import digest, new_session_token, password_matches
from vigie.web.config import Web

_TOKEN_USE_EVERY: Final = timedelta(hours=1)
"""How exactly the last use of a token is known: a write for each request would cost more than it tells."""
_WINDOW: Final = timedelta(minutes=15)
_MOST_OF_PAIR, _MOST_OF_ADDRESS, _MOST_OF_NAME = 5, 30, 100
"""Failed logins in the window: of a name from an address, from an address, of a name from anywhere."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks, and what they may do."""

    user: User
    permissions: frozenset[Permission]
    session_sha: str | None = None
    """Digest of the session's token; None for an API token."""
    token_name: str | None = None

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    @property
    def name(self) -> str:
        """What is written as the author of what they do."""
        return self.user.name if self.token_name is None else f"{self.user.name} (token {self.token_name})"


class LoginRefused(Exception):  # noqa: N818 - an answer to a person, not a fault
    """Wrong name or password, or too many tries. ``wait`` is True where trying again at once is of no use."""

    def __init__(self, message: str, *, wait: bool = False) -> None:
        super().__init__(message)
        self.wait = wait


def cookie_name(web: Web, request: Request) -> str:
    """``__Host-`` ties the cookie to this very host and to https, where that is what is spoken."""
    return "__Host-vigie" if secure(web, request) else "vigie"


def secure(web: Web, request: Request) -> bool:
    if web.settings.secure_cookies is not None:
        return web.settings.secure_cookies
    return web.settings.https or request.url.scheme == "https"


def identify(web: Web, request: Request) -> Identity | None:
    """Who asks, by API token where one is sent, else by session cookie; None = nobody we know."""
    authorization = request.headers.get("authorization")
    if authorization is not None:
        return _by_token(web, authorization)
    token = request.cookies.get(cookie_name(web, request))
    if not token:
        return None
    sha = digest(token)
    found = web.history.users.session(sha, web.clock())
    if found is None:
        return None
    _, user = found
    return Identity(user, user.role.permissions, session_sha=sha)


def _by_token(web: Web, authorization: str) -> Identity | None:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        return None
    now = web.clock()
    found = web.history.users.token(digest(token.strip()), now)
    if found is None:
        return None
    api_token, user = found
    if api_token.last_used_at is None or now - api_token.last_used_at > _TOKEN_USE_EVERY:
        with web.history.begin() as tx:
            web.history.users.note_token_use(tx, api_token.id, now)
    return Identity(user, api_token.scopes & user.role.permissions, token_name=api_token.name)


def login(web: Web, name: str, password: str, address: str, agent: str) -> tuple[User, str]:
    """Check a name and password and begin a session. Returns the user and the session's token.

    The failure is counted before the password is looked at, so that tries side by side cannot outrun the limit.

    Raises:
        LoginRefused: Wrong, shut out, or too many tries.
    """
    now = web.clock()
    users = web.history.users
    with web.history.begin() as tx:
        failures = users.failures(tx, name, address, now - _WINDOW)
        full = failures.pair >= _MOST_OF_PAIR or failures.address >= _MOST_OF_ADDRESS or failures.name >= _MOST_OF_NAME
        if not full:
            users.note_failure(tx, name, address, now)
    if full:
        minutes = int(_WINDOW.total_seconds() // 60)
        raise LoginRefused(f"Too many failed logins: wait {minutes} minutes and try again.", wait=True)
    user = users.by_name(name)
    right = password_matches(password, user.password_hash if user else None)
    if user is None or not right or user.disabled_at is not None:
        raise LoginRefused("The name or the password is wrong.")
    with web.history.begin() as tx:
        users.forget_failures(tx, name, address)
    return user, begin_session(web, user, agent)


def begin_session(web: Web, user: User, agent: str) -> str:
    """Begin a session of a user who proved who they are. Returns its token."""
    token = new_session_token()
    now = web.clock()
    with web.history.begin() as tx:
        web.history.users.open_session(tx, user.id, digest(token), now, now + web.settings.session_lifetime, agent)
    return token


def set_session_cookie(web: Web, request: Request, response: Response, token: str) -> None:
    response.set_cookie(
        cookie_name(web, request),
        token,
        max_age=int(web.settings.session_lifetime.total_seconds()),
        path="/",
        secure=secure(web, request),
        httponly=True,
        samesite="lax",
    )


def drop_session_cookie(web: Web, request: Request, response: Response) -> None:
    response.delete_cookie(
        cookie_name(web, request), path="/", secure=secure(web, request), httponly=True, samesite="lax"
    )
