"""Standards are read, and name rules and parameters that there are."""

from __future__ import annotations

import pytest

from vigie.model.errors import RuleError
from vigie.rules.discover import discover
from vigie.standards import Control, Standard, load
from vigie.standards.load import parse

STANDARDS = load()
RULES = {rule.id: rule for rule in discover(group=None)}
CONTROLS = [pytest.param(s, c, id=f"{s.id}-{c.id}") for s in STANDARDS.values() for c in s.controls]


def test_the_shipped_standards_are_there() -> None:
    assert set(STANDARDS) == {"cis-aws-3.0", "aws-fsbp"}
    assert len(STANDARDS["cis-aws-3.0"].controls) == 62
    assert STANDARDS["cis-aws-3.0"].complete


@pytest.mark.parametrize(("standard", "control"), CONTROLS)
def test_a_control_is_looked_after_or_says_why_not(standard: Standard, control: Control) -> None:
    assert control.title
    assert control.covered or (control.gap and standard.complete)
    for id_ in control.rules:
        assert id_ in RULES
    for id_, parameters in control.parameters.items():
        assert set(parameters) <= set(RULES[id_].parameters)


def test_controls_are_found_by_rule() -> None:
    found = STANDARDS["cis-aws-3.0"].by_rule["ec2-sg-open-administration"]
    assert [control.id for control in found] == ["5.2", "5.3"]


@pytest.mark.parametrize(
    "text",
    [
        "not TOML",
        'id = "x"',
        'id = "x"\ntitle = "t"\nversion = "1"\nsource = "s"\ncolour = "red"\n[control]\n"1" = { title = "t" }',
        'id = "x"\ntitle = "t"\nversion = "1"\nsource = "s"\n[control]\n"1" = { rules = [] }',
        'id = "x"\ntitle = "t"\nversion = "1"\nsource = "s"\n[control]\n"1" = { title = "t", rule = "r" }',
        'id = "x"\ntitle = "t"\nversion = "1"\nsource = "s"\n[control]\n"1" = { title = "t", parameters = { r = {} } }',
    ],
)
def test_what_is_not_a_standard_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(RuleError, match=r"mine\.toml"):
        parse("mine.toml", text)
