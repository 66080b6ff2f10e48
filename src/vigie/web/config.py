"""What the web part is told when it is made: plain values, no reading of settings files here."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from vigie.history.store import History
from vigie.model.account import Account
from vigie.model.treatment import Treatment
from vigie.rules.declare import Rule

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class WebSettings:
    """How vigie is served. ``secret_key`` (at least 32 bytes, kept in the data directory) signs CSRF tokens."""

    secret_key: bytes = field(repr=False)
    base_url: str | None = None
    """How people reach it (``https://vigie.example.org``). With one, requests under other host names are refused."""
    session_lifetime: timedelta = timedelta(hours=12)
    secure_cookies: bool | None = None
    """None = where ``base_url`` or the request is https."""
    version: str = "0"
    page_size: int = 100

    def __post_init__(self) -> None:
        if len(self.secret_key) < 32:
            raise ValueError("the secret key must have at least 32 bytes")

    @property
    def base_host(self) -> str | None:
        return urlsplit(self.base_url).netloc.lower() if self.base_url else None

    @property
    def https(self) -> bool:
        return bool(self.base_url and self.base_url.lower().startswith("https:"))

    def sign(self, purpose: str, text: str) -> str:
        """A keyed digest of ``text``, of no use for another purpose."""
        return hmac.new(self.secret_key, f"{purpose}\0{text}".encode(), "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class TypeDeclaration:
    """What the catalogue tells of a resource type, for people."""

    type: str
    title: str
    service: str


@dataclass(frozen=True, slots=True)
class Web:
    """All that pages and the API stand on: handed to every endpoint."""

    history: History
    settings: WebSettings
    clock: Clock
    rules: Callable[[], Sequence[Rule]]
    types: Callable[[], Sequence[TypeDeclaration]]
    treatment: Callable[[str], Treatment]
    accounts: Callable[[], Sequence[Account]]
    """All that are known, those of the settings laid over those of the store."""
