"""What is wrong: findings, justifications, judging again."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from vigie.cli.options import explain_nothing, one_resource, page, page_options, scope_options
from vigie.cli.output import console, print_json, print_table, printable, severity_text
from vigie.cli.session import json_option, store_options, with_app
from vigie.cli.times import TIME
from vigie.model import documents
from vigie.model.durations import parse_duration
from vigie.model.errors import ExitCode, UsageError
from vigie.model.finding import Finding, FindingStatus, Severity

if TYPE_CHECKING:
    from vigie.app import App

SEVERITIES = [severity.value for severity in Severity]


@click.command()
@scope_options
@click.option("--rule", metavar="RULE", help="Only of this rule.")
@click.option("--severity", type=click.Choice(SEVERITIES), help="Only this severe or more.")
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice([status.value for status in FindingStatus]),
    help="Only with this status; without it, open and unknown.",
)
@click.option("--all", "everything", is_flag=True, help="Every status.")
@click.option("--resource", metavar="RESOURCE", help="Only of this resource: an ARN, an id or a unique name.")
@click.option("--at", "at", type=TIME, help="As they stood at this time (2026-11-23T10:00:00Z, or 2h).")
@click.option("--fail-on", type=click.Choice(SEVERITIES), help="Exit with 1 if an open finding is this severe or more.")
@page_options
@json_option
@store_options
@with_app
def findings(
    app: App,
    account: str | None,
    region: str | None,
    type_: str | None,
    rule: str | None,
    severity: str | None,
    statuses: tuple[str, ...],
    everything: bool,
    resource: str | None,
    at: datetime | None,
    fail_on: str | None,
    limit: int,
    after: str | None,
    as_json: bool,
) -> int:
    """List what is wrong, most severe first."""
    from vigie.history.findings import FindingFilter

    if at is not None and fail_on is not None:
        raise UsageError("Give either --at or --fail-on: the exit code speaks of what is open now.")
    default = (FindingStatus.OPEN, FindingStatus.UNKNOWN)
    shown = tuple(FindingStatus) if everything else tuple(FindingStatus(s) for s in statuses) or default
    wanted = FindingFilter(
        rule=rule,
        severity_at_least=Severity(severity) if severity else None,
        statuses=shown,
        account=account,
        region=region,
        type=type_,
        resource=one_resource(app, resource).pk if resource else None,
    )
    asked = page(limit, after)
    found = app.history.past.findings(wanted, at, asked) if at else app.history.findings.query(wanted, asked)
    if not found.items:
        explain_nothing(app, account=account, region=region, type_=type_, rule=rule)
    if as_json:
        print_json(documents.paged_document(found, documents.finding_document))
    else:
        print_findings(found.items)
        if found.next:
            console(stderr=True).print(f"Go on with --after {found.next}", style="dim", markup=False)
    return exit_code(app, fail_on)


def exit_code(app: App, fail_on: str | None) -> int:
    """1 where an open finding is at least that severe."""
    if fail_on is None:
        return ExitCode.DONE
    from vigie.history.findings import FindingFilter
    from vigie.model.paging import Page

    severe = FindingFilter(severity_at_least=Severity(fail_on), statuses=(FindingStatus.OPEN,))
    return ExitCode.FINDINGS if app.history.findings.query(severe, Page(limit=1)).items else ExitCode.DONE


def print_findings(found: tuple[Finding, ...]) -> None:
    """A table of findings."""
    rows: list[tuple[Any, ...]] = [
        (
            severity_text(finding.severity),
            finding.status.value,
            finding.rule,
            f"{finding.resource.name or finding.resource.id}",
            finding.resource.account,
            finding.resource.region,
            finding.message,
        )
        for finding in found
    ]
    columns = ("severity", "status", "rule", "resource", "account", "region", "what")
    print_table(columns, rows, empty="No findings.")


def one_finding(app: App, rule: str, resource: str, subject: str | None) -> Finding:
    """The finding of a rule on a resource.

    Raises:
        UsageError: none, or several that ``--subject`` must tell apart.
    """
    from vigie.history.findings import FindingFilter
    from vigie.model.paging import Page

    wanted = FindingFilter(rule=rule, resource=one_resource(app, resource).pk, statuses=tuple(FindingStatus))
    found = [
        finding
        for finding in app.history.findings.query(wanted, Page(limit=1000)).items
        if subject is None or finding.subject == subject
    ]
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError(f"The rule {rule} has no finding on {resource}: `vigie findings` lists what there is.")
    subjects = ", ".join(repr(finding.subject) for finding in found[:8])
    raise UsageError(
        f"The rule {rule} has {len(found)} findings on {resource}: choose one with --subject ({subjects})."
    )


@click.command()
@click.argument("rule")
@click.argument("resource")
@click.option("--subject", help="Which one, where the rule has several findings on the resource.")
@click.option("--reason", required=True, help="Why it is accepted.")
@click.option("--expires", metavar="DURATION", help="For how long (90d); without it, until it gets worse.")
@click.option("--author", default=getpass.getuser, help="Who says so; without it, you.")
@json_option
@store_options
@with_app
def justify(
    app: App,
    rule: str,
    resource: str,
    subject: str | None,
    reason: str,
    expires: str | None,
    author: str,
    as_json: bool,
) -> None:
    """Accept a finding, with a reason. It opens again when it gets worse, and when the justification expires."""
    finding = one_finding(app, rule, resource, subject)
    if not reason.strip():
        raise UsageError("Say with --reason why it is accepted.")
    now = datetime.now(UTC)
    app.justify(finding, author=author, reason=reason, expires_at=_expiry(expires, now), now=now)
    if as_json:
        print_json(documents.finding_document(one_finding(app, rule, resource, finding.subject)))
        return
    console().print(printable(f"Justified: {finding.rule} on {finding.resource}."), markup=False)


def _expiry(duration: str | None, now: datetime) -> datetime | None:
    """Raises UsageError."""
    if duration is None:
        return None
    try:
        lasts = parse_duration(duration)
    except ValueError as error:
        raise UsageError(f"{error}.") from None
    if not lasts:
        raise UsageError("A justification must last longer than nothing: write a duration such as 90d.")
    return now + lasts


@click.command()
@click.argument("rule")
@click.argument("resource")
@click.option("--subject", help="Which one, where the rule has several findings on the resource.")
@click.option("--author", default=getpass.getuser, help="Who says so; without it, you.")
@json_option
@store_options
@with_app
def withdraw(app: App, rule: str, resource: str, subject: str | None, author: str, as_json: bool) -> None:
    """Take a justification back: the finding is open again."""
    finding = one_finding(app, rule, resource, subject)
    app.withdraw(finding, author=author, now=datetime.now(UTC))
    if as_json:
        print_json(documents.finding_document(one_finding(app, rule, resource, finding.subject)))
        return
    console().print(printable(f"Open again: {finding.rule} on {finding.resource}."), markup=False)


@click.command()
@click.option("--fail-on", type=click.Choice(SEVERITIES), help="Exit with 1 if an open finding is this severe or more.")
@json_option
@store_options
@with_app
def audit(app: App, fail_on: str | None, as_json: bool) -> int:
    """Judge what is recorded again, with all rules and no AWS call."""
    summary = app.judge_everything()
    if as_json:
        print_json(documents.plain(summary))
    else:
        console().print(str(summary), markup=False)
    return exit_code(app, fail_on)
