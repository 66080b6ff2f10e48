"""Credentials of accounts, and how shared clients find those of the account that is being read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.exceptions import NoCredentialsError

_EARLY: Final = timedelta(minutes=5)


class Purse(Protocol):
    """Holds the credentials of one account. Threads share it."""

    def keys(self) -> ReadOnlyCredentials:
        """The keys to sign with now. Raises a botocore error, or CallFailed, where there are none."""
        ...

    def renew(self, used: ReadOnlyCredentials) -> bool:
        """Get new keys instead of ``used``, which AWS said have expired; whether there are any now."""
        ...


_current: ContextVar[Purse | None] = ContextVar("vigie_credentials", default=None)


@contextmanager
def acting_as(purse: Purse) -> Iterator[None]:
    """Calls made inside (in this thread) are signed with the keys of ``purse``."""
    token = _current.set(purse)
    try:
        yield
    finally:
        _current.reset(token)


class ContextCredentials(Credentials):
    """What shared clients sign with: the keys of whoever the calling thread acts as."""

    method = "vigie"
    account_id = None

    def __init__(self) -> None:
        """Deliberately holds nothing."""

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        purse = _current.get()
        if purse is None:
            raise NoCredentialsError
        return purse.keys()

    access_key = property(lambda self: self.get_frozen_credentials().access_key)
    secret_key = property(lambda self: self.get_frozen_credentials().secret_key)
    token = property(lambda self: self.get_frozen_credentials().token)

    def get_deferred_property(self, property_name: str) -> Callable[[], Any]:
        return lambda: getattr(self, property_name, None)


class ContextProvider:
    """Stands where botocore has its chain of credential providers."""

    def load_credentials(self) -> Credentials:
        return ContextCredentials()


class AmbientPurse:
    """The credentials that the machine gives: environment, profile, web identity, instance or container role, SSO.

    Those that expire are renewed by botocore before they do; ``renew`` runs the chain again (a rewritten profile).
    """

    def __init__(self, find: Callable[[], Any]) -> None:
        """``find`` runs botocore's chain and gives its credentials object, or None."""
        self._find = find
        self._lock = threading.Lock()
        self._found: Any = None

    def keys(self) -> ReadOnlyCredentials:
        if self._found is None:
            with self._lock:
                if self._found is None:
                    self._found = self._find()
        if self._found is None:
            raise NoCredentialsError
        frozen: ReadOnlyCredentials = self._found.get_frozen_credentials()
        return frozen

    def renew(self, used: ReadOnlyCredentials) -> bool:
        with self._lock:
            self._found = self._find()
            if self._found is None:
                return False
            return bool(self._found.get_frozen_credentials() != used)


@dataclass(frozen=True, slots=True)
class Session:
    """Temporary keys, as AssumeRole gives them."""

    keys: ReadOnlyCredentials
    expires_at: datetime


class RolePurse:
    """The session of an assumed role. Assumed again five minutes before it ends, or when AWS says that it has."""

    def __init__(self, assume: Callable[[], Session], clock: Callable[[], datetime]) -> None:
        """``assume`` makes the AssumeRole call; it raises CallFailed."""
        self._assume = assume
        self._clock = clock
        self._lock = threading.Lock()
        self._session: Session | None = None

    def keys(self) -> ReadOnlyCredentials:
        session = self._session
        if session is not None and self._clock() < session.expires_at - _EARLY:
            return session.keys
        with self._lock:
            if self._session is None or self._clock() >= self._session.expires_at - _EARLY:
                self._session = self._assume()
            return self._session.keys

    def renew(self, used: ReadOnlyCredentials) -> bool:
        with self._lock:
            if self._session is not None and self._session.keys != used:
                return True  # another thread was quicker
            self._session = self._assume()
            return self._session.keys != used
