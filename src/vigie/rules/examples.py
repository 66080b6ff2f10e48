"""Examples beside a rule: documentation and tests of it at once.

``<rule>.toml`` holds ``[[violates]]``, ``[[passes]]`` and ``[[unknown]]`` tables, each one resource, what is around it,
and what is expected::

    [[violates]]
    name = "anyone may send"                     # one phrase: what this example shows (required)
    subjects = ["public:*"]                      # exactly these subjects are found (optional)
    message = "anyone may"                       # part of every message (optional)
    severity = "critical"                        # of every violation (optional; default: not checked)
    # laid over the sample of the type (samples.toml): tables merge, all else replaces
    [violates.configuration.Attributes.Policy]
    Statement = [{ Effect = "Allow", Principal = "*", Action = "sqs:*" }]

    [[passes]]
    name = "an account of ours"
    now = 2026-03-01T00:00:00Z                   # default: 2026-01-01
    account = "111111111111"                     # default; also: region, id, arn, resource_name, uid, type
    tags = { env = "test" }
    parameters = { max_age_days = 30 }
    without = ["Attributes.KmsMasterKeyId"]      # keys of the sample that are not there
    null = ["Policy"]                            # keys that are null (AWS says: there is none)
    unreadable = ["Logging"]                     # top-level keys that could not be read
    configuration = '''{"any": "JSON"}'''        # instead of a table, where TOML is in the way
    [passes.estate]
    accounts = [{ id = "222222222222", relation = "third-party" }]     # 111111111111 is always our own
    organization = "o-1234567890"
    networks = ["198.51.100.0/24"]
    gaps = ["AWS::CloudTrail::Trail"]            # types not seen whole; or tables { type, account, region }
    network = "public"                           # also recorded: the samples' subnet, with a way to the internet
    [[passes.estate.resources]]                  # also recorded; keys as above, type is required
    type = "AWS::CloudTrail::Trail"
    configuration.Status.IsLogging = true

Where a file declares several rules, an example names its own with ``rule = "…"``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from vigie.model.account import Account, Network, Relation
from vigie.model.change import ChangeKind, Revision
from vigie.model.errors import RuleError
from vigie.model.finding import Compliance, Severity
from vigie.model.resource import Resource
from vigie.model.scope import Outcome, Problem, Scope
from vigie.rules.declare import Rule
from vigie.rules.estate import ACCOUNT_BLOCK, BLOCKED, Estate, Inventory
from vigie.rules.inventory import MemoryInventory
from vigie.rules.judging import Verdict, judge
from vigie.rules.samples import Sample, configuration_of, read_toml

ACCOUNT: Final = "111111111111"
NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
EXPECTED: Final = {
    "violates": Compliance.NON_COMPLIANT,
    "passes": Compliance.COMPLIANT,
    "unknown": Compliance.UNKNOWN,
}
OF_RESOURCE: Final = {
    "type", "account", "region", "id", "arn", "resource_name", "uid",
    "configuration", "tags", "without", "null", "unreadable",
}  # fmt: skip
OF_EXAMPLE: Final = OF_RESOURCE | {"name", "now", "estate", "parameters", "subjects", "message", "severity", "rule"}
OF_ESTATE: Final = {"accounts", "organization", "networks", "gaps", "network", "resources"}
_EVERYTHING: Final = [
    {"RuleNumber": 100, "Protocol": "-1", "RuleAction": "allow", "Egress": egress, key: cidr}
    for egress in (False, True)
    for key, cidr in (("CidrBlock", "0.0.0.0/0"), ("Ipv6CidrBlock", "::/0"))
]
PUBLIC_NETWORK: Final[tuple[Mapping[str, Any], ...]] = (
    {"type": "AWS::EC2::Subnet"},
    {"type": "AWS::EC2::InternetGateway"},
    {"type": "AWS::EC2::RouteTable"},
    {"type": "AWS::EC2::NetworkAcl", "configuration": {"Entries": _EVERYTHING}},
    {"type": "AWS::EC2::VPCBlockPublicAccessOptions"},
)
"""What ``network = "public"`` records: nothing on the way to the samples' subnet stops anything."""


@dataclass(frozen=True, slots=True)
class Example:
    """One resource with its surroundings, and what a rule must say of it."""

    name: str
    expected: Compliance
    revision: Revision
    estate: Estate
    parameters: Mapping[str, Any] = field(default_factory=dict)
    subjects: tuple[str, ...] | None = None
    message: str | None = None
    severity: Severity | None = None

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """What came of an example. ``explanation`` is None when the rule did as expected."""

    rule: str
    example: Example
    verdict: Verdict
    explanation: str | None = None

    @property
    def passed(self) -> bool:
        return self.explanation is None


def read_examples(rule: Rule, samples: Mapping[str, Sample]) -> list[Example]:
    """The examples of a rule, in their order; none where it has no file of examples.

    Raises:
        RuleError: the file cannot be read, or an example has an unknown or a wrong field.
    """
    if rule.examples is None or not rule.examples.exists():
        return []
    document = read_toml(rule.examples)
    found = []
    for kind, expected in EXPECTED.items():
        for table in _tables(document.get(kind, []), f"[[{kind}]]"):
            if table.get("rule", rule.id) == rule.id:
                found.append(_example(rule, table, expected, samples))  # noqa: PERF401 - three levels deep as it is
    return found


def run_examples(rule: Rule, samples: Mapping[str, Sample]) -> list[ExampleResult]:
    """Judge every example of a rule.

    Raises:
        RuleError: the file of examples cannot be read.
    """
    return [run_example(rule, example) for example in read_examples(rule, samples)]


def run_example(rule: Rule, example: Example) -> ExampleResult:
    """Judge one example. Undeclared look-ups, and evidence that ages, are complaints too."""
    watch = _Watched(example.estate.inventory)
    estate = Estate(
        example.estate.now, watch, example.estate.accounts, example.estate.organization_id, example.estate.networks
    )
    verdict = judge(rule, example.revision, estate, parameters=example.parameters)
    complaint = _complaint(example, verdict) or _undeclared(rule, watch) or _ageing(rule, example, verdict)
    return ExampleResult(rule.id, example, verdict, complaint)


def _complaint(example: Example, verdict: Verdict) -> str | None:
    if verdict.failed:
        return f"the rule failed: {verdict.error}"
    if verdict.compliance is not example.expected:
        said = verdict.error or "; ".join(v.message for v in verdict.violations) or "nothing to say"
        return f"expected {example.expected.value}, got {verdict.compliance.value}: {said}"
    subjects = sorted(v.subject for v in verdict.violations)
    if example.subjects is not None and subjects != sorted(example.subjects):
        return f"expected the subjects {sorted(example.subjects)}, got {subjects}"
    for violation in verdict.violations:
        if example.message is not None and example.message not in violation.message:
            return f"expected a message with {example.message!r}, got {violation.message!r}"
        if example.severity is not None and violation.severity is not example.severity:
            return f"expected severity {example.severity}, got {violation.severity}"
    return None


def _undeclared(rule: Rule, watch: _Watched) -> str | None:
    extra = watch.types - set(rule.looks_up) - set(rule.applies_to)
    if not extra:
        return None
    return f"the rule looks up {min(extra)}, which is not in its depends_on or names: changes there would not be judged"


def _ageing(rule: Rule, example: Example, verdict: Verdict) -> str | None:
    """Evidence that differs a day later, all else the same, would end every justification each day."""
    estate = Estate(
        example.estate.now + timedelta(days=1),
        example.estate.inventory,
        example.estate.accounts,
        example.estate.organization_id,
        example.estate.networks,
    )
    later = {v.subject: v for v in judge(rule, example.revision, estate, parameters=example.parameters).violations}
    for violation in verdict.violations:
        if violation.subject in later and later[violation.subject].evidence != violation.evidence:
            return "the evidence changes with the clock: give the date, and put the age in the message"
    return None


class _Watched:
    """An inventory that notes which types were looked up."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self.types: set[str] = set()

    def resources(self, type: str, account: str | None, region: str | None) -> Sequence[Revision]:
        self.types.add(type)
        return self._inventory.resources(type, account, region)

    def by_arn(self, arn: str) -> Revision | None:
        found = self._inventory.by_arn(arn)
        self.types.update({found.type} if found else ())
        return found

    def referring_to(self, token: str, type: str | None) -> Sequence[Revision]:
        found = self._inventory.referring_to(token, type)
        self.types.update({type} if type else {r.type for r in found})
        return found

    def owner_of(self, kind: str, identifier: str) -> str | None:
        return self._inventory.owner_of(kind, identifier)

    def gaps(self, type: str, account: str | None, region: str | None) -> Sequence[Scope]:
        self.types.add(type)
        return self._inventory.gaps(type, account, region)


# Reading


def _example(rule: Rule, table: dict[str, Any], expected: Compliance, samples: Mapping[str, Sample]) -> Example:
    name = table.get("name")
    if not isinstance(name, str) or not name:
        raise RuleError("an example lacks its name: one phrase that says what it shows.")
    what = f'the example "{name}"'
    _refuse_unknown(table, OF_EXAMPLE, what)
    type_ = table.get("type", rule.applies_to[0])
    if type_ not in rule.applies_to:
        raise RuleError(f"{what} is of type {type_}, which the rule does not judge.")
    now = table.get("now", NOW)
    if not isinstance(now, datetime) or now.tzinfo is None:
        raise RuleError(f"{what}: now must be a time with a zone, like 2026-01-01T00:00:00Z.")
    revision = revision_of({**table, "type": type_}, what, now, samples)
    return Example(
        name=name,
        expected=expected,
        revision=revision,
        estate=_estate(table.get("estate", {}), what, now, revision, samples),
        parameters=table.get("parameters", {}),
        subjects=tuple(table["subjects"]) if "subjects" in table else None,
        message=table.get("message"),
        severity=_severity(table.get("severity"), what),
    )


def _severity(value: Any, what: str) -> Severity | None:
    if value is None:
        return None
    if value not in list(Severity):
        raise RuleError(f"{what}: severity must be one of {', '.join(Severity)}.")
    return Severity(value)


def revision_of(
    table: Mapping[str, Any], what: str, now: datetime, samples: Mapping[str, Sample], number: int = 1
) -> Revision:
    """A revision from the keys of an example, laid over the sample of its type.

    Raises:
        RuleError: a key is wrong.
    """
    sample = samples.get(table["type"]) or Sample(table["type"])
    configuration = laid_over(sample.configuration, configuration_of(table.get("configuration", {}), what))
    if "tags" in table:
        configuration["Tags"] = dict(table["tags"])
    unreadable = {path: _unread(path) for path in table.get("unreadable", ())}
    for path in (*table.get("without", ()), *unreadable):
        _put(configuration, path.split("."), remove=True)
    for path in table.get("null", ()):
        _put(configuration, path.split("."), remove=False)
    region = table.get("region", sample.region)
    resource = Resource(
        scope=Scope(table.get("account", ACCOUNT), region, table["type"]),
        id=table.get("id", sample.id),
        region=region,
        arn=table.get("arn", sample.arn),
        name=table.get("resource_name", sample.name),
        uid=table.get("uid"),
    )
    return Revision(resource, number, ChangeKind.BASELINE, now, configuration, unreadable=unreadable)


def laid_over(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``over`` laid over ``base``: tables merge, everything else replaces. Neither is changed."""
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = laid_over(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


def _put(configuration: dict[str, Any], keys: list[str], *, remove: bool) -> None:
    """Take a key out, or make it null. Tables on the way are copied: samples are shared."""
    first, *rest = keys
    if rest:
        below = configuration.get(first)
        if below is None and remove:
            return
        configuration[first] = dict(below or {})
        _put(configuration[first], rest, remove=remove)
    elif remove:
        configuration.pop(first, None)
    else:
        configuration[first] = None


def _unread(path: str) -> Problem:
    return Problem(Outcome.DENIED, "example:Read", "AccessDenied", "not allowed to read this", path=path)


def _estate(
    table: Mapping[str, Any], what: str, now: datetime, judged: Revision, samples: Mapping[str, Sample]
) -> Estate:
    _refuse_unknown(table, OF_ESTATE, f"the estate of {what}")
    accounts = {ACCOUNT: Account(ACCOUNT, relation=Relation.OWN)}
    for row in _tables(table.get("accounts", []), f"accounts of {what}"):
        accounts[row["id"]] = _account(row, what)
    others = [
        revision_of(_known_resource(row, what), f"a resource of {what}", now, samples)
        for row in _tables(table.get("resources", []), f"resources of {what}")
    ]
    others += _network(table.get("network"), what, now, samples, {(r.type, r.id) for r in others})
    gaps = [_gap(row, judged) for row in table.get("gaps", ())]
    return Estate(
        now=now,
        inventory=MemoryInventory([judged, *others, *_defaults(judged, others, gaps, now)], gaps),
        accounts=accounts,
        organization_id=table.get("organization"),
        networks=tuple(Network(cidr, cidr) for cidr in table.get("networks", ())),
    )


def _network(
    said: Any, what: str, now: datetime, samples: Mapping[str, Sample], told: set[tuple[str, str]]
) -> list[Revision]:
    """The network around, but for those parts of it that the example tells itself."""
    if said not in (None, "public"):
        raise RuleError(f'the network of {what} can only be "public", not {said!r}.')
    found = [revision_of(row, f"the network of {what}", now, samples) for row in PUBLIC_NETWORK if said]
    return [r for r in found if (r.type, r.id) not in told]


def _defaults(judged: Revision, others: Iterable[Revision], gaps: Iterable[Scope], now: datetime) -> list[Revision]:
    """Examples of S3 need not say that the account blocks nothing: unless told, it was read and there is none."""
    told = {r.type for r in others} | {gap.type for gap in gaps} | {judged.type}
    if not judged.type.startswith(BLOCKED) or ACCOUNT_BLOCK in told:
        return []
    scope = Scope(judged.account, "global", ACCOUNT_BLOCK)
    return [Revision(Resource(scope, judged.account, "global"), 1, ChangeKind.BASELINE, now, {})]


def _account(row: Mapping[str, Any], what: str) -> Account:
    _refuse_unknown(row, {"id", "relation", "name", "canonical_ids"}, f"an account of {what}")
    relation = row.get("relation", "own")
    if relation not in list(Relation):
        raise RuleError(f"{what}: the relation of an account must be one of {', '.join(Relation)}, not {relation}.")
    return Account(
        str(row["id"]), row.get("name"), Relation(relation), canonical_ids=tuple(row.get("canonical_ids", ()))
    )


def _known_resource(row: Mapping[str, Any], what: str) -> Mapping[str, Any]:
    _refuse_unknown(row, OF_RESOURCE, f"a resource of {what}")
    if "type" not in row:
        raise RuleError(f"a resource in the estate of {what} lacks its type.")
    return row


def _gap(row: Any, judged: Revision) -> Scope:
    if isinstance(row, str):
        return Scope(judged.account, judged.resource.scope.region, row)
    return Scope(row.get("account", judged.account), row.get("region", judged.region), row["type"])


def _tables(value: Any, what: str) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise RuleError(f"{what} must be tables.")
    return value


def _refuse_unknown(table: Mapping[str, Any], known: Iterable[str], what: str) -> None:
    unknown = set(table) - set(known)
    if unknown:
        raise RuleError(f"{what} has an unknown key {min(unknown)}; known are {', '.join(sorted(known))}.")
