"""Resources, their history, and how they were at a time."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from vigie.model import documents
from vigie.model.blame import blame
from vigie.model.change import Revision
from vigie.model.diff import diff
from vigie.model.queries import ResourceFilter
from vigie.model.resource import Resource
from vigie.web.api.answers import OR_MISSING, Json
from vigie.web.api.parameters import AccountId, Instant, PageQuery, Pk, Strict, Text
from vigie.web.api.schemas import (
    BlameShape,
    ChangeShape,
    ComparisonShape,
    EventShape,
    FacetsShape,
    FindingShape,
    Listing,
    ResourceShape,
    ResourceWithLatest,
    RevisionShape,
    StatesComparisonShape,
    StateShape,
)
from vigie.web.auth.guard import Reader, WebOf
from vigie.web.errors import Refusal, not_found
from vigie.web.reading import (
    all_changes,
    comparison,
    existing_resource,
    existing_revision,
    findings_of,
    reference_token,
)

router = APIRouter(prefix="/resources", tags=["resources"])
Presence = Literal["true", "false", "any"]
_PRESENT: Final[dict[Presence, bool | None]] = {"true": True, "false": False, "any": None}


class WhichResources(Strict):
    """Which resources. What is not given matches any."""

    account: AccountId | None = None
    region: Text | None = Field(None, description="Where it lives; `global` for what has no region.")
    type: Text | None = Field(None, description="Like `AWS::S3::Bucket`.")
    present: Presence = Field("true", description="Present now, gone, or any.")
    q: Text | None = Field(None, description="Part of the id, name or ARN.")
    tag: Text | None = Field(None, description="`Key` or `Key=value`, exact.")
    ref: Text | None = Field(None, description="An ARN, id, address or CIDR that the configuration holds.")

    def filter(self) -> ResourceFilter:
        return ResourceFilter(
            account=self.account,
            region=self.region,
            type=self.type,
            present=_PRESENT[self.present],
            text=self.q,
            tag=self.tag,
            ref=self.ref,
        )


class ResourcesQuery(WhichResources, PageQuery):
    """Which resources, and which page of them."""


@router.get("", response_model=Listing[ResourceShape])
def list_resources(web: WebOf, _: Reader, query: Annotated[ResourcesQuery, Query()]) -> Response:
    """Resources, a page at a time."""
    page = web.history.archive.resources(query.filter(), query.page)
    return Json(documents.paged_document(page, documents.resource_document))


@router.get("/facets", response_model=FacetsShape)
def count_resources(web: WebOf, _: Reader, query: Annotated[WhichResources, Query()]) -> Response:
    """How many resources match, by account, region and type."""
    return Json(documents.plain(web.history.archive.facets(query.filter())))


class Sought(Strict):
    q: Text = Field(description="An ARN, an id or a name, whole.")


@router.get("/find", response_model=Listing[ResourceShape])
def find_resources(web: WebOf, _: Reader, query: Annotated[Sought, Query()]) -> Response:
    """Resources that are named so: by ARN, id or name; present ones first."""
    found = web.history.archive.find(query.q)
    return Json(documents.list_document(map(documents.resource_document, found)))


@router.get("/{pk}", response_model=ResourceWithLatest, responses=OR_MISSING)
def get_resource(web: WebOf, _: Reader, pk: Pk) -> Response:
    """One resource, with its latest revision."""
    resource = existing_resource(web, pk)
    latest = web.history.archive.latest(pk)
    return Json(_with_latest(resource, latest))


def _with_latest(resource: Resource, latest: Revision | None) -> documents.Document:
    shown = None if latest is None else documents.revision_document(latest)
    return {**documents.resource_document(resource), "latest": shown}


@router.get("/{pk}/history", response_model=Listing[ChangeShape], responses=OR_MISSING)
def get_history(web: WebOf, _: Reader, pk: Pk, query: Annotated[PageQuery, Query()]) -> Response:
    """All revisions of one resource as changes, newest first, each with its diff to the one before."""
    existing_resource(web, pk)
    page = web.history.archive.revisions(pk, query.page)
    return Json(documents.paged_document(page, documents.change_document))


@router.get("/{pk}/revisions/{number}", response_model=RevisionShape, responses=OR_MISSING)
def get_revision(web: WebOf, _: Reader, pk: Pk, number: Pk) -> Response:
    """One revision, with its configuration. Numbers count from 1 per resource."""
    return Json(documents.revision_document(existing_revision(web, pk, number)))


class Part(Strict):
    path: Text | None = Field(None, description="Only this part, what is in it and around it.")


@router.get("/{pk}/who", response_model=Listing[BlameShape], responses=OR_MISSING)
def get_who(web: WebOf, _: Reader, pk: Pk, query: Annotated[Part, Query()]) -> Response:
    """Who set each part of one resource, when, and how sure that is."""
    existing_resource(web, pk)
    parts = blame(all_changes(web, pk), query.path)
    return Json(documents.list_document(map(documents.blame_document, parts)))


@router.get("/{pk}/events", response_model=Listing[EventShape], responses=OR_MISSING)
def get_events(web: WebOf, _: Reader, pk: Pk, query: Annotated[PageQuery, Query()]) -> Response:
    """The calls on one resource that CloudTrail told of, newest first, failed ones too."""
    page = web.history.events.of_resource(existing_resource(web, pk), None, None, query.page)
    return Json(documents.paged_document(page, documents.event_document))


class Between(Strict):
    since: int = Field(alias="from", ge=1, le=2**63 - 1, description="Number of the earlier revision.")
    to: int = Field(ge=1, le=2**63 - 1, description="Number of the later revision.")


@router.get("/{pk}/diff", response_model=ComparisonShape, responses=OR_MISSING)
def get_diff(web: WebOf, _: Reader, pk: Pk, query: Annotated[Between, Query()]) -> Response:
    """The difference between any two revisions of one resource."""
    before = existing_revision(web, pk, query.since)
    after = existing_revision(web, pk, query.to)
    return Json(documents.comparison_document(before, after, comparison(web, before, after)))


class When(Strict):
    time: Instant


@router.get("/{pk}/at", response_model=StateShape, responses=OR_MISSING)
def get_state(web: WebOf, _: Reader, pk: Pk, query: Annotated[When, Query()]) -> Response:
    """How one resource was at a time, and how sure that is."""
    existing_resource(web, pk)
    return Json(documents.state_at_document(web.history.archive.state_at(pk, query.time)))


class Times(Strict):
    since: Instant = Field(alias="from", description="The earlier time.")
    to: Instant = Field(description="The later time.")


@router.get("/{pk}/diff-of-times", response_model=StatesComparisonShape, responses=OR_MISSING)
def get_diff_of_times(web: WebOf, _: Reader, pk: Pk, query: Annotated[Times, Query()]) -> Response:
    """The difference between how one resource was at two times, each with how sure that is."""
    resource = existing_resource(web, pk)
    if query.since >= query.to:
        raise Refusal(422, "`to` must be after `from`.")
    before, after = (web.history.archive.state_at(pk, moment) for moment in (query.since, query.to))
    unknown = next((state for state in (before, after) if not state.is_known), None)
    if unknown is not None:
        raise not_found(f"known state at {documents.instant(unknown.asked)}")
    was, became = (state.revision.configuration if state.revision else {} for state in (before, after))
    entries = diff(was, became, web.treatment(resource.type))
    return Json(documents.states_comparison_document(before, after, resource, entries))


@router.get("/{pk}/references", response_model=Listing[ResourceShape], responses=OR_MISSING)
def get_references(web: WebOf, _: Reader, pk: Pk, query: Annotated[PageQuery, Query()]) -> Response:
    """Present resources whose configuration names this one."""
    resource = existing_resource(web, pk)
    page = web.history.archive.resources(ResourceFilter(ref=reference_token(resource)), query.page)
    return Json(documents.paged_document(page, documents.resource_document))


@router.get("/{pk}/findings", response_model=Listing[FindingShape], responses=OR_MISSING)
def get_findings(web: WebOf, _: Reader, pk: Pk) -> Response:
    """All findings of one resource, open ones first."""
    existing_resource(web, pk)
    return Json(documents.list_document(map(documents.finding_document, findings_of(web, pk))))
