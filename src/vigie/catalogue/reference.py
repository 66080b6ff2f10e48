"""The reference pages of the catalogue (docs/reference/catalogue/), made from what it declares."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from vigie.catalogue.declaration import Call, TypeDeclaration
from vigie.catalogue.defects import CHECKS
from vigie.catalogue.loader import Catalogue, load
from vigie.catalogue.reading_only import permission_for
from vigie.catalogue.words import TABLES

_MADE = "<!-- Made by `python -m vigie.catalogue.reference`; do not edit. -->"


def pages(catalogue: Catalogue | None = None) -> dict[str, str]:
    """File name → Markdown: an index, one page a service, the words of the format, the checks."""
    catalogue = catalogue or load()
    types = sorted(catalogue.types.values(), key=lambda declared: (declared.service, declared.type))
    services = {service: list(group) for service, group in groupby(types, key=lambda declared: declared.service)}
    made = {f"{service}.md": _service(service, group) for service, group in services.items()}
    return {"index.md": _index(services), "format.md": _format(), "checks.md": _checks(), **made}


def _page(lines: list[str]) -> str:
    return "\n".join([_MADE, *lines]) + "\n"


def _index(services: dict[str, list[TypeDeclaration]]) -> str:
    lines = ["# What can be watched", ""]
    for service, types in services.items():
        lines += [f"## [{service}]({service}.md)", ""]
        lines += [f"- `{declared.type}`: {declared.about}" for declared in types]
        lines.append("")
    return _page(lines[:-1])


def _service(service: str, types: list[TypeDeclaration]) -> str:
    lines = [f"# {service}"]
    for declared in types:
        lines += ["", f"## {declared.type}", "", declared.about, "", *_facts(declared), "", *_calls(declared)]
    return _page(lines)


def _facts(declared: TypeDeclaration) -> Iterator[str]:
    yield f"- Listed: {'once per account' if declared.scope == 'global' else 'in every region'}"
    if declared.parent:
        yield f"- Listed under each `{declared.parent}`"
    cut = f" without `{declared.id_without}`" if declared.id_without else ""
    yield f"- Identified by: `{declared.id}`{cut}" + (
        f", made again when `{declared.uid}` differs" if declared.uid else ""
    )
    if declared.cadence:
        yield f"- Read no more often than every {declared.cadence}"
    yield from _paths("Ephemeral (recorded, never told)", declared.treatment.ephemeral)
    yield from _paths("Kept as a digest only", declared.treatment.redact)
    yield from _paths("Not kept", declared.treatment.drop)
    yield from _paths("Changes are told by the events", declared.events)


def _paths(title: str, paths: tuple[str, ...]) -> Iterator[str]:
    if paths:
        yield f"- {title}: {', '.join(f'`{path}`' for path in paths)}"


def _calls(declared: TypeDeclaration) -> Iterator[str]:
    yield "| key | call | IAM action |"
    yield "| --- | --- | --- |"
    for key, call in _keyed_calls(declared):
        yield f"| {key} | `{call}` | `{permission_for(call.service, call.operation)}` |"


def _keyed_calls(declared: TypeDeclaration) -> Iterator[tuple[str, Call]]:
    names = {id(call): "" for call in declared.calls}
    for detail in declared.details:
        names[id(detail.call)] = f"`{detail.key}`"
        names |= {id(inner.call): f"`{detail.key}[].{inner.key}`" for inner in detail.each}
    names |= {id(join.call): f"`{join.key}`" for join in declared.joins}
    if declared.tags and declared.tags.call:
        names[id(declared.tags.call)] = "`Tags`"
    return ((names[id(call)], call) for call in declared.calls)


def _format() -> str:
    lines = ["# The format of the catalogue's files", ""]
    lines += ["TOML, one file a service. Expressions are [JMESPath](https://jmespath.org/specification.html).", ""]
    for kind, words in TABLES.items():
        lines += [f"## {kind}", "", "| word | meaning |", "| --- | --- |"]
        lines += [
            f"| `{name}`{' (required)' if word.required else ''} | {word.meaning} |" for name, word in words.items()
        ]
        lines.append("")
    return _page(lines[:-1])


def _checks() -> str:
    lines = ["# What the verifier checks", "", "| check | what it sees to |", "| --- | --- |"]
    lines += [f"| `{name}` | {meaning} |" for name, meaning in CHECKS.items()]
    return _page(lines)


def main() -> None:
    """Writes the pages into ``docs/reference/catalogue`` of the working tree that this is run in."""
    from pathlib import Path

    folder = Path("docs/reference/catalogue")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
