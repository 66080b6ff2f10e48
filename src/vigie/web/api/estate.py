"""The whole estate as it was at a time."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from vigie.model import documents
from vigie.model.queries import ResourceFilter
from vigie.web.api.answers import Json
from vigie.web.api.parameters import AccountId, Instant, Strict, Text
from vigie.web.api.schemas import EstateShape
from vigie.web.auth.guard import Reader, WebOf

router = APIRouter(prefix="/estate", tags=["estate"])


class EstateQuery(Strict):
    """When, and of which resources. What is not given matches any."""

    at: Instant = Field(description="The time.")
    account: AccountId | None = None
    region: Text | None = Field(None, description="Where it lived; `global` for what has no region.")
    type: Text | None = Field(None, description="Like `AWS::S3::Bucket`.")
    q: Text | None = Field(None, description="Part of the id, name or ARN.")
    limit: int = Field(100, ge=1, le=1000, description="At most so many.")
    offset: int = Field(0, ge=0, le=2**31, description="Leave out so many first.")


@router.get("", response_model=EstateShape)
def get_estate(web: WebOf, _: Reader, query: Annotated[EstateQuery, Query()]) -> Response:
    """All that was, or may have been, there at a time, with how sure that is and what had been looked at."""
    wanted = ResourceFilter(query.account, query.region, query.type, present=None, text=query.q)
    estate = web.history.past.estate(wanted, query.at)
    end = query.offset + query.limit
    shown = map(documents.resource_at_document, estate.resources[query.offset : end])
    return Json(documents.estate_at_document(estate, shown, 0, len(estate.resources) > end))
