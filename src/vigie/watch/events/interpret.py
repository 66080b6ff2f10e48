"""What an event changed: the resources that it names, what changes along, and types that have to be listed again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from vigie.catalogue.events import event_patterns, types_told_of
from vigie.catalogue.loader import Catalogue
from vigie.model.account import is_account, partition_of
from vigie.model.event import Event, EventOutcome, KnownBy, Subject
from vigie.model.scope import Scope
from vigie.watch.events.naming import Where, subject_of
from vigie.watch.events.places import Members, at, elements, members, named
from vigie.watch.events.record import undated
from vigie.watch.events.table import Kind, ParsedArn, Rule, Source, Table, table
from vigie.watch.events.values import account, mapping, text

_ARN_MEMBERS: Final = ("resourcearn", "resource", "resourceid", "resourceidlist", "resources", "resourcearns", "arn")
"""Where requests about any kind of resource name it (tags, policies)."""
MOST: Final = 1_000
"""Subjects of one event: RunInstances can start a thousand instances."""
_BUCKET: Final = "AWS::S3::Bucket"
_RULE: Final = "AWS::Events::Rule"
_RECORDS: Final = "AWS::Route53::RecordSet"


class Interpreter:
    """Says what events changed. With a catalogue it knows which types it watches, and so which to list again."""

    def __init__(self, catalogue: Catalogue | None = None, events: Table | None = None) -> None:
        self._table = events or table()
        self._patterns = event_patterns(catalogue) if catalogue else ()
        self.watched = frozenset(catalogue.types) if catalogue else frozenset()
        self._kinds = dict(_as_declared(catalogue, self._table)) if catalogue else {}
        self._only = dict(_only_ones(catalogue)) if catalogue else {}

    def interpreted(self, event: Event) -> Event:
        """The event with its subjects, what is implied, scopes and outcome. Reads and failed calls have none of these:
        what they were about is in ``about``."""
        said = _Said(event, self._table, self._kinds, self._only)
        source = self._table.source(event.source.split(".", 1)[0])
        name = undated(event.name)
        if event.read_only or event.failed or event.category != "Management" or _on_an_object(event, said):
            about = tuple(self._about(source, name, said))
            return replace(event, about=about)
        subjects = tuple(self._subjects(source, name, said))
        if not subjects:
            scopes = types_told_of(self._patterns, event.source, event.name)
            about = tuple(self._about(source, name, said))
            outcome = EventOutcome.SCOPE if scopes else EventOutcome.NONE
            return replace(event, scopes=scopes, outcome=outcome, about=about)
        implied, unnamed = self._implied(source, name, said, subjects)
        return replace(event, subjects=subjects, implied=implied, scopes=unnamed, outcome=EventOutcome.SUBJECTS)

    def _subjects(self, source: Source | None, name: str, said: _Said) -> Iterator[Subject]:
        rules = source.subjects(name) if source else None
        if rules is not None and not rules:
            return
        found = list(said.subjects(rules or (source.otherwise() if source else ())))
        yield from found or said.by_arn()

    def _about(self, source: Source | None, name: str, said: _Said) -> Iterator[Subject]:
        found = list(said.subjects(source.about(name))) if source else []
        yield from found or said.by_arn()

    def _implied(
        self, source: Source | None, name: str, said: _Said, subjects: tuple[Subject, ...]
    ) -> tuple[tuple[Subject, ...], tuple[str, ...]]:
        rules = source.implied(name) if source else ()
        listed = {(subject.type, subject.id) for subject in subjects}
        named_along = [s for s in said.subjects(r for r in rules if r.paths) if (s.type, s.id) not in listed]
        types = {subject.type for subject in named_along}
        unnamed = [rule.kind.type for rule in rules if rule.kind and not rule.paths and rule.kind.type not in types]
        return tuple(named_along), tuple(dict.fromkeys(unnamed))


def scope_of(subject: Subject, catalogue: Catalogue) -> Scope | None:
    """The scope that a subject is listed in; None where its type is not watched. (A bucket lives in a region of its
    own, and is listed once an account.)"""
    declared = catalogue.types.get(subject.type)
    if declared is None:
        return None
    region = "global" if declared.scope.value == "global" else subject.region
    return Scope(subject.account, region, subject.type)


def _as_declared(catalogue: Catalogue, events: Table) -> Iterator[tuple[str, Kind]]:
    """The kinds that the catalogue identifies by something else than CloudFormation does."""
    for declared in catalogue.types.values():
        kind = events.kind(declared.type)
        if kind is None or declared.id.text.startswith("'"):
            continue
        member = declared.id.text.split(" ")[0].rsplit(".", 1)[-1].lower()
        canonical = next((form for form in ("arn", "name") if member.endswith(form)), "id")
        if declared.arn is not None and declared.arn.text == declared.id.text:
            canonical = "arn"
        if canonical != kind.canonical and (canonical != "id" or kind.canonical == "arn"):
            yield declared.type, replace(kind, canonical=canonical)


def _only_ones(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """Types of which there is one in a scope, and what the catalogue calls it."""
    for declared in catalogue.types.values():
        if declared.singleton is not None and declared.id.text.startswith("'"):
            yield declared.type, declared.id.text.strip("'")


def _on_an_object(event: Event, said: _Said) -> bool:
    """S3's calls on objects, in trails that did not yet say that they are data events."""
    return event.source == "s3.amazonaws.com" and "key" in said.request and "bucketname" in said.request


class _Said:
    """What one event says, ready to be looked up."""

    def __init__(self, event: Event, events: Table, kinds: Mapping[str, Kind], only: Mapping[str, str]) -> None:
        record = event.record
        self._kinds = kinds
        self._only = only
        self._event = event
        self._table = events
        name = undated(event.name)
        self.request: Members = members(record.get("requestParameters"), name)
        self.answer: Members = members(record.get("responseElements"), name)
        self.details: Members = {
            **members(record.get("additionalEventData")),
            **members(record.get("serviceEventDetails")),
        }
        self.resources = tuple(_resources(record.get("resources")))
        self.where = Where(_partition(event), event.account, event.region)

    def subjects(self, rules: Iterable[Rule]) -> Iterator[Subject]:
        """Each once, in order."""
        found: dict[tuple[str, str, str], Subject] = {}
        for rule in rules:
            for subject in self._of(rule):
                found.setdefault((subject.type, subject.id, subject.region), subject)
                if len(found) >= MOST:
                    break
        yield from found.values()

    def by_arn(self) -> Iterator[Subject]:
        """What ``resources`` and the usual members name, of the kinds of this very service."""
        service = self._event.source.split(".", 1)[0]
        texts = [word for name in _ARN_MEMBERS for word in named(self.request, name)]
        texts += [arn for arn, _ in self.resources]
        found: dict[str, Subject] = {}
        for word in texts:
            parsed = ParsedArn.of(word)
            kind = self._table.kind_of_arn(parsed) if parsed else None
            if kind and parsed and (parsed.service == service or service in ("tagging", "s3", "sts")):
                subject = self._subject(kind, {"arn": word})
                if subject:
                    found.setdefault(subject.id, subject)
        yield from found.values()

    def _of(self, rule: Rule) -> Iterator[Subject]:
        if rule.kind is None:
            yield from self._of_any_kind(rule)
            return
        if rule.kind.type == _RECORDS:
            yield from self._record_sets()
            return
        for said in self._each(rule):
            subject = self._subject(rule.kind, said)
            if subject is not None:
                yield subject

    def _record_sets(self) -> Iterator[Subject]:
        """The record sets of a change of DNS, as the catalogue identifies them: with a final dot, ``*`` escaped."""
        zone = next(iter(named(self.request, "hostedzoneid")), "").rsplit("/", 1)[-1]
        batch = mapping(self.request.get("changebatch"))
        for change in elements(batch.get("changes")):
            record = mapping(mapping(change).get("resourceRecordSet"))
            name, type_ = text(record.get("name")), text(record.get("type"))
            if zone and name and type_:
                name = name.rstrip(".").replace("*", "\\052") + "."
                id_ = "|".join((zone, name, type_, text(record.get("setIdentifier")) or ""))
                yield Subject(_RECORDS, self._event.account, "global", id_, name=name)

    def _subject(self, kind: Kind, said: Mapping[str, str]) -> Subject | None:
        kind = self._kinds.get(kind.type, kind)
        where = replace(self.where, region=self._region(kind))
        said = self._completed(kind, said)
        subject = subject_of(kind, said, where)
        if subject is None:
            return None
        if kind.type in self._only:
            subject = replace(subject, id=self._only[kind.type], known_by=KnownBy.ID)
        owner = self._owner(subject)
        return replace(subject, account=owner) if owner else subject

    def _region(self, kind: Kind) -> str:
        """The region of the event; that of a bucket which is made is said in the request."""
        if kind.type == _BUCKET and self._event.name == "CreateBucket":
            asked = at(self.request, "createbucketconfiguration.locationconstraint")
            if asked:
                return {"EU": "eu-west-1"}.get(asked[0], asked[0])
        return self._event.region

    def _completed(self, kind: Kind, said: Mapping[str, str]) -> Mapping[str, str]:
        """With the ARN in ``resources``, where that is the one resource of the kind, and the event names one."""
        if "arn" in said or any(value.startswith("arn:") and ":alias/" not in value for value in said.values()):
            return said
        if kind.type == _RULE and said.get("name"):
            return self._on_its_bus(said)
        arns = [arn for arn, _ in self.resources if (p := ParsedArn.of(arn)) and kind.name_in(p) is not None]
        if len(set(arns)) != 1:
            return said
        parsed = ParsedArn.of(arns[0])
        name = kind.name_in(parsed) if parsed else None
        values = set(said.values())
        if kind.type == "AWS::KMS::Key" or name in values or any(name and name.startswith(v + "-") for v in values):
            return {**said, "arn": arns[0]}
        return said

    def _on_its_bus(self, said: Mapping[str, str]) -> Mapping[str, str]:
        """A rule's ARN has the bus in it, where that is not the default one."""
        bus = next(iter(named(self.request, "eventbusname")), "default").rsplit("/", 1)[-1]
        if bus == "default":
            return said
        place = f"{self.where.partition}:events:{self._event.region}:{self._event.account}"
        return {**said, "arn": f"arn:{place}:rule/{bus}/{said['name']}"}

    def _owner(self, subject: Subject) -> str | None:
        """Whose it is, where ``resources`` says so and the ARN does not (a bucket's has no account)."""
        if subject.arn is None:
            return None
        parsed = ParsedArn.of(subject.arn)
        if parsed is None or parsed.account:
            return None
        return next((owner for arn, owner in self.resources if owner and arn == subject.arn), None)

    def _of_any_kind(self, rule: Rule) -> Iterator[Subject]:
        source = self._table.source(self._event.source.split(".", 1)[0])
        for root, _, where in rule.paths:
            for word in self._texts(root, where):
                parsed = ParsedArn.of(word)
                kind = self._table.kind_of_arn(parsed) if parsed else self._by_prefix(source, word)
                subject = self._subject(kind, {"arn" if parsed else "id": word}) if kind else None
                if subject is not None:
                    yield subject

    def _by_prefix(self, source: Source | None, word: str) -> Kind | None:
        prefixes = source.prefixes if source else {}
        said = next(iter(named(self.request, "resourcetype")), "").lower()
        first = "account" if is_account(word) else word.split("-", 1)[0]
        begun = prefixes.get(word.rsplit("-", 1)[0]) or prefixes.get(first)
        type_ = prefixes.get(f"type:{said}") or begun
        return self._table.kind(type_) if type_ else None

    def _each(self, rule: Rule) -> Iterator[dict[str, str]]:
        """What is said of each resource: one, told in several places, or as many as one place lists."""
        found: list[tuple[str, list[str]]] = []
        asked = 0
        for root, what, where in rule.paths:
            if root == "a":
                if not found:
                    found += self._actor()
            elif root == "=":
                if not found:
                    found.append(("id", [self._literal(where)]))
            elif root == "+":
                found += self._together(where.split(":"), rule.kind)
            elif root == "r":
                found += self._from_resources(rule.kind, found)
            else:
                texts = self._texts(root, where)
                if texts:
                    found.append((what, texts))
                    asked = max(asked, len(texts)) if root == "q" else asked
        many = asked or max((len(texts) for _, texts in found), default=0)
        for number in range(min(many, MOST)):
            said: dict[str, str] = {}
            for what, texts in found:
                if len(texts) == many:
                    value = texts[number]
                    said.setdefault("arn" if value.startswith("arn:") else what, value)
            if said:
                yield said

    def _texts(self, root: str, where: str) -> list[str]:
        if root == "q":
            return at(self.request, where) if "." in where else named(self.request, where)
        if root == "p":
            return at(self.answer, where)
        return at(self.details, where)

    def _actor(self) -> list[tuple[str, list[str]]]:
        """A user that acts on itself: the request names nobody."""
        actor = self._event.actor
        if actor.kind.value != "user" or not actor.name:
            return []
        said = [("name", [actor.name])]
        if actor.arn:
            said.append(("arn", [actor.arn]))
        if actor.principal_id:
            said.append(("id", [actor.principal_id]))
        return said

    def _together(self, names: list[str], kind: Kind | None) -> list[tuple[str, list[str]]]:
        """An ARN whose parts several members of the request hold."""
        parts = [named(self.request, name) for name in names]
        if kind is None or not all(parts):
            return []
        if parts[0][0].startswith("arn:"):
            return [("arn", [":".join([parts[0][0], *(part[0] for part in parts[1:])])])]
        words = {"partition": self.where.partition, "region": self.where.region, "account": self.where.account}
        spelt = {"REGIONAL": "regional", "CLOUDFRONT": "global"}
        words |= {f: spelt.get(part[0], part[0]) for f, part in zip(kind.own_fields, parts, strict=False)}
        return [("arn", [kind.template.format_map(words)])] if len(parts) == len(kind.own_fields) else []

    def _literal(self, word: str) -> str:
        return self._event.account if word == "@account" else word

    def _from_resources(self, kind: Kind | None, found: list[tuple[str, list[str]]]) -> list[tuple[str, list[str]]]:
        if kind is None or found:
            return []
        arns = [arn for arn, _ in self.resources if (p := ParsedArn.of(arn)) and kind.name_in(p) is not None]
        return [("arn", list(dict.fromkeys(arns)))] if arns else []


def _resources(value: Any) -> Iterator[tuple[str, str | None]]:
    """(ARN, account) of each entry of ``resources``; the ARN is written ``ARN`` or ``arn``."""
    for entry in value if isinstance(value, list) else ():
        entry = mapping(entry)
        arn = text(entry.get("ARN")) or text(entry.get("arn")) or text(entry.get("resourceARN"))
        if arn and arn.startswith("arn:"):
            yield arn, account(entry.get("accountId"))


def _partition(event: Event) -> str:
    for arn in (event.actor.arn, event.actor.issuer):
        if arn:
            return partition_of(arn)
    if event.region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if event.region.startswith("us-gov-") else "aws"


__all__ = ["Interpreter", "KnownBy", "scope_of"]
