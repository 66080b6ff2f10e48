"""The verdict on a recorded change: the state before it and after it compared, with what was known of the rest then.

A change is judged alone, at the time it was observed: what else changed later is judged with that. Where two changes
were seen in one window (a bucket's policy and the public access block of its account), the later is judged with the
earlier as it may already have been, so that what they open together is told of one of them at least.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from vigie.access.comparing import State, compare
from vigie.access.reach import judge_change
from vigie.access.reach.changing import CONCERNING
from vigie.access.verdict import Facts
from vigie.audit.estate import EstateSettings, HistoryInventory, make_estate
from vigie.audit.gained_power import POWER_TYPES, power_verdict
from vigie.audit.laid import Laid, PastInventory, present
from vigie.history.store import History
from vigie.model.change import Change, ChangeKind, Revision
from vigie.model.errors import StoreError
from vigie.model.paging import Page
from vigie.model.queries import ChangeFilter, ResourceFilter
from vigie.model.resource import Resource
from vigie.model.verdict import ChangeVerdict, Direction, joined
from vigie.rules.estate import ACCOUNT_BLOCK, Estate, Inventory

log = structlog.get_logger()

_MOST_GONE: Final = 100
_BLOCK: Final = "PublicAccessBlock"
_TOGETHER: Final = timedelta(minutes=10)
"""What was seen so soon after a change is taken to have been so already: one sweep does not see all at once."""
_BLOCKED_TYPES: Final = ("AWS::S3::Bucket", "AWS::S3::AccessPoint")
"""Whose access the public access block of the account decides, too."""


@dataclass(frozen=True)
class ChangeJudge:
    """Judges changes of one store. For a batch; not to be kept longer: what it looked up is kept."""

    history: History
    estate: Estate
    _inventories: dict[datetime, PastInventory] = field(default_factory=dict, repr=False)

    @classmethod
    def over(cls, history: History, settings: EstateSettings, now: datetime) -> ChangeJudge:
        return cls(history, make_estate(history, settings, HistoryInventory(history), now))

    def verdict(self, revision_pk: int) -> ChangeVerdict | None:
        """The verdict on a recorded change; None where there is nothing to judge so. Never raises but for the store.

        Raises:
            StoreError: the store cannot be read.
        """
        return self.verdicts([revision_pk])[revision_pk]

    def verdicts(self, revision_pks: Sequence[int]) -> dict[int, ChangeVerdict | None]:
        """The same of several, read at once, in their order."""
        changes = self.history.archive.changes_of(revision_pks)
        return {pk: self._verdict(pk, changes.get(pk)) for pk in revision_pks}

    def _verdict(self, revision_pk: int, change: Change | None) -> ChangeVerdict | None:
        if change is None or not change.kind.durable:
            return None
        revision = change.revision
        before = self._before(revision)
        if revision.number > 1 and before is None:
            return ChangeVerdict(Direction.UNKNOWN, problems=("the state before it is not recorded",))
        try:
            return joined(self._verdicts(before, revision))
        except StoreError:
            raise
        except Exception as error:
            log.exception("a change could not be judged", revision=revision_pk)
            reason = f"vigie failed in judging it ({type(error).__name__}): this is a defect"
            return ChangeVerdict(Direction.UNKNOWN, problems=(reason,))

    def _verdicts(self, before: Revision | None, after: Revision) -> Iterator[ChangeVerdict | None]:
        yield self._access(before, after)
        if after.type == ACCOUNT_BLOCK:
            yield from self._behind_block(before, after)
        if after.type in POWER_TYPES:
            yield power_verdict(self._inventory(after), before, after)
        if after.type in CONCERNING:
            yield judge_change(self._inventory(after), present(before), present(after))

    def _inventory(self, revision: Revision) -> Inventory:
        """What else was recorded around the time of a change, what was gone soon after it too."""
        when = revision.observed_at + _TOGETHER
        found: Inventory = self.estate.inventory
        if when < self.estate.now:
            if when not in self._inventories:
                self._inventories.clear()  # changes come in order: one is enough
                self._inventories[when] = PastInventory(self.history, when)
            found = self._inventories[when]
        for gone in self._gone_soon(revision, when):
            found = Laid(found, gone, present(self._before(gone)))
        return found

    def _gone_soon(self, revision: Revision, when: datetime) -> Iterator[Revision]:
        """The deletions of other resources up to that time."""
        wanted = ChangeFilter(since=revision.observed_at, until=when, kinds=(ChangeKind.DELETED,))
        for change in self.history.archive.changes(wanted, Page(_MOST_GONE)).items:
            if change.resource.type in POWER_TYPES | CONCERNING and change.resource.pk != revision.resource.pk:
                yield change.revision

    def _before(self, revision: Revision) -> Revision | None:
        if revision.number == 1 or revision.resource.pk is None:
            return None
        return self.history.archive.revision(revision.resource.pk, revision.number - 1)

    # Access

    def _access(self, before: Revision | None, after: Revision) -> ChangeVerdict | None:
        return joined(
            compare(
                after.type,
                _state(before, facts),
                _state(after, facts),
                account=after.account,
                facts=facts,
                arn=after.arn,
            )
            for facts in self._facts(after)
        )

    def _facts(self, revision: Revision) -> list[Facts]:
        """What was known of the world at the time of a change: with each public access block of the account that may
        have held.
        """
        facts = self.estate.facts(revision)
        if revision.type not in _BLOCKED_TYPES:
            return [facts]
        for block in self._resources(revision.account, ACCOUNT_BLOCK):
            state = self.history.archive.state_at(block.pk or 0, revision.observed_at)
            held = [one for one in (state.revision, state.next_revision) if one is not None]
            return [_blocked(facts, one) for one in held] or [facts]
        return [facts]

    def _behind_block(self, before: Revision | None, after: Revision) -> Iterator[ChangeVerdict | None]:
        """What the buckets and access points of the account gave and took by a change of its public access block."""
        if _switches(before) == _switches(after):
            return
        for type_ in _BLOCKED_TYPES:
            for resource in self._resources(after.account, type_):
                revision = self.history.archive.state_at(resource.pk or 0, after.observed_at).revision
                if revision is not None and revision.kind is not ChangeKind.DELETED:
                    yield self._behind(revision, before, after)

    def _behind(self, revision: Revision, before: Revision | None, after: Revision) -> ChangeVerdict | None:
        facts = self.estate.facts(revision)
        states = (_state(revision, _blocked(facts, block)) for block in (before, after))
        return compare(revision.type, *states, account=revision.account, facts=facts, arn=revision.arn)

    def _resources(self, account: str, type_: str) -> Iterator[Resource]:
        wanted, page = ResourceFilter(account=account, type=type_, present=None), Page(limit=1000)
        while True:
            listed = self.history.archive.resources(wanted, page)
            yield from listed.items
            if listed.next is None:
                return
            page = Page(limit=1000, after=listed.next)


def _state(revision: Revision | None, facts: Facts) -> State | None:
    if revision is None or revision.kind is ChangeKind.DELETED:
        return None
    unread = {key: f"{problem.operation}: {problem.code}" for key, problem in revision.unreadable.items()}
    return State(dict(revision.configuration), unread, facts)


def _blocked(facts: Facts, block: Revision | None) -> Facts:
    """The facts with this public access block of the account; None or gone: there is none."""
    unread: Mapping[str, str] = {}
    if block is not None and block.unreadable:
        problem: Any = next(iter(block.unreadable.values()))
        unread = {_BLOCK: f"{problem.operation}: {problem.code}"}
    return replace(facts, account_settings={_BLOCK: _switches(block)}, unread_settings=unread)


def _switches(block: Revision | None) -> dict[str, Any]:
    return {} if block is None or block.kind is ChangeKind.DELETED else dict(block.configuration)


def counted(verdicts: Sequence[ChangeVerdict | None]) -> int:
    """How many of them widened what others may."""
    return sum(one is not None and one.direction is Direction.WIDENED for one in verdicts)
