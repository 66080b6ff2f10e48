"""The reference pages in docs/ are those that the rules make."""

from __future__ import annotations

from pathlib import Path

from vigie.rules.discover import discover
from vigie.rules.reference import pages

FOLDER = Path(__file__).parents[2] / "docs" / "reference" / "rules"


def test_the_pages_are_up_to_date() -> None:
    """Run `python -m vigie.rules.reference` after a change of a rule or an example."""
    written = {file.name: file.read_text(encoding="utf-8") for file in FOLDER.glob("*.md")}
    assert written == pages()


def test_every_rule_and_every_parameter_is_in_the_reference() -> None:
    made = pages()
    whole = "\n".join(made.values())
    for rule in discover(group=None):
        assert f"## {rule.id}\n" in whole
        assert f"({rule.source.parent.name}.md#{rule.id})" in made["index.md"] if rule.source else False
        assert all(f"Parameter `{name}`" in whole for name in rule.parameters)
