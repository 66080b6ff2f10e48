"""What changed between two configurations, told by what the changed parts are called.

Lists are sets, keyed (by the first identity that is unique on both sides), or ordered where declared. Policies are
compared in one spelling. An entry is one change: ``/IpPermissions[tcp,443,443]/IpRanges[0.0.0.0/0]`` added.

Names in brackets: of a keyed element its identity, with the members' names only of one that changed inside where the
old list alone would suggest another identity (``[GroupId=sg-1]/Description``); of a plain value the value; of an
element without identity its place (``[#2]``, from 0, in the old list for what is removed or changed inside, in the new
one for what is added); in an ordered list the place (``[2]``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from vigie.model.canonical import canonical_text, comparable, treatment_paths
from vigie.model.change import DiffEntry
from vigie.model.identity import Identity, bracketed, common_identity, first_identity, segment
from vigie.model.paths import State, below, inside, marked, members
from vigie.model.policies import Spell, actions_of, is_policy
from vigie.model.resource import Configuration
from vigie.model.treatment import PLAIN, Treatment

_PAIRS_LIMIT = 2_500
"""Of elements without identity, up to so many pairs are compared for likeness; beyond, they are removed and added."""
_ALIKE = 0.5
_ORDERED_LIMIT = 2_000


def diff(old: Configuration, new: Configuration, treatment: Treatment = PLAIN) -> tuple[DiffEntry, ...]:
    """The changes from ``old`` to ``new``, both normalised. Empty = they say the same."""
    start = treatment_paths(treatment).start()
    spell = shared_spelling(old, new)
    before = comparable(old, start, drop_ephemeral=False, spell=spell)
    after = comparable(new, start, drop_ephemeral=False, spell=spell)
    return tuple(_differences(before, after, "", start, ephemeral=False))


def shared_spelling(old: Any, new: Any) -> Spell:
    """Spells each action of the policies in both as ``new`` does (else ``old``), so that case is no difference."""
    spelt: dict[str, str] = {}
    for action in (*_all_actions(new), *_all_actions(old)):
        spelt.setdefault(action.lower(), action)
    return lambda action: spelt.get(action.lower(), action)


def _all_actions(value: Any) -> Iterator[str]:
    if type(value) is dict:
        if "Statement" in value and is_policy(value):
            yield from actions_of(value)
            return
        value = value.values()
    for element in value:
        if type(element) is dict or type(element) is list:
            yield from _all_actions(element)


def _differences(old: Any, new: Any, path: str, state: State, *, ephemeral: bool) -> Iterator[DiffEntry]:
    if old is new:
        return
    ephemeral = ephemeral or marked(state, "ephemeral")
    if type(old) is dict and type(new) is dict:
        yield from _mapping(old, new, path, state, ephemeral=ephemeral)
    elif type(old) is list and type(new) is list:
        listed = _ordered if marked(state, "ordered") else _unordered
        yield from listed(old, new, path, state, ephemeral=ephemeral)
    elif type(old) is not type(new) or old != new:
        yield DiffEntry(path or "/", "replace", old, new, ephemeral)


def _mapping(
    old: Mapping[str, Any], new: Mapping[str, Any], path: str, state: State, *, ephemeral: bool
) -> Iterator[DiffEntry]:
    for key in sorted(old.keys() | new.keys()):
        within, here = below(state, key), path + segment(key)
        quiet = ephemeral or marked(within, "ephemeral")
        if key not in new:
            yield DiffEntry(here, "remove", old=old[key], ephemeral=quiet)
        elif key not in old:
            yield DiffEntry(here, "add", new=new[key], ephemeral=quiet)
        else:
            yield from _differences(old[key], new[key], here, within, ephemeral=quiet)


class _Lists:
    """Two lists, their elements known by canonical content."""

    __slots__ = ("ephemeral", "new", "old", "path", "within")

    def __init__(self, old: list[Any], new: list[Any], path: str, within: State, *, ephemeral: bool) -> None:
        self.old, self.new, self.path, self.within = old, new, path, within
        self.ephemeral = ephemeral or marked(within, "ephemeral")

    def removed(self, place: int, bracket: str) -> DiffEntry:
        return DiffEntry(self.path + bracket, "remove", old=self.old[place], ephemeral=self.ephemeral)

    def added(self, place: int, bracket: str) -> DiffEntry:
        return DiffEntry(self.path + bracket, "add", new=self.new[place], ephemeral=self.ephemeral)

    def inside(self, old: int, new: int, bracket: str) -> Iterator[DiffEntry]:
        here = self.path + bracket
        yield from _differences(self.old[old], self.new[new], here, self.within, ephemeral=self.ephemeral)


def _unordered(old: list[Any], new: list[Any], path: str, state: State, *, ephemeral: bool) -> Iterator[DiffEntry]:
    lists = _Lists(old, new, path, inside(state), ephemeral=ephemeral)
    left, right = _unmatched([canonical_text(element) for element in old], [canonical_text(element) for element in new])
    if not left and not right:
        return
    identity = common_identity(old, new, members(lists.within, "ephemeral"))
    if identity is not None:
        yield from _keyed(lists, left, right, identity)
        return
    pairs = _pairs(lists, left, right)
    for one, other in pairs:
        yield from lists.inside(one, other, f"[#{one}]")
    yield from _rest(lists, [n for n in left if n not in dict(pairs)], right, {other for _, other in pairs})


def _keyed(lists: _Lists, left: Sequence[int], right: Sequence[int], identity: Identity) -> Iterator[DiffEntry]:
    by_name = {identity.name(lists.new[place]): place for place in right}
    alone = first_identity(lists.old, members(lists.within, "ephemeral"))
    prefix = "" if alone == identity else f"{identity}="
    for place in left:
        name = identity.name(lists.old[place]) or ""
        if name in by_name:
            yield from lists.inside(place, by_name.pop(name), _keyed_bracket(prefix, name))
        else:
            yield lists.removed(place, bracketed(name))
    for added, place in by_name.items():
        yield lists.added(place, bracketed(added or ""))


def _keyed_bracket(prefix: str, name: str) -> str:
    return f"[{prefix}{bracketed(name)[1:]}"


def _rest(lists: _Lists, left: Sequence[int], right: Sequence[int], taken: set[int]) -> Iterator[DiffEntry]:
    for place in left:
        yield lists.removed(place, _plain_bracket(lists.old[place], place))
    for place in right:
        if place not in taken:
            yield lists.added(place, _plain_bracket(lists.new[place], place))


def _plain_bracket(element: Any, place: int) -> str:
    if isinstance(element, Mapping | list):
        return f"[#{place}]"
    return bracketed(element if isinstance(element, str) else canonical_text(element))


def _unmatched(old: Sequence[str], new: Sequence[str]) -> tuple[list[int], list[int]]:
    """The places on either side of what the other does not have, repeats counted."""
    return _surplus(old, new), _surplus(new, old)


def _surplus(these: Sequence[str], others: Sequence[str]) -> list[int]:
    available = Counter(others)
    places = []
    for place, text in enumerate(these):
        if available[text] > 0:
            available[text] -= 1
        else:
            places.append(place)
    return places


def _pairs(lists: _Lists, left: Sequence[int], right: Sequence[int]) -> list[tuple[int, int]]:
    """Elements without identity that are one and the same, changed: alike in what means something, or in most."""
    pairs = _same_meaning(lists, left, right)
    paired_old, paired_new = {old for old, _ in pairs}, {new for _, new in pairs}
    lone_old = [place for place in left if place not in paired_old and isinstance(lists.old[place], Mapping)]
    lone_new = [place for place in right if place not in paired_new and isinstance(lists.new[place], Mapping)]
    if len(lists.old) == len(lists.new) == len(lone_old) == len(lone_new) == 1:
        return [(lone_old[0], lone_new[0])]
    return pairs + _most_alike(lists, lone_old, lone_new)


def _same_meaning(lists: _Lists, left: Sequence[int], right: Sequence[int]) -> list[tuple[int, int]]:
    if not lists.within:
        return []
    waiting: dict[str, list[int]] = {}
    for place in reversed(right):
        waiting.setdefault(_meaning(lists.new[place], lists.within), []).append(place)
    pairs = []
    for place in left:
        same = waiting.get(_meaning(lists.old[place], lists.within))
        if same and isinstance(lists.old[place], Mapping | list):
            pairs.append((place, same.pop()))
    return pairs


def _meaning(element: Any, within: State) -> str:
    return canonical_text(comparable(element, within, drop_ephemeral=True))


def _most_alike(lists: _Lists, left: Sequence[int], right: Sequence[int]) -> list[tuple[int, int]]:
    if len(left) * len(right) > _PAIRS_LIMIT:
        return []
    scored = [(_likeness(lists.old[old], lists.new[new]), old, new) for old in left for new in right]
    pairs: list[tuple[int, int]] = []
    used_old: set[int] = set()
    used_new: set[int] = set()
    for likeness, old, new in sorted(scored, key=lambda found: (-found[0], found[1], found[2])):
        if likeness > _ALIKE and old not in used_old and new not in used_new:
            pairs.append((old, new))
            used_old.add(old)
            used_new.add(new)
    return sorted(pairs)


def _likeness(old: Mapping[str, Any], new: Mapping[str, Any]) -> float:
    """The part of the members that are the same."""
    same = sum(1 for key in old.keys() & new.keys() if canonical_text(old[key]) == canonical_text(new[key]))
    return same / max(len(old), len(new), 1)


def _ordered(old: list[Any], new: list[Any], path: str, state: State, *, ephemeral: bool) -> Iterator[DiffEntry]:
    lists = _Lists(old, new, path, inside(state), ephemeral=ephemeral)
    for i1, i2, j1, j2 in _steps(lists):
        paired = min(i2 - i1, j2 - j1)
        for step in range(paired):
            yield from lists.inside(i1 + step, j1 + step, f"[{i1 + step}]")
        for place in range(i1 + paired, i2):
            yield lists.removed(place, f"[{place}]")
        for place in range(j1 + paired, j2):
            yield lists.added(place, f"[{place}]")


def _steps(lists: _Lists) -> list[tuple[int, int, int, int]]:
    """Stretches of the two lists that correspond, in order: places from–to in the old one, from–to in the new one."""
    before = [_meaning(element, lists.within) for element in lists.old]
    after = [_meaning(element, lists.within) for element in lists.new]
    if len(before) + len(after) > _ORDERED_LIMIT:
        return [(0, len(before), 0, len(after))]
    return [step[1:] for step in SequenceMatcher(None, before, after, autojunk=False).get_opcodes()]
