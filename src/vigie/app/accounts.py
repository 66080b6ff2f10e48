"""Which accounts are known, and which of them are read."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from vigie.app.parts import Parts, account_of
from vigie.model.account import Account, Relation, is_account
from vigie.model.errors import CredentialsError, SettingsError, UsageError, VigieError
from vigie.model.scope import Outcome
from vigie.settings import AccountSettings

if TYPE_CHECKING:
    from vigie.aws.errors import CallFailed


class Accounts(Parts):
    """The accounts and regions of the settings, of the store, and of the credentials at hand."""

    def accounts(self) -> list[Account]:
        """All known accounts, by id."""
        return list(self.known_accounts().values())

    def add_account(self, given: AccountSettings) -> Account:
        """Make an account known, or replace what is known of it; returns it.

        Raises:
            UsageError: A region of it does not exist.
        """
        self._checked_regions(given.regions, UsageError)
        account = account_of(given)
        self.history.accounts.put(account, self._clock())
        return account

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
