"""What vigie is built of: store, catalogue, rules and stages, each made when it is first asked for.

A command pays only for what it uses.
"""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vigie.model.account import Account, Network, Relation, partition_of
from vigie.model.errors import SettingsError
from vigie.model.treatment import PLAIN, Treatment
from vigie.settings import AccountSettings, Settings

if TYPE_CHECKING:
    from vigie.audit.estate import EstateSettings
    from vigie.audit.worker import Auditor
    from vigie.aws.accounts import Entrances
    from vigie.catalogue.delivery import Sources
    from vigie.catalogue.loader import Catalogue
    from vigie.history.store import History
    from vigie.notify.routes import Route
    from vigie.notify.worker import Notifier
    from vigie.rules.discover import RuleSet
    from vigie.rules.overrides import Overrides
    from vigie.watch.attributor import Attributor
    from vigie.watch.sweep import Sweeper

Progress = Callable[[int, int, str], None]

KEY_BYTES: Final = 32


def utc_now() -> datetime:
    """The one clock of the program."""
    return datetime.now(UTC)


class Parts:
    """vigie's parts, over one store. Close it at the end."""

    def __init__(self, settings: Settings, *, clock: Callable[[], datetime] = utc_now) -> None:
        self.settings = settings
        self._clock = clock

    def close(self) -> None:
        """Let go of the store."""
        if "history" in self.__dict__:
            self.history.close()

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

        events = self.settings.events
        channels = build_channels(parse_channels(self.settings.channels), write=show, clock=self._clock)
        return Notifier(
            self.history,
            self.routes,
            channels,
            clock=self._clock,
            base_url=self.settings.web.base_url,
            accounts=self.known_accounts,
            wait_for_actor=events.wait_for_actor if events.sources else timedelta(0),
        )

    @property
    def auditor(self) -> Auditor:
        """Raises SettingsError."""
        from vigie.audit.worker import Auditor

        return Auditor(self.history, self.rules, self.estate_settings, self.overrides)

    @property
    def event_sources(self) -> Sources:
        """Where events are fetched from, as the IAM policy sees it."""
        from vigie.catalogue.delivery import Queue, Sources, Trail

        events = self.settings.events
        trails = tuple(Trail(one.bucket, one.prefix, one.kms_key) for one in events.trails)
        return Sources(tuple(Queue(one.url) for one in events.queues), trails, events.lookup)

    @property
    def attributor(self) -> Attributor:
        from vigie.watch.attributor import Attributor

        return Attributor(self.history, self._clock)

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

    # what is known of accounts

    def known_accounts(self) -> dict[str, Account]:
        """All known accounts by id, sorted: those of the settings laid over those of the store."""
        from vigie.audit.estate import known_accounts

        return dict(sorted(known_accounts(self.history, self.estate_settings).items()))

    def _accounts_of_settings(self) -> list[Account]:
        return [account_of(given) for given in self.settings.accounts]


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


def account_of(given: AccountSettings) -> Account:
    """What the settings or a command say of an account."""
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
