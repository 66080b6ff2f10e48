"""Findings: the list, one, and its justification."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from vigie.history.findings import FindingFilter
from vigie.history.users import Permission
from vigie.model.errors import UsageError
from vigie.model.finding import Finding, FindingStatus, Severity
from vigie.web.auth.guard import ActingPerson, Person, WebOf, need
from vigie.web.auth.identity import Identity
from vigie.web.config import Web
from vigie.web.reading import (
    account_choices,
    account_names,
    count_by_status,
    existing_finding,
    justify,
    type_choices,
    withdraw,
)
from vigie.web.ui.forms import choice, choices, end_of_day, field, form_text, page_of
from vigie.web.ui.rendering import render

router = APIRouter(prefix="/findings", include_in_schema=False)
_STANDING: Final = (FindingStatus.OPEN, FindingStatus.UNKNOWN)
_ANY: Final = "any"


@router.get("")
def list_findings(request: Request, web: WebOf, identity: Person) -> Response:
    """Without a chosen status: open ones, and those about which no verdict could be reached."""
    values = request.query_params
    return render(
        request,
        "findings.html",
        identity,
        page=web.history.findings.query(_chosen(values), page_of(web, values)),
        chosen=values.get("status"),
        counts=[(word, count) for word, count in count_by_status(web).items() if count],
        statuses=[(_ANY, "any"), *choices(FindingStatus)],
        severities=choices(reversed(Severity)),
        rule_choices=sorted((rule.id, rule.title) for rule in web.rules()),
        account_choices=account_choices(web),
        type_choices=type_choices(web),
        names=account_names(web),
    )


def _chosen(values: Mapping[str, str]) -> FindingFilter:
    status = choice(values, "status", FindingStatus)
    statuses = tuple(FindingStatus) if values.get("status") == _ANY else (status,) if status else _STANDING
    return FindingFilter(
        statuses=statuses,
        severity=choice(values, "severity", Severity),
        rule=field(values, "rule"),
        account=field(values, "account"),
        region=field(values, "region"),
        type=field(values, "type"),
    )


@router.get("/{pk}")
def show_finding(request: Request, web: WebOf, identity: Person, pk: int) -> Response:
    return _page(request, web, identity, existing_finding(web, pk))


def _page(
    request: Request, web: Web, identity: Identity, finding: Finding, problem: str | None = None, **form: Any
) -> Response:
    rule = next((rule for rule in web.rules() if rule.id == finding.rule), None)
    return render(
        request,
        "finding.html",
        identity,
        status=422 if problem else 200,
        finding=finding,
        problem=problem,
        rule=rule,
        states=list(reversed(web.history.findings.history(finding.pk or 0))),
        may_justify=identity.may(Permission.JUSTIFY),
        can_be_justified=finding.status in (FindingStatus.OPEN, FindingStatus.JUSTIFIED),
        tomorrow=(web.clock() + timedelta(days=1)).date().isoformat(),
        names=account_names(web),
        **({"reason": "", "expires": ""} | form),
    )


@dataclass(frozen=True, slots=True)
class _Form:
    reason: str
    expires: str

    def expires_at(self, now: datetime) -> datetime | None:
        """Raises: UsageError (one sentence) where it cannot be taken."""
        if not self.reason:
            raise UsageError("Give a reason.")
        try:
            end = end_of_day(self.expires)
        except ValueError:
            raise UsageError("The end is no date: write one like 2026-12-31.") from None
        if end is not None and end <= now:
            raise UsageError("The end has passed already: choose a later day.")
        return end


@router.post("/{pk}/justify")
async def justify_finding(request: Request, web: WebOf, identity: ActingPerson, pk: int) -> Response:
    need(identity, Permission.JUSTIFY)
    form = await request.form()
    sent = _Form(form_text(form, "reason", 4000), form_text(form, "expires", 10))
    return await run_in_threadpool(_justify, request, web, identity, pk, sent)


def _justify(request: Request, web: Web, identity: Identity, pk: int, sent: _Form) -> Response:
    finding = existing_finding(web, pk)
    try:
        justify(web, finding, identity.name, sent.reason, sent.expires_at(web.clock()))
    except UsageError as error:
        return _page(request, web, identity, finding, str(error), reason=sent.reason, expires=sent.expires)
    return RedirectResponse(f"/findings/{pk}", 303)


@router.post("/{pk}/withdraw")
def withdraw_justification(request: Request, web: WebOf, identity: ActingPerson, pk: int) -> Response:
    need(identity, Permission.JUSTIFY)
    finding = existing_finding(web, pk)
    try:
        withdraw(web, finding, identity.name)
    except UsageError as error:
        return _page(request, web, identity, finding, str(error))
    return RedirectResponse(f"/findings/{pk}", 303)
