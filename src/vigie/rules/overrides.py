"""Changing rules without copying them, by settings.

    [rules.iam-access-key-old]
    severity = "low"
    parameters = { max_age_days = 30 }

    [[rules.iam-access-key-old.where]]          # only for some resources; the last table that fits decides
    account = "111111111111"                    # also: region, type, name (pattern), id (pattern), tags (all must
    fit, patterns)
    tags = { env = "sand*" }
    enabled = false

A rule or parameter that does not exist is a mistake, and told in one sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any, Final

from vigie.model.change import Revision
from vigie.model.errors import SettingsError
from vigie.model.finding import Severity
from vigie.rules.declare import Rule

_CHANGES: Final = frozenset({"enabled", "severity", "parameters"})
_PLACES: Final = frozenset({"account", "region", "type", "name", "id", "tags"})


@dataclass(frozen=True, slots=True)
class Where:
    """Which resources are meant: all of what is said must fit. Values are patterns, as in a shell."""

    account: str | None = None
    region: str | None = None
    type: str | None = None
    name: str | None = None
    id: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    def fits(self, revision: Revision) -> bool:
        said = (
            (self.account, revision.account),
            (self.region, revision.region),
            (self.type, revision.type),
            (self.name, revision.name or revision.id),
            (self.id, revision.id),
        )
        if not all(pattern is None or fnmatchcase(actual, pattern) for pattern, actual in said):
            return False
        tags = revision.tags if self.tags else {}
        return all(key in tags and fnmatchcase(str(tags[key]), value) for key, value in self.tags.items())


@dataclass(frozen=True, slots=True)
class Override:
    """What is changed, and for which resources."""

    where: Where = field(default_factory=Where)
    enabled: bool | None = None
    severity: Severity | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Effect:
    """How a rule stands for one resource, after all overrides."""

    enabled: bool = True
    severity: Severity | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)


UNCHANGED: Final = Effect()


@dataclass(frozen=True, slots=True)
class Overrides:
    """All overrides, by rule id."""

    by_rule: Mapping[str, tuple[Override, ...]] = field(default_factory=dict)

    def effect(self, rule: Rule, revision: Revision) -> Effect:
        """How ``rule`` stands for this resource."""
        overrides = self.by_rule.get(rule.id)
        if not overrides:
            return UNCHANGED
        effect = UNCHANGED
        for override in overrides:
            if override.where.fits(revision):
                effect = _laid_over(effect, override)
        return effect

    def disabled_everywhere(self, rule: Rule) -> bool:
        """Whether the rule judges nothing at all."""
        plain = [o for o in self.by_rule.get(rule.id, ()) if o.where == Where() and o.enabled is not None]
        scoped = [o for o in self.by_rule.get(rule.id, ()) if o.where != Where() and o.enabled]
        return bool(plain) and not plain[-1].enabled and not scoped


def _laid_over(effect: Effect, override: Override) -> Effect:
    return Effect(
        effect.enabled if override.enabled is None else override.enabled,
        override.severity or effect.severity,
        {**effect.parameters, **override.parameters},
    )


def read_overrides(settings: Mapping[str, Any], rules: Iterable[Rule]) -> Overrides:
    """The overrides in the settings' table ``rules``.

    Raises:
        SettingsError: a rule, parameter or key that does not exist, or a value of the wrong kind.
    """
    known = {rule.id: rule for rule in rules}
    found = {}
    for id_, table in settings.items():
        if id_ not in known:
            raise SettingsError(f"Settings: there is no rule {id_} to change{_hint(id_, known)}.")
        found[id_] = tuple(_overrides_of(known[id_], table))
    return Overrides(found)


def _overrides_of(rule: Rule, table: Any) -> Iterable[Override]:
    place = f"rules.{rule.id}"
    _check_table(table, place, _CHANGES | {"where"})
    yield _override(rule, {k: v for k, v in table.items() if k != "where"}, place)
    rows = table.get("where", [])
    if not isinstance(rows, list | tuple):
        raise SettingsError(f"Settings: {place}.where must be tables: [[{place}.where]].")
    for row in rows:
        _check_table(row, f"{place}.where", _CHANGES | _PLACES)
        yield _override(rule, row, f"{place}.where")


def _override(rule: Rule, table: Mapping[str, Any], place: str) -> Override:
    enabled = table.get("enabled")
    if enabled is not None and not isinstance(enabled, bool):
        raise SettingsError(f"Settings: {place}.enabled must be true or false.")
    return Override(
        where=_where({k: v for k, v in table.items() if k in _PLACES}, place),
        enabled=enabled,
        severity=_severity(table.get("severity"), place),
        parameters=_parameters(rule, table.get("parameters", {}), place),
    )


def _where(table: Mapping[str, Any], place: str) -> Where:
    tags = table.get("tags", {})
    texts = {k: v for k, v in table.items() if k != "tags"}
    if not isinstance(tags, Mapping) or not all(isinstance(v, str) for v in (*tags.values(), *texts.values())):
        raise SettingsError(f"Settings: {place}: account, region, type, name, id and the values of tags must be text.")
    return Where(**texts, tags=dict(tags))


def _severity(value: Any, place: str) -> Severity | None:
    if value is None:
        return None
    if value not in list(Severity):
        raise SettingsError(f"Settings: {place}.severity must be one of {', '.join(Severity)}, not {value}.")
    return Severity(value)


def _parameters(rule: Rule, table: Any, place: str) -> Mapping[str, Any]:
    if not isinstance(table, Mapping):
        raise SettingsError(f"Settings: {place}.parameters must be a table.")
    found = {}
    for name, value in table.items():
        if name not in rule.parameters:
            known = ", ".join(rule.parameters) or "it has none"
            raise SettingsError(f"Settings: {place}: the rule has no parameter {name} (known: {known}).")
        found[name] = _as_kind_of(rule.parameters[name], value, f"{place}.parameters.{name}")
    return found


def _as_kind_of(default: Any, value: Any, place: str) -> Any:
    """The value as the kind that the default has: a list where that is a tuple or set, a whole number where a number
    is.
    """
    if isinstance(default, tuple | frozenset | list) and isinstance(value, list | tuple):
        return type(default)(value)
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if default is None or type(value) is type(default):
        return value
    raise SettingsError(f"Settings: {place} must be of the kind of its default {default!r}, not {value!r}.")


def _check_table(table: Any, place: str, known: Iterable[str]) -> None:
    if not isinstance(table, Mapping):
        raise SettingsError(f"Settings: {place} must be a table.")
    unknown = set(table) - set(known)
    if unknown:
        raise SettingsError(
            f"Settings: {place} has an unknown key {min(unknown)}; known are {', '.join(sorted(known))}."
        )


def _hint(id_: str, known: Iterable[str]) -> str:
    near = get_close_matches(id_, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""
