"""Notifications: what is due, what was sent, and why a route takes something or does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from vigie.app.parts import Parts
from vigie.model.change import Change
from vigie.model.errors import UsageError
from vigie.model.finding import Finding
from vigie.model.paging import Page
from vigie.model.report import Delivery, SweepReport

if TYPE_CHECKING:
    from vigie.history.notifications import Notification
    from vigie.notify.routes import Explanation


class Telling(Parts):
    """What people are told."""

    def tell(self, report: SweepReport) -> SweepReport:
        """Send the notifications that are due; returns the report with how that went."""
        told = self.notifier.run_once(self._clock(), flush=True)
        waiting = told.retried + told.held
        return replace(report, notifications=Delivery(sent=told.sent, waiting=waiting, dead=told.dead))

    def notifications(self, *, status: str | None, limit: int) -> Sequence[Notification]:
        from vigie.history.notifications import NotificationStatus

        wanted = NotificationStatus(status) if status else None
        return self.history.outbox.notifications.page(Page(limit=limit), status=wanted).items

    def resend(self, numbers: Sequence[int], *, all_dead: bool) -> int:
        """Try dead notifications again; returns how many.

        Raises:
            UsageError: Neither numbers nor all were asked for.
        """
        if not numbers and not all_dead:
            raise UsageError("Name the notifications to send again by number, or give --all-dead.")
        with self.history.begin() as tx:
            now = self._clock()
            return self.history.outbox.notifications.resend(tx, now, None if all_dead else numbers)

    def explain_routes(self, about: Change | Finding) -> tuple[str, list[Explanation]]:
        """What each route makes of a change or of a finding: a headline, and one explanation a route."""
        from vigie.history.outbox import finding_payload
        from vigie.notify.phrases import headline
        from vigie.notify.reading import change_event, finding_event
        from vigie.notify.routes import explain

        accounts = self.known_accounts()
        if isinstance(about, Change):
            event = change_event(about, accounts)
        else:
            revision = self.history.archive.latest(about.resource.pk or 0)
            tags = revision.tags if revision else {}
            payload = finding_payload(about, previous=None, baseline=False, tags=tags)
            event = finding_event(payload, about.since, accounts)
        return headline(event), explain(event, self.routes)
