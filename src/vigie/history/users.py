"""People who log in, their sessions and their API tokens. Knows digests only: no password, no token comes here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Engine, RowMapping, Select, delete, func, insert, select, text, update

from vigie.history.tables.users import api_token, login_failure, session, user
from vigie.model.errors import UsageError

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")
_KEPT_FAILURES: Final = timedelta(days=1)


class Permission(StrEnum):
    """What a request may do. Also the scopes of an API token."""

    READ = "read"
    JUSTIFY = "justify"
    ADMIN = "admin"


class Role(StrEnum):
    VIEWER = "viewer"
    JUSTIFIER = "justifier"
    ADMIN = "admin"

    @property
    def permissions(self) -> frozenset[Permission]:
        granted = {Role.VIEWER: 1, Role.JUSTIFIER: 2, Role.ADMIN: 3}[self]
        return frozenset(list(Permission)[:granted])


@dataclass(frozen=True, slots=True)
class User:
    id: int
    name: str
    role: Role
    password_hash: str | None
    """Argon2, in its encoded form; None = may not log in with a password."""
    must_change_password: bool
    created_at: datetime
    disabled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Session:
    id: int
    user_id: int
    token_sha: str
    created_at: datetime
    expires_at: datetime
    agent: str


@dataclass(frozen=True, slots=True)
class ApiToken:
    id: int
    user_id: int
    user_name: str
    name: str
    scopes: frozenset[Permission]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class LoginFailures:
    """Failed logins since some time: of this name from this address, of this name, from this address."""

    pair: int
    name: int
    address: int


class Users:
    """Users, sessions and tokens of a store. What writes takes the transaction of ``History.begin``."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    # users

    def all(self) -> list[User]:
        """Every user, by name, disabled ones included."""
        with self._engine.connect() as connection:
            return [_user(row) for row in connection.execute(select(user).order_by(user.c.name)).mappings()]

    def get(self, user_id: int) -> User | None:
        with self._engine.connect() as connection:
            row = connection.execute(select(user).where(user.c.id == user_id)).mappings().first()
        return _user(row) if row else None

    def by_name(self, name: str) -> User | None:
        """The user of that name (case does not count), or None."""
        with self._engine.connect() as connection:
            row = connection.execute(select(user).where(user.c.name == name.strip().lower())).mappings().first()
        return _user(row) if row else None

    def exist(self, tx: Connection) -> bool:
        """Whether there is any user. Until the end of the transaction, nobody else adds one."""
        if tx.dialect.name == "postgresql":  # SQLite has one writer anyway
            tx.execute(text("LOCK TABLE vigie_user IN SHARE ROW EXCLUSIVE MODE"))
        return tx.execute(select(user.c.id).limit(1)).first() is not None

    def add(
        self, tx: Connection, name: str, password_hash: str | None, role: Role, now: datetime, *, must_change: bool
    ) -> User:
        """Add a user.

        Raises:
            UsageError: The name is taken, or not a name.
        """
        name = name.strip().lower()
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"{name!r} cannot be a user's name: write 1 to 64 of a-z, 0-9 and . _ @ + -, "
                "beginning with a letter or digit."
            )
        if tx.execute(select(user.c.id).where(user.c.name == name)).first():
            raise UsageError(f"There is a user {name} already: choose another name.")
        values = {
            "name": name,
            "role": role.value,
            "password_hash": password_hash,
            "must_change_password": must_change,
            "created_at": now,
            "password_set_at": now if password_hash else None,
        }
        pk = tx.execute(insert(user).values(values).returning(user.c.id)).scalar_one()
        return User(pk, name, role, password_hash, must_change, now)

    def set_password(
        self, tx: Connection, user_id: int, password_hash: str, now: datetime, *, must_change: bool
    ) -> None:
        """Set a password and end all sessions of the user."""
        values = {"password_hash": password_hash, "must_change_password": must_change, "password_set_at": now}
        _must_be(tx.execute(update(user).where(user.c.id == user_id).values(values)).rowcount, f"user {user_id}")
        self.end_sessions(tx, user_id, now)

    def set_role(self, tx: Connection, user_id: int, role: Role) -> None:
        """Give a user another role.

        Raises:
            UsageError: No such user, or nobody would be left to administer.
        """
        if role is not Role.ADMIN:
            self._keep_an_administrator(tx, user_id)
        done = tx.execute(update(user).where(user.c.id == user_id).values(role=role.value))
        _must_be(done.rowcount, f"user {user_id}")

    def set_disabled(self, tx: Connection, user_id: int, now: datetime, *, disabled: bool) -> None:
        """Shut a user out (sessions end at once, tokens are refused), or let one in again.

        Raises:
            UsageError: No such user, or nobody would be left to administer.
        """
        if disabled:
            self._keep_an_administrator(tx, user_id)
            self.end_sessions(tx, user_id, now)
        done = tx.execute(update(user).where(user.c.id == user_id).values(disabled_at=now if disabled else None))
        _must_be(done.rowcount, f"user {user_id}")

    def _keep_an_administrator(self, tx: Connection, without: int) -> None:
        others = select(user.c.id).where(
            user.c.role == Role.ADMIN.value, user.c.disabled_at.is_(None), user.c.id != without
        )
        if tx.execute(others.limit(1)).first() is None:
            raise UsageError("Nobody would be left to administer vigie: make another user an administrator first.")

    # sessions

    def open_session(
        self, tx: Connection, user_id: int, token_sha: str, now: datetime, expires_at: datetime, agent: str
    ) -> None:
        """Begin a session. Sessions that ended over a day ago are forgotten here."""
        tx.execute(delete(session).where(session.c.expires_at < now - timedelta(days=1)))
        values = {
            "user_id": user_id,
            "token_sha": token_sha,
            "created_at": now,
            "expires_at": expires_at,
            "agent": agent[:256],
        }
        tx.execute(insert(session).values(values))

    def session(self, token_sha: str, now: datetime) -> tuple[Session, User] | None:
        """The living session of that token and its user; None where expired, revoked, or the user is shut out."""
        query = (
            select(session, *_prefixed())
            .join(user, user.c.id == session.c.user_id)
            .where(session.c.token_sha == token_sha, session.c.expires_at > now)
            .where(session.c.revoked_at.is_(None), user.c.disabled_at.is_(None))
        )
        with self._engine.connect() as connection:
            row = connection.execute(query).mappings().first()
        return (_session(row), _user(row, "u_")) if row else None

    def sessions(self, user_id: int, now: datetime) -> list[Session]:
        """The living sessions of a user, newest first."""
        query = (
            select(session)
            .where(session.c.user_id == user_id, session.c.expires_at > now, session.c.revoked_at.is_(None))
            .order_by(session.c.id.desc())
        )
        with self._engine.connect() as connection:
            return [_session(row) for row in connection.execute(query).mappings()]

    def end_session(self, tx: Connection, token_sha: str, now: datetime) -> None:
        tx.execute(update(session).where(session.c.token_sha == token_sha).values(revoked_at=now))

    def end_sessions(self, tx: Connection, user_id: int, now: datetime, *, keep: str | None = None) -> int:
        """End the living sessions of a user (but the one with the digest ``keep``). Returns how many."""
        living = (session.c.user_id == user_id) & session.c.revoked_at.is_(None) & (session.c.expires_at > now)
        if keep is not None:
            living &= session.c.token_sha != keep
        return tx.execute(update(session).where(living).values(revoked_at=now)).rowcount

    # API tokens

    def add_token(
        self,
        tx: Connection,
        user_id: int,
        name: str,
        token_sha: str,
        scopes: Iterable[Permission],
        now: datetime,
        expires_at: datetime | None,
    ) -> int:
        """Add an API token. Returns its number."""
        values = {
            "user_id": user_id,
            "name": name[:64],
            "token_sha": token_sha,
            "scopes": ",".join(sorted(scope.value for scope in scopes)),
            "created_at": now,
            "expires_at": expires_at,
        }
        return int(tx.execute(insert(api_token).values(values).returning(api_token.c.id)).scalar_one())

    def token(self, token_sha: str, now: datetime) -> tuple[ApiToken, User] | None:
        """The valid API token of that digest and its user; None where expired, revoked, or the user is shut out."""
        query = _tokens().where(
            api_token.c.token_sha == token_sha,
            api_token.c.revoked_at.is_(None),
            api_token.c.expires_at.is_(None) | (api_token.c.expires_at > now),
            user.c.disabled_at.is_(None),
        )
        with self._engine.connect() as connection:
            row = connection.execute(query).mappings().first()
        return (_token(row), _user(row, "u_")) if row else None

    def tokens(self, user_id: int | None = None) -> list[ApiToken]:
        """API tokens that were not revoked, of one user or of all, newest first."""
        query = _tokens().where(api_token.c.revoked_at.is_(None)).order_by(api_token.c.id.desc())
        if user_id is not None:
            query = query.where(api_token.c.user_id == user_id)
        with self._engine.connect() as connection:
            return [_token(row) for row in connection.execute(query).mappings()]

    def revoke_token(self, tx: Connection, token_id: int, now: datetime, *, user_id: int | None = None) -> None:
        """Revoke an API token (only if it is of ``user_id``, where given).

        Raises:
            UsageError: No such token.
        """
        query = update(api_token).where(api_token.c.id == token_id, api_token.c.revoked_at.is_(None))
        if user_id is not None:
            query = query.where(api_token.c.user_id == user_id)
        _must_be(tx.execute(query.values(revoked_at=now)).rowcount, f"API token {token_id}")

    def note_token_use(self, tx: Connection, token_id: int, now: datetime) -> None:
        tx.execute(update(api_token).where(api_token.c.id == token_id).values(last_used_at=now))

    # failed logins

    def note_failure(self, tx: Connection, name: str, address: str, now: datetime) -> None:
        """Count a failed login. Those of over a day ago are forgotten here."""
        tx.execute(delete(login_failure).where(login_failure.c.failed_at < now - _KEPT_FAILURES))
        values = {"name": name.strip().lower()[:64], "address": address[:64], "failed_at": now}
        tx.execute(insert(login_failure).values(values))

    def failures(self, tx: Connection, name: str, address: str, since: datetime) -> LoginFailures:
        same_name = login_failure.c.name == name.strip().lower()[:64]
        same_address = login_failure.c.address == address[:64]
        query = select(
            func.count().filter(same_name & same_address),
            func.count().filter(same_name),
            func.count().filter(same_address),
        ).where(login_failure.c.failed_at > since, same_name | same_address)
        pair, by_name, by_address = tx.execute(query).one()
        return LoginFailures(pair, by_name, by_address)

    def forget_failures(self, tx: Connection, name: str, address: str) -> None:
        """After a login that succeeded: what this person mistyped from here no longer counts."""
        same = (login_failure.c.name == name.strip().lower()[:64]) & (login_failure.c.address == address[:64])
        tx.execute(delete(login_failure).where(same))


def _must_be(found: int, what: str) -> None:
    if not found:
        raise UsageError(f"There is no {what}.")


def _prefixed() -> list[Any]:
    return [column.label(f"u_{column.name}") for column in user.c]


def _tokens() -> Select[Any]:
    return select(api_token, *_prefixed()).join(user, user.c.id == api_token.c.user_id)


def _user(row: RowMapping, prefix: str = "") -> User:
    return User(
        id=row[f"{prefix}id"],
        name=row[f"{prefix}name"],
        role=Role(row[f"{prefix}role"]),
        password_hash=row[f"{prefix}password_hash"],
        must_change_password=row[f"{prefix}must_change_password"],
        created_at=row[f"{prefix}created_at"],
        disabled_at=row[f"{prefix}disabled_at"],
    )


def _session(row: RowMapping) -> Session:
    return Session(row["id"], row["user_id"], row["token_sha"], row["created_at"], row["expires_at"], row["agent"])


def _token(row: RowMapping) -> ApiToken:
    return ApiToken(
        id=row["id"],
        user_id=row["user_id"],
        user_name=row["u_name"],
        name=row["name"],
        scopes=frozenset(Permission(part) for part in row["scopes"].split(",") if part),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        last_used_at=row["last_used_at"],
    )
