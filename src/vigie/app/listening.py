"""Events: fetched from where the settings say, or from files at hand; and what is read because of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from vigie.app.sweeping import Sweeping
from vigie.model.errors import SettingsError, UsageError
from vigie.model.event import Event, Malformed, RecordsFile
from vigie.model.scope import GLOBAL, Scope
from vigie.runtime.local import Loop

if TYPE_CHECKING:
    from vigie.model.account import Account
    from vigie.watch.events import Interpreter
    from vigie.watch.intake import Intake, Taken
    from vigie.watch.sources.calling import Calling
    from vigie.watch.sources.lookup import LookupSource
    from vigie.watch.sources.queue import QueueSource
    from vigie.watch.sources.trail import TrailSource
    from vigie.watch.targeted import TargetedReader

_BATCH: Final = 500
_LOOKUP_EVERY: Final = timedelta(minutes=5)
_LIST_EVERY: Final = timedelta(minutes=2)
_SECOND: Final = timedelta(seconds=1)


class Listening(Sweeping):
    """Listens for events, and reads what they changed."""

    def listen_once(self) -> ListenReport:
        """Take in all that is there now, read what it changed (the first stage), attribute, judge.

        Raises:
            SettingsError: No source of events is set.
            StoreError: The store cannot be written: nothing that was not recorded is taken off a queue.
        """
        self._checked_sources()
        report = ListenReport()
        sources: list[QueueSource | TrailSource | LookupSource] = [*self.queue_sources, *self.trail_sources]
        for source in [*sources, *self.lookup_sources]:
            self._drain(source, report)
        self._read_first_stage(report)
        report.attributed = {key.value: n for key, n in self.attributor.run().concluded.items()}
        audit = self._judged()
        report.opened, report.resolved, report.widened = audit.opened, audit.resolved, audit.widened
        return report

    def listening_loops(self) -> list[Loop]:
        """What ``vigie listen`` and ``vigie up`` do over and over about events. None without a source."""
        if not self.settings.events.sources:
            return []
        loops = [Loop("reader of what events changed", self._read_due, _SECOND / 4)]
        for number, queue in enumerate(self.queue_sources, start=1):
            idle = _SECOND / 4 if queue.calling.local else _SECOND / 20
            loops.append(Loop(f"queue {number}", self._stepping(queue), idle))
        for number, trail in enumerate(self.trail_sources, start=1):
            if trail.settings.list:
                loops.append(Loop(f"trail {number}", self._stepping(trail), _LIST_EVERY))
        if self.settings.events.lookup:
            loops.append(Loop("lookup", self._look_up, _LOOKUP_EVERY))
        return loops

    def import_events(self, contents: Iterable[tuple[str, IO[bytes]]]) -> Taken:
        """Take in the records of files at hand, in any envelope. Nothing of AWS is read because of them.

        Args:
            contents: What each is called, and its content.

        Raises:
            UsageError: A file cannot be read.
            StoreError: The store cannot be written; the batches before it were.
        """
        from vigie.watch.events import read
        from vigie.watch.intake import Intake, Taken

        intake = Intake(self.history, self.catalogue, self._clock, is_watched=lambda scope: False)
        taken = Taken()
        for name, content in contents:
            try:
                data = content.read()
            except OSError as error:
                raise UsageError(f"{name} cannot be read: {error.strerror}.") from None
            for batch in _batches(read(data, self._interpreter)):
                taken.add(intake.take("import", batch))
        self.attributor.run()
        return taken

    # sources

    @cached_property
    def queue_sources(self) -> list[QueueSource]:
        from vigie.watch.sources.queue import QueueSource

        return [
            QueueSource(one, self.calling, self.history, self.intake, self._read, self._fetch_files, self._clock)
            for one in self.settings.events.queues
        ]

    @cached_property
    def trail_sources(self) -> list[TrailSource]:
        from vigie.watch.sources.trail import TrailSource

        return [
            TrailSource(one, self.calling, self.history, self.intake, self._read, self._clock)
            for one in self.settings.events.trails
        ]

    @property
    def lookup_sources(self) -> list[LookupSource]:
        """One for each watched account and enabled region."""
        if not self.settings.events.lookup:
            return []
        return [source for account in self._accounts_to_sweep(()) for source in self._lookups_of(account)]

    def _lookups_of(self, account: Account) -> Iterator[LookupSource]:
        """None, and a note of why, where the account cannot be entered."""
        from vigie.aws.errors import CallFailed
        from vigie.watch.sources.calling import told
        from vigie.watch.sources.lookup import LookupSource

        try:
            caller = self.calling.caller(account.id)
            regions = self.settings.regions or account.regions or self.entrances.regions(caller).names
        except CallFailed as failure:
            with self.history.begin() as tx:
                name = f"lookup:{account.id}"
                self.history.events.note_delivery_failed(tx, name, told(failure), self._clock())
            return
        for region in dict.fromkeys((caller.trusted_region, *regions)):
            yield LookupSource(account.id, region, self.calling, self.history, self.intake, self._read, self._clock)

    @cached_property
    def calling(self) -> Calling:
        from vigie.watch.sources.calling import Calling

        return Calling(self.entrances, self.known_accounts)

    @cached_property
    def intake(self) -> Intake:
        from vigie.watch.intake import Intake
        from vigie.watch.targeted import quicker

        return Intake(
            self.history, self.catalogue, self._clock, is_watched=self._is_watched, quicker=quicker(self.calling)
        )

    @cached_property
    def targeted(self) -> TargetedReader:
        from vigie.model.canonical import keyed_redactor
        from vigie.watch.targeted import TargetedReader

        redactor = keyed_redactor(self.key("redaction"))
        return TargetedReader(self.history, self.catalogue, self.calling, redactor=redactor)

    @cached_property
    def _interpreter(self) -> Interpreter:
        from vigie.watch.events import Interpreter

        return Interpreter(self.catalogue)

    def _read(self, content: Any) -> Iterator[Event | Malformed | RecordsFile]:
        from vigie.watch.events import read

        return read(content, self._interpreter)

    def _fetch_files(self, files: Sequence[RecordsFile]) -> Taken:
        """Files that a queue tells of: those of the trails of the settings, and no others."""
        from vigie.watch.intake import Taken

        taken = Taken()
        for file in files:
            trail = next((one for one in self.trail_sources if one.holds(file)), None)
            if trail is not None:
                taken.add(trail.fetch([file]))
            else:
                digest = _sha256(f"{file.bucket}/{file.key}")
                why = f"The file {file.bucket}/{file.key} is of no trail in the settings ([[events.trails]])."
                taken.add(self.intake.take("files of unknown trails", [Malformed(why, digest, 0)]))
        return taken

    def _checked_sources(self) -> None:
        if not self.settings.events.sources:
            raise SettingsError(
                "No source of events is set: name a queue ([[events.queues]] url), a trail ([[events.trails]] bucket), "
                "or set events.lookup."
            )

    @cached_property
    def _watched_types(self) -> frozenset[str]:
        return frozenset(self.catalogue.select(self.settings.types).types)

    def _is_watched(self, scope: Scope) -> bool:
        regions = self.settings.regions
        return scope.type in self._watched_types and (scope.region == GLOBAL or not regions or scope.region in regions)

    # steps

    def _stepping(self, source: QueueSource | TrailSource | LookupSource) -> Callable[[], bool]:
        """A step that notes why it could not be done; True where there may be more."""

        def step() -> bool:
            from vigie.aws.errors import CallFailed
            from vigie.model.errors import CredentialsError
            from vigie.watch.sources.calling import told

            try:
                taken = source.step()
            except CallFailed as failure:
                with self.history.begin() as tx:
                    self.history.events.note_delivery_failed(tx, source.name, told(failure), self._clock())
                raise CredentialsError(f"{source.name} cannot be read: {told(failure)}") from None
            return bool(taken.events or taken.duplicates or taken.malformed) and not source.name.startswith("lookup")

        return step

    def _look_up(self) -> bool:
        for source in self.lookup_sources:
            self._stepping(source)()
        return False

    def _read_due(self) -> bool:
        return self.targeted.run().did_something

    def _drain(self, source: QueueSource | TrailSource | LookupSource, report: ListenReport) -> None:
        from vigie.aws.errors import CallFailed
        from vigie.watch.sources.calling import told

        try:
            while True:
                taken = source.step()
                report.add(taken)
                if not (taken.events or taken.duplicates or taken.malformed) or source.name.startswith("lookup"):
                    return
        except CallFailed as failure:
            report.failed[source.name] = told(failure)
            with self.history.begin() as tx:
                self.history.events.note_delivery_failed(tx, source.name, told(failure), self._clock())

    def _read_first_stage(self, report: ListenReport) -> None:
        """Wait for the first look at what events changed, and make it; later looks stay due for the next run."""
        from vigie.watch.intake import LIST, LIST_AFTER, READ
        from vigie.watch.targeted import quicker

        until = self._clock() + LIST_AFTER / quicker(self.calling) + _SECOND / 2
        while True:
            summary = self.targeted.run()
            report.read += summary.resources
            report.listed += summary.scopes_listed
            report.unread += summary.failed
            report.changes += len(summary.changes)
            due = [at for topic in (READ, LIST) if (at := self.history.work.next_due(topic)) is not None]
            if not due or min(due) > until:
                return
            time.sleep(max(0.0, min((min(due) - self._clock()).total_seconds(), 1.0)))


class ListenReport:
    """What one ``vigie listen --once`` did."""

    def __init__(self) -> None:
        self.events = self.duplicates = self.passed_over = self.malformed = 0
        self.read = self.listed = self.unread = self.changes = 0
        self.opened = self.resolved = self.widened = 0
        self.attributed: dict[str, int] = {}
        self.failed: dict[str, str] = {}
        """Source → why it could not be read."""

    def add(self, taken: Taken) -> None:
        self.events += taken.events
        self.duplicates += taken.duplicates
        self.passed_over += taken.passed_over
        self.malformed += taken.malformed

    @property
    def document(self) -> dict[str, Any]:
        return dict(vars(self))


def files_below(path: Path) -> Iterator[Path]:
    """The file, or all files in a folder, in the order of their names. Raises UsageError: there is none."""
    if path.is_dir():
        yield from sorted(one for one in path.rglob("*") if one.is_file())
    elif path.exists():
        yield path
    else:
        raise UsageError(f"There is no file {path}.")


def _batches(found: Iterable[Event | Malformed | RecordsFile]) -> Iterator[list[Event | Malformed | RecordsFile]]:
    batch: list[Event | Malformed | RecordsFile] = []
    for one in found:
        batch.append(one)
        if len(batch) >= _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _sha256(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()
