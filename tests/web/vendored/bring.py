"""Bring the vendored files of the tests from the npm registry, and write down what they are.

    python tests/web/vendored/bring.py          # as named in manifest.toml, checked against its digests
    python tests/web/vendored/bring.py --renew  # another version was written there: write its digests

Needs npm. Nothing of this is part of vigie: axe-core (MPL-2.0, unmodified) runs in the browser of the tests only.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
MANIFEST = HERE / "manifest.toml"


def main(arguments: list[str]) -> int:
    text = MANIFEST.read_text(encoding="utf-8")
    for package in tomllib.loads(text)["package"]:
        with tempfile.TemporaryDirectory() as directory:
            archive = _packed(package["name"], package["version"], Path(directory))
            for file in package["file"]:
                content = _member(archive, file["member"])
                found = hashlib.sha256(content).hexdigest()
                if found != file["sha256"] and "--renew" not in arguments:
                    sys.stderr.write(f"{file['path']} is not what the manifest says: {found}\n")
                    return 1
                text = text.replace(file["sha256"], found)
                (HERE / file["path"]).write_bytes(content)
    MANIFEST.write_text(text, encoding="utf-8")
    return 0


def _packed(name: str, version: str, directory: Path) -> Path:
    subprocess.run(["npm", "pack", "--silent", f"{name}@{version}"], cwd=directory, check=True, capture_output=True)
    (archive,) = directory.glob("*.tgz")
    return archive


def _member(archive: Path, member: str) -> bytes:
    with tarfile.open(archive) as opened:
        file = opened.extractfile(f"package/{member}")
        if file is None:
            raise FileNotFoundError(member)
        return file.read()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
