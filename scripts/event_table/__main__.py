"""``PYTHONPATH=src:scripts python -m event_table``: writes the table; ``--check`` says whether it is stale."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import orjson

from event_table.kinds import Kind, arn_forms, kinds_of, prefixes, schema_date
from event_table.operations import answer_paths, best_kind, request_paths, sole_member, verb_and_noun
from vigie.catalogue.events import RENAMED
from vigie.catalogue.service_models import ServiceModels

TABLE: Final = Path(__file__).parents[2] / "src" / "vigie" / "watch" / "events" / "data" / "table.json"
REVIEWED: Final = Path(__file__).parent / "reviewed.toml"
_SOURCE_OF: Final = {"monitoring": "cloudwatch", "cloudwatch": "cloudwatchomni"}
"""Event source → IAM prefix, where they differ."""
_GLOBAL: Final = frozenset(
    {
        "iam",
        "sts",
        "route53",
        "cloudfront",
        "organizations",
        "account",
        "globalaccelerator",
        "shield",
        "waf",
        "budgets",
        "ce",
    }
)
"""Sources all of whose resources have no region."""


def versions() -> dict[str, str]:
    return {"botocore": metadata.version("botocore"), "cloudformation": schema_date(), "authorization": "2026-11-25"}


def table() -> bytes:
    """The whole table as JSON, one event source a line."""
    reviewed = tomllib.loads(REVIEWED.read_text(encoding="utf-8"))
    models = ServiceModels()
    by_source: dict[str, list[str]] = {}
    for service in models.names():
        model = models.service(service)
        if model is not None:
            source = model.metadata.get("signingName") or model.metadata["endpointPrefix"]
            by_source.setdefault(source, []).append(service)
    sources = {
        source: _source(source, by_source.get(source, []), models, reviewed.get(source, {}))
        for source in sorted(set(by_source) | set(reviewed))
    }
    lines = [
        f"{orjson.dumps(source).decode()}: {orjson.dumps(found).decode()}"
        for source, found in sources.items()
        if found["kinds"] or found["events"]
    ]
    head = orjson.dumps(versions()).decode()
    return ('{"versions": ' + head + ',\n"sources": {\n' + ",\n".join(lines) + "\n}}\n").encode()


def _source(source: str, services: list[str], models: ServiceModels, reviewed: Mapping[str, Any]) -> dict[str, Any]:
    prefix = _SOURCE_OF.get(source, source)
    kinds = kinds_of(prefix, frozenset(reviewed.get("leave_out", ())))
    if reviewed.get("only"):
        kinds = [kind for kind in kinds if kind.type in reviewed["only"]]
    by_type = {kind.type: kind for kind in kinds}
    for said in reviewed.get("kind", ()):
        kind = by_type.setdefault(said["type"], Kind(said["type"], [], "id"))
        kind.nouns = said.get("nouns", kind.nouns)
        kind.canonical = said.get("canonical", kind.canonical)
        kind.arn = said.get("arn", kind.arn)
        kind.reach = said.get("reach", kind.reach)
        kind.resources |= frozenset(said.get("resources", ()))
    if source in _GLOBAL:
        for kind in by_type.values():
            kind.reach = "global"
    elif not reviewed:
        for kind in by_type.values():
            kind.reach = ""
    numbers = {name: number for number, name in enumerate(sorted(by_type))}
    events: dict[str, list[list[Any]]] = {}
    for service in services:
        model = models.service(service)
        renamed = RENAMED.get(service, {})
        if model is None:
            continue
        for name in model.operation_names:
            rules = _rules(model.operation_model(name), list(by_type.values()), prefix)
            event = renamed.get(name, name)
            for rule in rules:
                row = [numbers[rule[0].type], *_corrected(rule, reviewed)]
                if row not in events.setdefault(event, []):
                    events[event].append(row)
    about: dict[str, list[list[Any]]] = {}
    implied: dict[str, list[list[Any]]] = {}
    for words, into in (("event", events), ("implied", implied)):
        for name, rules in reviewed.get(words, {}).items():
            if not rules and name in into:
                about[name] = into[name]
            into[name] = [_row(rule, by_type, numbers) for rule in rules]
    return {
        "kinds": [_kind_row(by_type[name]) for name in numbers],
        "events": {name: rows for name, rows in sorted(events.items()) if rows or name in reviewed.get("event", {})},
        "about": about,
        "implied": implied,
        "prefixes": reviewed.get("prefix", {}),
    }


def _corrected(rule: tuple[Kind, list[str]], reviewed: Mapping[str, Any]) -> list[str]:
    """With the members that CloudTrail names in its own way, and identifiers that are names."""
    kind, paths = rule
    members = {f":{old}": f":{new}" for old, new in reviewed.get("members", {}).items()}
    paths = [
        path.replace(path[path.index(":") :], members.get(path[path.index(":") :], path[path.index(":") :]))
        for path in paths
    ]
    for noun, resource_id in reviewed.get("identifiers", {}).items():
        if noun in kind.nouns:
            paths = [path.replace(f"id:{noun}identifier", f"name:{noun}identifier") for path in paths]
            paths = [path for path in paths if f":{noun}." not in path]
            paths += [f"p.id:{resource_id}", f"p.arn:{noun}arn"]
    return list(dict.fromkeys(paths))


def _kind_row(kind: Kind) -> list[str]:
    return [kind.type, kind.canonical, kind.arn, kind.reach]


def _row(rule: str, by_type: Mapping[str, Kind], numbers: dict[str, int]) -> list[Any]:
    """``"AWS::EC2::Instance < q.id:instanceid p.id:instancesset.instanceid"``; ``=text`` is an id as it stands."""
    type_, _, paths = rule.partition("<")
    type_ = type_.strip()
    return [numbers.get(type_, type_), *paths.split()]


def _rules(operation: Any, kinds: list[Kind], prefix: str) -> Iterator[tuple[Kind, list[str]]]:
    """The kinds that an operation is about (most often one), each with where the event names it."""
    verb, noun = verb_and_noun(operation.name)
    request, answer = operation.input_shape, operation.output_shape
    found = best_kind(noun, kinds)
    if found is not None:
        kind, own, alone = found
        paths = [f"q.{path}" for path in request_paths(request, kind, own, alone)]
        if verb not in ("get", "list", "describe", "batchget", "search", "head"):
            paths += [f"p.{path}" for path in answer_paths(answer, kind, own)]
        if paths:
            yield kind, paths
            return
    needed = [form.resource for form in arn_forms().get(prefix, {}).values() if operation.name in form.actions]
    for kind in kinds:
        if kind.resources & set(needed):
            paths = [f"q.{path}" for own in kind.nouns for path in request_paths(request, kind, own, False)]
            if paths:
                yield kind, paths
                return
    sole = sole_member(request, kinds)
    if sole is not None:
        yield sole[0], [f"q.{path}" for path in sole[1]]


def main(arguments: list[str]) -> int:
    made = table()
    if "--check" in arguments:
        same = TABLE.read_bytes() == made
        print("the table is " + ("up to date" if same else "stale: python -m event_table"))  # noqa: T201
        return 0 if same else 1
    TABLE.write_bytes(made)
    print(f"{len(made):,} bytes; {len(prefixes())} types")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
