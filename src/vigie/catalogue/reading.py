"""From a TOML table to a declaration: one small function a word of the format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from vigie.catalogue.declaration import (
    Call,
    Decode,
    Describe,
    Detail,
    Hook,
    Join,
    Listing,
    Narrowing,
    Pairs,
    Reach,
    Singleton,
    Source,
    TagBatch,
    Tags,
    Tier,
    TypeDeclaration,
)
from vigie.catalogue.expression import Expression, Name
from vigie.catalogue.tables import Table
from vigie.catalogue.transforms import TRANSFORMS
from vigie.model.errors import CatalogueError
from vigie.model.treatment import Treatment

FORMAT: Final = 1
DIGEST: Final = "digest"

T = TypeVar("T")


@dataclass(frozen=True)
class FileContext:
    """What the keys of a file that start with ``_`` say for all its types."""

    service: str
    scope: Reach
    event_source: str
    sources: Mapping[str, Source]
    hooks: frozenset[str]
    """Packages whose hooks the file may name; none for an overlay."""


def file_context(file: Table, hooks: frozenset[str]) -> FileContext:
    """Reads the ``_`` keys of a file."""
    version = file.number("_format", FORMAT)
    if version != FORMAT:
        raise file.wrong("_format", f"is {version}; this vigie reads format {FORMAT}")
    service = file.required_text("_service")
    sources = {
        name: Source(name, _ended(table, _call(table, service))) for name, table in file.tables("_source").items()
    }
    return FileContext(
        service=service,
        scope=file.choice("_scope", Reach, Reach.REGIONAL),
        event_source=file.text("_event_source") or f"{service}.amazonaws.com",
        sources=sources,
        hooks=hooks,
    )


def type_declaration(table: Table, name: str, context: FileContext) -> TypeDeclaration:
    """Reads the table of one type. ``parent`` is still the name of the parent's table."""
    ways = [word for word in ("list", "singleton", "hook") if table.has(word)]
    if len(ways) != 1:
        raise CatalogueError(f"{table.where}: must have one of 'list', 'singleton' and 'hook', has {ways or 'none'}")
    details = tuple(_detail(key, inner, context.service) for key, inner in table.tables("detail").items())
    declaration = TypeDeclaration(
        type=table.required_text("cfn"),
        service=context.service,
        table=name,
        scope=table.choice("scope", Reach, context.scope),
        id=_identity(table, name),
        about=table.text("about") or "",
        listing=_listing(table, context),
        singleton=_singleton(table, context.service),
        hook=_hook(table, context),
        parent=table.text("parent"),
        describe=_describe(table, context.service),
        details=tuple(sorted(details, key=lambda detail: not detail.first)),
        joins=tuple(_join(key, inner, context) for key, inner in table.tables("join").items()),
        tags=_tags(table, context.service),
        name=_name(table),
        arn=table.template("arn"),
        id_without=table.text("id_without") or "",
        uid=table.expression("uid"),
        region=table.expression("region"),
        calls_in_region=table.flag("calls_in_region"),
        skip=table.expression("skip"),
        transform=_transform(table),
        decode=_decodings(table),
        treatment=_treatment(table, details),
        stable=table.texts("stable"),
        sensitive=table.texts("sensitive"),
        events=table.texts("events"),
        event_source=table.text("event_source") or context.event_source,
        cadence=table.span("cadence"),
        cap=table.number("cap"),
        immutable=table.flag("immutable"),
        tier=table.choice("tier", Tier, Tier.REVIEWED),
    )
    return _ended(table, declaration)


def _ended(table: Table, value: T) -> T:
    table.end()
    return value


def _identity(table: Table, name: str) -> Expression:
    if table.has("singleton") and not table.has("id"):
        return Expression(f"'{name.replace('_', '-')}'")
    return table.required_expression("id")


def _name(table: Table) -> Name | None:
    expression = table.expression("name")
    return Name(expression.text) if expression else None


def _call(table: Table, service: str, op: str = "op") -> Call:
    named, _, operation = table.required_text(op).rpartition(":")
    return Call(
        service=named or service,
        operation=operation,
        args=table.mapping("args"),
        bind=table.expressions("bind"),
        absent=frozenset(table.texts("absent")),
        gone=frozenset(table.texts("gone")),
        missing_ok=table.flag("missing_ok"),
    )


def _listing(table: Table, context: FileContext) -> Listing | None:
    inner = table.table("list")
    if inner is None:
        return None
    source = _source(inner, context)
    call = None if source else _call(inner, context.service)
    narrow = inner.table("narrow")
    listing = Listing(
        items=inner.required_expression("items"),
        call=call,
        source=source,
        each=inner.expression("each"),
        carry=inner.texts("carry"),
        wrap=inner.text("as"),
        narrow=_narrowing(narrow) if narrow else None,
    )
    return _ended(inner, listing)


def _source(table: Table, context: FileContext) -> Source | None:
    name = table.text("source")
    if name is not None and name not in context.sources:
        raise table.wrong("source", f"there is no [_source.{name}] in this file")
    return context.sources[name] if name else None


def _narrowing(table: Table) -> Narrowing:
    narrowing = Narrowing(
        param=table.required_text("param"),
        item=table.required_expression("item"),
        many=table.flag("many"),
        without=table.texts("without"),
        gone=frozenset(table.texts("gone")),
    )
    return _ended(table, narrowing)


def _singleton(table: Table, service: str) -> Singleton | None:
    inner = table.table("singleton")
    if inner is None:
        return None
    return _ended(inner, Singleton(_call(inner, service), inner.expression("take")))


def _hook(table: Table, context: FileContext) -> Hook | None:
    function = table.text("hook")
    calls = table.texts("calls")
    if function is None:
        return None
    if not context.hooks:
        raise table.wrong("hook", "an overlay directory cannot bring Python; install a package with it instead")
    module = function.partition(":")[0]
    if not any(module == package or module.startswith(f"{package}.") for package in context.hooks):
        raise table.wrong("hook", f"must be in {', '.join(sorted(context.hooks))}, is {function!r}")
    if not calls:
        raise CatalogueError(f"{table.where}: a hook needs 'calls', the operations that it may call")
    pairs = [call.rpartition(":") for call in calls]
    return Hook(function, tuple(Call(service or context.service, operation) for service, _, operation in pairs))


def _describe(table: Table, service: str) -> Describe | None:
    inner = table.table("describe")
    if inner is None:
        return None
    single = inner.text("single")
    describe = Describe(
        call=_call(inner, service),
        param=single or inner.required_text("param"),
        item=inner.required_expression("item"),
        size=inner.number("size", 1) or 1,
        single=single is not None,
        items=inner.expression("items") if single else inner.required_expression("items"),
        key=inner.expression("key") if single else inner.required_expression("key"),
        take=inner.expression("take"),
    )
    return _ended(inner, describe)


def _detail(key: str, table: Table, service: str) -> Detail:
    pairs = table.table("pairs")
    decode = table.text("decode")
    redact = table.text("redact")
    if redact not in (None, DIGEST):
        raise table.wrong("redact", f"must be {DIGEST!r}, is {redact!r}")
    detail = Detail(
        key=key,
        call=_call(table, service),
        take=table.expression("take"),
        when=table.expression("when"),
        first=table.flag("first"),
        pairs=_pairs(pairs) if pairs else None,
        decode=table.chosen("decode", decode, Decode) if decode else None,
        transform=_transform(table),
        redact=redact == DIGEST,
        each=tuple(_detail(name, inner, service) for name, inner in table.tables("each").items()),
        cadence=table.span("cadence"),
    )
    return _ended(table, detail)


def _pairs(table: Table) -> Pairs:
    return _ended(table, Pairs(table.required_expression("key"), table.required_expression("value")))


def _join(key: str, table: Table, context: FileContext) -> Join:
    on = table.table("on")
    if on is None:
        raise CatalogueError(f"{table.where}: the key 'on' is missing")
    item, other = on.required_expression("item"), on.required_expression("other")
    on.end()
    source = _source(table, context)
    join = Join(
        key=key,
        call=source.call if source else _call(table, context.service),
        items=table.required_expression("items"),
        item=item,
        other=other,
        many=table.flag("many"),
        take=table.expression("take"),
        source=source,
    )
    return _ended(table, join)


def _tags(table: Table, service: str) -> Tags | None:
    if isinstance(table.values.get("tags"), str):
        names = _tag_names(table)
        return Tags(inline=table.expression("tags"), key=names[0], value=names[1])
    inner = table.table("tags")
    if inner is None:
        return None
    batch = inner.table("batch")
    key, value = _tag_names(inner)
    tags = Tags(
        call=_call(inner, service),
        take=inner.expression("take"),
        when=inner.expression("when"),
        batch=_tag_batch(batch) if batch else None,
        key=key,
        value=value,
    )
    return _ended(inner, tags)


def _tag_names(table: Table) -> tuple[str, str]:
    names = table.texts("tag_keys") or ("Key", "Value")
    if len(names) != 2:
        raise table.wrong("tag_keys", "must name two members, that of the key and that of the value")
    return names[0], names[1]


def _tag_batch(table: Table) -> TagBatch:
    batch = TagBatch(
        param=table.required_text("param"),
        item=table.required_expression("item"),
        size=table.number("size", 1) or 1,
        items=table.required_expression("items"),
        key=table.required_expression("key"),
    )
    return _ended(table, batch)


def _transform(table: Table) -> str | None:
    name = table.text("transform")
    if name is not None and name not in TRANSFORMS:
        raise table.wrong("transform", f"must be one of {', '.join(sorted(TRANSFORMS))}, is {name!r}")
    return name


def _decodings(table: Table) -> dict[str, Decode]:
    found = table.mapping("decode")
    return {path: table.chosen(f"decode.{path}", how, Decode) for path, how in found.items()}


def _treatment(table: Table, details: Sequence[Detail]) -> Treatment:
    return Treatment(
        ephemeral=table.texts("ephemeral"),
        ordered=table.texts("ordered"),
        redact=(*table.texts("redact"), *_redacted(details)),
        drop=table.texts("drop"),
    )


def _redacted(details: Sequence[Detail], above: str = "") -> Iterator[str]:
    for detail in details:
        if detail.redact:
            yield above + detail.key
        yield from _redacted(detail.each, f"{above}{detail.key}[].")
