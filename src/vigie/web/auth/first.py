"""The first start: an administrator with a password that is shown once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from vigie.history.store import History
from vigie.history.users import Role, User
from vigie.model.errors import UsageError
from vigie.web.auth.secrets import hash_password, one_time_password


@dataclass(frozen=True, slots=True)
class FirstLogin:
    """What to tell the person who started vigie. The password is nowhere else, and must be changed at first login."""

    name: str
    password: str


def first_administrator(history: History, now: datetime, name: str = "admin") -> FirstLogin | None:
    """Make an administrator where there is no user yet; None where there is. Safe when two processes start at once."""
    password = one_time_password()
    encoded = hash_password(password)
    with history.begin() as tx:
        if history.users.exist(tx):
            return None
        history.users.add(tx, name, encoded, Role.ADMIN, now, must_change=True)
    return FirstLogin(name, password)


def reset_password(history: History, name: str, now: datetime) -> FirstLogin:
    """Give a user a new one-time password; all his sessions end (for ``vigie users reset``, when one is locked out).

    Raises:
        UsageError: No such user.
    """
    user = history.users.by_name(name)
    if user is None:
        raise UsageError(f"There is no user {name}.")
    return _with_new_password(history, user, now)


def _with_new_password(history: History, user: User, now: datetime) -> FirstLogin:
    password = one_time_password()
    encoded = hash_password(password)
    with history.begin() as tx:
        history.users.set_password(tx, user.id, encoded, now, must_change=True)
    return FirstLogin(user.name, password)
