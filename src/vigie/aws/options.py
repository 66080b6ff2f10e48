"""How AWS is talked to. Values; the program makes them of its settings."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

DEFAULT_REGION: Final = "us-east-1"

HOME_REGIONS: Final[Mapping[str, str]] = {
    "aws": "us-east-1",
    "aws-cn": "cn-north-1",
    "aws-us-gov": "us-gov-west-1",
    "aws-eusc": "eusc-de-east-1",
    "aws-iso": "us-iso-east-1",
    "aws-iso-b": "us-isob-east-1",
    "aws-iso-e": "eu-isoe-west-1",
    "aws-iso-f": "us-isof-south-1",
}
"""The region in which a partition's global services answer (AWS General Reference, "Partitions")."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long and how often a call is tried. Seconds."""

    call_seconds: float = 60.0
    """One attempt, from the first byte sent to the last one read."""
    connect_seconds: float = 5.0
    read_seconds: float = 30.0
    """Between two packets."""
    attempts: int = 3
    """Of a call that fails transiently."""
    throttled_attempts: int = 12
    """Of a call that is throttled; the scope's deadline ends it earlier."""
    base_delay: float = 0.5
    longest_delay: float = 20.0

    def quickened(self) -> Patience:
        """For an endpoint on this machine, which needs no politeness."""
        return Patience(
            self.call_seconds,
            self.connect_seconds,
            self.read_seconds,
            self.attempts,
            self.throttled_attempts,
            self.base_delay / 20,
            self.longest_delay / 20,
        )


@dataclass(frozen=True, slots=True)
class Options:
    """Where and how. The environment's AWS_* variables and profile are read by botocore itself."""

    profile: str | None = None
    """None: AWS_PROFILE, or the default one."""
    region: str | None = None
    """Where calls are made that no region is given for; None: AWS_REGION, AWS_DEFAULT_REGION, the profile's, …"""
    endpoint_url: str | None = None
    """For all services; None: AWS_ENDPOINT_URL and its like, or AWS itself."""
    connections: int = 32
    quota_share: float = 0.3
    paced: bool | None = None
    """None: yes, unless the endpoint is on this machine."""
    patience: Patience = field(default_factory=Patience)
    ca_bundle: str | None = None


def is_local(url: str | None) -> bool:
    """Whether an endpoint is on this machine."""
    host = urlsplit(url).hostname if url else None
    if host is None:
        return False
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
