"""Secrets of channels: given in the settings, by the environment, or in a file; never shown."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vigie.model.errors import SettingsError

_SHORTEST = 4
"""Shorter texts are not searched for: striking out every ``a`` hides the reason and no secret."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret, or where it is. Written ``"text"``, ``{ env = "NAME" }`` or ``{ file = "/path" }``.

    ``str`` and ``repr`` never show it.
    """

    text: str | None = field(default=None, repr=False)
    env: str | None = None
    file: Path | None = None

    def reveal(self, environ: Mapping[str, str] | None = None) -> str:
        """The secret; a file is read each time, so that it can be rotated, and its last line break is no part of it.

        Raises:
            SettingsError: the variable or the file is not there.
        """
        if self.text is not None:
            return self.text
        if self.env is not None:
            found = (os.environ if environ is None else environ).get(self.env)
            if not found:
                raise SettingsError(
                    f"The environment variable {self.env}, which holds a secret of a channel, is not set."
                )
            return found
        try:
            return (self.file or Path()).expanduser().read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
            raise SettingsError(f"The file {self.file}, which holds a secret, cannot be read: {reason}.") from None

    def __str__(self) -> str:
        return "(secret)"


def parse_secret(value: Any) -> Secret:
    """A secret as the settings write it. Raises ``ValueError``, whose text does not hold the value."""
    if isinstance(value, Secret):
        return value
    if isinstance(value, str) and value:
        return Secret(text=value)
    if isinstance(value, Mapping) and len(value) == 1:
        key, where = next(iter(value.items()))
        if key == "env" and isinstance(where, str) and where:
            return Secret(env=where)
        if key == "file" and isinstance(where, str) and where:
            return Secret(file=Path(where))
    raise ValueError('must be text, { env = "NAME" } or { file = "/path" }')


def redact(text: str, secrets: Iterable[str]) -> str:
    """The text without those secrets, longest first."""
    for secret in sorted({s for s in secrets if len(s) >= _SHORTEST}, key=len, reverse=True):
        text = text.replace(secret, "…")
    return text
