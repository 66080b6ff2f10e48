"""The application: JSON API and pages over one store. Importing this does nothing; ``create_app`` makes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from fastapi import FastAPI
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope

from vigie.history.store import History
from vigie.model.account import Account
from vigie.model.treatment import PLAIN, Treatment
from vigie.rules.declare import Rule
from vigie.web.api import accounts, changes, coverage, estate, events, findings, general, resources
from vigie.web.api import rules as rules_api
from vigie.web.api.answers import ALWAYS
from vigie.web.config import Clock, TypeDeclaration, Web, WebSettings, utc_now
from vigie.web.errors import answer_errors
from vigie.web.headers import Frame
from vigie.web.ui import (
    account_pages,
    actor_pages,
    change_pages,
    coverage_pages,
    finding_pages,
    overview_pages,
    past_pages,
    resource_pages,
    rule_pages,
    session_pages,
    settings_pages,
)
from vigie.web.ui.rendering import HERE, static_version

API: Final = "/api/v1"
_PAGES: Final = (
    session_pages,
    overview_pages,
    resource_pages,
    finding_pages,
    change_pages,
    past_pages,
    coverage_pages,
    account_pages,
    actor_pages,
    rule_pages,
    settings_pages,
)
_ENDPOINTS: Final = (resources, estate, changes, events, findings, coverage, accounts, rules_api, general)


def create_app(
    history: History,
    *,
    settings: WebSettings,
    clock: Clock = utc_now,
    rules: Callable[[], Sequence[Rule]] = tuple,
    types: Callable[[], Sequence[TypeDeclaration]] = tuple,
    treatment: Callable[[str], Treatment] = lambda _: PLAIN,
    accounts: Callable[[], Sequence[Account]] | None = None,
) -> FastAPI:
    """The web application over an open store.

    Args:
        history: The store. It stays the caller's: it is not closed here.
        settings: How it is served.
        clock: What time it is, aware UTC.
        rules: The rules that are loaded, for their texts.
        types: The resource types that the catalogue declares.
        accounts: All accounts that are known now; None = those of the store.
        treatment: How configurations of a type are compared (what is ordered, what is ephemeral).
    """
    app = Application(
        title="vigie",
        version=settings.version,
        description="What vigie saw of AWS, how it changed, and what is wrong with it.",
        openapi_url=f"{API}/openapi.json",
        docs_url=None,  # they load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        # nothing is sent anywhere by itself, whatever the environment says, and no error's text goes to a collector
        telemetry={"auto_configure": False, "logs": False},
    )
    app.state.web = Web(history, settings, clock, rules, types, treatment, accounts or history.accounts.all)
    answer_errors(app)
    for part in _ENDPOINTS:
        app.include_router(part.router, prefix=API, responses=ALWAYS)
    app.include_router(general.health)
    for page in _PAGES:
        app.include_router(page.router)
    app.mount(f"/static/{static_version()}", Static(directory=HERE / "static"))
    return app


class Application(FastAPI):
    """With the frame around everything, the answer to an exception of our own included."""

    def build_middleware_stack(self) -> ASGIApp:
        web: Web = self.state.web
        return Frame(super().build_middleware_stack(), web.settings)


class Static(StaticFiles):
    """Files whose address changes with their content: kept by browsers for a year."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if response.status_code in (200, 304):
            response.headers["cache-control"] = "public, max-age=31536000, immutable"
        return response
