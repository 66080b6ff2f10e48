"""The reference pages in docs/ are those that the catalogue makes."""

from __future__ import annotations

from pathlib import Path

from vigie.catalogue.loader import load
from vigie.catalogue.reference import pages

FOLDER = Path(__file__).parents[2] / "docs" / "reference" / "catalogue"


def test_the_pages_in_the_tree_are_up_to_date() -> None:
    """Run `python -m vigie.catalogue.reference` after a change of the catalogue."""
    written = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    assert written == pages()


def test_every_type_and_every_permission_is_in_the_reference() -> None:
    text = "\n".join(pages().values())
    for declared in load().types.values():
        assert declared.type in text
        assert all(f"`{service}:{operation}`" in text for service, operation in declared.operations)


def test_links_of_the_index_lead_somewhere() -> None:
    made = pages()
    assert all(f"({name})" in made["index.md"] for name in made if name not in ("index.md", "format.md", "checks.md"))
