"""What one resource type declares: how it is listed, completed, identified and treated. Values; ``watch`` acts on them.

The format in which authors write them is TOML (``services/*.toml``, read by ``loader.py``): ``docs/how-to/types.md``
shows how, and the generated ``docs/reference/catalogue/format.md`` tells it word by word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any

from vigie.catalogue.expression import Expression, Name, Place, Template
from vigie.model.treatment import Treatment


class UnboundParameterError(LookupError):
    """A parameter of a call takes its value from a member that the resource does not have."""


class Reach(StrEnum):
    REGIONAL = "regional"
    GLOBAL = "global"
    """Listed once per account, from the home region of the partition."""


class Decode(StrEnum):
    """How a text that holds a document is turned into the document."""

    JSON = "json"
    """JSON as it is, or URL-encoded (IAM's policies). What does not parse stays the text it is."""
    BASE64 = "base64"
    """Base64 of UTF-8 text."""
    BASE64_JSON = "base64-json"


class Tier(StrEnum):
    REVIEWED = "reviewed"
    SCAFFOLDED = "scaffolded"
    """Generated from the model and not yet reviewed: its changes are recorded and told to nobody."""


@dataclass(frozen=True)
class Call:
    """One operation as it is called: with literal arguments, and with parameters bound to members of the resource."""

    service: str
    """botocore's name of the service (``"elbv2"``)."""
    operation: str
    """``"DescribeKey"``."""
    args: Mapping[str, Any] = field(default_factory=dict)
    bind: Mapping[str, Expression] = field(default_factory=dict)
    """Parameter → expression over the resource as read so far, ``parent.…`` and ``scope.…``."""
    absent: frozenset[str] = frozenset()
    """Error codes that mean "there is none": a fact, recorded as null."""
    gone: frozenset[str] = frozenset()
    """Error codes that mean that the resource (of a listing of children: their parent) vanished since it was listed."""
    missing_ok: bool = False
    """A true answer may lack the member that is taken, when there is none (S3's flattened lists, SQS' QueueUrls).
    Everywhere else an answer without that member is a failed answer (faults.md: rule of the missing member)."""

    def parameters(
        self, resource: Mapping[str, Any], place: Place, parent: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The parameters of the call for this resource.

        Raises UnboundParameterError where a bound member is not there: calling without it would mean something else.
        """
        parameters = dict(self.args)
        for name, expression in self.bind.items():
            value = expression.read(resource, place, parent)
            if value is None:
                raise UnboundParameterError(f"{self}: {name} takes {expression}, which the resource lacks")
            parameters[name] = value
        return parameters

    def __str__(self) -> str:
        return f"{self.service}:{self.operation}"


@dataclass(frozen=True)
class Source:
    """An answer that several types share (GetAccountAuthorizationDetails: users, groups, roles and policies)."""

    name: str
    """Unique in its service."""
    call: Call


@dataclass(frozen=True)
class Narrowing:
    """How a listing is narrowed to one resource, for a second look at it. It may still hold others: compare ids."""

    param: str
    """The parameter of the listing operation that names resources."""
    item: Expression
    """What of the resource it takes."""
    many: bool = False
    """The parameter takes a list of texts."""
    without: tuple[str, ...] = ()
    """Literal arguments of the listing (page sizes) that cannot be given together with it."""
    gone: frozenset[str] = frozenset()
    """Error codes that mean that there is no such resource (an empty answer means it too)."""


@dataclass(frozen=True)
class Listing:
    """How the resources of a scope are found: a call of its own, or a part of a shared source.

    Every page's answer is read with ``items``, which gives a list. With ``each`` the resources are one level deeper
    (Reservations → Instances): ``each`` is read over every element and gives a list, whose members get the ``carry``
    members of the element around them. With ``wrap``, elements are texts and become ``{wrap: text}``.
    """

    items: Expression
    call: Call | None = None
    source: Source | None = None
    each: Expression | None = None
    carry: tuple[str, ...] = ()
    wrap: str | None = None
    """Written ``as`` in TOML."""
    narrow: Narrowing | None = None

    @property
    def answered_by(self) -> Call:
        """The call whose pages hold the resources."""
        call = self.call or (self.source.call if self.source else None)
        if call is None:
            raise AssertionError("a listing has a call or a source: the loader sees to it")
        return call


@dataclass(frozen=True)
class Singleton:
    """Settings that exist exactly once in a scope. The taken mapping is the configuration; ``{}`` where absent."""

    call: Call
    take: Expression | None = None
    """None = the whole answer."""


@dataclass(frozen=True)
class Hook:
    """A generator in Python, for what no declaration can say. It may call only what is declared beside it."""

    function: str
    """``"package.module:function"``."""
    calls: tuple[Call, ...]


@dataclass(frozen=True)
class Describe:
    """Completes listed resources, whose listing gives only names: many with one call, or one by one (``size`` 1).

    The described mapping is laid over the listed one. A resource that no answer describes vanished since it was listed.
    """

    call: Call
    param: str
    """The parameter that names what to describe: a list, or (``single``) a text."""
    item: Expression
    """What of a listed resource names it."""
    size: int = 1
    single: bool = False
    """The parameter takes one text, not a list; the answer is read with ``take``."""
    items: Expression | None = None
    key: Expression | None = None
    """What of a described element is equal to ``item`` of the listed one."""
    take: Expression | None = None


@dataclass(frozen=True)
class Pairs:
    """A list of elements with a key and a value becomes a map."""

    key: Expression
    value: Expression


@dataclass(frozen=True)
class Detail:
    """One further key of the configuration, read with one call a resource (all pages of it)."""

    key: str
    call: Call
    take: Expression | None = None
    """None = the whole answer."""
    when: Expression | None = None
    """Called only where this is true (in JMESPath's sense); otherwise the key is not there."""
    first: bool = False
    """Read before the others, which may need it (and before the region of the resource is decided)."""
    pairs: Pairs | None = None
    decode: Decode | None = None
    transform: str | None = None
    """A registered pure function of the value that was taken (transforms.py), applied first after ``take``."""
    redact: bool = False
    """The value is replaced by a keyed digest before anything else sees it."""
    each: tuple[Detail, ...] = ()
    """Read for every element of the list that was taken, and put into the element under their keys.
    In their expressions the element is the resource, and the resource is ``parent``."""
    cadence: timedelta | None = None
    """Read no more often than this; in between, the last value stands."""


@dataclass(frozen=True)
class Join:
    """One further key of the configuration, read with one call a *scope*, and matched to the resources."""

    key: str
    call: Call
    """That of the source, where it has one."""
    items: Expression
    item: Expression
    """What of the resource …"""
    other: Expression
    """… is equal to what of the joined element."""
    many: bool = False
    """The key holds a list of all that match ([] where none does); otherwise the one that matches, or null."""
    take: Expression | None = None
    """What of a matching element is kept; None = all of it."""
    source: Source | None = None
    """Where several joins or types share one answer."""


@dataclass(frozen=True)
class TagBatch:
    """Tags of many resources with one call."""

    param: str
    item: Expression
    size: int
    items: Expression
    key: Expression


@dataclass(frozen=True)
class Tags:
    """Where the tags are. They become ``Tags``, a map, whatever form AWS gives them."""

    inline: Expression | None = None
    """A member of the resource; a member other than ``Tags`` is dropped from the configuration (``moved_from``)."""
    call: Call | None = None
    take: Expression | None = None
    """What of the answer (or of the element of the batch) is the list or map of tags."""
    when: Expression | None = None
    batch: TagBatch | None = None
    key: str = "Key"
    value: str = "Value"

    def as_map(self, tags: Any) -> dict[str, str]:
        """Tags in either of AWS's forms (a map, or a list of key and value) as a map; none as ``{}``."""
        if isinstance(tags, Mapping):
            return {str(key): str(value) for key, value in tags.items()}
        return {tag[self.key]: tag.get(self.value) or "" for tag in tags or () if isinstance(tag, Mapping)}

    @property
    def moved_from(self) -> tuple[str, ...] | None:
        """The member that the tags are moved out of (its keys), where it is not ``Tags`` itself."""
        keys = self.inline.keys if self.inline else None
        return keys if keys != ("Tags",) else None


@dataclass(frozen=True)
class TypeDeclaration:
    """One resource type. Exactly one of ``listing``, ``singleton`` and ``hook`` is set.

    In which order a resource is read: it is listed; ``skip`` and ``id`` look at it as listed; ``describe``; ``first``
    details; ``region``; other details, joins, tags (``Tags`` is a map from here on); ``transform``; decoding and
    redaction; ``uid``, ``name`` and ``arn`` look at the resource as it is then.
    """

    type: str
    """``AWS::S3::Bucket``."""
    service: str
    table: str
    """The name of its table in the TOML file."""
    scope: Reach
    id: Expression
    about: str = ""
    """One sentence for the reference."""
    listing: Listing | None = None
    singleton: Singleton | None = None
    hook: Hook | None = None
    parent: str | None = None
    """The type under each of whose resources it is listed."""
    describe: Describe | None = None
    details: tuple[Detail, ...] = ()
    """Those that are ``first`` come first."""
    joins: tuple[Join, ...] = ()
    tags: Tags | None = None
    name: Name | None = None
    arn: Expression | Template | None = None
    id_without: str = ""
    """Cut off the front of what ``id`` gives: Route 53 writes ``/hostedzone/Z1``; others call the zone ``Z1``."""
    uid: Expression | None = None
    """Tells incarnations apart where the id is a name that can be used again."""
    region: Expression | None = None
    """Where the resource lives, where that is not the region of the scope. Read after the ``first`` details."""
    calls_in_region: bool = False
    """Details and tags are asked for in the region of the resource."""
    skip: Expression | None = None
    """Listed resources for which this is true are not resources of this type (or not there any more)."""
    transform: str | None = None
    """A registered pure function of the resource (transforms.py), applied last, before decoding and redaction."""
    decode: Mapping[str, Decode] = field(default_factory=dict)
    """Path (as in ``treatment``) → how the texts there are decoded."""
    treatment: Treatment = field(default_factory=Treatment)
    stable: tuple[str, ...] = ()
    """Counters and timestamps that look ephemeral and are not: reviewed."""
    sensitive: tuple[str, ...] = ()
    """Members that botocore calls sensitive and that are kept: reviewed."""
    events: tuple[str, ...] = ()
    """CloudTrail event names (``*`` as in a shell) that tell of a change of such a resource."""
    event_source: str = ""
    """``s3.amazonaws.com``."""
    cadence: timedelta | None = None
    """Read no more often than this, whatever the schedule says."""
    cap: int | None = None
    """A listing is ended after so many resources; what lies beyond is unknown, and the look is partial."""
    immutable: bool = False
    """A resource once seen never changes: only new ids are described and completed."""
    tier: Tier = Tier.REVIEWED

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every call it may make."""
        return tuple(_calls(self))

    @property
    def operations(self) -> frozenset[tuple[str, str]]:
        """Every (service, operation) it may call."""
        return frozenset((call.service, call.operation) for call in self.calls)

    @property
    def keys(self) -> frozenset[str]:
        """The top-level keys of a configuration that calls of their own fill."""
        tags = {"Tags"} if self.tags else set()
        return frozenset({d.key for d in self.details} | {j.key for j in self.joins} | tags)

    def __str__(self) -> str:
        return self.type


def _calls(declaration: TypeDeclaration) -> Iterator[Call]:
    if declaration.listing:
        yield declaration.listing.answered_by
    if declaration.singleton:
        yield declaration.singleton.call
    if declaration.hook:
        yield from declaration.hook.calls
    if declaration.describe:
        yield declaration.describe.call
    for detail in declaration.details:
        yield from _detail_calls(detail)
    for join in declaration.joins:
        yield join.call
    if declaration.tags and declaration.tags.call:
        yield declaration.tags.call


def _detail_calls(detail: Detail) -> Iterator[Call]:
    yield detail.call
    for inner in detail.each:
        yield from _detail_calls(inner)
