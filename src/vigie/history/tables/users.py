"""Tables of people who log in: users, their sessions, API tokens, and failed logins.

Passwords are kept as Argon2 hashes; session and API tokens as SHA-256 digests (they are 256 random bits, so a fast hash
is enough).
"""

from sqlalchemy import Boolean, Column, ForeignKey, Index, String, Table, Text

from vigie.history.tables.base import Id, Instant, metadata

user = Table(
    "vigie_user",  # "user" is a reserved word in PostgreSQL
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("role", String(16), nullable=False),  # viewer, justifier, admin
    Column("password_hash", Text),
    Column("must_change_password", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("password_set_at", Instant),
    Column("disabled_at", Instant),
    sqlite_autoincrement=True,
)

session = Table(
    "web_session",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("user_id", Id, ForeignKey("vigie_user.id"), nullable=False),
    Column("token_sha", String(64), nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Column("agent", String(256), nullable=False),
    Index("ix_web_session_user", "user_id", "expires_at"),
    sqlite_autoincrement=True,
)

api_token = Table(
    "api_token",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("user_id", Id, ForeignKey("vigie_user.id"), nullable=False),
    Column("name", String(64), nullable=False),
    Column("token_sha", String(64), nullable=False, unique=True),
    Column("scopes", String(64), nullable=False, comment="comma-separated: read, justify, admin"),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("revoked_at", Instant),
    Column("last_used_at", Instant),
    Index("ix_api_token_user", "user_id"),
    sqlite_autoincrement=True,
)

login_failure = Table(
    "login_failure",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("name", String(64), nullable=False),
    Column("address", String(64), nullable=False),
    Column("failed_at", Instant, nullable=False),
    Index("ix_login_failure_name", "name", "failed_at"),
    Index("ix_login_failure_address", "address", "failed_at"),
    sqlite_autoincrement=True,
)
