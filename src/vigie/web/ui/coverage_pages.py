"""Coverage: what could be seen, what could not, and which permission lacks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from vigie.model.scope import Coverage, Outcome
from vigie.web.auth.guard import Person, WebOf
from vigie.web.config import Web
from vigie.web.reading import account_choices, account_names, gaps, type_choices
from vigie.web.ui.forms import choice, choices, field
from vigie.web.ui.rendering import render
from vigie.web.ui.text import service_of

router = APIRouter(prefix="/coverage", include_in_schema=False)
_MOST_ROWS: Final = 500


@dataclass(frozen=True, slots=True)
class MissingPermission:
    permission: str
    account: str
    types: list[str]
    scopes: int


@router.get("")
def show_coverage(request: Request, web: WebOf, identity: Person) -> Response:
    values = request.query_params
    status = choice(values, "status", Outcome)
    account, type_name = field(values, "account"), field(values, "type")
    lacking = gaps(web)
    if status is not None:
        rows = web.history.archive.coverage(account, None, type_name, status)
    else:
        rows = gaps(web, account, type_name) if account or type_name else lacking
    rows = sorted(rows, key=lambda row: row.scope)
    counts = web.history.archive.statistics().scopes
    return render(
        request,
        "coverage.html",
        identity,
        rows=rows[:_MOST_ROWS],
        total=len(rows),
        everything=status is not None,
        counts=[(outcome.value, counts[outcome]) for outcome in Outcome if counts.get(outcome)],
        permissions=_missing(lacking),
        status_choices=choices(outcome for outcome in Outcome if counts.get(outcome)),
        account_choices=account_choices(web),
        type_choices=_types(web, lacking),
        names=account_names(web),
    )


def _types(web: Web, rows: Iterable[Coverage]) -> list[tuple[str, str]]:
    """Types of which there is something, or something lacks."""
    return sorted({*type_choices(web), *((row.scope.type, service_of(row.scope.type)) for row in rows)})


def _missing(rows: Iterable[Coverage]) -> list[MissingPermission]:
    scopes: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        for permission in sorted({problem.permission for problem in row.problems if problem.permission}):
            scopes.setdefault((permission, row.scope.account), []).append(row.scope.type)
    return [
        MissingPermission(permission, account, sorted(set(types)), len(types))
        for (permission, account), types in sorted(scopes.items())
    ]
