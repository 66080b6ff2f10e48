"""Types from an installed package, hooks included; and the declaration in the how-to is a sound one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vigie.catalogue.loader import load
from vigie.catalogue.verify import verify
from vigie.model.errors import CatalogueError

TYPE = """
_service = "snowball"
_scope = "global"
[job]
cfn = "AWS::Snowball::Job"
id = "JobId"
hook = "{hook}"
calls = ["ListJobs", "DescribeJob"]
"""
HOOK = "def jobs(caller, scope):\n    yield from caller('snowball:ListJobs')['JobListEntries']\n"
NUMBER = iter(range(100))


class Installed:
    """A package on the path, with the metadata that an installer writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = f"acme_types_{next(NUMBER)}"

    def write(self, toml: str, entry: str | None = None) -> None:
        package = self.folder / self.name
        package.mkdir()
        (package / "__init__.py").write_text("")
        (package / "hooks.py").write_text(HOOK)
        (package / "snowball.toml").write_text(toml)
        info = self.folder / f"{self.name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {self.name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[vigie.catalogue]\nacme = {entry or self.name}\n")


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installed:
    monkeypatch.syspath_prepend(tmp_path)
    return Installed(tmp_path)


def test_an_installed_package_brings_types_and_hooks(installed: Installed) -> None:
    installed.write(TYPE.format(hook=f"{installed.name}.hooks:jobs"))
    catalogue = load()
    declared = catalogue.types["AWS::Snowball::Job"]
    assert declared.hook is not None
    assert ("snowball", "ListJobs") in declared.operations
    assert verify(catalogue.select([declared.type])) == []


def test_a_package_cannot_name_a_hook_of_another(installed: Installed) -> None:
    installed.write(TYPE.format(hook="os:listdir"))
    with pytest.raises(CatalogueError, match=f"hook: must be in {installed.name}, is 'os:listdir'"):
        load()


def test_a_package_that_cannot_be_imported_is_told(installed: Installed) -> None:
    installed.write(TYPE.format(hook="x:y"), entry="acme_is_not_there")
    with pytest.raises(CatalogueError, match="the package of 'acme' cannot be imported"):
        load()


def test_the_declaration_in_the_how_to_loads_and_verifies(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "how-to" / "types.md").read_text(encoding="utf-8")
    toml = re.search(r"```toml\n(.*?)```", text, re.DOTALL)
    assert toml is not None
    (tmp_path / "documented.toml").write_text(toml[1], encoding="utf-8")
    catalogue = load([tmp_path])
    added = set(catalogue.types) - set(load().types)
    assert added
    assert [str(defect) for defect in verify(catalogue.select(sorted(added)))] == []
