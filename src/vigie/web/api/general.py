"""Health, statistics, and who asks."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from vigie.model.errors import StoreError
from vigie.web.api.answers import Json
from vigie.web.api.schemas import HealthShape, MeShape, StatisticsShape
from vigie.web.auth.guard import Reader, WebOf
from vigie.web.reading import statistics_document

router = APIRouter(tags=["general"])
health = APIRouter(tags=["health"])


@router.get("/statistics", response_model=StatisticsShape)
def get_statistics(web: WebOf, _: Reader) -> Response:
    """Counts over the whole store. ``findings``: open ones by severity; ``score``: the sum of their weights."""
    return Json(statistics_document(web))


@router.get("/me", response_model=MeShape)
def get_me(identity: Reader) -> Response:
    """Who asks, and what they may do."""
    return Json(
        {
            "name": identity.user.name,
            "role": identity.user.role.value,
            "permissions": sorted(permission.value for permission in identity.permissions),
            "token": identity.token_name,
        }
    )


@health.get("/healthz", response_model=HealthShape)
def is_alive() -> Response:
    """Whether the process answers."""
    return Json({"status": "ok"})


@health.get("/readyz", response_model=HealthShape, responses={503: {"model": HealthShape}})
def is_ready(web: WebOf) -> Response:
    """Whether the store answers, too."""
    try:
        web.history.users.get(0)
    except StoreError:
        return Json({"status": "unavailable"}, 503)
    return Json({"status": "ok"})
