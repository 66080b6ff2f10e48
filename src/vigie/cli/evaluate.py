"""All rules on one configuration: no AWS, no store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from vigie.cli.documents_in import Case, account_id, cases, read_document
from vigie.cli.estate_file import EstateFile, read_estate
from vigie.cli.output import console, print_json, print_line, print_table, printable, severity_text
from vigie.cli.session import Session, json_option, store_options
from vigie.model.account import Account, Network, Relation
from vigie.model.errors import ExitCode, UsageError
from vigie.model.finding import Compliance, Severity

if TYPE_CHECKING:
    from vigie.model.change import Revision
    from vigie.rules.discover import RuleSet
    from vigie.rules.estate import Estate
    from vigie.rules.judging import Verdict

_SHARING = frozenset(
    {"Policy", "PolicyStatus", "Acl", "PublicAccessBlock", "Grants", "UrlConfig", "Aliases", "Versions", "Attributes"}
)
"""Parts that share a resource: where the document says nothing of them, it is judged as if there were none."""
_NOT_GIVEN = "it is not in the document"
SEVERITIES = [severity.value for severity in Severity]


@click.command()
@click.argument("file", type=click.File(encoding="utf-8"), required=False)
@click.option("--type", "type_", metavar="TYPE", help="Resource type, like AWS::S3::Bucket.")
@click.option("--account", metavar="ID", help="The account that owns the resource: 12 digits.")
@click.option("--region", default="us-east-1", show_default=True, help="Where the resource is.")
@click.option("--arn", metavar="ARN", help="The resource's ARN.")
@click.option("--name", default="document", help="The resource's name.")
@click.option("--estate", type=click.Path(dir_okay=False, path_type=Path), help="What is known of the world (TOML).")
@click.option("--jsonl", type=click.File(encoding="utf-8"), help="Many cases, one JSON object a line; `-` is stdin.")
@click.option("--fail-on", type=click.Choice(SEVERITIES), help="Exit with 1 on a violation this severe or more.")
@click.option("--fail-on-unknown", is_flag=True, help="Exit with 3 where a rule could not tell.")
@json_option
@store_options
@click.pass_obj
def evaluate(
    session: Session,
    file: IO[str] | None,
    type_: str | None,
    account: str | None,
    region: str,
    arn: str | None,
    name: str,
    estate: Path | None,
    jsonl: IO[str] | None,
    fail_on: str | None,
    fail_on_unknown: bool,
    as_json: bool,
) -> int:
    """Judge the configuration (or policy) in FILE by every rule for its type; `-` is stdin.

    No AWS call, no store: what a rule would have to look up is unknown, unless --estate holds it; so is what a rule
    wants of the configuration and the document does not say (null says that there is none). Lists, grants and blocks
    that share a resource are taken to be none where the document does not say.
    """
    from vigie.rules.discover import discover

    rules = discover([path.expanduser() for path in session.settings.rules_paths])
    judging = _Judging(rules, read_estate(estate), datetime.now(UTC), region, name)
    if jsonl is not None:
        worst = [judging.line(case, fail_on, fail_on_unknown) for case in cases(jsonl, type_, account)]
        return next((code for code in (ExitCode.FINDINGS, ExitCode.PARTIAL) if code in worst), ExitCode.DONE)
    if file is None or type_ is None or account is None:
        raise UsageError("Give FILE (or `-`) with --type and --account, or --jsonl with one case a line.")
    document = read_document(file)
    if document.configuration is None and not isinstance(document.policy, Mapping | list):
        raise UsageError(f"{file.name} is not a JSON object.")
    verdicts, answer = judging.case(Case(None, type_, account_id(account), document, arn))
    if as_json:
        print_json(answer)
    else:
        _print(answer)
    return _exit_code(verdicts, fail_on, fail_on_unknown)


@dataclass(frozen=True, slots=True)
class _Judging:
    """What all cases of one run have in common."""

    rules: RuleSet
    world: EstateFile
    now: datetime
    region: str
    name: str

    def case(self, case: Case) -> tuple[list[Verdict], dict[str, Any]]:
        """The verdicts of every rule for the type, and the answer they come to."""
        from vigie.access.offered import known_type, recorded

        type_ = known_type(case.type)
        configuration = recorded(type_, case.given.policy, case.given.configuration)
        identity = (type_, case.account, self.region, case.arn, self.name)
        verdicts = _judged(configuration, identity, self.world, self.rules, self.now)
        return verdicts, _answer(verdicts, self.rules, type_, case.account)

    def line(self, case: Case | dict[str, Any], fail_on: str | None, fail_on_unknown: bool) -> int:
        """Answers one line; a case that cannot be read counts as one that is not known."""
        unread = ExitCode.PARTIAL if fail_on_unknown else ExitCode.DONE
        if not isinstance(case, Case):
            print_line(case)
            return unread
        try:
            verdicts, answer = self.case(case)
        except Exception as error:  # noqa: BLE001 (a fault of ours in one case is told in its answer, and stops no other)
            print_line({"id": case.id, "error": f"could not be judged, which is a fault of vigie: {error!r}"})
            return unread
        print_line({"id": case.id, **answer})
        return _exit_code(verdicts, fail_on, fail_on_unknown)


def _judged(
    configuration: dict[str, Any],
    identity: tuple[str, str, str, str | None, str],
    world: EstateFile,
    rules: RuleSet,
    now: datetime,
) -> list[Verdict]:
    from vigie.model.change import ChangeKind, Revision
    from vigie.model.resource import Resource
    from vigie.model.scope import Outcome, Problem, Scope
    from vigie.rules.judging import judge

    type_, account, region, arn, name = identity
    block = configuration.pop("AccountPublicAccessBlock", None)
    resource = Resource(Scope(account, region, type_), name, region, arn=arn, name=name)
    sample = rules.samples.get(type_)
    wanted = [key for key in sample.configuration if key not in _SHARING] if sample else []
    missing = [key for key in wanted if key not in configuration]
    not_given = {key: Problem(Outcome.DENIED, "document", "NotGiven", _NOT_GIVEN, path=key) for key in missing}
    revision = Revision(resource, 1, ChangeKind.BASELINE, now, configuration, unreadable=not_given)
    around = _estate(revision, world, block, now, rules)
    return [judge(rule, revision, around) for rule in rules.for_type(type_)]


def _estate(revision: Revision, world: EstateFile, block: Any, now: datetime, rules: RuleSet) -> Estate:
    from vigie.model.change import ChangeKind, Revision
    from vigie.model.resource import Resource
    from vigie.model.scope import Scope
    from vigie.rules.estate import ACCOUNT_BLOCK, Estate
    from vigie.rules.examples import revision_of

    account = revision.account
    around = [revision_of({"account": account, **row}, "the estate", now, rules.samples) for row in world.resources]
    if revision.type.startswith("AWS::S3::") and not any(r.type == ACCOUNT_BLOCK for r in around):
        scope = Scope(account, "global", ACCOUNT_BLOCK)
        around.append(Revision(Resource(scope, account, "global"), 1, ChangeKind.BASELINE, now, dict(block or {})))
    own = Account(account, relation=Relation.OWN)
    return Estate(
        now=now,
        inventory=_one_document([revision, *around], world.owners),
        accounts={**world.accounts, account: own},
        organization_id=world.organization,
        networks=tuple(Network(cidr, cidr) for cidr in world.networks),
    )


def _one_document(revisions: Sequence[Revision], owners: Mapping[str, str]) -> Any:
    """An inventory that knows of nothing but these, and says so."""
    from vigie.model.scope import Scope
    from vigie.rules.inventory import MemoryInventory

    class OneDocument(MemoryInventory):
        def owner_of(self, kind: str, identifier: str) -> str | None:
            return owners.get(identifier) or super().owner_of(kind, identifier)

        def gaps(self, type: str, account: str | None, region: str | None) -> Sequence[Scope]:
            if any(r.type == type for r in revisions[1:]):
                return []
            return [Scope(account or revisions[0].account, region or revisions[0].region, type)]

    return OneDocument(revisions)


def _answer(verdicts: Sequence[Verdict], rules: RuleSet, type_: str, account: str) -> dict[str, Any]:
    by_id = {rule.id: rule for rule in rules}
    findings = [
        {
            "rule": verdict.rule,
            "severity": (violation.severity or by_id[verdict.rule].severity).value,
            "title": by_id[verdict.rule].title,
            "message": violation.message,
            "subject": violation.subject,
            "remedy": by_id[verdict.rule].remedy,
            "evidence": violation.evidence,
        }
        for verdict in verdicts
        for violation in verdict.violations
    ]
    findings.sort(key=lambda f: -Severity(f["severity"]).rank)
    unknown = [{"rule": v.rule, "reason": v.error} for v in verdicts if v.compliance is Compliance.UNKNOWN]
    return {
        "type": type_,
        "account": account,
        "rules": len(verdicts),
        "passed": sum(v.compliance is Compliance.COMPLIANT for v in verdicts),
        "findings": findings,
        "unknown": unknown,
    }


def _print(answer: Mapping[str, Any]) -> None:
    rows = [(severity_text(Severity(f["severity"])), f["rule"], f["message"]) for f in answer["findings"]]
    if rows:
        print_table(("severity", "rule", "what"), rows)
    screen = console()
    for row in answer["unknown"]:
        screen.print(printable(f"? {row['rule']}: {row['reason']}"), style="yellow", markup=False)
    count = len(answer["findings"])
    screen.print(
        f"{answer['rules']} rules: {count} violations, {answer['passed']} passed, {len(answer['unknown'])} unknown."
    )


def _exit_code(verdicts: Sequence[Verdict], fail_on: str | None, fail_on_unknown: bool) -> int:
    weights = [v.severity.rank for verdict in verdicts for v in verdict.violations if v.severity is not None]
    if fail_on is not None and any(weight >= Severity(fail_on).rank for weight in weights):
        return ExitCode.FINDINGS
    if fail_on_unknown and any(v.compliance is Compliance.UNKNOWN for v in verdicts):
        return ExitCode.PARTIAL
    return ExitCode.DONE
