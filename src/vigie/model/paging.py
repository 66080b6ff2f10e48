"""Pages of lists, with an opaque cursor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page:
    """What to fetch: at most ``limit`` (1 to 1,000) after the cursor that an earlier page gave as ``next``."""

    limit: int = 100
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Paged(Generic[T]):
    items: tuple[T, ...]
    next: str | None = None
    """Cursor of the next page; None at the end."""
