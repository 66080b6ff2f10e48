"""Forged requests: a form or script of another site must not act with the cookie of a person who is logged in.

A browser says where a request comes from (``Sec-Fetch-Site``, else ``Origin``), and a page cannot lie about it. Where
neither is sent, the form must carry a token that only our own pages know. Requests with an API token carry no cookie's
authority.
"""

from __future__ import annotations

import hmac
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request

from vigie.web.config import WebSettings

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
FIELD: Final = "csrf_token"
HEADER: Final = "x-csrf-token"


def csrf_token(settings: WebSettings, session_sha: str) -> str:
    """The token of one session's forms."""
    return settings.sign("csrf", session_sha)


def came_from_us(settings: WebSettings, request: Request) -> bool | None:
    """What the browser says about where the request comes from; None where it says nothing."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    if origin is None:
        return None
    return urlsplit(origin).netloc.lower() in {request.headers.get("host", "").lower(), settings.base_host} - {"", None}


def is_forged(settings: WebSettings, request: Request, session_sha: str | None, token: str | None) -> bool:
    """Whether an unsafe request must be refused. ``token``: from the form or the header, where there was one."""
    ours = came_from_us(settings, request)
    if ours is not None:
        return not ours
    if session_sha is None or not token:
        return True
    return not hmac.compare_digest(token.encode(), csrf_token(settings, session_sha).encode())
