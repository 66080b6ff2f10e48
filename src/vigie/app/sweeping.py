"""Looking at AWS, and judging what was recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from vigie.app.accounts import Accounts
from vigie.app.parts import Progress
from vigie.model.change import ChangeKind
from vigie.model.errors import CredentialsError, SettingsError, UsageError
from vigie.model.finding import FindingStatus
from vigie.model.queries import ResourceFilter
from vigie.model.report import SweepReport
from vigie.runtime.processes import in_processes
from vigie.settings import Settings

if TYPE_CHECKING:
    from vigie.audit.worker import AuditReport
    from vigie.catalogue.loader import Catalogue
    from vigie.history.work import Claim
    from vigie.watch.schedule import Calm
    from vigie.watch.summary import SweepSummary
    from vigie.watch.sweep import Request

SWEEP_TOPIC: Final = "sweep"
SWEEP_LEASE: Final = timedelta(minutes=3)
"""After it, another process may sweep the account of one that died; one that sweeps renews it."""


CALM_FOR: Final = timedelta(minutes=5)
"""How long it is kept where sweeps may be rare: it is asked for every few seconds."""


class Sweeping(Accounts):
    """Sweeps: asked for by a command, or due."""

    _calm: tuple[datetime, Calm] | None = None

    def sweep(
        self,
        *,
        accounts: Sequence[str] = (),
        regions: Sequence[str] = (),
        types: Sequence[str] = (),
        rules: Sequence[str] = (),
        progress: Progress,
    ) -> SweepReport:
        """Look at AWS now, record, and judge what was recorded.

        Raises:
            UsageError, SettingsError, CredentialsError, StoreError: One sentence for the user.
        """
        from vigie.watch.sweep import Request

        chosen_types = self._types_to_sweep(types, rules)
        self._checked_regions(self._regions_of_settings())
        chosen_regions = self._checked_regions(regions, UsageError) or self.settings.regions
        self.rules  # noqa: B018 - a wrong rule file or override is told before the sweep, not after it
        self.overrides  # noqa: B018
        self.notifier  # noqa: B018
        chosen = self._accounts_to_sweep(accounts)
        if not chosen:
            raise UsageError("No account is watched: `vigie accounts label ID --watched` changes that.")
        return self._swept(Request(chosen, chosen_regions, chosen_types), progress)

    def _swept(self, request: Request, progress: Progress) -> SweepReport:
        """Raises CredentialsError: not one of the accounts could be entered, and only one was asked for."""
        summary = self._look(request, progress)
        progress(summary.scopes, summary.scopes, "judging")
        audit = self._judged()
        if not summary.accounts and len(summary.failed_accounts) == 1:
            account, reason = next(iter(summary.failed_accounts.items()))
            raise CredentialsError(
                f"The account {account} could not be read: {reason}. Nothing was concluded about it."
            )
        return self._report(request, summary, audit)

    def _look(self, request: Request, progress: Progress) -> SweepSummary:
        """Sweep, in this process or in as many as the settings say."""
        processes = self.settings.sweep.processes
        if processes == 1:
            return self.sweeper.sweep(request, progress)
        summary, *others = in_processes(sweep_shard, (self.settings, request), processes, progress)
        for other in others:
            summary.join(other)
        summary.seconds = max(one.seconds for one in (summary, *others))
        return summary

    def _report(self, request: Request, summary: SweepSummary, audit: AuditReport) -> SweepReport:
        from vigie.history.findings import FindingFilter

        swept = set(summary.not_whole)
        rows = [row for account in request.accounts for row in self.history.archive.coverage(account=account.id)]
        opened = self.history.findings.counts(FindingFilter(statuses=(FindingStatus.OPEN,)), by="severity")
        return SweepReport(
            accounts=tuple(summary.accounts),
            resources=self._present(summary.accounts),
            changes={kind.value: summary.changes[kind] for kind in ChangeKind},
            scopes=summary.scopes,
            scopes_whole=summary.whole,
            gaps=tuple(row for row in rows if row.scope in swept and row.is_gap),
            calls=summary.calls,
            seconds=summary.seconds,
            failed_accounts=dict(summary.failed_accounts),
            open_findings=opened,
            widened=audit.widened,
            opened=audit.opened,
            resolved=audit.resolved,
            unknown=audit.unknown,
            notices=tuple(dict.fromkeys(summary.notices)),
        )

    def _judged(self) -> AuditReport:
        """Attribute and judge what is due; and what another process holds, which may have been killed: judged twice
        does no harm."""
        from vigie.audit.worker import TOPIC

        self.attributor.run()
        now = self._clock()
        report = self.auditor.run(now)
        return report + self.auditor.judge_everything(now) if self.history.work.claimed(TOPIC, now) else report

    def _present(self, accounts: Sequence[str]) -> int:
        counts = [
            sum(self.history.archive.facets(ResourceFilter(account=account)).types.values()) for account in accounts
        ]
        return sum(counts)

    def _types_to_sweep(self, types: Sequence[str], rules: Sequence[str]) -> tuple[str, ...]:
        """Raises UsageError: a pattern that fits no type, or a rule that does not exist."""
        from vigie.model.errors import CatalogueError

        asked = list(types)
        for name in rules:
            rule = self.rules.get(name)
            asked += [type_ for type_ in (*rule.applies_to, *rule.looks_up) if type_ in self.catalogue.types]
        if not asked and rules:
            raise UsageError(
                f"The rule {rules[0]} looks at no type of the catalogue: there is nothing to sweep for it."
            )
        chosen = tuple(asked) or self.settings.types
        catalogue = self.catalogue
        try:
            catalogue.select(chosen)
        except CatalogueError as error:
            raise (UsageError(str(error)) if asked else SettingsError(f"The setting types: {error}")) from None
        return chosen

    def types(self, patterns: Sequence[str]) -> Catalogue:
        """The part of the catalogue that the patterns fit; all of it without any.

        Raises:
            UsageError: A pattern fits no type.
        """
        from vigie.model.errors import CatalogueError

        catalogue = self.catalogue
        try:
            return catalogue.select(patterns or ("*",))
        except CatalogueError as error:
            raise UsageError(str(error)) from None

    def _sweep_due(self) -> bool:
        """Sweep what is due. An account is claimed for the time, so that of several processes one sweeps it."""
        from vigie.watch.sweep import Request

        accounts = {account.id: account for account in self._accounts_to_sweep(())}
        now = self._clock()
        with self.history.begin() as tx:
            self.history.work.put(tx, SWEEP_TOPIC, accounts, now)
        claims = [
            claim
            for claim in self.history.work.claim(SWEEP_TOPIC, len(accounts), now, SWEEP_LEASE)
            if claim.key in accounts
        ]
        if not claims:
            return False
        chosen = tuple(accounts[claim.key] for claim in claims)
        every = self.settings.sweep.every
        request = Request(chosen, self.settings.regions, self.settings.types, due_every=every, calm=self.calm)
        try:
            self._look(request, self._renewing(claims))
        finally:
            with self.history.begin() as tx:
                self.history.work.done(tx, claims)
        return False

    @property
    def calm(self) -> Calm | None:
        """Where sweeps are only the safety net; None where no events are fetched."""
        from vigie.watch.calm import calm

        events, now = self.settings.events, self._clock()
        if not events.sources:
            return None
        if self._calm is None or now - self._calm[0] > CALM_FOR:
            self._calm = (now, calm(self.history, events.quiet_sweep, now))
        return self._calm[1]

    def _renewing(self, claims: Sequence[Claim]) -> Progress:
        """Keeps the claims of a sweep while it goes on."""
        renewed = self._clock()

        def progress(done: int, total: int, what: str) -> None:
            nonlocal renewed
            now = self._clock()
            if now - renewed > SWEEP_LEASE / 6:
                renewed = now
                self.history.work.renew(claims, now + SWEEP_LEASE)

        return progress


def sweep_shard(work: tuple[Settings, Request], shard: tuple[int, int], progress: Progress) -> SweepSummary:
    """One process's share of a sweep."""
    settings, request = work
    app = Sweeping(settings)
    try:
        return app.sweeper.sweep(replace(request, shard=shard), progress)
    finally:
        app.close()
