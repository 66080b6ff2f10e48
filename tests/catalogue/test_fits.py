"""What rules are tried on is what the watcher records: every example of every rule could have come from AWS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from vigie.catalogue.fits import misfits
from vigie.catalogue.loader import load
from vigie.rules.discover import discover
from vigie.rules.examples import read_examples

CATALOGUE = load()
RULES = discover(group=None)


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.id) for rule in RULES])
def test_the_examples_of_a_rule_could_have_been_recorded(rule: Any) -> None:
    examples = read_examples(rule, RULES.samples)
    seen = [example.revision for example in examples]
    around = [example.estate.inventory for example in examples]
    seen += [other for estate in around for type_ in CATALOGUE.types for other in estate.resources(type_, None, None)]
    wrong = {
        f"{revision.type} {misfit}"
        for revision in seen
        if revision.type in CATALOGUE.types
        for misfit in misfits(CATALOGUE, revision.type, revision.configuration)
    }
    assert wrong == set()


@pytest.mark.parametrize("sample", [pytest.param(sample, id=type_) for type_, sample in RULES.samples.items()])
def test_a_sample_could_have_been_recorded(sample: Any) -> None:
    assert misfits(CATALOGUE, sample.type, sample.configuration) == []


def test_rules_judge_types_that_are_declared() -> None:
    for rule in RULES:
        named = {*rule.applies_to, *rule.looks_up}
        assert {type_ for type_ in named if "*" not in type_} <= set(CATALOGUE.types), rule.id


@pytest.mark.parametrize(
    ("configuration", "misfit"),
    [
        ({"GroupID": "sg-1"}, "GroupID is nothing that AWS answers with"),
        ({"IpPermissions": [{"FromPort": "22"}]}, "IpPermissions[].FromPort is a number, '22' is not"),
        ({"IpPermissions": {}}, "IpPermissions is a list of structure IpPermission, {} is not"),
        ({"Tags": [{"Key": "a"}]}, "Tags is a structure, [{'Key': 'a'}] is not"),
    ],
)
def test_what_aws_does_not_answer_with_is_told(configuration: Mapping[str, Any], misfit: str) -> None:
    assert misfits(CATALOGUE, "AWS::EC2::SecurityGroup", configuration) == [misfit]


def test_documents_may_hold_anything_and_null_may_stand_anywhere() -> None:
    assert misfits(CATALOGUE, "AWS::SQS::Queue", {"Attributes": {"Policy": {"any": ["thing"]}, "QueueArn": None}}) == []
