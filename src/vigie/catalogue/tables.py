"""Strict reading of one TOML table: every mistake is one sentence that names the file, the table and the key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final, TypeVar

from vigie.catalogue.expression import Expression, Template, mistake_in
from vigie.model.errors import CatalogueError

E = TypeVar("E", bound=StrEnum)
X = TypeVar("X", bound=Expression | Template)

_CADENCE: Final = re.compile(r"(\d+)([mhd])")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}
_WORDS: Final = {str: "a text", bool: "true or false", int: "a whole number", dict: "a table", list: "a list"}


@dataclass
class Table:
    """A TOML table as it is read. Each key is taken once; ``end`` refuses the keys that nobody took."""

    values: Mapping[str, Any]
    where: str
    """``services/kms.toml [key.detail.Policy]``."""
    check: bool = False
    """Whether expressions are parsed at once (overlays), or at first use (the shipped ones: a test parses them)."""
    taken: set[str] = field(default_factory=set)

    def wrong(self, key: str, what: str) -> CatalogueError:
        return CatalogueError(f"{self.where} {key}: {what}")

    def _take(self, key: str, kind: type, required: bool) -> Any:
        self.taken.add(key)
        if key not in self.values:
            if required:
                raise CatalogueError(f"{self.where}: the key {key!r} is missing")
            return None
        value = self.values[key]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.wrong(key, f"must be {_WORDS[kind]}, is {value!r}")
        return value

    def has(self, key: str) -> bool:
        return key in self.values

    def text(self, key: str) -> str | None:
        found: str | None = self._take(key, str, required=False)
        return found

    def required_text(self, key: str) -> str:
        found: str = self._take(key, str, required=True)
        return found

    def flag(self, key: str) -> bool:
        return bool(self._take(key, bool, required=False))

    def number(self, key: str, default: int | None = None) -> int | None:
        found: int | None = self._take(key, int, required=False)
        if found is None:
            return default
        if found < 1:
            raise self.wrong(key, f"must be at least 1, is {found}")
        return found

    def texts(self, key: str) -> tuple[str, ...]:
        found = self._take(key, list, required=False) or []
        wrong = [text for text in found if not isinstance(text, str)]
        if wrong:
            raise self.wrong(key, f"must be a list of texts, has {wrong[0]!r}")
        if len(set(found)) != len(found):
            raise self.wrong(key, "says the same thing twice")
        return tuple(found)

    def mapping(self, key: str) -> dict[str, Any]:
        return dict(self._take(key, dict, required=False) or {})

    def table(self, key: str) -> Table | None:
        found = self._take(key, dict, required=False)
        return None if found is None else self.inner(key, found)

    def tables(self, key: str) -> dict[str, Table]:
        """The keyed tables under one key (``[key.detail.Policy]`` → Policy)."""
        found = self.mapping(key)
        for name, value in found.items():
            if not isinstance(value, dict):
                raise self.wrong(f"{key}.{name}", f"must be a table, is {value!r}")
        return {name: self.inner(f"{key}.{name}", value) for name, value in found.items()}

    def inner(self, key: str, values: Mapping[str, Any]) -> Table:
        where = f"{self.where[:-1]}.{key}]" if self.where.endswith("]") else f"{self.where} [{key}]"
        return Table(values, where, self.check)

    def expression(self, key: str) -> Expression | None:
        text = self.text(key)
        return None if text is None else self.checked(key, Expression(text))

    def required_expression(self, key: str) -> Expression:
        return self.checked(key, Expression(self.required_text(key)))

    def template(self, key: str) -> Expression | Template | None:
        """An ARN: a template where it starts with ``arn:``, an expression where it does not."""
        text = self.text(key)
        if text is None:
            return None
        found: Expression | Template = Template(text) if text.startswith("arn:") else Expression(text)
        return self.checked(key, found)

    def expressions(self, key: str) -> dict[str, Expression]:
        found = self.mapping(key)
        for name, value in found.items():
            if not isinstance(value, str):
                raise self.wrong(f"{key}.{name}", f"must be an expression, is {value!r}")
        return {name: self.checked(f"{key}.{name}", Expression(text)) for name, text in found.items()}

    def checked(self, key: str, expression: X) -> X:
        mistake = mistake_in(expression) if self.check else None
        if mistake:
            raise self.wrong(key, f"cannot be parsed: {mistake}")
        return expression

    def choice(self, key: str, kind: type[E], default: E) -> E:
        text = self.text(key)
        return default if text is None else self.chosen(key, text, kind)

    def chosen(self, key: str, text: Any, kind: type[E]) -> E:
        try:
            return kind(text)
        except ValueError:
            words = ", ".join(repr(word.value) for word in kind)
            raise self.wrong(key, f"must be one of {words}, is {text!r}") from None

    def span(self, key: str) -> timedelta | None:
        """``"30m"``, ``"4h"``, ``"1d"``."""
        text = self.text(key)
        if text is None:
            return None
        match = _CADENCE.fullmatch(text)
        if match is None:
            raise self.wrong(key, f'must be a time like "30m", "4h" or "1d", is {text!r}')
        return timedelta(**{_UNITS[match[2]]: int(match[1])})

    def end(self) -> None:
        unknown = sorted(set(self.values) - self.taken)
        if unknown:
            raise CatalogueError(
                f"{self.where}: unknown key {unknown[0]!r}; known here are {', '.join(sorted(self.taken))}"
            )
