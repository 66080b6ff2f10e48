"""Checks of calls: that operations exist, only read, and are called as they are declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import Any, Final

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from vigie.catalogue.declaration import Call, Detail, TypeDeclaration
from vigie.catalogue.defects import Defect
from vigie.catalogue.reading_only import gives_away, only_reads
from vigie.catalogue.service_models import ServiceModels


@dataclass(frozen=True)
class _Placed:
    """A call where it is declared, with the parameters that other words fill."""

    where: str
    call: Call
    filled: frozenset[str] = frozenset()


def call_defects(declared: TypeDeclaration, models: ServiceModels) -> Iterator[Defect]:
    """Defects of every call of a type."""
    for placed in _placed(declared):
        for check, message in _wrong(placed, models):
            yield Defect(declared.type, placed.where, check, message)
    if declared.hook:
        for message in _hook_wrong(declared.hook.function):
            yield Defect(declared.type, "hook", "hook", message)
    if declared.listing and declared.listing.narrow:
        for message in _narrowing_wrong(declared, models):
            yield Defect(declared.type, "list.narrow", "narrow", message)


def _placed(declared: TypeDeclaration) -> Iterator[_Placed]:
    if declared.listing:
        yield _Placed("list", declared.listing.answered_by)
    if declared.singleton:
        yield _Placed("singleton", declared.singleton.call)
    if declared.describe:
        yield _Placed("describe", declared.describe.call, frozenset({declared.describe.param}))
    for detail in declared.details:
        yield from _details(f"detail.{detail.key}", detail)
    for join in declared.joins:
        yield _Placed(f"join.{join.key}", join.call)
    if declared.tags and declared.tags.call:
        batch = declared.tags.batch
        yield _Placed("tags", declared.tags.call, frozenset({batch.param} if batch else ()))
    for call in declared.hook.calls if declared.hook else ():
        yield _Placed("calls", call, frozenset({"*"}))


def _details(where: str, detail: Detail) -> Iterator[_Placed]:
    yield _Placed(where, detail.call)
    for inner in detail.each:
        yield from _details(f"{where}.each.{inner.key}", inner)


def _wrong(placed: _Placed, models: ServiceModels) -> Iterator[tuple[str, str]]:
    call = placed.call
    service = models.service(call.service)
    if service is None:
        yield "operation", f"botocore knows no service {call.service!r}"
        return
    operation = models.operation(call.service, call.operation)
    if operation is None:
        close = get_close_matches(call.operation, service.operation_names, n=1)
        hint = f"; is {close[0]} meant?" if close else ""
        yield "operation", f"{call.service} has no operation {call.operation!r}{hint}"
        return
    yield from _reading_wrong(call)
    if "*" not in placed.filled:
        yield from (("parameters", message) for message in _parameters_wrong(placed, operation))
    yield from (("codes", message) for message in _codes_wrong(call, operation))
    yield from (("pages", message) for message in _pages_wrong(call, operation, models))


def _reading_wrong(call: Call) -> Iterator[tuple[str, str]]:
    more = only_reads(call.service, call.operation)
    if more:
        yield "reads", more
    given = gives_away(call.service, call.operation)
    if given:
        yield "withheld", f"{call} hands out {given}, which vigie must not ask for (data/withheld.toml)"


def _parameters_wrong(placed: _Placed, operation: OperationModel) -> Iterator[str]:
    call, asked = placed.call, operation.input_shape
    members: Mapping[str, Shape] = asked.members if isinstance(asked, StructureShape) else {}
    required = asked.required_members if isinstance(asked, StructureShape) else []
    given = {*call.args, *call.bind, *placed.filled}
    for name in sorted(given - set(members)):
        close = get_close_matches(name, list(members), n=1)
        yield f"{call} has no parameter {name!r}" + (f"; is {close[0]!r} meant?" if close else "")
    for name in sorted(set(required) - given):
        yield f"{call} needs the parameter {name!r}"
    for name in sorted(set(call.args) & (set(call.bind) | placed.filled)):
        yield f"the parameter {name!r} is given twice"
    for name, value in call.args.items():
        if name in members:
            yield from _literal_wrong(name, value, members[name])


def _literal_wrong(where: str, value: Any, shape: Shape) -> Iterator[str]:
    if isinstance(shape, StructureShape):
        yield from _structure_wrong(where, value, shape)
    elif isinstance(shape, ListShape):
        if not isinstance(value, list):
            yield f"{where} is a list, {value!r} is not"
            return
        for element in value:
            yield from _literal_wrong(f"{where}[]", element, shape.member)
    elif isinstance(shape, MapShape):
        if not isinstance(value, dict):
            yield f"{where} is a map, {value!r} is not"
    else:
        yield from _scalar_wrong(where, value, shape)


def _structure_wrong(where: str, value: Any, shape: StructureShape) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where} is a structure, {value!r} is not"
        return
    for name, inner in value.items():
        if name in shape.members:
            yield from _literal_wrong(f"{where}.{name}", inner, shape.members[name])
        else:
            yield f"{where} has no member {name!r}"
    for name in sorted(set(shape.required_members) - set(value)):
        yield f"{where} needs the member {name!r}"


_SCALARS: dict[str, type] = {"string": str, "integer": int, "long": int, "boolean": bool, "float": float}


def _scalar_wrong(where: str, value: Any, shape: Shape) -> Iterator[str]:
    kind = _SCALARS.get(shape.type_name)
    if kind is not None and type(value) is not kind:
        yield f"{where} is a {shape.type_name}, {value!r} is not"
        return
    allowed = getattr(shape, "enum", None)
    if allowed and value not in allowed:
        yield f"{where} is one of {', '.join(allowed)}; {value!r} is not"
    size = value if kind in (int, float) else len(value) if isinstance(value, str) else None
    if size is None:
        return
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        yield f"{where} is at least {least}; {value!r} is not"
    if most is not None and size > most:
        yield f"{where} is at most {most}; {value!r} is not"


_QUERY_CODES: Final = frozenset({"AWS.SimpleQueueService.NonExistentQueue"})
"""Codes of the older query protocol, which services that left it still send in ``x-amzn-query-error``."""


def _codes_wrong(call: Call, operation: OperationModel) -> Iterator[str]:
    both = sorted(call.absent & call.gone)
    if both:
        yield f"{both[0]} cannot mean both absent and gone"
    errors = operation.error_shapes
    if not errors:
        return
    known = {shape.name for shape in errors} | {shape.error_code for shape in errors if hasattr(shape, "error_code")}
    for code in sorted((call.absent | call.gone) - known - _QUERY_CODES):
        close = get_close_matches(code, known, n=1, cutoff=0.5)
        yield f"{call} declares no error {code!r}" + (f"; is {close[0]!r} meant?" if close else "")


def _pages_wrong(call: Call, operation: OperationModel, models: ServiceModels) -> Iterator[str]:
    if models.pages(call.service, call.operation) is not None:
        return
    asked, answered = operation.input_shape, operation.output_shape
    if not isinstance(asked, StructureShape) or not isinstance(answered, StructureShape):
        return
    tokens = [name for name in answered.members if _is_token(name)]
    if tokens and any(_is_token(name) for name in asked.members):
        yield f"{call} answers with {tokens[0]!r}, and nobody knows how its further pages are asked for"


def _is_token(name: str) -> bool:
    return name.lower().endswith(("token", "marker")) and "client" not in name.lower()


def _hook_wrong(function: str) -> Iterator[str]:
    module, _, name = function.partition(":")
    try:
        found = getattr(import_module(module), name, None)
    except ImportError as error:
        yield f"{function} cannot be imported: {error}"
        return
    if not callable(found):
        yield f"{module} has no function {name!r}"


def _narrowing_wrong(declared: TypeDeclaration, models: ServiceModels) -> Iterator[str]:
    listing = declared.listing
    if listing is None or listing.narrow is None:
        return
    narrow, call = listing.narrow, listing.answered_by
    operation = models.operation(call.service, call.operation)
    asked = operation.input_shape if operation else None
    parameter = asked.members.get(narrow.param) if isinstance(asked, StructureShape) else None
    if parameter is None:
        yield f"{call} has no parameter {narrow.param!r}"
    elif isinstance(parameter, ListShape) is not narrow.many:
        yield f"{narrow.param} is {'one text' if narrow.many else 'a list: say many = true'}"
    for name in sorted(set(narrow.without) - set(call.args)):
        yield f"without names {name!r}, which the listing does not give"
