"""Registered pure functions that bring a value into its recorded form, where no word of the format can."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from vigie.catalogue.certificates import certificate_facts

Transform = Callable[[Any], Any]
"""A resource (or the value of one detail) as read → as recorded. Pure: no call, no clock."""

TRANSFORMS: Final[dict[str, Transform]] = {"certificate_facts": certificate_facts}
