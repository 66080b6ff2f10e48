"""Rules whose verdict depends on a date say when to look again: until then nothing changes by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from vigie.rules.declare import Rule
from vigie.rules.discover import discover
from vigie.rules.examples import Example, read_examples
from vigie.rules.judging import Verdict, judge

RULES = discover(group=None)
EACH_RULE = [pytest.param(rule, id=rule.id) for rule in RULES]
LATER = [timedelta(days=days) for days in (1, 5, 20, 45, 75, 120, 400, 3650)]


def verdict(rule: Rule, example: Example, now: datetime) -> Verdict:
    estate = replace(example.estate, now=now, _accesses={}, _facts={})
    return judge(rule, example.revision, estate, parameters=example.parameters)


def said(judged: Verdict) -> set[tuple[str, str | None, str]]:
    return {(v.subject, v.severity, str(v.evidence)) for v in judged.violations} | {("", None, judged.compliance.value)}


@pytest.mark.parametrize("rule", EACH_RULE)
def test_no_verdict_changes_before_the_time_to_look_again(rule: Rule) -> None:
    for example in read_examples(rule, RULES.samples):
        first = verdict(rule, example, example.estate.now)
        for after in LATER:
            now = example.estate.now + after
            if first.look_again is None or now < first.look_again:
                assert said(verdict(rule, example, now)) == said(first), f"{example.name}: changed by itself by {now}"


@pytest.mark.parametrize("rule", EACH_RULE)
def test_looking_again_is_worth_it(rule: Rule) -> None:
    """At that time the verdict is another, or there is a later time to look."""
    for example in read_examples(rule, RULES.samples):
        first = verdict(rule, example, example.estate.now)
        if first.look_again is not None:
            then = verdict(rule, example, first.look_again)
            assert said(then) != said(first) or then.look_again is not None, example.name


def test_there_are_rules_that_look_again() -> None:
    looking = {
        rule.id
        for rule in RULES
        for example in read_examples(rule, RULES.samples)
        if verdict(rule, example, example.estate.now).look_again
    }
    assert {
        "acm-certificate-expiry", "iam-server-certificate-expiry", "iam-saml-provider-expiry", "iam-user-key-old",
        "iam-user-key-unused", "iam-user-password-unused", "iam-user-two-keys", "iam-root-used", "iam-role-unused",
        "lambda-runtime-deprecated", "rds-ca-expired", "secret-rotation-failed", "iam-administrator-unused",
        "iam-principal-rewrites-itself", "iam-principal-escalates",
    } == looking  # fmt: skip
