"""Files of others are what their manifest says."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

VENDORED = Path(__file__).parent / "vendored"
OURS = {"manifest.toml", "bring.py"}


def test_every_vendored_file_is_named_with_its_digest_and_licence() -> None:
    packages = tomllib.loads((VENDORED / "manifest.toml").read_text(encoding="utf-8"))["package"]
    named = {file["path"]: file["sha256"] for package in packages for file in package["file"]}
    there = {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in VENDORED.iterdir()
        if file.is_file() and file.name not in OURS
    }
    assert there == named
    assert all(package["licence"] and package["version"] for package in packages)
