"""Reading standards. Which rules there are is not known here: a test holds the two together."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from typing import Any

from vigie.model.errors import RuleError


@dataclass(frozen=True, slots=True)
class Control:
    """One demand of a standard."""

    id: str
    """Its number in the standard (``1.14``, ``S3.8``)."""
    title: str
    rules: tuple[str, ...] = ()
    """The rules that together look after it; empty where none does yet."""
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Rule → parameters under which it says exactly what the control asks, where its defaults do not."""
    gap: str = ""
    """What of the control the rules do not see."""

    @property
    def covered(self) -> bool:
        return bool(self.rules)


@dataclass(frozen=True)
class Standard:
    """A standard, with the controls that are mapped."""

    id: str
    title: str
    version: str
    source: str
    """Where the standard is published."""
    controls: Sequence[Control]
    complete: bool = False
    """Whether every control of the standard is listed (also those that no rule looks after)."""

    @cached_property
    def by_rule(self) -> Mapping[str, Sequence[Control]]:
        """Rule → the controls that it looks after."""
        found: dict[str, list[Control]] = {}
        for control in self.controls:
            for rule in control.rules:
                found.setdefault(rule, []).append(control)
        return found


def load() -> dict[str, Standard]:
    """The shipped standards, by id.

    Raises:
        RuleError: a file is not a standard.
    """
    folder = files(__package__)
    texts = sorted((f.name, f.read_text(encoding="utf-8")) for f in folder.iterdir() if f.name.endswith(".toml"))
    found = [parse(name, text) for name, text in texts]
    return {standard.id: standard for standard in found}


def parse(name: str, text: str) -> Standard:
    """One file of a standard.

    Raises:
        RuleError: it lacks something, has something unknown, or names a control twice.
    """
    try:
        document = tomllib.loads(text)
        controls = [_control(name, number, table) for number, table in document.pop("control").items()]
        return Standard(**document, controls=tuple(controls))
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as wrong:
        raise RuleError(f"{name} is not a standard: {wrong}.") from wrong


def _control(name: str, number: str, table: Mapping[str, Any]) -> Control:
    unknown = set(table) - {"title", "rules", "parameters", "gap"}
    if unknown:
        raise RuleError(f"{name}: control {number} has an unknown key {min(unknown)}.")
    strangers = set(table.get("parameters", {})) - set(table.get("rules", ()))
    if strangers:
        raise RuleError(f"{name}: control {number} sets parameters of {min(strangers)}, which is not among its rules.")
    return Control(
        number, table["title"], tuple(table.get("rules", ())), table.get("parameters", {}), table.get("gap", "")
    )
