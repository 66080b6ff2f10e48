"""Somebody: all that they did."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from vigie.model.paging import Page
from vigie.model.queries import ChangeFilter
from vigie.web.auth.guard import Person, WebOf
from vigie.web.reading import account_names
from vigie.web.ui.forms import PERIODS, field, page_of, since
from vigie.web.ui.rendering import render

router = APIRouter(prefix="/actors", include_in_schema=False)
_CHANGES = 100


@router.get("")
def show_actor(request: Request, web: WebOf, identity: Person) -> Response:
    """Their calls, failed ones too, and the changes that are credited to them."""
    values = request.query_params
    who = field(values, "who")
    if who is None:
        return RedirectResponse("/changes", 303)
    begin = since(values, web.clock())
    events = web.history.events.of_actor(who, begin, None, page_of(web, values))
    changes = web.history.archive.changes(ChangeFilter(since=begin, actor=who), Page(limit=_CHANGES))
    return render(
        request,
        "actor.html",
        identity,
        who=who,
        events=events,
        changes=changes.items,
        more_changes=changes.next is not None,
        periods=PERIODS,
        names=account_names(web),
    )
