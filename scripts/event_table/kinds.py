"""Kinds of resources: CloudFormation's types, with the noun that operations call them by and the form of their ARN."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

AUTHORIZATION: Final = Path(__file__).parent / "authorization.txt"
_FOREIGN: Final = frozenset({"iam", "kms", "ec2", "logs", "s3", "cloudformation", "secretsmanager", "lambda", "events"})
"""Permissions of other services that handlers need besides their own."""
_VARIABLE: Final = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True)
class ArnForm:
    """One resource of the Service Authorization Reference."""

    prefix: str
    resource: str
    template: str
    """``arn:{partition}:ecs:{region}:{account}:cluster/{ClusterName}``."""
    actions: frozenset[str]
    """Actions that need this resource and no other."""


@dataclass
class Kind:
    """One type of resource of a service."""

    type: str
    nouns: list[str]
    """How operations call it, in lower case: ``dbinstance``."""
    canonical: str
    """What identifies it: ``id``, ``name`` or ``arn``."""
    arn: str = ""
    reach: str = ""
    """``global`` where it has no region."""
    resources: frozenset[str] = field(default_factory=frozenset)
    """Names of the Service Authorization Reference for it."""


@cache
def arn_forms() -> Mapping[str, Mapping[str, ArnForm]]:
    """IAM prefix → kind of resource → its ARN and actions."""
    found: dict[str, dict[str, ArnForm]] = {}
    for line in AUTHORIZATION.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        prefix, resource, arn, *actions = line.split()
        if len(arn.split(":", 5)) != 6 or not arn.startswith("arn:"):
            continue
        template = _VARIABLE.sub(lambda m: "{" + _word(m[1]) + "}", arn)
        found.setdefault(prefix, {})[resource] = ArnForm(prefix, resource, template, frozenset(actions))
    return found


def _word(variable: str) -> str:
    return variable.lower() if variable in ("Partition", "Region", "Account") else variable


@cache
def schemas() -> Mapping[str, Mapping[str, Any]]:
    """CloudFormation's schemas by type name, as cfn-lint brings them."""
    folder = resources.files("cfnlint.data.schemas") / "resources"
    found = {}
    for path in folder.iterdir():
        if path.name.endswith(".json"):
            schema = json.loads(path.read_text(encoding="utf-8"))
            if schema["typeName"].startswith("AWS::"):
                found[schema["typeName"]] = schema
    return found


def schema_date() -> str:
    version = resources.files("cfnlint.data.schemas") / "version.json"
    date: str = json.loads(version.read_text(encoding="utf-8"))["schema_date"]
    return date


_UNSAID: Final = {"WAFRegional": "waf-regional", "Elasticsearch": "es", "Pinpoint": "mobiletargeting"}
"""IAM prefixes of services whose schemas have no handlers."""


@cache
def prefixes() -> Mapping[str, str]:
    """Type → the IAM prefix of the service that makes it: of its own handlers, or of most of its neighbours'."""
    counted: dict[str, Counter[str]] = {}
    own: dict[str, str] = {}
    for name, schema in schemas().items():
        _, service, noun = name.split("::")
        permissions = [p.lower().split(":", 1) for p in _permissions(schema) if ":" in p]
        mine = [p[0] for p in permissions if p[1].endswith(noun.lower())]
        other = [p[0] for p in permissions if p[0] not in _FOREIGN]
        if mine:
            own[name] = mine[0]
        counted.setdefault(service, Counter()).update(mine[:1] or [p for p, _ in Counter(other).most_common(1)])
    return {name: own.get(name) or _of_neighbours(name.split("::")[1], counted) for name in sorted(schemas())}


def _of_neighbours(service: str, counted: Mapping[str, Counter[str]]) -> str:
    if service in _UNSAID:
        return _UNSAID[service]
    count = counted[service]
    return count.most_common(1)[0][0] if count else service.lower()


def _permissions(schema: Mapping[str, Any]) -> Iterator[str]:
    for handler in ("create", "update", "delete"):
        yield from schema.get("handlers", {}).get(handler, {}).get("permissions", [])


def kinds_of(prefix: str, leave_out: frozenset[str]) -> list[Kind]:
    """CloudFormation's types of the service with this IAM prefix. A resource's policy is a part of the resource."""
    names = [
        name
        for name in schemas()
        if prefixes()[name] == prefix and name not in leave_out and not name.endswith("::ResourcePolicy")
    ]
    return [_kind(name, prefix) for name in sorted(names)]


def _kind(name: str, prefix: str) -> Kind:
    schema = schemas()[name]
    noun = name.split("::")[2].lower()
    identifiers = [path.rsplit("/", 1)[-1].lower() for path in schema.get("primaryIdentifier", ())] or ["id"]
    form = _form(noun, prefix)
    return Kind(
        type=name,
        nouns=[noun],
        canonical=_canonical(identifiers[0], form),
        arn=form.template if form else "",
        reach="global" if form and ":{region}:" not in form.template else "",
        resources=frozenset({form.resource}) if form else frozenset(),
    )


def _canonical(identifier: str, form: ArnForm | None) -> str:
    if identifier.endswith("arn"):
        return "arn"
    named = form is not None and form.template.endswith("Name}")
    return "name" if identifier.endswith("name") or named else "id"


def _form(noun: str, prefix: str) -> ArnForm | None:
    forms = arn_forms().get(prefix, {})
    for resource, form in forms.items():
        if re.sub("[^a-z0-9]", "", resource.lower()) == noun:
            return form
    deleting = [form for form in forms.values() if f"delete{noun}" in {action.lower() for action in form.actions}]
    if len(deleting) != 1:
        return None
    called = re.sub("[^a-z0-9]", "", deleting[0].resource.lower())
    others = {name.rsplit("::", 1)[1].lower() for name in schemas() if prefixes()[name] == prefix}
    return deleting[0] if called not in others else None
