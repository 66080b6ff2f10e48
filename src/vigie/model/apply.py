"""The way back from a difference: the old configuration and the entries give the new one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from vigie.model.canonical import canonical_text, comparable, sort_unordered, treatment_paths
from vigie.model.change import DiffEntry
from vigie.model.identity import Identity, first_identity
from vigie.model.paths import State, below, inside, marked, members
from vigie.model.policies import Spell
from vigie.model.resource import Configuration
from vigie.model.treatment import PLAIN, Treatment

Step = tuple[str, str]
"""("/", key) or ("[", what stands in the brackets)."""
_Edit = tuple[tuple[Step, ...], DiffEntry]


def apply(
    old: Configuration, entries: Sequence[DiffEntry], treatment: Treatment = PLAIN, spell: Spell | None = None
) -> Configuration:
    """What ``entries`` (of :func:`vigie.model.diff.diff` with the same treatment) make of ``old``.

    The result has its policies in one spelling, as the differ compared them: give its ``shared_spelling`` where actions
    may differ in case. Raises ``ValueError`` where an entry does not fit.
    """
    start = treatment_paths(treatment).start()
    base = comparable(old, start, drop_ephemeral=False, spell=spell or str)
    edits = [(steps_of(entry.path), entry) for entry in entries]
    changed: Configuration = _edited(base, edits, start)
    return changed


def steps_of(path: str) -> tuple[Step, ...]:
    """The steps of a difference's path. Raises ``ValueError`` for what is none."""
    steps: list[Step] = []
    position = 0
    while position < len(path):
        kind = path[position]
        if kind not in "/[":
            raise ValueError(f"cannot read the path {path!r} at {path[position:]!r}")
        end = _end(path, position + 1, "]" if kind == "[" else "/[")
        steps.append((kind, path[position + 1 : end]))
        position = end + (kind == "[")
    return tuple(steps)


def _end(path: str, start: int, stops: str) -> int:
    position = start
    while position < len(path) and path[position] not in stops:
        if path[position] == '"':
            _, position = json.JSONDecoder().raw_decode(path, position)
        else:
            position += 1
    return position


def _text(step: str) -> str:
    return str(json.loads(step)) if step.startswith('"') else step


def _edited(value: Any, edits: Sequence[_Edit], state: State) -> Any:
    whole = [entry for steps, entry in edits if not steps]
    if whole:
        return whole[0].new
    if isinstance(value, Mapping):
        return _edited_mapping(value, edits, state)
    if isinstance(value, list):
        listed = _edited_ordered if marked(state, "ordered") else _edited_unordered
        return listed(value, edits, inside(state))
    raise ValueError(f"{edits[0][1].path} leads into a plain value")


def _edited_mapping(value: Mapping[str, Any], edits: Sequence[_Edit], state: State) -> dict[str, Any]:
    made = dict(value)
    for step, group in _grouped(edits).items():
        key, last = _text(step), group[0][1]
        ends_here = not group[0][0]
        if ends_here and last.op == "remove":
            del made[key]
        elif ends_here:
            made[key] = last.new
        else:
            made[key] = _edited(value[key], group, below(state, key))
    return made


def _edited_unordered(value: list[Any], edits: Sequence[_Edit], within: State) -> list[Any]:
    removed = [entry for steps, entry in edits if len(steps) == 1 and entry.op == "remove"]
    added = [entry.new for steps, entry in edits if len(steps) == 1 and entry.op == "add"]
    deeper = [(steps, entry) for steps, entry in edits if len(steps) > 1 or entry.op == "replace"]
    made: dict[int, Any] = dict(enumerate(value))
    alone = first_identity(value, members(within, "ephemeral"))
    texts = [canonical_text(element) for element in value]
    for step, group in _grouped(deeper).items():
        place = _place(value, step, alone)
        made[place] = _edited(value[place], group, within)
        texts[place] = ""  # spoken for: an equal one is meant where one is removed
    for entry in removed:
        place = texts.index(canonical_text(entry.old))
        texts[place] = ""
        del made[place]
    return sort_unordered([*made.values(), *added])


def _edited_ordered(value: list[Any], edits: Sequence[_Edit], within: State) -> list[Any]:
    made: dict[int, Any] = dict(enumerate(value))
    deeper = [(steps, entry) for steps, entry in edits if len(steps) > 1 or entry.op == "replace"]
    for step, group in _grouped(deeper).items():
        made[int(step)] = _edited(value[int(step)], group, within)
    ends = [(int(steps[0][1]), entry) for steps, entry in edits if len(steps) == 1]
    for place, entry in ends:
        if entry.op == "remove":
            del made[place]
    kept = list(made.values())
    for place, entry in sorted(((p, e) for p, e in ends if e.op == "add"), key=lambda end: end[0]):
        kept.insert(place, entry.new)
    return kept


def _place(value: list[Any], step: str, alone: Identity | None) -> int:
    """Of the element that a bracket names."""
    if step.startswith("#"):
        return int(step[1:])
    named_by, equals, name = step.partition("=") if not step.startswith('"') else ("", "", step)
    identity = Identity(tuple(named_by.split("+"))) if equals else alone
    wanted = _text(name if equals else step)
    if identity is None:
        raise ValueError(f"nothing tells the elements of that list apart: [{step}]")
    return [identity.name(element) for element in value].index(wanted)


def _grouped(edits: Sequence[_Edit]) -> dict[str, list[_Edit]]:
    """By first step, which is taken off."""
    groups: dict[str, list[_Edit]] = {}
    for steps, entry in edits:
        groups.setdefault(steps[0][1], []).append((steps[1:], entry))
    return groups
