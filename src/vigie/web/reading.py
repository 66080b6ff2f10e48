"""What pages and endpoints ask of the store, more than one of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from vigie.history.findings import Facet, FindingFilter
from vigie.model import documents
from vigie.model.change import Change, DiffEntry, Revision
from vigie.model.diff import diff
from vigie.model.finding import Finding, FindingStatus, Justification
from vigie.model.paging import Page, Paged
from vigie.model.queries import ResourceFilter
from vigie.model.resource import Resource
from vigie.model.scope import Coverage, Outcome
from vigie.web.config import Web
from vigie.web.errors import not_found

_LARGEST_PK: Final = 2**63 - 1
_OPEN: Final = (FindingStatus.OPEN,)
NO_GAP: Final = frozenset({Outcome.COMPLETE, Outcome.UNAVAILABLE, Outcome.REGION_DISABLED})
"""Nothing lacks where all was seen, or where the service or the region is not there."""
_STATUS_ORDER: Final = (FindingStatus.OPEN, FindingStatus.UNKNOWN, FindingStatus.JUSTIFIED, FindingStatus.RESOLVED)


def existing_resource(web: Web, pk: int) -> Resource:
    """Raises: Refusal (404) where there is none of that number."""
    resource = web.history.archive.resource(pk) if 0 < pk <= _LARGEST_PK else None
    if resource is None:
        raise not_found("resource")
    return resource


def existing_revision(web: Web, pk: int, number: int) -> Revision:
    """Raises: Refusal (404) where the resource has no revision of that number."""
    found = web.history.archive.revision(pk, number) if 0 < pk <= _LARGEST_PK and 0 < number <= _LARGEST_PK else None
    if found is None:
        raise not_found("revision")
    return found


def all_changes(web: Web, pk: int) -> Iterator[Change]:
    """The whole history of a resource, newest first, read as far as it is asked for."""
    cursor = None
    while True:
        read = web.history.archive.revisions(pk, Page(limit=500, after=cursor))
        yield from read.items
        cursor = read.next
        if cursor is None:
            return


def comparison(web: Web, before: Revision, after: Revision) -> tuple[DiffEntry, ...]:
    """The difference between two revisions of one resource, compared as its type declares."""
    return tuple(diff(before.configuration, after.configuration, web.treatment(after.type)))


def reference_token(resource: Resource) -> str:
    """By what others name a resource: its id in EC2, its ARN elsewhere."""
    if resource.arn is None or resource.type.startswith("AWS::EC2::"):
        return resource.id
    return resource.arn


def account_names(web: Web) -> Mapping[str, str]:
    """Account id → name, of those that have one."""
    return {account.id: account.name for account in web.accounts() if account.name}


def account_choices(web: Web) -> list[tuple[str, str]]:
    """Options of a select: every account of which something is recorded."""
    names = account_names(web)
    ids = web.history.archive.facets(ResourceFilter(present=None)).accounts
    return sorted(((id, names.get(id, id)) for id in ids), key=lambda option: option[1])


def type_choices(web: Web) -> list[tuple[str, str]]:
    from vigie.web.ui.text import service_of

    types = web.history.archive.facets(ResourceFilter(present=None)).types
    return sorted(((name, service_of(name)) for name in types), key=lambda option: option[1])


def findings_of(web: Web, pk: int) -> list[Finding]:
    """All findings of one resource: open ones first, worst first."""
    chosen = FindingFilter(resource=pk, statuses=tuple(FindingStatus))
    found = web.history.findings.query(chosen, Page(1000)).items
    return sorted(found, key=lambda finding: (_STATUS_ORDER.index(finding.status), -finding.severity.rank))


def findings_of_rule(web: Web, rule: str) -> Paged[Finding]:
    return web.history.findings.query(FindingFilter(rule=rule), Page(100))


def existing_finding(web: Web, pk: int) -> Finding:
    """Raises: Refusal (404) where there is none of that number."""
    found = web.history.findings.get(pk) if 0 < pk <= _LARGEST_PK else None
    if found is None:
        raise not_found("finding")
    return found


def worst_open(web: Web, most: int) -> tuple[Finding, ...]:
    return web.history.findings.query(FindingFilter(statuses=_OPEN), Page(most)).items


def open_by(web: Web, by: Facet) -> dict[str, int]:
    """How many findings are open, by one of their fields."""
    return web.history.findings.counts(FindingFilter(statuses=_OPEN), by)


def count_by_status(web: Web) -> dict[str, int]:
    return web.history.findings.counts(FindingFilter(statuses=tuple(FindingStatus)), "status")


def justify(web: Web, finding: Finding, author: str, reason: str, expires_at: datetime | None) -> None:
    """Accept a finding in the state it is in.

    Raises:
        UsageError: It does not stand any more.
    """
    given = Justification(author, reason, web.clock(), expires_at)
    with web.history.begin() as tx:
        web.history.findings.justify(tx, finding.pk or 0, given)


def withdraw(web: Web, finding: Finding, author: str) -> None:
    """Take a justification back.

    Raises:
        UsageError: It has none of its own.
    """
    with web.history.begin() as tx:
        web.history.findings.withdraw(tx, finding.pk or 0, author, web.clock())


def statistics_document(web: Web) -> documents.Document:
    """Counts over the store, and what is open."""
    return {
        **documents.plain(web.history.archive.statistics()),
        "findings": open_by(web, "severity"),
        "score": web.history.findings.score().unjustified,
    }


def gaps(web: Web, account: str | None = None, type_name: str | None = None) -> list[Coverage]:
    """Scopes that were not seen whole, though they are there to be seen."""
    counted = web.history.archive.statistics().scopes
    lacking = [outcome for outcome in Outcome if counted.get(outcome) and outcome not in NO_GAP]
    return [row for outcome in lacking for row in web.history.archive.coverage(account, None, type_name, outcome)]
