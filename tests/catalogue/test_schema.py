"""The schema for editors says what the loader takes: neither more nor less."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files

import pytest
from jsonschema import Draft202012Validator

from vigie.catalogue.loader import declarations
from vigie.catalogue.schema import json_schema
from vigie.catalogue.words import TABLES
from vigie.model.errors import CatalogueError

HEAD = '_service = "s"\n[_source.all]\nop = "ListAll"\n[t]\ncfn = "A::B::C"\nid = "x"\n'
LISTED = HEAD + 'list = { op = "X", items = "Y" }\n'
ON = 'items = "Y"\non = { item = "A", other = "B" }\n'
TABLE_WITH_UNKNOWN_KEY = {
    "type": LISTED + 'tags = "Tags"\nzzz = 1',
    "call": '_service = "s"\n[_source.all]\nop = "ListAll"\nzzz = 1',
    "list": HEAD + 'list = { op = "X", items = "Y", zzz = 1 }',
    "narrow": HEAD + 'list = { op = "X", items = "Y", narrow = { param = "P", item = "I", zzz = 1 } }',
    "singleton": HEAD + 'singleton = { op = "X", zzz = 1 }',
    "describe": LISTED + 'describe = { op = "X", param = "P", item = "I", items = "Y", key = "K", zzz = 1 }',
    "detail": LISTED + '[t.detail.A]\nop = "X"\nzzz = 1',
    "pairs": LISTED + '[t.detail.A]\nop = "X"\npairs = { key = "K", value = "V", zzz = 1 }',
    "join": LISTED + f'[t.join.A]\nop = "X"\nzzz = 1\n{ON}',
    "on": LISTED + '[t.join.A]\nop = "X"\nitems = "Y"\non = { item = "A", other = "B", zzz = 1 }',
    "tags": LISTED + '[t.tags]\nop = "X"\nzzz = 1',
    "batch": LISTED
    + '[t.tags]\nop = "X"\nbatch = { param = "P", item = "I", size = 2, items = "Y", key = "K", zzz = 1 }',
}


def words_the_loader_knows(kind: str) -> set[str]:
    """A key that is unknown makes the loader tell the ones that it knows."""
    with pytest.raises(CatalogueError) as refused:
        list(declarations("f.toml", tomllib.loads(TABLE_WITH_UNKNOWN_KEY[kind]), frozenset({"vigie.catalogue"})))
    known = re.search("unknown key 'zzz'; known here are (.*)", str(refused.value))
    assert known is not None, str(refused.value)
    return set(known[1].split(", "))


@pytest.mark.parametrize("kind", [kind for kind in TABLES if kind != "file"])
def test_the_words_of_the_schema_are_the_words_of_the_loader(kind: str) -> None:
    known = words_the_loader_knows(kind)
    if kind == "describe":  # `param` and `single` exclude each other, and only one of them was given
        known |= {"take"}
    if kind in ("list", "join"):  # a call of its own was given, not a source
        known |= {"source"}
    assert set(TABLES[kind]) == known


def shipped() -> list[str]:
    folder = files("vigie.catalogue") / "services"
    return sorted(path.name for path in folder.iterdir() if path.name.endswith(".toml"))


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_file_is_valid_to_the_schema(name: str) -> None:
    document = tomllib.loads((files("vigie.catalogue") / "services" / name).read_text(encoding="utf-8"))
    assert [error.message for error in Draft202012Validator(json_schema()).iter_errors(document)] == []


def test_the_schema_is_a_schema_and_refuses_what_it_should() -> None:
    Draft202012Validator.check_schema(json_schema())
    wrong = tomllib.loads(LISTED + "colour = 1\n")
    assert [error.validator for error in Draft202012Validator(json_schema()).iter_errors(wrong)] != []


def test_every_word_says_what_it_means() -> None:
    for words in TABLES.values():
        assert all(word.meaning.endswith(".") for word in words.values())
