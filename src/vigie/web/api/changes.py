"""Changes: what was seen to be done, across all resources."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from vigie.model import documents
from vigie.model.change import ChangeKind
from vigie.model.queries import DURABLE_KINDS, ChangeFilter
from vigie.model.verdict import Direction
from vigie.web.api.answers import OR_MISSING, Json
from vigie.web.api.parameters import AccountId, Instant, PageQuery, Pk, Strict, Text
from vigie.web.api.schemas import ChangeShape, Listing
from vigie.web.auth.guard import Reader, WebOf
from vigie.web.errors import not_found

router = APIRouter(prefix="/changes", tags=["changes"])


class WhichChanges(Strict):
    """Which changes. What is not given matches any; without ``kind``: what was done (not baseline, not ephemeral)."""

    since: Instant | None = Field(None, description="Seen at or after.")
    until: Instant | None = Field(None, description="Seen before.")
    account: AccountId | None = None
    region: Text | None = None
    type: Text | None = None
    kind: list[ChangeKind] = Field([], description="May be given more than once.")
    resource: int | None = Field(None, ge=1, le=2**63 - 1, description="Number of the resource.")
    path: Text | None = Field(None, description="What the path of a difference begins with.")
    value: Text | None = Field(None, description="Text that an old or new value (at `path`, if given) holds.")
    actor: Text | None = Field(None, description="Credited to: an ARN, a name, an access key, a source identity.")
    verdict: list[Direction] = Field([], description="What it did to what others may. May be given more than once.")

    def filter(self) -> ChangeFilter:
        return ChangeFilter(
            since=self.since,
            until=self.until,
            account=self.account,
            region=self.region,
            type=self.type,
            kinds=tuple(dict.fromkeys(self.kind)) or DURABLE_KINDS,
            resource=self.resource,
            path=self.path,
            value=self.value,
            actor=self.actor,
            verdicts=tuple(dict.fromkeys(self.verdict)) or None,
        )


class ChangesQuery(WhichChanges, PageQuery):
    """Which changes, and which page of them."""


@router.get("", response_model=Listing[ChangeShape])
def list_changes(web: WebOf, _: Reader, query: Annotated[ChangesQuery, Query()]) -> Response:
    """Changes, newest first, each with its diff."""
    page = web.history.archive.changes(query.filter(), query.page)
    return Json(documents.paged_document(page, documents.change_document))


@router.get("/counts", response_model=dict[str, int])
def count_changes(web: WebOf, _: Reader, query: Annotated[WhichChanges, Query()]) -> Response:
    """How many changes match, by kind."""
    return Json(documents.plain(web.history.archive.change_counts(query.filter())))


@router.get("/{pk}", response_model=ChangeShape, responses=OR_MISSING)
def get_change(web: WebOf, _: Reader, pk: Pk) -> Response:
    """One change."""
    change = web.history.archive.change(pk)
    if change is None:
        raise not_found("change")
    return Json(documents.change_document(change))
