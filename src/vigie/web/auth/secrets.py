"""Passwords and tokens: made, hashed, checked. The only place that sees them in clear."""

from __future__ import annotations

import hashlib
import secrets
from functools import lru_cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST_PASSWORD: Final = 12
LONGEST_PASSWORD: Final = 1024
"""Longer ones are refused before they are hashed: hashing megabytes would be a way to keep the machine busy."""

TOKEN_PREFIX: Final = "vigie_"  # noqa: S105 - a mark by which secret scanners can know a leaked token
_HASHER: Final = PasswordHasher()
_LEGIBLE: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without the letters and digits that are mistaken for each other on a screen."""


def hash_password(password: str) -> str:
    """Argon2id with the library's recommended cost (RFC 9106, low memory), in its encoded form."""
    return _HASHER.hash(password)


def password_matches(password: str, encoded: str | None) -> bool:
    """Whether the password is the one that was hashed. Takes as long where there is no hash to compare with."""
    if len(password) > LONGEST_PASSWORD:
        return False
    try:
        return _HASHER.verify(encoded or _some_hash(), password) and encoded is not None
    except (VerificationError, InvalidHashError):
        return False


@lru_cache(maxsize=1)
def _some_hash() -> str:
    return _HASHER.hash(secrets.token_urlsafe(32))


def password_problem(password: str, *, user_name: str, old: str | None = None) -> str | None:
    """Why a password cannot be taken, in one sentence; None = it can (length counts, not the kinds of characters)."""
    if len(password) < SHORTEST_PASSWORD:
        return f"The new password is too short: use at least {SHORTEST_PASSWORD} characters."
    if len(password) > LONGEST_PASSWORD:
        return f"The new password is too long: use at most {LONGEST_PASSWORD} characters."
    if old is not None and password == old:
        return "The new password is the old one: choose another."
    if user_name.lower() in password.lower() and len(password) < SHORTEST_PASSWORD + len(user_name):
        return "The new password is little more than your name: choose another."
    if len(set(password)) < 5:
        return "The new password repeats too few characters: choose another."
    return None


def one_time_password() -> str:
    """Four groups of five legible characters: 99 bits."""
    return "-".join("".join(secrets.choice(_LEGIBLE) for _ in range(5)) for _ in range(4))


def new_session_token() -> str:
    return secrets.token_urlsafe(32)


def new_api_token() -> str:
    return TOKEN_PREFIX + secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """What of a token is stored."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
