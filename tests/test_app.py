"""The composition root: keys of the installation."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from vigie.app import App
from vigie.model.errors import SettingsError
from vigie.settings import Settings


def app(folder: Path) -> App:
    return App(Settings(data_dir=folder))


def test_a_key_is_made_once_and_only_its_user_may_read_it(tmp_path: Path) -> None:
    key = app(tmp_path).key("redaction")
    assert len(key) == 32
    assert app(tmp_path).key("redaction") == key
    assert app(tmp_path).key("web") != key
    file = tmp_path / "keys" / "redaction"
    assert file.stat().st_mode & 0o077 == 0
    assert file.parent.stat().st_mode & 0o077 == 0


def test_of_many_that_make_a_key_at_once_all_get_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: app(tmp_path).key("redaction"), range(64)))
    assert len(keys) == 1
    assert [file.name for file in (tmp_path / "keys").iterdir()] == ["redaction"]


@pytest.mark.parametrize(
    ("content", "sentence"), [("", "cut short"), ("abcd", "cut short"), ("not a key", "not hold a key")]
)
def test_a_damaged_key_is_told_and_never_replaced(tmp_path: Path, content: str, sentence: str) -> None:
    file = tmp_path / "keys" / "redaction"
    file.parent.mkdir()
    file.write_text(content)
    with pytest.raises(SettingsError, match=sentence):
        app(tmp_path).key("redaction")
    assert file.read_text() == content
