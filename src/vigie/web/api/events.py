"""Events of CloudTrail: what somebody did."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field
from starlette.responses import Response

from vigie.model import documents
from vigie.web.api.answers import OR_MISSING, Json
from vigie.web.api.parameters import Instant, PageQuery, Text
from vigie.web.api.schemas import EventShape, EventWithRecord, Listing
from vigie.web.auth.guard import Reader, WebOf
from vigie.web.errors import not_found

router = APIRouter(prefix="/events", tags=["events"])


class EventsQuery(PageQuery):
    """Which events, and which page of them."""

    actor: Text | None = Field(None, description="Done by: an ARN, a name, an access key, a source identity.")
    since: Instant | None = Field(None, description="At or after.")
    until: Instant | None = Field(None, description="Before.")


@router.get("", response_model=Listing[EventShape])
def list_events(web: WebOf, _: Reader, query: Annotated[EventsQuery, Query()]) -> Response:
    """Calls, newest first, failed ones too."""
    events = web.history.events
    if query.actor is not None:
        page = events.of_actor(query.actor, query.since, query.until, query.page)
    else:
        page = events.events(query.since, query.until, query.page)
    return Json(documents.paged_document(page, documents.event_document))


@router.get("/{id}", response_model=EventWithRecord, responses=OR_MISSING)
def get_event(web: WebOf, _: Reader, id: Annotated[str, Path(max_length=256)]) -> Response:
    """One call, with the record as CloudTrail wrote it; secrets are redacted."""
    found = web.history.events.event(id)
    if found is None:
        raise not_found("event")
    return Json(documents.event_document(found) | {"record": documents.plain(found.record)})
