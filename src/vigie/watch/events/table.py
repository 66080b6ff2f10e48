"""The event table: which event is about resources of which kinds, and where it names them.

``data/table.json`` is made by ``scripts/event_table`` from botocore's models, CloudFormation's schemas and AWS's
Service Authorization Reference, with reviewed corrections (``scripts/event_table/reviewed.toml``). It names their
versions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, Final

import orjson

_DATA: Final = files("vigie.watch.events") / "data" / "table.json"
_FIELD: Final = re.compile(r"\{([^{}]+)\}")
_ALIASES: Final = {"appstream2": "appstream", "email": "ses", "streams": "dynamodb", "s3-control": "s3"}
"""Other names of event sources: some services are called by their endpoint in some records."""
_PLACES: Final = frozenset({"partition", "region", "account"})
_WHOLE_NAMES: Final = frozenset({"iam"})
"""Services whose names in ARNs have a path before them: the name is the last part."""
_ONE_PART: Final = frozenset({"lambda", "logs"})
"""Services whose ARNs go on after the name (a version, ``:*``)."""


@dataclass(frozen=True)
class ParsedArn:
    partition: str
    service: str
    region: str
    account: str
    resource: str

    @classmethod
    def of(cls, text: str) -> ParsedArn | None:
        parts = text.split(":", 5)
        if len(parts) != 6 or parts[0] != "arn":
            return None
        return cls(*parts[1:])


@dataclass(frozen=True)
class Kind:
    """A type of resources as events know it."""

    type: str
    canonical: str
    """What the catalogue identifies it by: ``id``, ``name`` or ``arn``."""
    template: str
    """``arn:{partition}:ecs:{region}:{account}:cluster/{ClusterName}``; empty where it is not known."""
    reach: str
    """``global`` where it has no region."""

    @property
    def is_global(self) -> bool:
        return self.reach == "global"

    @cached_property
    def service(self) -> str:
        return self.template.split(":", 5)[2] if self.template else ""

    @cached_property
    def resource(self) -> str:
        """The last part of the template."""
        return self.template.split(":", 5)[5] if self.template else ""

    @cached_property
    def own_fields(self) -> tuple[str, ...]:
        return tuple(field for field in _FIELD.findall(self.template) if field not in _PLACES)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The resource part of an ARN of this kind; its last group is the name or id."""
        pieces = re.split(r"\{[^{}]+\}", self.resource)
        groups = ["([^/:]+)"] * (len(pieces) - 1)
        ending = "$"
        if groups:
            groups[-1] = "([^:]+)" if self.service in _ONE_PART else "(.+)"
            if self.service == "s3":
                groups[-1] = "([^/]+)"
            ending = "(?:[:/].*)?$" if self.service in _ONE_PART or self.service == "s3" else "$"
        text = "".join(re.escape(piece) + (groups[n] if n < len(groups) else "") for n, piece in enumerate(pieces))
        return re.compile(text + ending)

    def name_in(self, arn: ParsedArn) -> str | None:
        """The name or id in an ARN, its last part; None where it is of another kind."""
        match = self._match(arn)
        if match is None:
            return None
        name = match[match.lastindex] if match.lastindex else arn.resource
        if self.service in _WHOLE_NAMES and not self.resource.startswith(("oidc", "saml")):
            name = name.rsplit("/", 1)[-1]
        return name

    def called_in(self, arn: ParsedArn) -> str | None:
        """What the resource is called by people, where the ARN ends in something else (a load balancer's number)."""
        fields = self.own_fields
        match = self._match(arn) if len(fields) > 1 and not fields[-1].lower().endswith("name") else None
        names = [number for number, field in enumerate(fields, 1) if field.lower().endswith("name")]
        return match[names[-1]] if match and names else None

    def _match(self, arn: ParsedArn) -> re.Match[str] | None:
        return self.pattern.match(arn.resource) if self.template and arn.service == self.service else None

    def arn(self, name: str, partition: str, region: str, account: str) -> str | None:
        """The ARN of what has this name or id, where nothing else is needed for it."""
        if len(self.own_fields) != 1 or not self.builds:
            return None
        if "{account}" in self.template and not account:
            return None
        if "{region}" in self.template and not region:
            return None
        filled = self.template.replace("{partition}", partition).replace("{region}", region)
        return filled.replace("{account}", account).replace("{" + self.own_fields[0] + "}", name)

    @cached_property
    def builds(self) -> bool:
        """Whether the name is all that the ARN needs: not where AWS adds a path or a random end (``{name!}``)."""
        return (
            bool(self.template) and self.own_fields[-1:] != () and not self.own_fields[-1].endswith(("!", "WithPath"))
        )

    @cached_property
    def ends_in_id(self) -> bool:
        """Whether the last part of its ARN is an id, and no name."""
        last = (self.own_fields or ("",))[-1].rstrip("!").lower()
        return last.endswith(("id", "uuid", "token"))


@dataclass(frozen=True)
class Rule:
    """One kind that an event is about: where its ids, names and ARNs are."""

    type: str
    """``*``: of whatever kind the ARN or id found there is."""
    kind: Kind | None
    """None for ``*``."""
    paths: tuple[tuple[str, str, str], ...]
    """(``q`` request, ``p`` answer, ``s`` details of a service event, ``r`` resources, ``a`` actor, ``=`` as it stands,
    ``+`` several members of the request in order; ``id``, ``name`` or ``arn``; where)."""


class Source:
    """What is known of one event source."""

    def __init__(self, table: Table, raw: Mapping[str, Any]) -> None:
        self._table = table
        self._raw = raw
        self.kinds = tuple(Kind(*row) for row in raw["kinds"])
        self.prefixes: Mapping[str, str] = raw["prefixes"]
        self._rules: dict[tuple[str, str], tuple[Rule, ...] | None] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Events of which something is known."""
        return tuple(sorted({*self._raw["events"], *self._raw["implied"]}))

    def subjects(self, name: str) -> tuple[Rule, ...] | None:
        """Rules for what the event changes; None where nothing is known of the event."""
        return self._of("events", name)

    def about(self, name: str) -> tuple[Rule, ...]:
        """Rules for what an event is about that changes nothing."""
        found = self._of("about", name)
        return found if found is not None else self._of("events", name) or self._of("events", "*") or ()

    def otherwise(self) -> tuple[Rule, ...]:
        """Rules for events that are not in the table."""
        return self._of("events", "*") or ()

    def implied(self, name: str) -> tuple[Rule, ...]:
        return self._of("implied", name) or ()

    def _of(self, table: str, name: str) -> tuple[Rule, ...] | None:
        key = (table, name)
        if key not in self._rules:
            rows = self._raw[table].get(name)
            self._rules[key] = None if rows is None else tuple(self._rule(row) for row in rows)
        return self._rules[key]

    def _rule(self, row: list[Any]) -> Rule:
        kind = self.kinds[row[0]] if isinstance(row[0], int) else self._table.kind(row[0])
        type_ = kind.type if kind else row[0]
        return Rule(type_, kind, tuple(_path(text) for text in row[1:]))


def _path(text: str) -> tuple[str, str, str]:
    if text.startswith("="):
        return "=", "id", text[1:]
    if text.startswith("+:"):
        return "+", "id", text[2:]
    if text == "a":
        return "a", "", ""
    root, _, rest = text.partition(".")
    what, _, where = rest.partition(":")
    return root, what, where


class Table:
    """All of it; parts are looked at as they are asked for."""

    def __init__(self, content: bytes) -> None:
        raw = orjson.loads(content)
        self.versions: Mapping[str, str] = raw["versions"]
        self._raw: Mapping[str, Any] = raw["sources"]
        self._sources: dict[str, Source | None] = {}

    def source(self, name: str) -> Source | None:
        """By the part of the event source before the first dot."""
        name = _ALIASES.get(name, name)
        if name not in self._sources:
            raw = self._raw.get(name)
            self._sources[name] = Source(self, raw) if raw is not None else None
        return self._sources[name]

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(self._raw)

    @cached_property
    def _by_type(self) -> Mapping[str, Kind]:
        found: dict[str, Kind] = {}
        for raw in self._raw.values():
            for row in raw["kinds"]:
                kind = found.get(row[0])
                if kind is None or (row[2] and not kind.template):
                    found[row[0]] = Kind(*row)
        return found

    def kind(self, type_: str) -> Kind | None:
        """By CloudFormation's name; None for ``*`` and what is not known."""
        return self._by_type.get(type_)

    @cached_property
    def _by_arn(self) -> Mapping[tuple[str, str], tuple[Kind, ...]]:
        """(service, first word of the resource) → kinds, the longest template first."""
        found: dict[tuple[str, str], list[Kind]] = {}
        for kind in self._by_type.values():
            if kind.template:
                found.setdefault((kind.service, _first(kind.resource)), []).append(kind)
        return {key: tuple(sorted(kinds, key=_specific, reverse=True)) for key, kinds in found.items()}

    def kind_of_arn(self, arn: ParsedArn) -> Kind | None:
        for first in (_first(arn.resource), ""):
            for kind in self._by_arn.get((arn.service, first), ()):
                if kind.name_in(arn) is not None:
                    return kind
        return None


def _specific(kind: Kind) -> tuple[int, int, bool, str]:
    return len(kind.own_fields), len(kind.resource), kind.canonical != "id", kind.type


def _first(resource: str) -> str:
    first = re.split("[/:]", resource, maxsplit=1)[0]
    return "" if "{" in first else first


@cache
def table() -> Table:
    """The one that is shipped, read once."""
    return Table(_DATA.read_bytes())
