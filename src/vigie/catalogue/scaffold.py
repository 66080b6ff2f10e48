"""A first declaration for what an operation lists, from the service model. To be reviewed: it is marked so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final

from botocore.model import ListShape, OperationModel, Shape, StructureShape

from vigie.catalogue.reading_only import gives_away, only_reads
from vigie.catalogue.service_models import installed
from vigie.catalogue.shapes import Structure, type_of, walk
from vigie.catalogue.verify_treatment import looks_ephemeral
from vigie.model.errors import UsageError

_VERB: Final = re.compile(r"^(BatchGet|Describe|List|Get|Search)")
_TAG_MEMBERS: Final = ("Tags", "tags", "TagList", "TagSet")


def new(service: str, operation: str) -> str:
    """TOML of a declaration. Raises UsageError where there is no such operation, or it lists nothing."""
    model = _operation(service, operation)
    items, element = _list_of(model)
    members = _texts(element)
    one = _singular(_VERB.sub("", operation))
    wrap = ""
    if not isinstance(element, StructureShape):
        wrap, members = f', as = "{_singular(items)}"', [_singular(items)]
    if not members:
        raise UsageError(f"{service}:{operation} lists what has no text that could identify it: write it by hand.")
    identifier = _chosen(members, one, ("Id", "Identifier", "Arn", "ARN", "Name")) or members[0]
    arn = _chosen(members, one, ("Arn", "ARN"))
    lines = [
        "_format  = 1",
        f'_service = "{service}"',
        "",
        f"[{_snake(one)}]",
        f'cfn    = "AWS::{_service_id(model)}::{one}"      # check the name in the CloudFormation reference',
        'tier   = "scaffolded"',
        f'list   = {{ op = "{operation}", items = "{items}"{wrap} }}',
        f'id     = "{identifier}"',
        *_optional("name", _chosen(members, one, ("Name",))),
        *_optional("arn", arn),
        *_tags(element),
        *_treatment(element),
        *_events(model, one),
    ]
    return "\n".join(lines) + "\n"


def _operation(service: str, operation: str) -> OperationModel:
    models = installed()
    known = models.service(service)
    if known is None:
        close = get_close_matches(service, models.names(), n=3)
        raise UsageError(f"botocore knows no service {service!r}" + _meant(close))
    model = models.operation(service, operation)
    if model is None:
        close = get_close_matches(operation, known.operation_names, n=3)
        raise UsageError(f"{service} has no operation {operation!r}" + _meant(close))
    refused = only_reads(service, operation) or gives_away(service, operation)
    if refused:
        raise UsageError(f"{service}:{operation} cannot be declared: {refused}.")
    return model


def _meant(close: Sequence[str]) -> str:
    return f": did you mean {', or '.join(close)}?" if close else ": check its spelling."


def _list_of(model: OperationModel) -> tuple[str, Shape]:
    lists = list_members(model)
    if not lists:
        raise UsageError(f"{model.name} answers with no list: `singleton` and `detail` are written by hand.")
    return lists[0]


def list_members(model: OperationModel) -> list[tuple[str, Shape]]:
    """The lists in an operation's answer (member, shape of its elements), those of structures first."""
    answered = model.output_shape
    if not isinstance(answered, StructureShape):
        return []
    lists = [(name, shape.member) for name, shape in answered.members.items() if isinstance(shape, ListShape)]
    return sorted(lists, key=lambda found: not isinstance(found[1], StructureShape))


def _texts(element: Shape) -> list[str]:
    members = element.members if isinstance(element, StructureShape) else {}
    return [name for name, shape in members.items() if shape.type_name == "string"]


def _tags(element: Shape) -> list[str]:
    members = element.members if isinstance(element, StructureShape) else {}
    name = next((name for name in _TAG_MEMBERS if name in members), None)
    if name is None:
        return []
    shape = members[name]
    names = tuple(_texts(shape.member)) if isinstance(shape, ListShape) else ("Key", "Value")
    if len(names) != 2:
        return []
    other = [] if names == ("Key", "Value") else [f'tag_keys = ["{names[0]}", "{names[1]}"]']
    return [f'tags   = "{name}"', *other]


def _singular(plural: str) -> str:
    if plural.endswith("ies"):
        return plural[:-3] + "y"
    if plural.endswith(("sses", "xes", "ches")):
        return plural[:-2]
    return plural.removesuffix("s")


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _service_id(model: OperationModel) -> str:
    return re.sub(r"[^A-Za-z0-9]", "", str(model.service_model.service_id))


def _chosen(members: list[str], one: str, endings: tuple[str, ...]) -> str | None:
    for ending in endings:
        for wanted in (f"{one}{ending}", ending):
            found = next((member for member in members if member.lower() == wanted.lower()), None)
            if found:
                return found
        found = next((member for member in members if member.endswith(ending)), None)
        if found and one.lower().endswith(found[: -len(ending)].lower()):
            return found
    return None


def _optional(word: str, value: str | None) -> list[str]:
    return [f'{word:<6} = "{value}"'] if value else []


def _treatment(element: Shape) -> list[str]:
    kind = type_of(element)
    if not isinstance(kind, Structure):
        return []
    below = list(walk(kind))
    moving = [path for path, reached in below if looks_ephemeral(path, reached)]
    secret = [path for path, reached in below if reached.sensitive]
    return [*_paths("ephemeral", moving), *_paths("redact", secret)]


def _paths(word: str, paths: list[str]) -> list[str]:
    quoted = ", ".join(f'"{path}"' for path in paths)
    return [f"{word} = [{quoted}]"] if paths else []


def _events(model: OperationModel, one: str) -> list[str]:
    names = [name for name in model.service_model.operation_names if re.match(rf"[A-Z][a-z]+{one}(?![a-z])", name)]
    writes = [name for name in names if not name.startswith(("Get", "List", "Describe", "BatchGet", "Search", "Head"))]
    return _paths("events", writes)
