"""Standards: control → rules, as data (``*.toml`` here). Texts are our own words; the numbers are the standards'."""

from vigie.standards.load import Control, Standard, load

__all__ = ["Control", "Standard", "load"]
