"""Coverage: what could be seen, and what could not."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from vigie.model import documents
from vigie.model.scope import Outcome
from vigie.web.api.answers import Json
from vigie.web.api.parameters import AccountId, Strict, Text
from vigie.web.api.schemas import CoverageShape, Listing
from vigie.web.auth.guard import Reader, WebOf

router = APIRouter(prefix="/coverage", tags=["coverage"])


class WhichCoverage(Strict):
    account: AccountId | None = None
    region: Text | None = None
    type: Text | None = None
    status: Outcome | None = None


@router.get("", response_model=Listing[CoverageShape])
def list_coverage(web: WebOf, _: Reader, query: Annotated[WhichCoverage, Query()]) -> Response:
    """Every scope that was looked at: with what outcome, since when, and which permission lacks. All on one page."""
    rows = web.history.archive.coverage(query.account, query.region, query.type, query.status)
    return Json(documents.list_document(map(documents.coverage_document, rows)))
