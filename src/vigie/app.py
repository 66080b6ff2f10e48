"""The composition root: builds store, catalogue and stages from the settings. The only module that knows them all.

Everything is built when it is first asked for, so that a command pays only for what it uses.
"""

from __future__ import annotations

import difflib
import os
import secrets
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from vigie.model.account import Account, Network, Relation, is_account, partition_of
from vigie.model.change import Change, ChangeKind
from vigie.model.errors import CredentialsError, SettingsError, UsageError, VigieError
from vigie.model.finding import Finding, FindingStatus, Justification
from vigie.model.paging import Page
from vigie.model.queries import ResourceFilter
from vigie.model.report import Delivery, SweepReport
from vigie.model.scope import Outcome
from vigie.model.treatment import PLAIN, Treatment
from vigie.runtime.local import Loop
from vigie.runtime.processes import in_processes
from vigie.settings import AccountSettings, Settings

if TYPE_CHECKING:
    from vigie.audit.estate import EstateSettings
    from vigie.audit.worker import Auditor, AuditReport
    from vigie.aws.accounts import Entrances
    from vigie.aws.errors import CallFailed
    from vigie.catalogue.loader import Catalogue
    from vigie.history.notifications import Notification
    from vigie.history.store import History
    from vigie.history.work import Claim
    from vigie.notify.routes import Explanation, Route
    from vigie.notify.worker import Notifier
    from vigie.rules.declare import Rule
    from vigie.rules.discover import RuleSet
    from vigie.rules.examples import ExampleResult
    from vigie.rules.overrides import Overrides
    from vigie.watch.summary import SweepSummary
    from vigie.watch.sweep import Request, Sweeper

Progress = Callable[[int, int, str], None]

KEY_BYTES = 32
SWEEP_TOPIC = "sweep"
SWEEP_LEASE = timedelta(minutes=3)
"""After it, another process may sweep the account of one that died; one that sweeps renews it."""
KEEP_OUTBOX = timedelta(days=90)
"""How long what was told is kept for looking up."""


def utc_now() -> datetime:
    """The one clock of the program."""
    return datetime.now(UTC)


class App:
    """vigie, built over one store. Close it at the end."""

    def __init__(self, settings: Settings, *, clock: Callable[[], datetime] = utc_now) -> None:
        self.settings = settings
        self._clock = clock

    def close(self) -> None:
        """Let go of the store."""
        if "history" in self.__dict__:
            self.history.close()

    # what it is built of

    @cached_property
    def history(self) -> History:
        """Raises StoreError."""
        from vigie.history.store import open_history

        return open_history(self.settings.store_url)

    @cached_property
    def catalogue(self) -> Catalogue:
        """Raises CatalogueError."""
        from vigie.catalogue.loader import load

        return load([path.expanduser() for path in self.settings.catalogue_paths])

    @cached_property
    def rules(self) -> RuleSet:
        """Shipped rules, those of installed packages, and the user's own."""
        from vigie.rules.discover import discover

        found = discover([path.expanduser() for path in self.settings.rules_paths])
        for problem in found.problems:
            print(f"vigie: rule left out: {problem.message}", file=sys.stderr)  # noqa: T201 - a word to the user
        return found

    @cached_property
    def overrides(self) -> Overrides:
        """Raises SettingsError: they name a rule or parameter that does not exist."""
        from vigie.rules.overrides import read_overrides

        return read_overrides(self.settings.rules, self.rules)

    @cached_property
    def routes(self) -> tuple[Route, ...]:
        """Raises SettingsError."""
        from vigie.notify.routes import parse_routes

        return parse_routes(self.settings.routes, self.settings.channels)

    @cached_property
    def notifier(self) -> Notifier:
        """Raises SettingsError."""
        from vigie.notify.channel_settings import parse_channels
        from vigie.notify.channels.build import build_channels
        from vigie.notify.worker import Notifier

        def show(text: str) -> None:
            # on standard error: standard output may be one JSON document
            print(text, file=sys.stderr, flush=True)  # noqa: T201 - the console channel's whole purpose

        channels = build_channels(parse_channels(self.settings.channels), write=show, clock=self._clock)
        return Notifier(
            self.history,
            self.routes,
            channels,
            clock=self._clock,
            base_url=self.settings.web.base_url,
            accounts=self.known_accounts,
        )

    @property
    def auditor(self) -> Auditor:
        """Raises SettingsError."""
        from vigie.audit.worker import Auditor

        return Auditor(self.history, self.rules, self.estate_settings, self.overrides)

    @property
    def estate_settings(self) -> EstateSettings:
        from vigie.audit.estate import EstateSettings

        return EstateSettings(
            accounts={account.id: account for account in self._accounts_of_settings()},
            organization_id=self.settings.organization_id,
            networks=tuple(Network(network.name, network.cidr) for network in self.settings.networks),
        )

    @cached_property
    def entrances(self) -> Entrances:
        from vigie.aws.accounts import Entrances
        from vigie.aws.caller import open_line
        from vigie.aws.options import Options, Patience
        from vigie.catalogue.policy import permission_for

        sweep = self.settings.sweep
        patience = Patience(call_seconds=sweep.call_deadline.total_seconds())
        options = Options(connections=sweep.threads + 8, quota_share=sweep.quota_share, patience=patience)
        return Entrances(open_line(options, permission_of=permission_for, processes=sweep.processes))

    @cached_property
    def sweeper(self) -> Sweeper:
        from vigie.model.canonical import keyed_redactor
        from vigie.runtime.memory import keep_little_memory
        from vigie.watch.sweep import Sweeper, SweepOptions

        keep_little_memory()
        sweep = self.settings.sweep
        return Sweeper(
            self.history,
            self.catalogue,
            self.entrances,
            redactor=keyed_redactor(self.key("redaction")),
            options=SweepOptions(threads=sweep.threads, scope_seconds=sweep.scope_deadline.total_seconds()),
        )

    def treatment(self, type_: str) -> Treatment:
        """How configurations of a type are treated; plainly, where the catalogue does not hold the type (any more)."""
        declared = self.catalogue.types.get(type_)
        return declared.treatment if declared else PLAIN

    def key(self, name: str) -> bytes:
        """A secret key of this installation, made when first asked for; in ``keys/`` of the data directory.

        Raises:
            SettingsError: It cannot be read or written.
        """
        file = self.settings.data_dir.expanduser() / "keys" / name
        try:
            if not file.exists():
                _make_key(file)
            key = bytes.fromhex(file.read_text(encoding="ascii").strip())
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it does not hold a key"
            raise SettingsError(f"The key {file} cannot be used ({reason}): restore it from your back-up.") from None
        if len(key) < KEY_BYTES:
            raise SettingsError(f"The key {file} is cut short: restore it from your back-up.")
        return key

    # accounts

    def known_accounts(self) -> dict[str, Account]:
        """All known accounts by id, sorted: those of the settings laid over those of the store."""
        from vigie.audit.estate import known_accounts

        return dict(sorted(known_accounts(self.history, self.estate_settings).items()))

    def accounts(self) -> list[Account]:
        """All known accounts, by id."""
        return list(self.known_accounts().values())

    def add_account(self, given: AccountSettings) -> Account:
        """Make an account known, or replace what is known of it; returns it.

        Raises:
            UsageError: A region of it does not exist.
        """
        self._checked_regions(given.regions, UsageError)
        account = _account(given)
        self.history.accounts.put(account, self._clock())
        return account

    def _accounts_of_settings(self) -> list[Account]:
        return [_account(given) for given in self.settings.accounts]

    def _accounts_to_sweep(self, ids: Sequence[str]) -> tuple[Account, ...]:
        """The named accounts; or the watched ones. An account without a role is read with the ambient credentials.

        Raises:
            UsageError: A named account is not known, or not to be read.
            CredentialsError: No account is set, and there are no credentials.
        """
        known = self.known_accounts()
        for account_id in (one for one in ids if one in known):
            _check_readable(account_id, known[account_id])
        reached = {account.id for account in self.settings.accounts}
        if not reached or any(account_id not in known for account_id in ids):
            current = self._current_account()
            known.setdefault(current.id, current)
            reached.add(current.id)
        for account_id in ids:
            _check_readable(account_id, known.get(account_id))
        if ids:
            return tuple(known[account_id] for account_id in dict.fromkeys(ids))
        return tuple(
            account
            for account in known.values()
            if account.watched and account.relation is Relation.OWN and (account.role_arn or account.id in reached)
        )

    def _current_account(self) -> Account:
        from vigie.aws.errors import CallFailed

        try:
            current = self.entrances.current()
        except CallFailed as failure:
            raise CredentialsError(_not_identified(failure)) from None
        if current.id not in self.known_accounts():
            self.history.accounts.put(current, self._clock())
        return current

    # sweeping

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
            opened=audit.opened,
            resolved=audit.resolved,
            unknown=audit.unknown,
            notices=tuple(dict.fromkeys(summary.notices)),
        )

    def _judged(self) -> AuditReport:
        """Judge what is due; and what another process holds, which may have been killed: judged twice does no harm."""
        from vigie.audit.worker import TOPIC

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
            asked += [type_ for type_ in (*rule.applies_to, *rule.depends_on) if type_ in self.catalogue.types]
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

    def _regions_of_settings(self) -> list[str]:
        return [*self.settings.regions, *(name for account in self.settings.accounts for name in account.regions)]

    def _checked_regions(self, regions: Sequence[str], mistake: type[VigieError] = SettingsError) -> tuple[str, ...]:
        """Raises ``mistake``: a region that does not exist."""
        if not regions:
            return ()
        from vigie.aws.options import HOME_REGIONS

        clients = self.entrances.line.clients
        known = [region for partition in HOME_REGIONS for region in clients.known_regions(partition)]
        for region in regions:
            if region not in known:
                near = difflib.get_close_matches(region, known, 1)
                hint = f"did you mean {near[0]}?" if near else "check its spelling, or upgrade botocore."
                raise mistake(f"There is no AWS region {region}: {hint}")
        return tuple(regions)

    def tell(self, report: SweepReport) -> SweepReport:
        """Send the notifications that are due; returns the report with how that went."""
        told = self.notifier.run_once(self._clock(), flush=True)
        waiting = told.retried + told.held
        return replace(report, notifications=Delivery(sent=told.sent, waiting=waiting, dead=told.dead))

    # judging

    def judge_everything(self) -> AuditReport:
        """Judge the whole recorded estate again."""
        return self.auditor.judge_everything(self._clock())

    def run_examples(self, path: Path | None) -> tuple[list[Rule], list[ExampleResult]]:
        """Run the examples of all rules, or of those below a path: the rules, and what came of their examples.

        Raises:
            RuleError: A file below the path cannot be read.
        """
        from vigie.model.errors import RuleError
        from vigie.rules.discover import discover
        from vigie.rules.examples import run_examples

        chosen = discover([path], group=None, shipped=False) if path else self.rules
        if path and chosen.problems:
            raise RuleError(" ".join(problem.message.removesuffix(".") + "." for problem in chosen.problems))
        samples = {**self.rules.samples, **chosen.samples}
        return list(chosen), [result for rule in chosen for result in run_examples(rule, samples)]

    def justify(
        self, finding: Finding, *, author: str, reason: str, expires_at: datetime | None, now: datetime
    ) -> None:
        """Raises UsageError: nothing is wrong now that could be accepted."""
        with self.history.begin() as tx:
            given = Justification(author=author, reason=reason, created_at=now, expires_at=expires_at)
            self.history.findings.justify(tx, finding.pk or 0, given)

    def withdraw(self, finding: Finding, *, author: str, now: datetime) -> None:
        """Raises UsageError: the finding has no justification of its own."""
        with self.history.begin() as tx:
            self.history.findings.withdraw(tx, finding.pk or 0, author, now)

    # telling

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

    # everything at once

    def loops(self, *, sweep: bool) -> list[Loop]:
        """What ``vigie up`` does over and over.

        Raises:
            SettingsError: What the loops would stumble over is told at the start, not in their log.
        """
        second = timedelta(seconds=1)
        loops = [
            Loop("auditor", self._judge_due, 2 * second),
            Loop("notifier", self._tell_due, 2 * second),
            Loop("housekeeping", self._clean, timedelta(hours=1)),
        ]
        self.overrides, self.notifier  # noqa: B018 - built now, for their mistakes
        if sweep:
            self._checked_regions(self._regions_of_settings())
            self._types_to_sweep((), ())
            loops.append(Loop("watcher", self._sweep_due, min(15 * second, self.settings.sweep.every / 4)))
        return loops

    def _judge_due(self) -> bool:
        return self.auditor.run(self._clock()).judged > 0

    def _tell_due(self) -> bool:
        told = self.notifier.run_once(self._clock())
        return told.routed > 0 or told.sent > 0

    def _clean(self) -> bool:
        with self.history.begin() as tx:
            self.history.outbox.forget(tx, self._clock() - KEEP_OUTBOX)
        return False

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
        request = Request(chosen, self.settings.regions, self.settings.types, due_every=self.settings.sweep.every)
        try:
            self._look(request, self._renewing(claims))
        finally:
            with self.history.begin() as tx:
                self.history.work.done(tx, claims)
        return False

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
    app = App(settings)
    try:
        return app.sweeper.sweep(replace(request, shard=shard), progress)
    finally:
        app.close()


def _make_key(file: Path) -> None:
    """Whole or not at all, and once: of several processes, the first one's key is everybody's. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, made = tempfile.mkstemp(dir=file.parent, prefix=".new-")
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as opened:
            opened.write(secrets.token_hex(KEY_BYTES) + "\n")
        os.link(made, file)
    except FileExistsError:
        pass  # another process was first: its key counts
    finally:
        os.unlink(made)


def _account(given: AccountSettings) -> Account:
    return Account(
        id=given.id,
        name=given.name,
        relation=Relation(given.relation),
        watched=given.watched and given.relation == "own",
        partition=partition_of(given.role_arn or ""),
        role_arn=given.role_arn,
        external_id=given.external_id,
        regions=given.regions,
        reason=given.reason,
        canonical_ids=given.canonical_ids,
    )


def _check_readable(account_id: str, account: Account | None) -> None:
    """Raises UsageError: an account that somebody named is not to be read."""
    if account is None:
        hint = f"`vigie accounts add {account_id}` adds it." if is_account(account_id) else "its id has 12 digits."
        raise UsageError(f"The account {account_id} is not known: {hint}")
    if account.relation is not Relation.OWN:
        raise UsageError(f"The account {account_id} is a third party's: vigie reads own accounts only.")
    if not account.watched:
        raise UsageError(f"The account {account_id} is not watched: `vigie accounts label {account_id} --watched`.")


def _not_identified(failure: CallFailed) -> str:
    why = f"({failure.code}: {failure.message.rstrip('.')})"
    if failure.outcome is Outcome.CREDENTIALS:
        return (
            f"AWS does not accept the credentials {why}: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and its like, "
            "or name accounts with roles in the settings."
        )
    return (
        f"AWS cannot be asked whose credentials these are {why}: check the network, and AWS_ENDPOINT_URL if it is set."
    )
