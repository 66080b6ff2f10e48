"""Checks of expressions: builds the type of the whole resource, in the order in which it is read, and looks at every
expression over what is there by then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from vigie.catalogue.declaration import Call, Detail, Join, TypeDeclaration
from vigie.catalogue.defects import Defect
from vigie.catalogue.expression import Expression, Template
from vigie.catalogue.inference import WrongExpressionError, inferred
from vigie.catalogue.loader import Catalogue
from vigie.catalogue.service_models import ServiceModels
from vigie.catalogue.shapes import ANYTHING, NULL, TAGS, TEXT, ListOf, MapOf, Scalar, Structure, Type, type_of

_SCOPE: Final = Structure(name="scope").with_members({"account": TEXT, "region": TEXT, "partition": TEXT})


@dataclass
class Built:
    """The type of a resource as recorded (before decoding and redaction), and what was wrong on the way."""

    resource: Type = ANYTHING
    defects: list[Defect] = field(default_factory=list)


@dataclass
class _Builder:
    declared: TypeDeclaration
    models: ServiceModels
    parent: Type
    built: Built = field(default_factory=Built)

    def say(self, where: str, check: str, message: str) -> None:
        self.built.defects.append(Defect(self.declared.type, where, check, message))

    def infer(self, where: str, expression: Expression, over: Type, parent: Type | None = None) -> Type:
        if expression.wants_context and isinstance(over, Structure):
            over = over.with_members({"scope": _SCOPE, "parent": parent or self.parent})
        try:
            return inferred(expression.text, over)
        except WrongExpressionError as error:
            self.say(where, "expression", f"{expression}: {error}")
            return ANYTHING

    def answer(self, call: Call) -> Type:
        operation = self.models.operation(call.service, call.operation)
        return type_of(operation.output_shape if operation else None)

    def listed(self, where: str, expression: Expression, over: Type) -> Type:
        """The element of what must be a list."""
        found = self.infer(where, expression, over)
        if isinstance(found, ListOf):
            return found.of()
        if found is not ANYTHING and type(found) is not Type:
            self.say(where, "list", f"{expression} is a {found}, not a list")
        return ANYTHING

    def must_be_text(self, where: str, expression: Expression | Template | None) -> None:
        fields = expression.fields if isinstance(expression, Template) else (expression,)
        for one in fields:
            if one is None or (isinstance(expression, Template) and one.text in ("account", "region", "partition")):
                continue
            found = self.infer(where, one, self.built.resource)
            if not _fits_text(found):
                self.say(where, "identity", f"{one} is a {found}, not a text")


def resource_defects(declared: TypeDeclaration, catalogue: Catalogue, models: ServiceModels) -> Built:
    """Builds the type of the resource; parents first, for their members are used in the expressions of children."""
    parent: Type = Structure(name="(no parent)")
    if declared.parent:
        parent = resource_defects(catalogue.types[declared.parent], catalogue, models).resource
    builder = _Builder(declared, models, parent)
    for step in (_list, _identify, _describe, _details, _joins, _tags, _name):
        step(builder)
    return builder.built


def _fits_text(found: Type) -> bool:
    return type(found) is Type or (isinstance(found, Scalar) and found.kind in ("string", "null"))


def _list(builder: _Builder) -> None:
    declared, built = builder.declared, builder.built
    if declared.singleton:
        answer = builder.answer(declared.singleton.call)
        take = declared.singleton.take
        built.resource = builder.infer("singleton.take", take, answer) if take else answer
        if not isinstance(built.resource, Structure | MapOf) and type(built.resource) is not Type:
            builder.say("singleton.take", "list", f"{take} is a {built.resource}, not a structure")
        _bound(builder, "singleton", declared.singleton.call, Structure(name="(nothing)"), None)
    if declared.listing is None:
        return
    listing = declared.listing
    _bound(builder, "list", listing.answered_by, Structure(name="(nothing)"), None)
    element = builder.listed("list.items", listing.items, builder.answer(listing.answered_by))
    if listing.wrap:
        if not _fits_text(element):
            builder.say("list.as", "list", f"{listing.items} holds {element}, not texts")
        element = Structure(name="(named)").with_members({listing.wrap: element})
    if listing.each:
        element = _one_deeper(builder, element)
    built.resource = element
    if not isinstance(element, Structure) and element is not ANYTHING:
        builder.say("list.items", "list", f"holds {element}; texts need 'as'")
        built.resource = ANYTHING
    if listing.narrow:
        builder.must_be_text("list.narrow.item", listing.narrow.item)


def _one_deeper(builder: _Builder, around: Type) -> Type:
    listing = builder.declared.listing
    if listing is None or listing.each is None:
        return around
    element = builder.listed("list.each", listing.each, around)
    carried = {key: builder.infer("list.carry", Expression(key), around) for key in listing.carry}
    return element.with_members(carried) if isinstance(element, Structure) else element


def _identify(builder: _Builder) -> None:
    declared = builder.declared
    if declared.skip:
        builder.infer("skip", declared.skip, builder.built.resource)
    builder.must_be_text("id", declared.id)
    if declared.calls_in_region and declared.region is None:
        builder.say("calls_in_region", "identity", "needs 'region', which says where the resource lives")


def _describe(builder: _Builder) -> None:
    describe = builder.declared.describe
    if describe is None:
        return
    resource = builder.built.resource
    _bound(builder, "describe", describe.call, resource, None)
    builder.must_be_text("describe.item", describe.item)
    answer = builder.answer(describe.call)
    described = answer
    if describe.items:
        described = builder.listed("describe.items", describe.items, answer)
    elif describe.take:
        described = builder.infer("describe.take", describe.take, answer)
    if describe.key:
        builder.infer("describe.key", describe.key, described)
    if isinstance(resource, Structure) and isinstance(described, Structure):
        builder.built.resource = Structure(False, described.name, {**resource.members, **described.members})


def _details(builder: _Builder) -> None:
    region_read = False
    for detail in builder.declared.details:
        if not detail.first and not region_read:
            region_read = True
            _region(builder)
        value = _detail(builder, f"detail.{detail.key}", detail, builder.built.resource, None)
        _add(builder, detail.key, value)
    if not region_read:
        _region(builder)


def _region(builder: _Builder) -> None:
    builder.must_be_text("region", builder.declared.region)


def _add(builder: _Builder, key: str, value: Type) -> None:
    if isinstance(builder.built.resource, Structure):
        builder.built.resource = builder.built.resource.with_members({key: value})


def _detail(builder: _Builder, where: str, detail: Detail, over: Type, parent: Type | None) -> Type:
    if detail.when:
        builder.infer(f"{where}.when", detail.when, over, parent)
    _bound(builder, where, detail.call, over, parent)
    answer = builder.answer(detail.call)
    value = builder.infer(f"{where}.take", detail.take, answer) if detail.take else answer
    value = _paired(builder, where, detail, value)
    if detail.decode and not _fits_text(value):
        builder.say(f"{where}.decode", "decode", f"{detail.take} is a {value}, not a text")
    if detail.decode or detail.transform:
        return Type(value.sensitive)
    return _with_each(builder, where, detail, value, over)


def _paired(builder: _Builder, where: str, detail: Detail, value: Type) -> Type:
    if detail.pairs is None:
        return value
    if not isinstance(value, ListOf):
        builder.say(f"{where}.pairs", "list", f"{detail.take} is a {value}, not a list")
        return ANYTHING
    element = value.of()
    builder.infer(f"{where}.pairs.key", detail.pairs.key, element)
    kept = builder.infer(f"{where}.pairs.value", detail.pairs.value, element)
    return MapOf(of=lambda: kept)


def _with_each(builder: _Builder, where: str, detail: Detail, value: Type, over: Type) -> Type:
    if not detail.each:
        return value
    element = value.of() if isinstance(value, ListOf) else None
    if not isinstance(element, Structure):
        builder.say(f"{where}.each", "list", f"is read for every element of a list of structures, not of a {value}")
        return value
    more = {inner.key: _detail(builder, f"{where}.each.{inner.key}", inner, element, over) for inner in detail.each}
    complete = element.with_members(more)
    return ListOf(value.sensitive, lambda: complete)


def _bound(builder: _Builder, where: str, call: Call, over: Type, parent: Type | None) -> None:
    operation = builder.models.operation(call.service, call.operation)
    asked = operation.input_shape if operation else None
    parameters: Mapping[str, Callable[[], Type]] = {}
    shape = type_of(asked) if asked else None
    if isinstance(shape, Structure):
        parameters = shape.members
    for name, expression in call.bind.items():
        value = builder.infer(f"{where}.bind.{name}", expression, over, parent)
        if name in parameters and not _same_kind(value, parameters[name]()):
            builder.say(f"{where}.bind.{name}", "parameters", f"{expression} is a {value}, not a {parameters[name]()}")


def _same_kind(value: Type, wanted: Type) -> bool:
    if type(value) is Type or value == NULL:
        return True
    if isinstance(value, Scalar) and isinstance(wanted, Scalar):
        return value.kind == wanted.kind
    return type(value) is type(wanted)


def _joins(builder: _Builder) -> None:
    for join in builder.declared.joins:
        _add(builder, join.key, _join(builder, join))


def _join(builder: _Builder, join: Join) -> Type:
    where = f"join.{join.key}"
    _bound(builder, where, join.call, Structure(name="(nothing)"), None)
    element = builder.listed(f"{where}.items", join.items, builder.answer(join.call))
    ours = builder.infer(f"{where}.on.item", join.item, builder.built.resource)
    theirs = builder.infer(f"{where}.on.other", join.other, element)
    if not _same_kind(ours, theirs):
        builder.say(f"{where}.on", "join", f"{join.item} is a {ours} and {join.other} a {theirs}: never equal")
    kept = builder.infer(f"{where}.take", join.take, element) if join.take else element
    return ListOf(of=lambda: kept) if join.many else kept


def _tags(builder: _Builder) -> None:
    tags = builder.declared.tags
    if tags is None:
        return
    resource = builder.built.resource
    found: Type = ANYTHING
    if tags.inline:
        found = builder.infer("tags", tags.inline, resource)
    if tags.when:
        builder.infer("tags.when", tags.when, resource)
    if tags.call:
        _bound(builder, "tags", tags.call, resource, None)
        found = builder.answer(tags.call)
    if tags.batch:
        builder.infer("tags.batch.item", tags.batch.item, resource)
        found = builder.listed("tags.batch.items", tags.batch.items, found)
        builder.infer("tags.batch.key", tags.batch.key, found)
    if tags.take:
        found = builder.infer("tags.take", tags.take, found)
    _must_hold_tags(builder, found)
    _add(builder, "Tags", TAGS)


def _must_hold_tags(builder: _Builder, found: Type) -> None:
    tags = builder.declared.tags
    if tags is None or isinstance(found, MapOf) or type(found) is Type:
        return
    element = found.of() if isinstance(found, ListOf) else None
    if not isinstance(element, Structure):
        builder.say("tags", "list", f"are a {found}: neither a list of key and value nor a map")
        return
    for name in (tags.key, tags.value):
        if element.member(name) is None:
            builder.say("tags.tag_keys", "expression", f"a tag has no {name!r}, but {', '.join(element.members)}")


def _name(builder: _Builder) -> None:
    declared = builder.declared
    builder.must_be_text("name", declared.name)
    builder.must_be_text("arn", declared.arn)
    if declared.uid:
        builder.infer("uid", declared.uid, builder.built.resource)
