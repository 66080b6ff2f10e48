"""Which of the calls of a time explain a change, and how sure that is. Pure.

A change is seen between two looks, and a fifth of all changes are the work of several calls: so the answer is a set.
A call is credited for a difference where

- its request has the very values of the difference (*exact*), or it made or ended the resource;
- its name and parameters speak of the part that changed, or nothing else happened to the resource (*likely*);
- and several such calls of several people cannot be told apart (*ambiguous*).

Calls that failed or only read are never credited, whatever they say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final
from urllib.parse import unquote

from vigie.model.attribution import CLOCK, LATE, Confidence, label
from vigie.model.change import Change, ChangeKind, DiffEntry
from vigie.model.event import Event
from vigie.watch.verbs import Verb, creates, ends, plain_name, verb, words

UNKNOWN_WINDOW: Final = timedelta(hours=24)
"""How far back is looked where it is not known since when the old state did not hold."""
_WEAK: Final = frozenset({"true", "false", "enabled", "disabled", "allow", "deny", "none", "on", "off", "active"})
_TELLING_VERBS: Final = frozenset({"tag", "untag"})
_SAME: Final = {
    "tagging": "tag",
    "untag": "tag",
    "ingress": "permission",
    "egress": "permission",
    "acl": "grant",
    "attribute": "",
}
"""Words of call names → what the part is called in configurations."""
_TELLING: Final = 10
"""A name in brackets that is so long (an ARN, an id) is no accident."""
_NAMES: Final = re.compile(r"/([^/\[\]]+)")
_BRACKET: Final = re.compile(r"\[([^\]]*)\]")


@dataclass(frozen=True)
class Candidate:
    """A call that may have made the change."""

    pk: int
    event: Event
    """With its record."""
    taken: bool = False
    """It explains another change of the same resource exactly."""

    @cached_property
    def values(self) -> frozenset[str]:
        """All values of the request."""
        return frozenset(value for _, value in self.pairs)

    @cached_property
    def answered(self) -> frozenset[str]:
        """All values of the answer: ids that the call handed out, and often all the rest of the resource."""
        return frozenset(value for _, value in _leaves(self.event.record.get("responseElements")))

    @cached_property
    def keys(self) -> frozenset[str]:
        return frozenset(key for key, _ in self.pairs)

    @cached_property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """Every value of the request with the name of the member that holds it."""
        return frozenset(_leaves(self.event.record.get("requestParameters")))

    @cached_property
    def words(self) -> frozenset[str]:
        """What the name speaks of, without its verb (where that is no word for a part itself)."""
        first, *rest = words(self.event.name) or ("",)
        told = (_SAME.get(word, word) for word in ((first, *rest) if first in _TELLING_VERBS else rest))
        return frozenset(word for word in told if word)


@dataclass(frozen=True, slots=True)
class Given:
    """One candidate's part in the change, as it was concluded."""

    pk: int
    confidence: Confidence
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What explains a change."""

    confidence: Confidence
    credits: tuple[Given, ...]
    reason: str


def window(change: Change) -> tuple[datetime, datetime]:
    """From when to when a call may lie that explains the change, the late effect of earlier calls included."""
    after, until = change.revision.changed_after, change.revision.observed_at
    return (after - LATE if after is not None else until - UNKNOWN_WINDOW), until + CLOCK


def attribute(change: Change, candidates: Iterable[Candidate], *, logs_complete: bool) -> Conclusion:
    """Who made the change.

    Args:
        candidates: Calls on the resource in the :func:`window` of the change.
        logs_complete: All calls of that time are known to be in the store.
    """
    since, until = window(change)
    usable = [one for one in candidates if _may_change(one.event) and since <= one.event.at <= until]
    usable = sorted(_once(usable), key=lambda one: (one.event.at, one.pk))
    credits = _whole(change, usable) if change.kind is not ChangeKind.CHANGED else _by_parts(change, usable)
    if not credits:
        return _nobody(logs_complete)
    return Conclusion(_overall(change, credits), credits, _reason(change, credits, usable))


def _may_change(event: Event) -> bool:
    return not event.failed and not event.read_only and event.error_code is None


def _once(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Of the copies that two accounts got of one call, the first."""
    found: dict[str, Candidate] = {}
    for one in candidates:
        found.setdefault(one.event.shared_id or one.event.id, one)
    return list(found.values())


def _nobody(logs_complete: bool) -> Conclusion:
    if logs_complete:
        return Conclusion(Confidence.NONE, (), "The logs of this time are complete: no API call explains this change.")
    return Conclusion(
        Confidence.PENDING, (), "No call that is known explains this change; the logs of its time may still come."
    )


# made, ended


def _whole(change: Change, candidates: Sequence[Candidate]) -> tuple[Given, ...]:
    """A resource that was made, ended, or made again."""
    type_ = change.resource.type
    before = _clearly_before(change)
    did: list[Given] = []
    for one in candidates:
        event = one.event
        made = change.kind is not ChangeKind.DELETED and creates(event.source, event.name, type_)
        ended = change.kind is not ChangeKind.CREATED and ends(event.source, event.name, type_)
        if (made or ended) and not one.taken:
            did.append(Given(one.pk, Confidence.EXACT))
    if did:
        known = {given.pk for given in did}
        rest = [one for one in candidates if one.pk not in known and not before(one)]
        return tuple(did) if change.kind is ChangeKind.DELETED else (*did, *_set_meanwhile(change, rest))
    return _among([one for one in candidates if not before(one)], ())


def _set_meanwhile(change: Change, candidates: Sequence[Candidate]) -> Iterable[Given]:
    """Calls that set what a new resource was first seen with."""
    held = {value for _, value in _leaves(change.revision.configuration)}
    own = _own_values(change)
    for one in candidates:
        told = {value for value in one.values if value not in own and not _is_weak(value)}
        if told and told <= held:
            yield Given(one.pk, Confidence.EXACT)


# changed


def _by_parts(change: Change, candidates: Sequence[Candidate]) -> tuple[Given, ...]:
    entries = [entry for entry in change.diff if not entry.ephemeral]
    before = _clearly_before(change)
    found = {entry.path: _of_entry(entry, change, candidates, before) for entry in entries}
    proven = {given.pk for givens in found.values() for given in givens if given.confidence is Confidence.EXACT}
    explained: dict[int, dict[str, Confidence]] = {}
    for path, givens in found.items():
        for given in _preferring(proven, givens):
            explained.setdefault(given.pk, {})[path] = given.confidence
    if not explained:
        return _among([one for one in candidates if not before(one) and not one.taken], ())
    return tuple(
        Given(one.pk, _strongest(explained[one.pk].values()), tuple(explained[one.pk]))
        for one in candidates
        if one.pk in explained
    )


def _preferring(proven: set[int], givens: Sequence[Given]) -> Sequence[Given]:
    """What a call changes along (a policy's status, beside the policy) is the work of the one that is proven to have
    made the change, where it speaks of that part too."""
    if any(given.confidence is Confidence.EXACT for given in givens):
        return givens
    preferred = [given for given in givens if given.pk in proven]
    return [Given(given.pk, Confidence.LIKELY, given.paths) for given in preferred] or givens


def _of_entry(entry: DiffEntry, change: Change, candidates: Sequence[Candidate], before: Any) -> tuple[Given, ...]:
    """Who made one difference."""
    able = [one for one in candidates if _can(one, entry)]
    exact = [one for one in able if _has_values(one, entry, change) and not (one.taken and before(one))]
    if exact:
        return _among(_closest(exact, entry), (entry.path,), Confidence.EXACT)
    likely = [one for one in able if not before(one) and not one.taken and _speaks_of(one, entry, change)]
    return _among(likely, (entry.path,))


def _can(one: Candidate, entry: DiffEntry) -> bool:
    """Whether a call of that name can add, or take away."""
    does = verb(one.event.name)
    return not (does is Verb.ADDS and entry.op == "remove") and not (does is Verb.TAKES and entry.op == "add")


def _has_values(one: Candidate, entry: DiffEntry, change: Change) -> bool:
    """Whether the request has the values of the difference (or takes away just this part)."""
    if entry.op == "remove" and verb(one.event.name) is not Verb.TAKES:
        return False  # what a request leaves out proves nothing
    wanted = _leaves(entry.old if entry.op == "remove" else entry.new, _last_name(entry.path))
    if entry.op == "replace":
        kept = set(_leaves(entry.old, _last_name(entry.path)))
        wanted = [pair for pair in wanted if pair not in kept] or wanted
    own = _own_values(change)
    told = [pair for pair in wanted if pair[1] not in own]
    named = set(_bracketed(entry.path)) - own
    if named and any(len(name) >= _TELLING for name in named) and named <= one.values | one.answered:
        return True  # the element of a list that the call names, or got an id for: an ARN, a key, a rule
    if entry.op == "remove":
        if named and named <= one.values:
            return True
        if _names_part(one, entry, change):
            return True
    return bool(told) and all(_holds(one, pair) for pair in told)


def _holds(one: Candidate, pair: tuple[str, str]) -> bool:
    return pair in one.pairs if _is_weak(pair[1]) else pair[1] in one.values


def _names_part(one: Candidate, entry: DiffEntry, change: Change) -> bool:
    """``DeleteBucketPolicy`` and the whole of ``/Policy``."""
    names = _NAMES.findall(entry.path)
    spoken = one.words - set(words(change.resource.type.rpartition("::")[2]))
    return len(names) == 1 and bool(spoken) and spoken <= set(words(names[0]))


def _speaks_of(one: Candidate, entry: DiffEntry, change: Change) -> bool:
    """Whether the call's name or parameters are about the part that changed."""
    names = _NAMES.findall(entry.path)
    parts = {word for name in names for word in words(name)}
    spoken = one.words - set(words(change.resource.type.rpartition("::")[2]))
    return bool(spoken & parts) or any(_plain(name) in one.keys for name in names)


def _closest(exact: Sequence[Candidate], entry: DiffEntry) -> list[Candidate]:
    """Those whose requests also name the element of the list that the path names (the port, beside the network)."""
    named = _bracketed(entry.path)
    scores = [sum(part in one.values for part in named) for one in exact]
    return [one for one, score in zip(exact, scores, strict=True) if score == max(scores)]


def _among(
    candidates: Sequence[Candidate], paths: tuple[str, ...], sure: Confidence = Confidence.LIKELY
) -> tuple[Given, ...]:
    """Credit to all of them: ambiguous where they are of several people."""
    several = len({label(one.event.actor) for one in candidates}) > 1
    return tuple(Given(one.pk, Confidence.AMBIGUOUS if several else sure, paths) for one in candidates)


def _clearly_before(change: Change) -> Any:
    """Whether a call lies before the window: then only its values may speak for it."""
    after = change.revision.changed_after

    def before(one: Candidate) -> bool:
        return after is not None and one.event.at < after - CLOCK

    return before


# what is said


_ORDER = (Confidence.AMBIGUOUS, Confidence.LIKELY, Confidence.EXACT)


def _weakest(found: Iterable[Confidence]) -> Confidence:
    return min(found, key=_ORDER.index)


def _strongest(found: Iterable[Confidence]) -> Confidence:
    return max(found, key=_ORDER.index)


def _overall(change: Change, credits: Sequence[Given]) -> Confidence:
    weakest = _weakest(given.confidence for given in credits)
    if change.kind is not ChangeKind.CHANGED or weakest is not Confidence.EXACT:
        return weakest
    explained = {path for given in credits for path in given.paths}
    whole = all(entry.ephemeral or entry.path in explained for entry in change.diff)
    return Confidence.EXACT if whole else Confidence.LIKELY


def _reason(change: Change, credits: Sequence[Given], candidates: Sequence[Candidate]) -> str:
    events = {one.pk: one.event for one in candidates}
    names = list(dict.fromkeys(plain_name(events[given.pk].name) for given in credits))
    told = names[0] if len(names) == 1 else ", ".join(names[:-1]) + f" and {names[-1]}"
    confidence = _overall(change, credits)
    if confidence is Confidence.EXACT and change.kind is not ChangeKind.CHANGED:
        return f"{told} did this."
    if confidence is Confidence.EXACT:
        return f"The values of {told} are those that changed."
    if confidence is Confidence.AMBIGUOUS:
        return f"{len(credits)} calls ({told}) could have done this, and their values do not tell them apart."
    explained = {path for given in credits for path in given.paths}
    rest = sum(not entry.ephemeral and entry.path not in explained for entry in change.diff)
    if explained and rest:
        return f"{told} explains a part; {rest} of the differences {'is' if rest == 1 else 'are'} explained by no call."
    if explained:
        return f"{told} changes this part of the resource; its values do not prove it."
    return f"{told} is all that is known to have happened to the resource in this time."


# values


def _leaves(value: Any, name: str = "") -> list[tuple[str, str]]:
    """(name of the member, value as text) of every value inside, documents in texts included."""
    if isinstance(value, Mapping):
        return [pair for key, inner in value.items() for pair in _leaves(inner, str(key))]
    if isinstance(value, list | tuple):
        return [pair for inner in value for pair in _leaves(inner, name)]
    if isinstance(value, str):
        document = _document(value)
        if document is not None:
            return _leaves(document, name)
    text = _text(value)
    return [(_plain(name), text)] if text else []


def _document(text: str) -> Any:
    """The JSON document in a text (policies come so, also percent-encoded); None where there is none."""
    whole = unquote(text) if text.startswith("%7B") else text
    if not whole.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(whole)
    except ValueError:
        return None


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value).strip()
    return text.lower() if text.lower() in _WEAK else text


def _plain(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())


def _is_weak(value: str) -> bool:
    """Whether it says little by itself: then the name of its member has to fit, too."""
    return len(value) <= 3 or value in _WEAK


def _own_values(change: Change) -> set[str]:
    """What every request about the resource has."""
    resource = change.resource
    return {text for text in (resource.id, resource.arn, resource.name) if text}


def _bracketed(path: str) -> list[str]:
    return [part.strip() for inside in _BRACKET.findall(path) for part in inside.split(",") if part.strip()]


def _last_name(path: str) -> str:
    found = _NAMES.findall(path)
    return found[-1] if found else ""
