"""The estate as it was at a time: what was there, what was wrong, and what nobody had looked at."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from vigie.history.findings import FindingFilter
from vigie.model.change import Certainty
from vigie.model.finding import FindingStatus
from vigie.model.paging import Page
from vigie.model.queries import ResourceFilter
from vigie.web.auth.guard import Person, WebOf
from vigie.web.reading import account_choices, account_names, type_choices
from vigie.web.ui.forms import asked_time, field
from vigie.web.ui.rendering import render

router = APIRouter(prefix="/past", include_in_schema=False)
_MOST_ROWS: Final = 500
_MOST_FINDINGS: Final = 50
_MOST_GAPS: Final = 50


@router.get("")
def show_past(request: Request, web: WebOf, identity: Person) -> Response:
    values = request.query_params
    asked = asked_time(field(values, "at"))
    account, type_name = field(values, "account"), field(values, "type")
    chosen = ResourceFilter(account=account, type=type_name, present=None, text=field(values, "q"))
    estate = web.history.past.estate(chosen, asked) if asked else None
    findings = None
    if asked:
        wanted = FindingFilter(account=account, type=type_name, statuses=(FindingStatus.OPEN, FindingStatus.UNKNOWN))
        findings = web.history.past.findings(wanted, asked, Page(_MOST_FINDINGS))
    return render(
        request,
        "past.html",
        identity,
        asked=asked,
        asked_text=asked.strftime("%Y-%m-%dT%H:%M:%S") if asked else "",
        estate=estate,
        rows=estate.resources[:_MOST_ROWS] if estate else (),
        gaps=estate.gaps[:_MOST_GAPS] if estate else (),
        certain=[(c.value, estate.count(c)) for c in Certainty if estate.count(c)] if estate else [],
        findings=findings,
        account_choices=account_choices(web),
        type_choices=type_choices(web),
        names=account_names(web),
    )
