"""Coverage: what could be seen, what could not, and which permission lacks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from vigie.model.scope import Coverage, Outcome
from vigie.web.auth.guard import Person, WebOf
from vigie.web.reading import account_choices, account_names
from vigie.web.ui.forms import choice, choices, field
from vigie.web.ui.rendering import render
from vigie.web.ui.text import service_of

router = APIRouter(prefix="/coverage", include_in_schema=False)
_MOST_ROWS: Final = 500
_NOT_THERE: Final = frozenset({Outcome.UNAVAILABLE, Outcome.REGION_DISABLED})
"""Nothing lacks where the service or the region is not there."""


@dataclass(frozen=True, slots=True)
class MissingPermission:
    permission: str
    account: str
    types: list[str]
    scopes: int


@router.get("")
def show_coverage(request: Request, web: WebOf, identity: Person) -> Response:
    values = request.query_params
    everything = web.history.archive.coverage()
    status = choice(values, "status", Outcome)
    account, type_name = field(values, "account"), field(values, "type")
    rows = [row for row in everything if _matches(row, status, account, type_name)]
    rows.sort(key=lambda row: (row.status is Outcome.COMPLETE, row.scope))
    counts = Counter(row.status for row in everything)
    return render(
        request,
        "coverage.html",
        identity,
        rows=rows[:_MOST_ROWS],
        total=len(rows),
        everything=status is not None,
        counts=[(outcome.value, counts[outcome]) for outcome in Outcome if counts[outcome]],
        permissions=_missing(everything),
        status_choices=choices(outcome for outcome in Outcome if counts[outcome]),
        account_choices=account_choices(web),
        type_choices=[(name, service_of(name)) for name in sorted({row.scope.type for row in everything})],
        names=account_names(web),
    )


def _matches(row: Coverage, status: Outcome | None, account: str | None, type_name: str | None) -> bool:
    if account not in (None, row.scope.account) or type_name not in (None, row.scope.type):
        return False
    if status is not None:
        return row.status is status
    return row.status is not Outcome.COMPLETE and row.status not in _NOT_THERE


def _missing(rows: Iterable[Coverage]) -> list[MissingPermission]:
    scopes: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        for permission in sorted({problem.permission for problem in row.problems if problem.permission}):
            scopes.setdefault((permission, row.scope.account), []).append(row.scope.type)
    return [
        MissingPermission(permission, account, sorted(set(types)), len(types))
        for (permission, account), types in sorted(scopes.items())
    ]
