"""Rules and resource types: what is judged, and what is watched."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from vigie.model import documents
from vigie.web.api.answers import OR_MISSING, Json
from vigie.web.api.schemas import Listing, RuleShape, TypeShape
from vigie.web.auth.guard import Reader, WebOf
from vigie.web.errors import not_found

router = APIRouter(tags=["rules and types"])


@router.get("/rules", response_model=Listing[RuleShape])
def list_rules(web: WebOf, _: Reader) -> Response:
    """Every rule that is loaded."""
    return Json(documents.list_document(map(documents.rule_document, web.rules())))


@router.get("/rules/{rule_id}", response_model=RuleShape, responses=OR_MISSING)
def get_rule(web: WebOf, _: Reader, rule_id: Annotated[str, Path(max_length=128)]) -> Response:
    """One rule."""
    for rule in web.rules():
        if rule.id == rule_id:
            return Json(documents.rule_document(rule))
    raise not_found("rule")


@router.get("/types", response_model=Listing[TypeShape])
def list_types(web: WebOf, _: Reader) -> Response:
    """Every resource type that the catalogue declares."""
    return Json(documents.list_document(map(documents.plain, web.types())))
