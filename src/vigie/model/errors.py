"""Errors that a user can do something about: one clear sentence, and an exit code.

The codes are documented in docs/reference/exit-codes.md.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    DONE = 0
    FINDINGS = 1
    """Findings at or above --fail-on."""
    USAGE = 2
    PARTIAL = 3
    """Something could not be seen."""
    SETTINGS = 4
    """Settings, credentials, or the store."""
    INTERNAL = 5


class VigieError(Exception):
    """A mistake or a state of the world that is told in one sentence, which says what to do; never a traceback."""

    exit_code: ExitCode = ExitCode.SETTINGS


class UsageError(VigieError):
    exit_code = ExitCode.USAGE


class SettingsError(VigieError):
    """A wrong setting: unknown key, bad region, bad account id."""


class CredentialsError(VigieError):
    """No credentials, expired ones, or those of another account."""


class StoreError(VigieError):
    """The database cannot be reached, opened, written to, or is of another version."""


class CatalogueError(VigieError):
    """A declaration of a resource type (or an overlay) that cannot be read."""


class RuleError(VigieError):
    """A rule file or its examples that cannot be read."""
