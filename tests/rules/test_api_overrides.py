"""Overrides: rules changed by settings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from vigie.model.change import ChangeKind, Revision
from vigie.model.errors import SettingsError
from vigie.model.finding import Severity, Violation
from vigie.model.resource import Resource
from vigie.model.scope import Scope
from vigie.rules.declare import rule
from vigie.rules.estate import Estate
from vigie.rules.overrides import read_overrides

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@rule("key-old", title="Old", applies_to="AWS::IAM::User", severity=Severity.MEDIUM, remedy="Rotate it.")
def key_old(
    user: Revision, estate: Estate, *, max_age_days: int = 90, spare: tuple[str, ...] = ()
) -> Iterator[Violation]:
    """Old keys leak."""
    yield Violation("old")


def user(name: str, account: str = "111111111111", **tags: str) -> Revision:
    resource = Resource(Scope(account, "global", "AWS::IAM::User"), name, "global", name=name)
    return Revision(resource, 1, ChangeKind.CREATED, NOW, {"Tags": tags})


def test_severity_and_parameters_are_changed_for_all() -> None:
    overrides = read_overrides(
        {"key-old": {"severity": "low", "parameters": {"max_age_days": 30, "spare": ["a"]}}}, [key_old]
    )
    effect = overrides.effect(key_old, user("a"))
    assert effect.enabled
    assert effect.severity is Severity.LOW
    assert effect.parameters == {"max_age_days": 30, "spare": ("a",)}


def test_the_last_table_that_fits_decides() -> None:
    where: list[dict[str, Any]] = [
        {"name": "ci-*", "enabled": False},
        {"name": "ci-*", "tags": {"env": "prod*"}, "enabled": True, "severity": "high"},
        {"account": "222222222222", "severity": "informational"},
    ]
    overrides = read_overrides({"key-old": {"where": where}}, [key_old])
    assert overrides.effect(key_old, user("anna")).enabled
    assert not overrides.effect(key_old, user("ci-1")).enabled
    assert not overrides.effect(key_old, user("ci-1", env="test")).enabled
    assert overrides.effect(key_old, user("ci-1", env="production")).severity is Severity.HIGH
    assert overrides.effect(key_old, user("anna", "222222222222")).severity is Severity.INFORMATIONAL
    assert not overrides.disabled_everywhere(key_old)


def test_a_rule_can_be_switched_off() -> None:
    assert read_overrides({"key-old": {"enabled": False}}, [key_old]).disabled_everywhere(key_old)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"key-olds": {}}, "there is no rule key-olds to change; did you mean key-old?"),
        ({"key-old": 3}, "rules.key-old must be a table"),
        ({"key-old": {"severe": "low"}}, "unknown key severe"),
        ({"key-old": {"severity": "bad"}}, "severity must be one of"),
        ({"key-old": {"enabled": "no"}}, "enabled must be true or false"),
        ({"key-old": {"parameters": {"age": 3}}}, "has no parameter age"),
        ({"key-old": {"parameters": {"max_age_days": "30"}}}, "must be of the kind of its default 90"),
        ({"key-old": {"parameters": {"max_age_days": True}}}, "must be of the kind of its default 90"),
        ({"key-old": {"where": {"account": "1"}}}, "must be tables"),
        ({"key-old": {"where": [{"colour": "x"}]}}, "unknown key colour"),
        ({"key-old": {"where": [{"account": 1}]}}, "must be text"),
    ],
)
def test_a_mistake_is_one_sentence(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_overrides(settings, [key_old])
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)
