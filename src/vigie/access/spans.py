"""Sets of addresses, ports, numbers and dates as runs between two cuts, and texts that lie in them.

A cut lies between two values. Of addresses it is a number: IPv4 first, then IPv6, which are never equal (IAM user
guide, "IP address condition operators"). Of ports and protocols it is the number itself. Of numbers and dates it is
(value, 0) just before the value, (value, 1) just after it.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final

_V4: Final = 2**32
_ALL_ADDRESSES: Final = ((0, _V4 + 2**128),)
_ALL_NUMBERS: Final = (((-math.inf, 0), (math.inf, 1)),)
_MONTH: Final = re.compile(r"[0-9]{4}-[0-9]{2}")
_MAPPED: Final = ipaddress.IPv6Network("::ffff:0:0/96")
WIDEST_V4, WIDEST_V6 = 8, 32
"""A network with a shorter prefix is the internet (Amazon S3 user guide, "The meaning of public", for IPv4)."""


class Line(Enum):
    ADDRESS = "address"
    NUMBER = "number"
    DATE = "date"
    PORT = "port"
    """0 to 65535."""
    PROTOCOL = "protocol"
    """The number in the header of IP: 0 to 255."""

    @property
    def whole(self) -> Any:
        return _WHOLE.get(self, _ALL_NUMBERS)


_WHOLE: Final = {Line.ADDRESS: _ALL_ADDRESSES, Line.PORT: ((0, 65536),), Line.PROTOCOL: ((0, 256),)}


@dataclass(frozen=True, slots=True)
class Spans:
    """Ordered runs [from, to) that do not touch."""

    line: Line
    runs: tuple[tuple[Any, Any], ...]

    def holds(self, text: str) -> bool:
        cut = _cut(self.line, text)
        return cut is not None and any(low <= cut < high for low, high in self.runs)

    def others(self) -> Spans:
        ((low, end),) = self.line.whole
        found = []
        for start, stop in self.runs:
            if low < start:
                found.append((low, start))
            low = stop
        if low < end:
            found.append((low, end))
        return Spans(self.line, tuple(found))

    def common(self, other: Spans) -> Spans:
        found = []
        mine, theirs = 0, 0
        while mine < len(self.runs) and theirs < len(other.runs):
            (a, b), (c, d) = self.runs[mine], other.runs[theirs]
            low, high = max(a, c), min(b, d)
            if low < high:
                found.append((low, high))
            if b <= d:
                mine += 1
            else:
                theirs += 1
        return Spans(self.line, tuple(found))

    def text(self) -> str | None:
        """Some text in it; None where it is empty."""
        return _text(self.line, *self.runs[0]) if self.runs else None

    def covers(self, other: Spans) -> bool:
        return self.common(other).runs == other.runs


def united(line: Line, runs: Sequence[tuple[Any, Any]]) -> Spans:
    found: list[tuple[Any, Any]] = []
    for low, high in sorted(runs):
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return Spans(line, tuple(found))


def network_run(cidr: str) -> tuple[int, int] | None:
    """The run of a network or address; None where it is none."""
    try:
        network = ipaddress.ip_network(cidr.strip(), strict=False)
    except ValueError:
        return None
    if isinstance(network, ipaddress.IPv6Network) and network.subnet_of(_MAPPED):
        network = _unmapped(network)
    offset = 0 if network.version == 4 else _V4
    start = int(network.network_address) + offset
    return start, start + network.num_addresses


def _unmapped(network: ipaddress.IPv6Network) -> ipaddress.IPv4Network:
    """``::ffff:192.0.2.0/120`` → ``192.0.2.0/24``: an IPv4 address in the clothes of IPv6 (RFC 4291, 2.5.5.2)."""
    return ipaddress.IPv4Network((int(network.network_address) & (_V4 - 1), network.prefixlen - 96))


def narrow_networks(cidrs: Sequence[str]) -> list[str]:
    """The networks that these come to once joined, without those as wide as the internet (whole, or in parts)."""
    four: list[ipaddress.IPv4Network] = []
    six: list[ipaddress.IPv6Network] = []
    for cidr in cidrs:
        try:
            network = ipaddress.ip_network(cidr.strip(), strict=False)
        except ValueError:
            continue
        if isinstance(network, ipaddress.IPv6Network) and network.subnet_of(_MAPPED):
            network = _unmapped(network)
        if isinstance(network, ipaddress.IPv4Network):
            four.append(network)
        else:
            six.append(network)
    narrow_four = [n for n in ipaddress.collapse_addresses(four) if n.prefixlen >= WIDEST_V4]
    narrow_six = [n for n in ipaddress.collapse_addresses(six) if n.prefixlen >= WIDEST_V6]
    return [str(n) for n in (*narrow_four, *narrow_six)]


def inside(cidr: str, networks: Sequence[str]) -> bool:
    """Whether one of the networks holds the whole of this address or network."""
    inner = network_run(cidr)
    outer = [run for n in networks if (run := network_run(n)) is not None]
    return inner is not None and any(low <= inner[0] and inner[1] <= high for low, high in outer)


def number_of(text: str) -> float | None:
    try:
        number = float(text.strip())
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def date_of(text: str) -> float | None:
    """Seconds since 1970 of a W3C date (ISO 8601), or of seconds themselves."""
    seconds = number_of(text)
    if seconds is not None and not _is_year(text):
        return seconds
    text = text.strip()
    text = f"{text}-01-01" if _is_year(text) else f"{text}-01" if _MONTH.fullmatch(text) else text
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def date_text(seconds: float) -> str | None:
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return None


def _is_year(text: str) -> bool:
    return len(text.strip()) == 4 and text.strip().isdigit()


def _cut(line: Line, text: str) -> Any:
    if line is Line.ADDRESS:
        run = network_run(text)
        return None if run is None or run[1] - run[0] > 1 else run[0]
    if line in (Line.PORT, Line.PROTOCOL):
        return int(text) if text.isdigit() else None
    value = number_of(text) if line is Line.NUMBER else date_of(text)
    return None if value is None else (value, 0)


def _text(line: Line, low: Any, high: Any) -> str | None:
    if line is Line.ADDRESS:
        # the first address of a network is rarely a machine's
        place = low + 1 if high - low > 2 else low
        return str(ipaddress.IPv4Address(place) if place < _V4 else ipaddress.IPv6Address(place - _V4))
    if line in (Line.PORT, Line.PROTOCOL):
        return str(low)
    value = _between(low, high)
    if line is Line.DATE:
        return date_text(value)
    return str(int(value)) if value == int(value) else repr(value)


def _between(low: tuple[float, int], high: tuple[float, int]) -> float:
    if low[1] == 0 and math.isfinite(low[0]):
        return low[0]
    if not math.isfinite(high[0]):
        return low[0] + 1 if math.isfinite(low[0]) else 0.0
    if not math.isfinite(low[0]):
        return high[0] if high[1] == 1 else high[0] - 1
    return (low[0] + high[0]) / 2
