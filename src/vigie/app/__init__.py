"""The composition root: builds store, catalogue and stages from the settings. The only package that knows them all.

One module per thing that is done; :class:`App` has them all. A new one is a class over :class:`~vigie.app.parts.Parts`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from vigie.app.exporting import Exporting
from vigie.app.importing import Importing
from vigie.app.judging import Judging
from vigie.app.listening import Listening
from vigie.app.parts import KEY_BYTES, Progress, utc_now
from vigie.app.reaching import Reaching
from vigie.app.retaining import Retaining
from vigie.app.telling import Telling
from vigie.runtime.local import Loop


class App(Listening, Judging, Telling, Importing, Retaining, Exporting, Reaching):
    """vigie, built over one store. Close it at the end."""

    def loops(self, *, sweep: bool) -> list[Loop]:
        """What ``vigie up`` does over and over.

        Raises:
            SettingsError: What the loops would stumble over is told at the start, not in their log.
        """
        second = timedelta(seconds=1)
        loops = [
            Loop("attributor", self._attribute_due, second),
            Loop("auditor", self._judge_due, second / 2),  # looking and finding nothing takes about a millisecond
            Loop("notifier", self._tell_due, second),
            Loop("evidence", self._prove_due, 5 * second),
            Loop("housekeeping", self._clean, timedelta(hours=1)),
        ]
        self.overrides, self.notifier, self.anchors  # noqa: B018 - built now, for their mistakes
        if sweep:
            self._checked_regions(self._regions_of_settings())
            self._types_to_sweep((), ())
            loops += self.listening_loops()
            loops.append(Loop("watcher", self._sweep_due, min(15 * second, self.settings.sweep.every / 4)))
        return loops

    def loops_of_listening(self) -> list[Loop]:
        """What ``vigie listen`` does over and over: no sweeps, no page.

        Raises:
            SettingsError: No source of events is set.
        """
        self._checked_sources()
        return [*self.loops(sweep=False), *self.listening_loops()]

    def now(self) -> datetime:
        return self._clock()

    def _attribute_due(self) -> bool:
        self.attributor.run()
        return False

    def _judge_due(self) -> bool:
        report = self.auditor.run(self._clock())
        return report.judged > 0 or report.changes > 0

    def _tell_due(self) -> bool:
        told = self.notifier.run_once(self._clock())
        return told.routed > 0 or told.sent > 0

    def _clean(self) -> bool:
        with self.history.begin() as tx:
            self.history.outbox.forget(tx, self._clock() - self.settings.retention.told_older_than)
        return False


__all__ = ["KEY_BYTES", "App", "Progress", "utc_now"]
