"""The JSON Schema of the catalogue's files, for editors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from vigie.catalogue.words import TABLES, Word

_OFF: Final = {"description": "In an overlay: takes the table out.", "const": True}


def json_schema() -> dict[str, Any]:
    """The schema (draft 2020-12) of one ``<service>.toml``."""
    kinds = {kind: _object(words, {"off": _OFF}) for kind, words in TABLES.items() if kind != "file"}
    file = _object(TABLES["file"], {})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A service of vigie's catalogue",
        **file,
        "additionalProperties": {"$ref": "#/$defs/type"},
        "$defs": {**kinds, "expression": {"type": "string"}},
    }


def _object(words: Mapping[str, Word], more: Mapping[str, Any]) -> dict[str, Any]:
    properties = {name: {"description": word.meaning, **word.schema} for name, word in words.items()}
    return {
        "type": "object",
        "properties": {**properties, **more},
        "required": [name for name, word in words.items() if word.required],
        "additionalProperties": False,
    }
