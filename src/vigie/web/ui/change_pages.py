"""Changes across all resources."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from vigie.model.change import ChangeKind
from vigie.model.queries import DURABLE_KINDS, ChangeFilter
from vigie.model.verdict import Direction
from vigie.web.auth.guard import Person, WebOf
from vigie.web.reading import account_choices, account_names, type_choices
from vigie.web.ui.forms import PERIODS, choice, choices, field, page_of, since
from vigie.web.ui.rendering import render

router = APIRouter(prefix="/changes", include_in_schema=False)


@router.get("")
def list_changes(request: Request, web: WebOf, identity: Person) -> Response:
    values = request.query_params
    kind = choice(values, "kind", ChangeKind)
    verdict = choice(values, "verdict", Direction)
    chosen = ChangeFilter(
        since=since(values, web.clock()),
        account=field(values, "account"),
        region=field(values, "region"),
        type=field(values, "type"),
        kinds=(kind,) if kind else DURABLE_KINDS,
        path=field(values, "path"),
        actor=field(values, "actor"),
        verdicts=(verdict,) if verdict else None,
    )
    counts = web.history.archive.change_counts(chosen)
    return render(
        request,
        "changes.html",
        identity,
        page=web.history.archive.changes(chosen, page_of(web, values)),
        counts=[(kind.value, counts[kind]) for kind in ChangeKind if counts.get(kind)],
        kinds=choices(ChangeKind),
        verdicts=choices(Direction),
        periods=PERIODS,
        names=account_names(web),
        account_choices=account_choices(web),
        type_choices=type_choices(web),
    )
