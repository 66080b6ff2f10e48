"""The canonical form of a configuration, and its digests.

``normalise`` turns what AWS answered into a :data:`~vigie.model.resource.Configuration`; ``canonical_bytes`` spells any
JSON value in the one way of RFC 8785 (JCS); ``digests`` names its content. docs/decisions/canonical-form.md says what a
digest covers, and why.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final

from vigie.model.paths import NOWHERE, PathSet, State, below, inside, marked
from vigie.model.policies import Spell, is_policy, normal_policy
from vigie.model.resource import Configuration
from vigie.model.treatment import PLAIN, Treatment

CONFIG_DIGEST: Final = "sha256"
"""SHA-256 of the canonical bytes of the whole configuration, as it is stored."""
DURABLE_DIGEST: Final = "durable1-sha256"
"""SHA-256 of the canonical bytes of the durable view. A new definition of that view would get a new name."""
REDACTED: Final = "redacted:hmac-sha256:"

Redactor = Callable[[str, Any], str]
"""(path, value) → what stands for the value. Path of the configuration, with ``[]`` for any element of a list."""

_WHOLE_FLOAT_LIMIT = 1e21
"""From here on ECMAScript (and so RFC 8785) writes numbers with an exponent."""
_PAGE_TOKENS = frozenset(
    {"NextToken", "nextToken", "NextMarker", "Marker", "IsTruncated", "NextContinuationToken", "ContinuationToken"}
)
_ANSWER_DEPTH = 2
"""An AWS answer that was taken whole is a configuration, or one key of it."""
_encode = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"), check_circular=False
).encode
_ODD_NUMBER = re.compile(r"[:,\[]-?\d+(?:\.\d+)?(?:e[+-]?\d|(?<=\.0)[,}\]])")
"""Numbers in a container that json spells otherwise than RFC 8785: with an exponent, or whole floats.

May also hit inside a string: then only slower.
"""


def keyed_redactor(key: bytes) -> Redactor:
    """A redactor that shows *that* a value changed and never what it is: HMAC-SHA256 over path and value.

    The path goes in so that equal values in two places cannot be told to be equal by someone who can set one of them.
    Raises ``ValueError`` for a key below 16 bytes.
    """
    if len(key) < 16:
        raise ValueError("the redaction key needs at least 16 bytes")

    def redact(path: str, value: Any) -> str:
        message = path.encode() + b"\0" + canonical_bytes(value)
        return REDACTED + hmac.new(key, message, hashlib.sha256).hexdigest()

    return redact


def normalise(raw: Mapping[str, Any], treatment: Treatment = PLAIN, redactor: Redactor | None = None) -> Configuration:
    """What AWS answered, as a configuration: JSON values, times in UTC, bytes in base64, lists sorted unless ordered.

    Declared parts are dropped, and secret ones redacted, before anything else sees them. Not idempotent where something
    is redacted.

    Raises:
        ValueError: a non-finite number, a time without a zone, or something to redact and no redactor.
        TypeError: a value that has no place in JSON, or a key that is not a string.
    """
    return _Normaliser(redactor).mapping(raw, _paths(treatment).start(), "", 0)


def canonical_bytes(value: Any) -> bytes:
    """The value in the one spelling of RFC 8785, UTF-8.

    Integers are written with all their digits (AWS has 64-bit ones; RFC 8785 would round them to a double).
    Raises ``ValueError`` for non-finite numbers and lone surrogates, ``TypeError`` for what is not JSON.
    """
    return canonical_text(value).encode()


def canonical_text(value: Any) -> str:
    """:func:`canonical_bytes` before encoding: one string compare decides whether two values are the same."""
    text = _encode(value)
    keys_sort_alike = text.isascii() or max(text) <= "\uffff"
    if isinstance(value, float) or not keys_sort_alike or _ODD_NUMBER.search(text):
        return _spell(value)
    return text


def digest(canonical: bytes) -> str:
    """The name of a stored configuration by its content: ``sha256:`` and 64 hex digits."""
    return f"{CONFIG_DIGEST}:{hashlib.sha256(canonical).hexdigest()}"


def digests(configuration: Configuration, treatment: Treatment = PLAIN) -> tuple[str, str]:
    """(config sha, durable sha) of a normalised configuration.

    The same config sha: nothing changed at all. The same durable sha: nothing changed that means anything.
    """
    canonical = canonical_bytes(configuration)
    return digest(canonical), durable_digest(configuration, treatment, canonical)


def durable_digest(configuration: Configuration, treatment: Treatment = PLAIN, canonical: bytes | None = None) -> str:
    """The second of :func:`digests` alone. ``canonical``: of the whole configuration, where it is at hand."""
    view = durable_view(configuration, treatment)
    whole = canonical if view is configuration else None
    return _durable_name(canonical_bytes(view) if whole is None else whole)


def durable_view(configuration: Configuration, treatment: Treatment = PLAIN) -> Configuration:
    """A normalised configuration without ephemeral parts, its policies in one spelling. Shares what is untouched."""
    view: Configuration = comparable(configuration, _paths(treatment).start(), drop_ephemeral=True)
    return view


def comparable(value: Any, state: State, *, drop_ephemeral: bool, spell: Spell = str.lower) -> Any:
    """A normalised value with policies in one spelling and lists sorted again, optionally without ephemeral parts."""
    if isinstance(value, dict):
        return _comparable_mapping(value, state, drop_ephemeral, spell)
    if isinstance(value, list):
        return _comparable_list(value, state, drop_ephemeral, spell)
    return value


def treatment_paths(treatment: Treatment) -> PathSet:
    """The paths of a treatment, compiled, under the marks ``ephemeral``, ``ordered``, ``redact`` and ``drop``."""
    return _paths(treatment)


def sort_unordered(values: list[Any]) -> list[Any]:
    """The one order of a list whose order means nothing, decided by content alone.

    Strings by code point; mappings by the first key (in order of keys) under which each holds a string of its own;
    anything else by canonical content.
    """
    if len(values) < 2:
        return values
    if all(type(value) is str for value in values):
        return sorted(values)
    if all(type(value) is dict for value in values):
        return _sort_mappings(values)
    return sorted(values, key=canonical_text)


def _sort_mappings(values: list[dict[str, Any]]) -> list[Any]:
    for key in sorted(values[0]):
        names = {value.get(key) for value in values if type(value.get(key)) is str}
        if len(names) == len(values):
            return sorted(values, key=itemgetter(key))
    return sorted(values, key=canonical_text)


def instant_text(value: datetime) -> str:
    """RFC 3339 in UTC: ``2026-01-02T03:04:05Z``, with a fraction only if not zero. ``ValueError`` for a naive time."""
    if value.tzinfo is None:
        raise ValueError(f"a time without a zone: {value!r}")
    moment = value.astimezone(UTC)
    fraction = f".{moment.microsecond:06d}".rstrip("0") if moment.microsecond else ""
    return moment.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0") + fraction + "Z"


def _durable_name(view: bytes) -> str:
    return f"{DURABLE_DIGEST}:{hashlib.sha256(view).hexdigest()}"


@lru_cache(maxsize=1024)
def _paths(treatment: Treatment) -> PathSet:
    return PathSet(
        {
            "ephemeral": treatment.ephemeral,
            "ordered": treatment.ordered,
            "redact": treatment.redact,
            "drop": treatment.drop,
        }
    )


class _Normaliser:
    """One walk over an answer. Holds what does not change on the way."""

    __slots__ = ("_redactor",)

    def __init__(self, redactor: Redactor | None) -> None:
        self._redactor = redactor

    def mapping(self, raw: Mapping[Any, Any], state: State, path: str, depth: int) -> dict[str, Any]:
        whole_answer = depth < _ANSWER_DEPTH and "ResponseMetadata" in raw
        made: dict[str, Any] = {}
        for key, value in raw.items():
            if not isinstance(key, str):
                raise TypeError(f"the key {key!r} at {path or 'the top'} is not a string")
            if whole_answer and (key == "ResponseMetadata" or key in _PAGE_TOKENS):
                continue
            within = below(state, key) if state else NOWHERE
            if within and marked(within, "drop"):
                continue
            made[_well_formed(key)] = self.value(value, within, f"{path}.{key}" if path else key, depth + 1)
        return made

    def value(self, raw: Any, state: State, path: str, depth: int) -> Any:
        if state and raw is not None and marked(state, "redact"):
            return self._redacted(raw, path, depth)
        if type(raw) is str:
            return raw if raw.isascii() else _well_formed(raw)
        if raw is None or type(raw) is bool or type(raw) is int:
            return raw
        if type(raw) is dict or isinstance(raw, Mapping):
            return self.mapping(raw, state, path, depth)
        if isinstance(raw, list | tuple | set | frozenset):
            return self._list(list(raw), state, path, depth)
        return _scalar(raw, path)

    def _list(self, raw: list[Any], state: State, path: str, depth: int) -> list[Any]:
        within = inside(state)
        dropped = bool(within) and marked(within, "drop")
        made = [] if dropped else [self.value(element, within, path + "[]", depth + 1) for element in raw]
        return made if state and marked(state, "ordered") else sort_unordered(made)

    def _redacted(self, raw: Any, path: str, depth: int) -> str:
        if self._redactor is None:
            raise ValueError(f"{path} is to be redacted, and no redactor was given")
        return self._redactor(path, self.value(raw, NOWHERE, path, depth))


def _scalar(raw: Any, path: str) -> Any:
    if isinstance(raw, str):
        return _well_formed(str(raw))
    if isinstance(raw, int):
        return int(raw)
    if isinstance(raw, float):
        return _number(raw, path)
    if isinstance(raw, datetime):
        return instant_text(raw)
    if isinstance(raw, bytes | bytearray | memoryview):
        return base64.b64encode(bytes(raw)).decode("ascii")
    raise TypeError(f"{path} holds a {type(raw).__name__}, which has no place in a configuration")


def _number(raw: float, path: str) -> int | float:
    if not math.isfinite(raw):
        raise ValueError(f"{path} holds {raw!r}, which is not a number that JSON can hold")
    return int(raw) if raw.is_integer() and abs(raw) < _WHOLE_FLOAT_LIMIT else raw


def _well_formed(text: str) -> str:
    """Lone surrogates (possible in JSON answers) have no UTF-8 form: each becomes U+FFFD."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _comparable_mapping(value: dict[str, Any], state: State, drop_ephemeral: bool, spell: Spell) -> dict[str, Any]:
    if "Statement" in value and is_policy(value):
        value = normal_policy(value, spell)
        value["Statement"] = sort_unordered(value["Statement"])
    made: dict[str, Any] = {}
    touched = False
    for key, member in value.items():
        within = below(state, key) if state else NOWHERE
        if drop_ephemeral and within and marked(within, "ephemeral"):
            touched = True
            continue
        if type(member) is dict or type(member) is list:
            made[key] = comparable(member, within, drop_ephemeral=drop_ephemeral, spell=spell)
            touched = touched or made[key] is not member
        else:
            made[key] = member
    return made if touched else value


def _comparable_list(value: list[Any], state: State, drop_ephemeral: bool, spell: Spell) -> list[Any]:
    within = inside(state) if state else NOWHERE
    if drop_ephemeral and within and marked(within, "ephemeral"):
        return []
    if not any(type(element) is dict or type(element) is list for element in value):
        return value
    made = [comparable(element, within, drop_ephemeral=drop_ephemeral, spell=spell) for element in value]
    if all(new is old for new, old in zip(made, value, strict=True)):
        return value
    return made if state and marked(state, "ordered") else sort_unordered(made)


def _spell(value: Any) -> str:
    """RFC 8785 in Python: for the rare values that ``json`` spells otherwise."""
    if isinstance(value, Mapping):
        members = sorted(value.items(), key=lambda member: member[0].encode("utf-16-be"))
        return "{" + ",".join(f"{_encode(key)}:{_spell(member)}" for key, member in members) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_spell(element) for element in value) + "]"
    return _spell_float(value) if isinstance(value, float) else _encode(value)


def _spell_float(value: float) -> str:
    """As ECMAScript's Number::toString. Python's ``repr`` gives the same shortest digits."""
    if value == 0:
        return "0"
    minus = "-" if value < 0 else ""
    digits, _, exponent = f"{Decimal(repr(abs(value))).normalize():e}".partition("e")
    text = digits.replace(".", "")
    point = int(exponent) + 1
    if len(text) <= point <= 21:
        return minus + text + "0" * (point - len(text))
    if 0 < point <= 21:
        return f"{minus}{text[:point]}.{text[point:]}"
    if -6 < point <= 0:
        return f"{minus}0.{'0' * -point}{text}"
    mantissa = text[0] + ("." + text[1:] if len(text) > 1 else "")
    return f"{minus}{mantissa}e{point - 1:+d}"
