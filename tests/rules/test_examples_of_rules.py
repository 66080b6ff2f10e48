"""Every example of every shipped rule holds; and every rule has what a rule must have."""

from __future__ import annotations

import pytest

from vigie.rules.declare import Rule
from vigie.rules.discover import RuleSet, discover
from vigie.rules.examples import EXPECTED, Example, read_examples, run_example

RULES: RuleSet = discover(group=None)
EXAMPLES = [
    pytest.param(rule, example, id=f"{rule.id}-{number}")
    for rule in RULES
    for number, example in enumerate(read_examples(rule, RULES.samples), 1)
]


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_the_example_holds(rule: Rule, example: Example) -> None:
    result = run_example(rule, example)
    assert result.passed, f"{rule.id}: {example.name}: {result.explanation}"


def test_every_shipped_rule_file_can_be_read() -> None:
    assert [problem.message for problem in RULES.problems] == []


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.id) for rule in RULES])
def test_a_rule_has_what_a_rule_must_have(rule: Rule) -> None:
    assert rule.title
    assert rule.remedy.endswith("."), "a remedy is a sentence"
    assert rule.description, "a docstring says why it matters"
    assert rule.references, "the documents it rests on"
    assert rule.applies_to
    kinds = {example.expected for example in read_examples(rule, RULES.samples)}
    assert {EXPECTED["violates"], EXPECTED["passes"]} <= kinds, "examples of both kinds"
