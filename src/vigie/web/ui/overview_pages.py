"""The overview: what is wrong, what happened, what could not be seen."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from vigie.model.finding import FindingStatus, Severity
from vigie.model.paging import Page
from vigie.model.queries import ChangeFilter, ResourceFilter
from vigie.model.resource import Resource
from vigie.model.scope import Coverage, Outcome
from vigie.web.auth.guard import Person, WebOf
from vigie.web.config import Web
from vigie.web.reading import account_names, count_by_status, gaps, open_by, worst_open
from vigie.web.ui.forms import field
from vigie.web.ui.rendering import render

router = APIRouter(include_in_schema=False)
_DAYS: Final = 14
_ACCOUNTS: Final = 10
_TALLEST: Final = 40
"""Height of the tallest bar, in units of the drawing (of 44)."""
_NOT_THERE: Final = frozenset({Outcome.UNAVAILABLE, Outcome.REGION_DISABLED})


@dataclass(frozen=True, slots=True)
class Day:
    label: str
    count: int
    height: int


@dataclass(frozen=True, slots=True)
class AccountRow:
    id: str
    resources: int
    open: int
    score: int


@router.get("/")
def overview(request: Request, web: WebOf, identity: Person) -> Response:
    archive = web.history.archive
    statistics = archive.statistics()
    counts = open_by(web, "severity")
    scopes = statistics.scopes
    offered = sum(count for outcome, count in scopes.items() if outcome not in _NOT_THERE)
    whole, part = scopes.get(Outcome.COMPLETE, 0), scopes.get(Outcome.PARTIAL, 0)
    return render(
        request,
        "overview.html",
        identity,
        names=account_names(web),
        last_looked=statistics.last_looked,
        score=web.history.findings.score().unjustified,
        by_severity=[(severity.value, counts.get(severity.value, 0)) for severity in reversed(Severity)],
        undecided=count_by_status(web).get(FindingStatus.UNKNOWN, 0),
        resources=statistics.resources,
        findings=worst_open(web, 12),
        changes=archive.changes(ChangeFilter(), Page(8)).items,
        days=_days(web),
        scopes=offered,
        whole=whole,
        part=part,
        unseen=offered - whole - part,
        elsewhere=sum(scopes.values()) - offered,
        whole_share=100 * whole // offered if offered else 0,
        permissions=_permissions(gaps(web)).most_common(6),
        account_rows=_account_rows(web),
    )


def _days(web: Web) -> list[Day]:
    """Durable changes of each of the last days, oldest first."""
    today = web.clock().replace(hour=0, minute=0, second=0, microsecond=0)
    begins = [today - timedelta(days=back) for back in reversed(range(_DAYS))]
    counts = [_count(web, begin) for begin in begins]
    tallest = max(counts)
    if not tallest:
        return []
    return [
        Day(begin.strftime("%-d %b"), count, max(2, round(_TALLEST * count / tallest)))
        for begin, count in zip(begins, counts, strict=True)
    ]


def _count(web: Web, begin: datetime) -> int:
    chosen = ChangeFilter(since=begin, until=begin + timedelta(days=1))
    counts = web.history.archive.change_counts(chosen)
    return sum(count for kind, count in counts.items() if kind.durable)


def _permissions(rows: list[Coverage]) -> Counter[str]:
    return Counter(p.permission for row in rows for p in row.problems if p.permission)


def _account_rows(web: Web) -> list[AccountRow]:
    """The accounts with the most open findings, the highest score first."""
    resources = web.history.archive.facets(ResourceFilter()).accounts
    found = open_by(web, "account")
    ids = {account.id for account in web.accounts()} | set(resources) | set(found)
    worst = sorted(ids, key=lambda id: (-found.get(id, 0), id))[:_ACCOUNTS]
    rows = [
        AccountRow(id, resources.get(id, 0), found.get(id, 0), web.history.findings.score(account=id).unjustified)
        for id in worst
    ]
    return sorted(rows, key=lambda row: (-row.score, row.id))


@router.get("/search")
def search(request: Request, web: WebOf, identity: Person) -> Response:
    """One resource is shown at once; of several, one chooses. What is no whole name is sought as a part of one."""
    text = field(request.query_params, "q", 1024)
    found = _found(web, text) if text else []
    if len(found) == 1:
        return RedirectResponse(f"/resources/{found[0].pk}", 303)
    return render(request, "search.html", identity, names=account_names(web), text=text or "", found=found)


def _found(web: Web, text: str) -> list[Resource]:
    named = web.history.archive.find(text)
    if named:
        return named
    return list(web.history.archive.resources(ResourceFilter(text=text, present=None), Page(100)).items)
