"""Facts of AWS that rules rest on, as data: each says where it comes from (``_source``) and as of when (``_as_of``)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def table(name: str) -> Mapping[str, Any]:
    """The table ``_<name>.toml``, read once. Keys that start with ``_`` speak of the table itself."""
    text = files(__package__).joinpath(f"_{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def rows(name: str) -> Mapping[str, Any]:
    """The table without what speaks of itself."""
    return {key: value for key, value in table(name).items() if not key.startswith("_")}
