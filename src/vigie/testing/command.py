"""The command ``vigie`` as a user runs it: a process of its own, with a store of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LONGEST = 120.0


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Command:
    """Runs ``vigie`` with its settings, store and crash reports below ``folder``.

    Of the caller's environment, AWS_* and VIGIE_* variables are left out.
    """

    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    settings: str = ""

    def __post_init__(self) -> None:
        (self.folder / "vigie.toml").write_text(self.settings, encoding="utf-8")

    @property
    def environment(self) -> dict[str, str]:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "VIGIE_"))}
        own = {
            "VIGIE_CONFIG": str(self.folder / "vigie.toml"),
            "VIGIE_DATA_DIR": str(self.folder / "data"),
            "COLUMNS": "200",
        }
        return clean | own | dict(self.variables)

    def start(self, *words: str, **variables: str) -> subprocess.Popen[str]:
        """Start it; the caller waits for it or kills it."""
        return subprocess.Popen(  # noqa: S603 - the caller's words, on purpose
            [sys.executable, "-m", "vigie", *words],
            env=self.environment | variables,
            cwd=self.folder,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def __call__(self, *words: str, **variables: str) -> Ran:
        """Run it to its end. ``variables`` are laid over its environment."""
        with self.start(*words, **variables) as process:
            out, err = process.communicate(timeout=LONGEST)
        return Ran(process.returncode, out, err)

    def json(self, *words: str) -> Any:
        """The document that it prints with ``--json``.

        Raises:
            AssertionError: It failed (exit codes 1 and 3 tell of findings and gaps).
        """
        ran = self(*words, "--json")
        if ran.code not in (0, 1, 3):
            raise AssertionError(f"vigie {' '.join(words)} ended with {ran.code}: {ran.err}")
        return ran.json

    def items(self, *words: str) -> list[dict[str, Any]]:
        """The ``items`` of the list that it prints with ``--json``."""
        found: list[dict[str, Any]] = self.json(*words)["items"]
        return found
