"""What is committed: nothing of a machine or registry, no secret; accepted licences; a wheel with all it needs."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LOCKS = ("requirements.lock", "requirements-demo.lock")

ACCEPTED = re.compile(
    r"\b(MIT|BSD|Apache|ISC|PSF|Python Software Foundation|0BSD|Unlicense|CC0|HPND|Zlib|MIT-CMU|BlueOak)\b",
    re.IGNORECASE,
)
EXCEPTIONS = {
    "atheris": "Apache-2.0 by its LICENSE file; its metadata do not say: tests only",
    "certifi": "MPL-2.0: certificates, unmodified",
    "hypothesis": "MPL-2.0: tests only",
    "psycopg": "LGPL-3.0: optional, unmodified",
    "psycopg-binary": "LGPL-3.0: optional, unmodified",
    "pathspec": "MPL-2.0: build and types only",
    "orjson": "MPL-2.0 in one file, unmodified; otherwise Apache-2.0 or MIT",
}
"""Named, and why each is accepted."""


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, check=True, text=True)
    return [ROOT / name for name in listed.stdout.split("\0") if name]


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_has_hashes_and_names_no_registry(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "--hash=sha256:" in text
    assert not re.search(r"https?://|file:|index-url", text)


def test_lock_files_that_record_registries_are_not_committed() -> None:
    assert tracked("uv.lock", "pylock*.toml", "poetry.lock", "package-lock.json", "**/package-lock.json") == []


def test_no_committed_file_names_a_path_of_the_machine_it_was_made_on() -> None:
    home = "/" + "root/"
    checkout = "/" + "work/"
    guilty = []
    for path in tracked():
        if path.suffix in {".png", ".zdict", ".dict", ".bin", ".woff2"} or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        guilty += [f"{path.relative_to(ROOT)}: {word}" for word in (home, checkout) if word in text]
    assert guilty == []


def test_no_committed_file_holds_a_key_of_aws_or_a_private_key() -> None:
    real_key = re.compile(r"-----BEGIN (RSA |EC |OPENSSH )?PRIVATE KEY-----\n[A-Za-z0-9+/]{60}")
    guilty = [
        str(path.relative_to(ROOT))
        for path in tracked()
        if path.is_file() and real_key.search(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert guilty == []


def requirements() -> list[str]:
    text = "".join((ROOT / name).read_text(encoding="utf-8") for name in LOCKS)
    return sorted(set(re.findall(r"^([A-Za-z0-9_.-]+)==", text, re.MULTILINE)))


@pytest.mark.parametrize("name", requirements())
def test_every_dependency_has_a_licence_that_we_accept(name: str) -> None:
    try:
        about = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        pytest.skip("not needed on this platform")
    if name in EXCEPTIONS:
        return
    said = [text[:300] for field in ("License-Expression", "License") for text in about.get_all(field) or ()]
    said += [line for line in about.get_all("Classifier") or () if line.startswith("License ::")]
    assert ACCEPTED.search(" ".join(said)), f"{name}: {said}"


@pytest.mark.slow
def test_the_wheel_holds_every_file_of_the_package(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    wanted = {str(path.relative_to(ROOT / "src")) for path in tracked("src") if path.is_file()}
    assert wanted <= held, sorted(wanted - held)[:10]
