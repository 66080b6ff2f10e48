"""Rules and catalogue speak of the same things: a rule that reads a key which nobody records would never fire.

The examples stand for what rules read: each must be a configuration that the catalogue declares, key by key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest

from vigie.catalogue.loader import load
from vigie.catalogue.service_models import installed
from vigie.catalogue.shapes import ListOf, MapOf, Scalar, Structure, Type
from vigie.catalogue.verify_resource import resource_defects
from vigie.model.change import Revision
from vigie.rules.declare import Rule
from vigie.rules.discover import discover
from vigie.rules.examples import read_examples
from vigie.rules.inventory import OWNING_TYPES, MemoryInventory

RULES = discover(group=None)
CATALOGUE = load()
MODELS = installed()


@cache
def declared(type_: str) -> Type:
    return resource_defects(CATALOGUE.types[type_], CATALOGUE, MODELS).resource


def strangers(value: Any, of: Type, path: str = "") -> Iterator[str]:
    """Paths of a configuration that the declared shape does not have."""
    if value is None or type(of) is Type:
        return
    if isinstance(value, Mapping):
        yield from _strange_members(value, of, path)
    elif isinstance(value, list):
        if isinstance(of, ListOf):
            for element in value:
                yield from strangers(element, of.of(), f"{path}[]")
        elif not _holds_document(of):
            yield f"{path} is a list, declared is {of}"
    elif isinstance(of, Structure | ListOf | MapOf):
        yield f"{path} is {value!r}, declared is {of}"


def _strange_members(value: Mapping[str, Any], of: Type, path: str) -> Iterator[str]:
    for key, inner in value.items():
        below = f"{path}.{key}" if path else key
        if isinstance(of, Structure):
            member = of.member(key)
            if member is None:
                yield below
            else:
                yield from strangers(inner, member, below)
        elif isinstance(of, MapOf):
            yield from strangers(inner, of.of(), below)
        elif not _holds_document(of):
            yield f"{path} is a table, declared is {of}"
            return


def _holds_document(of: Type) -> bool:
    """A text that is decoded (a policy) is an object as recorded."""
    return isinstance(of, Scalar) and of.kind in ("string", "null")


def revisions(rule: Rule) -> Iterator[tuple[str, Revision]]:
    for example in read_examples(rule, RULES.samples):
        yield example.name, example.revision
        inventory = example.estate.inventory
        assert isinstance(inventory, MemoryInventory)
        yield from ((example.name, known) for known in inventory.everything)


@pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.id) for rule in RULES])
def test_what_a_rule_reads_is_what_the_catalogue_records(rule: Rule) -> None:
    types = {*rule.applies_to, *rule.depends_on}
    assert types <= CATALOGUE.types.keys(), "a type that nobody records"
    wrong = {
        f"{revision.type}: {path} ({name})"
        for name, revision in revisions(rule)
        for path in strangers(dict(revision.configuration), declared(revision.type))
    }
    assert sorted(wrong) == []


@pytest.mark.parametrize("type_", sorted(RULES.samples))
def test_a_sample_is_a_configuration_of_its_type(type_: str) -> None:
    assert list(strangers(RULES.samples[type_].configuration, declared(type_))) == []


def test_types_that_own_identifiers_are_in_the_catalogue() -> None:
    assert {type_ for types in OWNING_TYPES.values() for type_ in types} <= CATALOGUE.types.keys()


def test_a_key_that_is_not_recorded_is_found() -> None:
    queue = declared("AWS::SQS::Queue")
    assert list(strangers({"Atributes": {}}, queue)) == ["Atributes"]
    assert list(strangers({"Attributes": {"Policy": {"Statement": []}}}, queue)) == []
