"""The four switches of S3's block public access."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

SWITCHES: Final = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def off(*settings: Mapping[str, Any] | None) -> list[str]:
    """The switches that none of the settings (of the bucket, of the account) turns on."""
    return [switch for switch in SWITCHES if not any((setting or {}).get(switch) for setting in settings)]
