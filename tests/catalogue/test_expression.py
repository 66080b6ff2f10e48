"""Expressions and templates give what JMESPath gives, and what the resource is called."""

from __future__ import annotations

import jmespath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie.catalogue.declaration import Call, UnboundParameterError
from vigie.catalogue.expression import Expression, Name, Place, Template

HERE = Place("111122223333", "eu-west-1", "aws-cn")

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=10,
)


@given(_json, st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(".".join))
def test_the_quick_way_gives_what_jmespath_gives(value: object, path: str) -> None:
    assert Expression(path).read(value) == jmespath.search(path, value)


def test_what_is_more_than_a_path_is_jmespath() -> None:
    assert Expression("a[?b == `1`].c | [0]").read({"a": [{"b": 1, "c": "x"}]}) == "x"
    assert Expression("@").read([1]) == [1]


def test_scope_and_parent_can_be_looked_at() -> None:
    assert Expression("scope.region").read({}, HERE) == "eu-west-1"
    assert Expression("parent.Id").read({}, HERE, {"Id": "p"}) == "p"
    assert Expression("HomeRegion != scope.region").read({"HomeRegion": "eu-west-1"}, HERE) is False


def test_a_member_that_only_sounds_like_the_scope_is_a_member() -> None:
    assert not Expression("network.scope.name").wants_context
    assert not Expression("telescope.name").wants_context


def test_a_template_is_filled_from_the_place_and_the_resource() -> None:
    template = Template("arn:{partition}:ec2:{region}:{account}:vpc/{Vpc.Id}")
    assert template.read({"Vpc": {"Id": "vpc-1"}}, HERE) == "arn:aws-cn:ec2:eu-west-1:111122223333:vpc/vpc-1"
    assert template.read({}, HERE) is None


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("arn:aws:sns:eu-west-1:1:topic", "topic"),
        ("arn:aws:iam::1:saml-provider/corp", "corp"),
        ("plain", "plain"),
        ("", None),
        (None, None),
    ],
)
def test_the_name_in_an_arn_is_its_last_part(value: str | None, name: str | None) -> None:
    assert Name("A").read({"A": value}) == name


def test_parameters_are_literals_and_bound_members() -> None:
    call = Call(
        "ec2", "X", args={"Attribute": "a"}, bind={"Id": Expression("I"), "Account": Expression("scope.account")}
    )
    assert call.parameters({"I": "i-1"}, HERE) == {"Attribute": "a", "Id": "i-1", "Account": "111122223333"}


def test_a_call_without_its_bound_member_is_not_made() -> None:
    with pytest.raises(UnboundParameterError, match="Id takes I, which the resource lacks"):
        Call("ec2", "X", bind={"Id": Expression("I")}).parameters({}, HERE)
