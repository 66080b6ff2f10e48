"""Reads the declarations: vigie's own, those of installed packages, and an operator's overlay directories."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from importlib import import_module, metadata, resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final

from vigie.catalogue.declaration import TypeDeclaration
from vigie.catalogue.reading import file_context, type_declaration
from vigie.catalogue.tables import Table
from vigie.model.errors import CatalogueError

ENTRY_POINTS: Final = "vigie.catalogue"
"""An installed package adds types with an entry point of this group: a package that holds ``*.toml`` and hooks."""
OWN: Final = "vigie.catalogue"


@dataclass(frozen=True)
class Catalogue:
    """Every resource type that can be watched."""

    types: Mapping[str, TypeDeclaration]
    """By CloudFormation name, sorted."""

    def select(self, patterns: Iterable[str]) -> Catalogue:
        """The types that match one of the patterns: a type (``AWS::S3::Bucket``), a service (``s3``), or a glob of
        either; all, where there is no pattern. Parents come with their children.

        Raises CatalogueError where a pattern matches nothing.
        """
        chosen: set[str] = set()
        for pattern in patterns:
            found = [name for name, declared in self.types.items() if _matches(declared, pattern)]
            if not found:
                told = f"No resource type or service matches {pattern!r}: `vigie catalogue list` lists them."
                raise CatalogueError(told)
            chosen.update(found)
        if not chosen:
            return self
        return Catalogue({name: self.types[name] for name in sorted(self._with_parents(chosen))})

    def _with_parents(self, names: set[str]) -> set[str]:
        parents = {parent for name in names if (parent := self.types[name].parent)}
        return names if parents <= names else self._with_parents(names | parents)

    def operations(self) -> frozenset[tuple[str, str]]:
        """Every (service, operation) that any of the types may call."""
        return frozenset().union(*(declared.operations for declared in self.types.values()))

    def services(self) -> tuple[str, ...]:
        return tuple(sorted({service for service, _ in self.operations()}))


@dataclass(frozen=True)
class _File:
    name: str
    tables: dict[str, Any]
    hooks: frozenset[str] = frozenset()
    overlaid_by: tuple[str, ...] = field(default=())


def load(overlays: Sequence[Path] = ()) -> Catalogue:
    """The whole catalogue. Raises CatalogueError, in one sentence, on the first thing that cannot be read.

    An overlay directory holds ``<service>.toml`` files in the same format: its tables patch those of the same name
    (``[bucket.detail.Policy]``), key by key, and may add types. ``off = true`` in a table takes it out.
    """
    files = {file.name: file for file in _shipped()}
    for file in _installed():
        if file.name in files:
            raise CatalogueError(f"{file.name} is brought by two packages")
        files[file.name] = file
    for directory in overlays:
        for overlay in _overlay(directory):
            files[overlay.name] = _laid_over(files.get(overlay.name), overlay)
    types: dict[str, TypeDeclaration] = {}
    for file in files.values():
        for declared in declarations(file.name, file.tables, file.hooks, file.overlaid_by):
            if declared.type in types:
                raise CatalogueError(f"{file.name} [{declared.table}] cfn: {declared.type} is declared twice")
            types[declared.type] = declared
    return Catalogue(dict(sorted(types.items())))


def declarations(
    name: str, tables: Mapping[str, Any], hooks: frozenset[str], overlaid_by: Sequence[str] = ()
) -> Iterator[TypeDeclaration]:
    """The declarations of one parsed file, with parents resolved to types."""
    where = f"{name} (with {', '.join(overlaid_by)})" if overlaid_by else name
    file = Table(tables, where, check=bool(overlaid_by) or not hooks)
    context = file_context(file, hooks)
    found = {}
    for key, value in tables.items():
        if key.startswith("_"):
            continue
        if not isinstance(value, dict):
            raise CatalogueError(f"{where} {key}: must be a table; keys of the file start with '_'")
        file.taken.add(key)
        found[key] = type_declaration(file.inner(key, value), key, context)
    file.end()
    for key, declared in found.items():
        if declared.parent is None:
            yield declared
        elif declared.parent not in found:
            raise CatalogueError(f"{where} [{key}] parent: there is no [{declared.parent}] in this file")
        else:
            yield replace(declared, parent=found[declared.parent].type)


def _matches(declared: TypeDeclaration, pattern: str) -> bool:
    return fnmatchcase(declared.type.lower(), pattern.lower()) or fnmatchcase(declared.service, pattern.lower())


def _shipped() -> Iterator[_File]:
    folder = resources.files(OWN) / "services"
    yield from _files(folder, frozenset({OWN}))


def _installed() -> Iterator[_File]:
    for entry in metadata.entry_points(group=ENTRY_POINTS):
        try:
            import_module(entry.value)
        except ImportError as error:
            raise CatalogueError(f"the package of {entry.name!r} cannot be imported: {error}") from error
        yield from _files(resources.files(entry.value), frozenset({entry.value}))


def _overlay(directory: Path) -> Iterator[_File]:
    if not directory.is_dir():
        raise CatalogueError(f"The overlay directory {directory} does not exist: correct catalogue_paths.")
    for file in _files(directory, frozenset()):
        yield replace(file, overlaid_by=(str(directory / file.name),))


def _files(folder: Traversable, hooks: frozenset[str]) -> Iterator[_File]:
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        if path.name.endswith(".toml"):
            yield _File(path.name, _parsed(path), hooks)


def _parsed(path: Traversable) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise CatalogueError(f"{path} cannot be read: {error}.") from error


def _laid_over(file: _File | None, overlay: _File) -> _File:
    if file is None:
        return replace(overlay, tables=_merged({}, overlay.tables))
    _refuse_hooks(overlay)
    return replace(
        file, tables=_merged(file.tables, overlay.tables), overlaid_by=(*file.overlaid_by, *overlay.overlaid_by)
    )


def _refuse_hooks(overlay: _File) -> None:
    for name, table in overlay.tables.items():
        if isinstance(table, dict) and "hook" in table:
            raise CatalogueError(
                f"{overlay.overlaid_by[0]} [{name}] hook: an overlay directory cannot bring Python; "
                "install a package with it instead"
            )


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        if not isinstance(value, dict):
            merged[key] = value
        elif value.get("off") is True:
            merged.pop(key, None)
        else:
            under = merged.get(key)
            merged[key] = _merged(under if isinstance(under, dict) else {}, value)
    return merged
