"""What a change gave a principal, and what it took: the requests allowed after and not before, and the reverse.

A request is gained where the policies after allow it and those before did not: either no Allow of some layer before
matched it, or some Deny did. Each such reason is searched for by the box engine; statements that stand on both sides
are left out beforehand, so that a change of one statement costs one statement.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from vigie.access.constraints import Constraint
from vigie.access.document import Statement
from vigie.access.patterns import glob
from vigie.access.power.deciding import EVERY, Question
from vigie.access.power.effective import Effective, Layer, LayerKind
from vigie.access.power.recheck import permits
from vigie.access.power.statements import Written
from vigie.access.request import Request
from vigie.access.search import ACTION, Way
from vigie.access.texts import Texts
from vigie.model.verdict import Dimension, Direction, Shift, direction_of

MOST_ACTIONS: Final = 250
"""Actions of one statement that are asked about one by one; all others of it in one question."""
_MOST_PLACES: Final = 20
_SHOWN: Final = 4
_STEPS: Final = 60_000
_CAPPED: Final = "it was not decided whether more was gained or lost: the search was capped"


@dataclass(frozen=True, slots=True)
class Shifts:
    """What a principal gained and lost. ``problems``: why something could not be decided (never taken for nothing)."""

    gained: tuple[Shift, ...] = ()
    lost: tuple[Shift, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def direction(self) -> Direction:
        return direction_of(gained=bool(self.gained), lost=bool(self.lost), undecided=bool(self.problems))


def shifts(before: Effective | None, after: Effective | None) -> Shifts:
    """What the change gave the principal and took from it. None: it did not exist, or does not any more.

    Both sides are asked about the same principal. Never raises.
    """
    some = after or before
    if some is None:
        return Shifts()
    old, new = before or _nobody(some), after or _nobody(some)
    gained, capped = _gained(old, new, "may now")
    lost, too = _gained(new, old, "may no longer")
    problems = [*old.unread, *new.unread, *([_CAPPED] if capped or too else [])]
    return Shifts(gained, lost, tuple(dict.fromkeys(problems)))


def _nobody(somebody: Effective) -> Effective:
    return replace(somebody, layers=(Layer(LayerKind.IDENTITY, "its policies"),), problems=(), _rules={})


@dataclass
class _Found:
    """What one statement gives."""

    statement: Written
    actions: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    """The resources of the statement on which something was gained."""
    witness: Request | None = None
    exact: bool = True


def _gained(before: Effective, after: Effective, verb: str) -> tuple[tuple[Shift, ...], bool]:
    """What ``after`` allows and ``before`` does not, told once for each statement behind it."""
    found: list[_Found] = []
    capped = False
    for reason in _reasons(before, after):
        for gap in reason.gaps(before, after):
            capped |= gap.capped
            if gap.found is not None:
                found.append(gap.found)
    told: dict[tuple[str, tuple[str, ...]], Shift] = {}
    for one in found:
        shift = _told(one, after, verb)
        told.setdefault((shift.words, shift.what), shift)
    return tuple(told.values()), capped


@dataclass(frozen=True, slots=True)
class _Gain:
    """A way that is open now and was not."""

    question: Question
    way: Way

    @property
    def request(self) -> Request:
        return self.question.request(self.way)


@dataclass(frozen=True, slots=True)
class _Gap:
    found: _Found | None
    capped: bool


@dataclass(frozen=True, slots=True)
class _Reason:
    """Why a request was refused before, and by which statements it may be allowed now."""

    by: Sequence[Written]
    """The statements that can let it through now: one of them must."""
    layer: int | None
    """The layer of ``after`` they stand in; None: they are Denies of before, that must match."""
    unmatched: Sequence[Written] = ()
    """Allows of before of which none may match."""

    def gaps(self, before: Effective, after: Effective) -> Iterator[_Gap]:
        for statement in self.by:
            yield self._gap(statement, before, after)

    def _gap(self, statement: Written, before: Effective, after: Effective) -> _Gap:
        found = _Found(statement)
        capped = False
        for actions in _asked(statement, self.unmatched):
            gain, cut = self._gain(statement, actions, before, after)
            capped |= cut
            if gain is not None:
                found.actions += actions
                found.exact = found.exact and not gain.way.doubts
                if found.witness is None:
                    found.witness = gain.request
                    found.exact = found.exact and permits(after, gain.request) and not permits(before, gain.request)
        found.exact = found.exact and before.identity == after.identity
        if found.actions:
            found.places = self._places(statement, found.actions[0], before, after)
        return _Gap(found if found.actions else None, capped)

    def _places(self, statement: Written, action: str, before: Effective, after: Effective) -> list[str]:
        written = statement.statement
        places = list(written.resources)
        if written.not_resource or not 1 < len(places) <= _MOST_PLACES:
            return places
        gained = [p for p in places if self._gain(statement, [action], before, after, (p,))[0] is not None]
        return gained or places

    def _gain(
        self,
        statement: Written,
        actions: Sequence[str],
        before: Effective,
        after: Effective,
        places: tuple[str, ...] = EVERY,
    ) -> tuple[_Gain | None, bool]:
        """How one of these actions is gained; whether the search was capped."""
        action = actions[0] if len(actions) == 1 else "*"
        question = Question(after, action, places, {}, None, _STEPS)
        start = dict(question.start)
        if len(actions) > 1:
            start[ACTION] = (Constraint(False, Texts(tuple(map(glob, actions)), fold=True)),)
        gates = list(question.branches[0][1])
        if self.layer is None:
            inside = question.rules([statement])
            begun = question.search.begin(start)
            box = question.search.joined(begun, inside[0].parts) if inside else None
            if box is None:
                return None, False
            start = dict(box)
        else:
            gates[self.layer] = question.rules([statement])
        if not all(gates):
            return None, False
        unmatched = question.rules_of(before, self.unmatched)
        found = question.search.through(gates, [*question.denies, *unmatched], start)
        return (_Gain(question, found[0]), False) if found is not None else (None, question.search.capped)


def _reasons(before: Effective, after: Effective) -> Iterator[_Reason]:
    stands = {_content(w) for w in after.denies}
    gone = [w for w in before.denies if _content(w) not in stands]
    if gone:
        yield _Reason(gone, None)
    for layer, allows in zip(before.layers, before.allows, strict=True):
        stood = {_content(w) for w in allows}
        place = _same_layer(layer, before, after)
        if place is None:
            # a bound that is gone: whatever else lets through may be gained
            yield _Reason(after.allows[0], 0, allows)
        else:
            new = [w for w in after.allows[place] if _content(w) not in stood]
            if new:
                yield _Reason(new, place, allows)


def _same_layer(layer: Layer, before: Effective, after: Effective) -> int | None:
    """The layer of ``after`` in its place: of that kind and name, or the only one of that kind on both sides."""
    same = [n for n, la in enumerate(after.layers) if la.kind is layer.kind and la.name == layer.name]
    if same:
        return same[0]
    of_kind = [n for n, la in enumerate(after.layers) if la.kind is layer.kind]
    return of_kind[0] if len(of_kind) == 1 == len(before.layer_of(layer.kind)) else None


def _content(written: Written) -> tuple[Statement, bool]:
    return replace(written.statement, label=""), written.reader.variables


def _asked(statement: Written, others: Sequence[Written]) -> Iterator[list[str]]:
    """The actions of a statement, one by one; the many in one question. Those that another one surely allows on the
    same resources under the same conditions are not asked about.
    """
    said = statement.statement
    if said.not_action:
        yield ["*"]
        return
    alike = [w for w in others if _covers_places(w.statement, said)]
    open_ = [a for a in said.actions if not any(_covers_action(w, a) for w in alike)]
    for action in open_[:MOST_ACTIONS]:
        yield [action]
    if len(open_) > MOST_ACTIONS:
        yield open_[MOST_ACTIONS:]


def _covers_places(wide: Statement, narrow: Statement) -> bool:
    if wide.conditions and wide.conditions != narrow.conditions:
        return False
    same = wide.resources == narrow.resources and wide.not_resource == narrow.not_resource
    return same or ("*" in wide.resources and not wide.not_resource)


def _covers_action(written: Written, action: str) -> bool:
    said = written.statement
    if "*" in action or "?" in action:
        lower = action.lower()
        return not said.not_action and ("*" in said.actions or any(a.lower() == lower for a in said.actions))
    return written.actions.holds(action.lower())


def _told(found: _Found, holder: Effective, verb: str) -> Shift:
    statement = found.statement.statement
    exempt = f"everything but {_listed(statement.actions)}" if statement.not_action else _listed(found.actions)
    places = _listed(found.places or ("*",))
    where = f"all but {places}" if statement.not_resource else "everything" if places == "*" else places
    conditions = f" (if {' and '.join(map(str, statement.conditions))})" if _conditional(found) else ""
    by = f", by {found.statement.label}" if found.statement.statement.allow else ""
    who = holder.identity.arn
    spoken = "everything" if exempt == "*" else exempt
    return Shift(
        Dimension.POWER,
        f"{_short(who)} {verb} do {spoken} on {where}{conditions}{by}",
        who,
        tuple(found.actions),
        found.witness.document() if found.witness else None,
        found.exact,
    )


def _conditional(found: _Found) -> bool:
    return found.statement.statement.allow and bool(found.statement.statement.conditions)


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _short(arn: str) -> str:
    return arn.split(":", 5)[-1] or arn
