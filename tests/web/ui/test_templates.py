"""What all templates must keep to: nothing inline, nothing from elsewhere, nothing unescaped."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import vigie.web.ui

HERE = Path(vigie.web.ui.__file__).parent
TEMPLATES = sorted((HERE / "templates").glob("*.html"))
STATIC = sorted((HERE / "static").iterdir())


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_has_no_inline_script_or_style_and_trusts_no_text(template: Path) -> None:
    source = template.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle\s*=", source)
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", source)
    assert not re.search(r"<style|javascript:", source)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", source))
    assert not re.search(r"\|\s*safe\b|autoescape|Markup", source)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_every_form_that_acts_carries_the_token(template: Path) -> None:
    source = template.read_text(encoding="utf-8")
    for form in re.findall(r'<form[^>]*method="post".*?</form>', source, re.DOTALL):
        assert "csrf" in form or 'action="/login"' in form, form[:120]


@pytest.mark.parametrize("file", [*TEMPLATES, *STATIC], ids=lambda path: path.name)
def test_nothing_is_fetched_from_elsewhere(file: Path) -> None:
    source = file.read_text(encoding="utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"(?:src|href|action|url\(|@import|import|fetch\()[\s=\"'(]*(?:https?:)?//", source)


def test_every_interactive_colour_has_both_themes() -> None:
    source = (HERE / "static" / "vigie.css").read_text(encoding="utf-8")
    root = source[source.index(":root {") : source.index("}", source.index(":root {"))]
    colours = [line for line in root.splitlines() if "#" in line]
    assert colours and all("light-dark(" in line for line in colours)
