"""How pages are made: the template environment and what every page is given."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from vigie.history.users import Permission
from vigie.model.attribution import label as actor_label
from vigie.model.documents import plain
from vigie.web.auth.csrf import csrf_token
from vigie.web.auth.identity import Identity
from vigie.web.config import Web
from vigie.web.ui import text

HERE: Final = Path(__file__).parent
PLACES: Final = (
    ("/", "Overview"),
    ("/findings", "Findings"),
    ("/changes", "Changes"),
    ("/resources", "Resources"),
    ("/past", "Past"),
    ("/coverage", "Coverage"),
    ("/accounts", "Accounts"),
    ("/rules", "Rules"),
)


def _shown(value: Any) -> Any:
    """What becomes of every expression of every template before it is escaped: no unseen character gets through."""
    if value is None:
        return ""
    if isinstance(value, Markup):
        return value
    return text.visible(value) if isinstance(value, str) else value


def url(path: str, **parameters: Any) -> str:
    """A path with a query; parameters that are None or empty are left out."""
    given = {name: value for name, value in parameters.items() if value not in (None, "", [], ())}
    return f"{path}?{urlencode(given, doseq=True)}" if given else path


@lru_cache(maxsize=1)
def static_version() -> str:
    """A digest of all static files, in their addresses: a browser may keep them for good."""
    digest = hashlib.sha256()
    for file in sorted((HERE / "static").iterdir()):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


@lru_cache(maxsize=1)
def environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        actor_words=actor_label,
        one_line=text.one_line,
        pretty=text.pretty,
        short=text.short,
        moment=text.moment,
        plain=plain,
        compact=text.compact,
        preview=text.preview,
        service_of=text.service_of,
    )
    made.tests.update(reference=text.is_reference, long=text.is_long)
    made.globals.update(url=url, ago=text.ago, places=PLACES, Permission=Permission)
    return made


def render(
    request: Request,
    template: str,
    identity: Identity | None = None,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> HTMLResponse:
    """A page. Every template knows ``now``, ``identity``, ``csrf`` (the token of forms), ``path`` and ``version``."""
    web: Web = request.app.state.web
    now: datetime = web.clock()
    session = identity.session_sha if identity else None
    html = (
        environment()
        .get_template(template)
        .render(
            now=now,
            identity=identity,
            csrf=csrf_token(web.settings, session) if session else "",
            path=request.url.path,
            query=dict(request.query_params),
            version=web.settings.version,
            static=f"/static/{static_version()}",
            **values,
        )
    )
    return HTMLResponse(html.encode("utf-8", "replace"), status, headers)


def error_page(
    request: Request, status: int, phrase: str, message: str, detail: Any, headers: Mapping[str, str] | None
) -> HTMLResponse:
    """The page of a refusal or a failure. It knows nobody, so that it can be shown whatever is broken."""
    return render(
        request, "error.html", None, status=status, headers=headers, phrase=phrase, message=message, detail=detail
    )
