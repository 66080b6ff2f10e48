"""Query parameters and bodies that endpoints share: checked here, so that nothing odd reaches the store."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import Path
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from vigie.model.paging import Page

_RFC3339: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


def _storable(value: str) -> str:
    if _UNSTORABLE.search(value):
        raise ValueError("must not hold NUL or lone surrogates")
    return value


def _only_rfc3339(value: Any) -> Any:
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        raise ValueError("must be a time like 2026-01-02T03:04:05Z")
    return value


def _in_range(value: datetime) -> datetime:
    """Times near the ends of the calendar overflow when they are brought to UTC."""
    if not 1900 < value.year < 9999:
        raise ValueError("must be a time of the years 1901 to 9998")
    return value.astimezone(UTC)


Text = Annotated[str, StringConstraints(min_length=1, max_length=2048), AfterValidator(_storable)]
Instant = Annotated[datetime, BeforeValidator(_only_rfc3339), AfterValidator(_in_range)]
"""An RFC 3339 time with a zone."""
AccountId = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]
Pk = Annotated[int, Path(ge=1, le=2**63 - 1, description="Number of the record in this store.")]


class Strict(BaseModel):
    """An unknown parameter is an error, so that a misspelt filter does not answer with everything."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PageQuery(Strict):
    limit: int = Field(100, ge=1, le=1000, description="At most so many.")
    after: Text | None = Field(None, description="Cursor: the `next` of the page before.")

    @property
    def page(self) -> Page:
        return Page(self.limit, self.after)
