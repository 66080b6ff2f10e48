"""How sources call AWS: as the account that the settings name, and only what is declared (catalogue/delivery.py)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from vigie.aws.accounts import Entrances
from vigie.aws.caller import Caller, RestrictedCaller
from vigie.aws.errors import CallFailed
from vigie.catalogue.delivery import Operations
from vigie.model.account import Account


@dataclass
class Calling:
    """Gives callers, entered once an account. One for a process."""

    entrances: Entrances
    accounts: Callable[[], dict[str, Account]]
    """What is known of accounts, by id."""
    _entered: dict[str | None, Caller] = field(default_factory=dict)

    def caller(self, account: str | None) -> Caller:
        """A caller of an account; of that of the ambient credentials, for None.

        Raises:
            CallFailed: The account cannot be entered.
        """
        held = self._entered.get(account)
        if held is None or held.aborted is not None:
            known = self.accounts().get(account) if account is not None else self.entrances.current()
            held = self.entrances.enter(known or Account(account or ""))
            self._entered[account] = held
        return held

    def restricted(self, account: str | None, allowed: Operations, region: str | None) -> RestrictedCaller:
        """Raises CallFailed: the account cannot be entered."""
        caller = self.caller(account)
        return RestrictedCaller(caller, allowed, region or self.entrances.line.clients.default_region)

    @property
    def local(self) -> bool:
        """Whether AWS is on this machine."""
        return self.entrances.line.clients.local


def told(failure: CallFailed) -> str:
    """A failure in one sentence."""
    return f"{failure.operation}: {failure.code}: {failure.message.rstrip('.')}."
