"""Reading identity policies as they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie.rules.declare import CannotTell
from vigie.rules.policies import matches, statements, texts


@pytest.mark.parametrize(
    ("pattern", "action", "expected"),
    [
        ("*", "s3:GetObject", True),
        ("s3:*", "S3:getobject", True),
        ("s3:Get*", "s3:GetObject", True),
        ("s3:Get?bject", "s3:GetObject", True),
        ("s3:Get", "s3:GetObject", False),
        ("s3:[G]etObject", "s3:GetObject", False),
        ("ec2:Authorize*", "ec2:AuthorizeSecurityGroupIngress", True),
        ("iam:Pass.ole", "iam:PassRole", False),
    ],
)
def test_action_patterns_are_iams_not_a_shells(pattern: str, action: str, expected: bool) -> None:
    assert matches(pattern, action) is expected


@given(st.text(min_size=1, max_size=30))
def test_any_text_matches_itself_and_everything_matches_the_star(text: str) -> None:
    assert matches("*", text)
    if "*" not in text and "?" not in text and len(text.lower()) == len(text):
        assert matches(text, text)


def test_one_statement_may_stand_without_a_list_and_elements_without_lists() -> None:
    (statement,) = statements({"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}})
    assert statement.allows
    assert statement.actions == ("s3:*",)
    assert statement.everywhere
    assert statement.label == "#1"


@pytest.mark.parametrize("document", [None, "text", ["a"], {"Statement": ["text"]}])
def test_what_is_no_policy_gives_no_verdict(document: object) -> None:
    with pytest.raises(CannotTell):
        list(statements(document))


def test_notaction_speaks_of_everything_else() -> None:
    (statement,) = statements({"Statement": [{"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}]})
    assert statement.speaks_of("s3:GetObject")
    assert not statement.speaks_of("IAM:PassRole")


def test_a_statement_without_action_speaks_of_nothing() -> None:
    (statement,) = statements({"Statement": [{"Effect": "Allow", "Resource": "*"}]})
    assert not statement.speaks_of("s3:GetObject")


def test_numbers_in_a_policy_are_texts() -> None:
    assert texts([123456789012, True]) == ("123456789012", "True")
