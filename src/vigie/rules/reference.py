"""The reference pages of the rules (docs/reference/rules/), made from what they declare and from their examples."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from vigie.model.finding import Compliance
from vigie.rules.declare import Rule
from vigie.rules.discover import RuleSet, discover
from vigie.rules.examples import Example, read_examples

_MADE = "<!-- Made by `python -m vigie.rules.reference`; do not edit. -->"
_ORDER = (Compliance.NON_COMPLIANT, Compliance.COMPLIANT, Compliance.UNKNOWN)
_SAID = {
    Compliance.NON_COMPLIANT: "Reports",
    Compliance.COMPLIANT: "Does not report",
    Compliance.UNKNOWN: "Gives no verdict (*unknown*)",
}


def pages(rules: RuleSet | None = None) -> dict[str, str]:
    """File name → Markdown: an index, and one page a folder of rules."""
    rules = discover(group=None) if rules is None else rules
    ordered = sorted(rules, key=lambda rule: (_folder(rule), rule.id))
    folders = {folder: list(group) for folder, group in groupby(ordered, key=_folder)}
    made = {f"{folder}.md": _page_of(folder, group, rules) for folder, group in folders.items()}
    return {"index.md": _index(folders), **made}


def _folder(rule: Rule) -> str:
    return rule.source.parent.name if rule.source else rule.origin


def _page(lines: list[str]) -> str:
    return "\n".join([_MADE, *lines]) + "\n"


def _index(folders: dict[str, list[Rule]]) -> str:
    count = sum(len(group) for group in folders.values())
    lines = [
        "# What is judged",
        "",
        f"{count} rules are shipped. `vigie rules show RULE` prints the same in a terminal.",
        "",
    ]
    for folder, group in folders.items():
        lines += [f"## [{folder}]({folder}.md)", "", "| rule | severity | what it reports |", "| --- | --- | --- |"]
        lines += [f"| [{r.id}]({folder}.md#{r.id}) | {r.severity.value} | {r.title} |" for r in group]
        lines.append("")
    return _page(lines[:-1])


def _page_of(folder: str, group: list[Rule], rules: RuleSet) -> str:
    lines = [f"# Rules: {folder}"]
    for rule in group:
        lines += ["", *_rule(rule, read_examples(rule, rules.samples))]
    return _page(lines)


def _rule(rule: Rule, examples: list[Example]) -> Iterator[str]:
    yield from (f"## {rule.id}", "", f"**{rule.title}** ({rule.severity.value})", "", rule.description, "")
    yield f"- Judges: {_codes(rule.applies_to)}"
    if rule.looks_up:
        yield f"- Looks up: {_codes(rule.looks_up)}"
    yield f"- Remedy: {rule.remedy}"
    if rule.not_reported:
        yield f"- Not reported: {rule.not_reported}"
    for name, default in rule.parameters.items():
        yield f"- Parameter `{name}`, default `{list(default) if isinstance(default, tuple) else default}`"
    if rule.predecessor:
        yield f"- Covers of the predecessor: {_codes(rule.predecessor)}"
    yield from (f"- See <{address}>" for address in rule.references)
    for kind in _ORDER:
        names = [example.name for example in examples if example.expected is kind]
        if names:
            yield from ("", f"{_SAID[kind]}:", "", *(f"- {name}" for name in names))


def _codes(texts: tuple[str, ...]) -> str:
    return ", ".join(f"`{text}`" for text in texts)


def main() -> None:
    """Writes the pages into ``docs/reference/rules`` of the working tree that this is run in."""
    from pathlib import Path

    folder = Path("docs/reference/rules")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
