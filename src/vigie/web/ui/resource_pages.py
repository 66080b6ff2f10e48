"""Resources: found by facets and search; one, with its history, as it is and as it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from vigie.model.attribution import Attribution
from vigie.model.change import Change, Revision, StateAt
from vigie.model.finding import Finding, FindingStatus
from vigie.model.paging import Page
from vigie.model.queries import ResourceFilter
from vigie.model.resource import Resource
from vigie.web.auth.guard import Person, WebOf
from vigie.web.auth.identity import Identity
from vigie.web.config import Web
from vigie.web.errors import Refusal
from vigie.web.reading import (
    account_names,
    comparison,
    existing_resource,
    existing_revision,
    findings_of,
    reference_token,
)
from vigie.web.ui.forms import asked_time, field, page_of
from vigie.web.ui.rendering import render
from vigie.web.ui.text import service_of

router = APIRouter(prefix="/resources", include_in_schema=False)
_PRESENT: Final[Mapping[str | None, bool | None]] = {"false": False, "any": None}
_REFERRING: Final = 20
_CALLS: Final = 10


@router.get("")
def list_resources(request: Request, web: WebOf, identity: Person) -> Response:
    values = request.query_params
    chosen = ResourceFilter(
        account=field(values, "account"),
        region=field(values, "region"),
        type=field(values, "type"),
        present=_PRESENT.get(values.get("present"), True),
        text=field(values, "q"),
        tag=field(values, "tag"),
        ref=field(values, "ref"),
    )
    names = account_names(web)
    facets = web.history.archive.facets(chosen)
    return render(
        request,
        "resources.html",
        identity,
        page=web.history.archive.resources(chosen, page_of(web, values)),
        facets=_Facets(_by_count(facets.accounts), _by_count(facets.regions), _by_count(facets.types)),
        total=facets.total,
        filtered=chosen != ResourceFilter(),
        names=names,
        name_of_account=lambda value: names.get(value, value),
        service_word=service_of,
        plain_word=str,
    )


@dataclass(frozen=True, slots=True)
class _Facets:
    accounts: list[tuple[str, int]]
    regions: list[tuple[str, int]]
    types: list[tuple[str, int]]


def _by_count(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda found: (-found[1], found[0]))


@router.get("/{pk}")
def show_resource(request: Request, web: WebOf, identity: Person, pk: int) -> Response:
    """As it is now; with ``at``, as it was then."""
    resource = existing_resource(web, pk)
    at = field(request.query_params, "at", 64)
    if at is None:
        return _page(request, web, identity, resource, web.history.archive.latest(pk))
    asked = asked_time(at)
    if asked is None:
        raise Refusal(422, "That is no time: write one like 2026-01-02T03:04:05 (UTC).")
    state = web.history.archive.state_at(pk, asked)
    return _page(request, web, identity, resource, state.revision, asked=state)


@router.get("/{pk}/revisions/{number}")
def show_revision(request: Request, web: WebOf, identity: Person, pk: int, number: int) -> Response:
    resource = existing_resource(web, pk)
    revision = existing_revision(web, pk, number)
    change = web.history.archive.change(revision.pk) if revision.pk is not None else None
    return _page(request, web, identity, resource, revision, change=change)


def _page(
    request: Request,
    web: Web,
    identity: Identity,
    resource: Resource,
    shown: Revision | None,
    *,
    asked: StateAt | None = None,
    change: Change | None = None,
) -> Response:
    archive = web.history.archive
    pk = resource.pk or 0
    history = archive.revisions(pk, page_of(web, request.query_params))
    latest = archive.latest(pk)
    referring = archive.resources(ResourceFilter(ref=reference_token(resource)), Page(_REFERRING))
    findings = findings_of(web, pk)
    score, worst = _score(findings)
    return render(
        request,
        "resource.html",
        identity,
        resource=resource,
        shown=shown,
        diff=change.diff if change else (),
        verdict=change.verdict if change else None,
        attribution=_attribution(web, shown, change, asked),
        calls=web.history.events.of_resource(resource, None, None, Page(_CALLS)),
        asked=asked,
        asked_text=_local(asked.asked) if asked else "",
        latest_number=latest.number if latest else 0,
        latest_shown=shown is not None and latest is not None and shown.number == latest.number,
        history=history,
        findings=findings,
        score=score,
        worst=worst,
        coverage=archive.scope_coverage(resource.scope),
        referring=[other for other in referring.items if other.pk != resource.pk],
        more_referring=referring.next is not None,
        names=account_names(web),
    )


def _attribution(web: Web, shown: Revision | None, change: Change | None, asked: StateAt | None) -> Attribution | None:
    """Who made what is shown."""
    if change is None and shown is not None and shown.pk is not None and asked is None:
        change = web.history.archive.change(shown.pk)
    return change.attribution if change else None


def _score(findings: list[Finding]) -> tuple[int, str]:
    counted = [finding.severity for finding in findings if finding.status is FindingStatus.OPEN]
    worst = max(counted, key=lambda severity: severity.rank, default=None)
    return sum(severity.weight for severity in counted), worst.value if worst else ""


def _local(value: datetime) -> str:
    """As a ``datetime-local`` field wants it."""
    return value.strftime("%Y-%m-%dT%H:%M:%S")


@router.get("/{pk}/diff")
def compare(request: Request, web: WebOf, identity: Person, pk: int) -> Response:
    """The difference between any two revisions, from the earlier to the later in whatever order they are asked."""
    resource = existing_resource(web, pk)
    numbers = sorted(_number(request, name) for name in ("from", "to"))
    before, after = (existing_revision(web, pk, number) for number in numbers)
    if before.number == after.number:
        return RedirectResponse(f"/resources/{pk}/revisions/{after.number}", 303)
    values: dict[str, Any] = {"resource": resource, "before": before, "after": after}
    return render(request, "compare.html", identity, diff=comparison(web, before, after), **values)


def _number(request: Request, name: str) -> int:
    text = request.query_params.get(name, "")
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise Refusal(422, "Choose two revisions to compare.")
    return int(text)
