"""Findings, and their justification."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from vigie.history.findings import FindingFilter
from vigie.model import documents
from vigie.model.errors import UsageError
from vigie.model.finding import FindingStatus, Severity
from vigie.web.api.answers import OR_CONFLICT, OR_MISSING, OR_UNREADABLE, Json
from vigie.web.api.parameters import AccountId, Instant, PageQuery, Pk, Strict, Text
from vigie.web.api.schemas import FindingShape, Listing
from vigie.web.auth.guard import Justifier, Reader, WebOf
from vigie.web.errors import Refusal
from vigie.web.reading import existing_finding, justify, withdraw

router = APIRouter(prefix="/findings", tags=["findings"])
_STANDING: Final = (FindingStatus.OPEN, FindingStatus.UNKNOWN)


class FindingsQuery(PageQuery):
    """Which findings. What is not given matches any; without ``status``: open and unknown."""

    status: list[FindingStatus] = Field([], description="May be given more than once.")
    severity: Severity | None = None
    severity_at_least: Severity | None = Field(None, description="This severe or more.")
    rule: Text | None = None
    account: AccountId | None = None
    region: Text | None = None
    type: Text | None = None
    resource: int | None = Field(None, ge=1, le=2**63 - 1, description="Number of the resource.")
    at: Instant | None = Field(None, description="As they stood at this time, by what vigie held then.")

    def filter(self) -> FindingFilter:
        return FindingFilter(
            statuses=tuple(dict.fromkeys(self.status)) or _STANDING,
            severity=self.severity,
            severity_at_least=self.severity_at_least,
            rule=self.rule,
            account=self.account,
            region=self.region,
            type=self.type,
            resource=self.resource,
        )


class JustificationBody(Strict):
    reason: Annotated[Text, Field(max_length=4000)]
    expires_at: Instant | None = Field(None, description="Null: without an end.")


@router.get("", response_model=Listing[FindingShape])
def list_findings(web: WebOf, _: Reader, query: Annotated[FindingsQuery, Query()]) -> Response:
    """Findings, most severe first."""
    if query.at is not None:
        page = web.history.past.findings(query.filter(), query.at, query.page)
    else:
        page = web.history.findings.query(query.filter(), query.page)
    return Json(documents.paged_document(page, documents.finding_document))


@router.get("/{pk}", response_model=FindingShape, responses=OR_MISSING)
def get_finding(web: WebOf, _: Reader, pk: Pk) -> Response:
    """One finding."""
    return Json(documents.finding_document(existing_finding(web, pk)))


@router.put("/{pk}/justification", response_model=FindingShape, responses=OR_MISSING | OR_CONFLICT | OR_UNREADABLE)
def put_justification(web: WebOf, identity: Justifier, pk: Pk, body: JustificationBody) -> Response:
    """Accept a finding, with a reason. It opens again when it gets worse, and when the justification expires."""
    finding = existing_finding(web, pk)
    if body.expires_at is not None and body.expires_at <= web.clock():
        raise Refusal(422, "expires_at has passed already.")
    try:
        justify(web, finding, identity.name, body.reason, body.expires_at)
    except UsageError as error:
        raise Refusal(409, str(error)) from error
    return Json(documents.finding_document(existing_finding(web, pk)))


@router.delete("/{pk}/justification", response_model=FindingShape, responses=OR_MISSING | OR_CONFLICT)
def delete_justification(web: WebOf, identity: Justifier, pk: Pk) -> Response:
    """Take a justification back: the finding is open again."""
    finding = existing_finding(web, pk)
    try:
        withdraw(web, finding, identity.name)
    except UsageError as error:
        raise Refusal(409, str(error)) from error
    return Json(documents.finding_document(existing_finding(web, pk)))
