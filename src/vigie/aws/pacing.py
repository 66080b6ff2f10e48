"""How fast calls go out: never more than a share of the customer's own quotas, and less where AWS throttles.

A bucket for each (account, region, service, operation). Its rate is a share of the quota; a throttle halves it, each
success adds a little back. One account's throttling slows no other.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple


class Limit(NamedTuple):
    """A quota: calls a second, and how many may come at once."""

    rate: float
    burst: float


DEFAULT_LIMIT: Final = Limit(20, 40)
"""For what the table does not name. Most control planes allow 10 to 100 a second."""

LIMITS: Final[Mapping[str, Limit]] = {
    # As the services' own "quotas" pages gave them when this was written, or, marked *, an estimate on the safe side.
    # A number too high heals itself: the first throttle halves it.
    "account": Limit(5, 10),
    "acm": Limit(10, 10),
    "acm:ListCertificates": Limit(8, 8),
    "cloudtrail": Limit(10, 10),
    "cloudtrail:LookupEvents": Limit(2, 2),
    "config": Limit(10, 20),  # *
    "dynamodb": Limit(100, 200),  # *
    "dynamodb:ListTagsOfResource": Limit(10, 10),
    "ec2": Limit(20, 100),  # non-mutating actions: bucket of 50 to 100, refilled by 5 to 20 a second
    "ecr": Limit(50, 100),  # *
    "elasticloadbalancing": Limit(20, 40),  # *
    "guardduty": Limit(10, 10),  # *
    "iam": Limit(30, 60),  # *
    "iam:GetAccountAuthorizationDetails": Limit(5, 5),  # *
    "kms": Limit(500, 500),
    "kms:ListGrants": Limit(100, 100),
    "lambda": Limit(15, 15),
    "lambda:ListFunctions": Limit(15, 30),
    "logs": Limit(10, 10),
    "rds": Limit(20, 40),  # *
    "s3": Limit(300, 600),  # * no quota is published for reads of bucket settings
    "secretsmanager": Limit(50, 50),
    "sns": Limit(30, 30),
    "sns:ListTagsForResource": Limit(10, 10),
    "sqs": Limit(300, 300),  # * high
    "sts": Limit(100, 200),
}

_RECOVERY: Final = 0.05
"""Each success gives back this part of the full rate, until it is full again."""
_FLOOR: Final = 0.2
"""Calls a second that throttling never goes below."""
_UNPACED: Final = Limit(10_000, 10_000)
_FIRST_CUT: Final = 20.0
"""Calls a second that an unpaced bucket starts again from, when the endpoint throttles after all."""


@dataclass(slots=True)
class _Bucket:
    full: float
    rate: float
    burst: float
    tokens: float
    at: float

    def reserve(self, now: float) -> float:
        """Take one token, on credit if need be; the seconds to wait before using it."""
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate)
        self.at = max(self.at, now)
        self.tokens -= 1
        return 0.0 if self.tokens >= 0 else -self.tokens / self.rate

    def cut(self, now: float) -> None:
        self.rate = max(min(self.rate, _FIRST_CUT * 2) / 2, _FLOOR)
        self.tokens = min(self.tokens, 0.0)
        self.at = max(self.at, now)

    def recover(self) -> None:
        if self.rate < self.full:
            step = min(self.full, _FIRST_CUT) * _RECOVERY
            self.rate = min(self.full, self.rate + step)


Key = tuple[str, str, str, str]
"""(account, region, service, operation)"""


class Pacer:
    """All buckets of a process. Threads share it. Times are monotonic seconds, handed in."""

    def __init__(self, share: float = 0.3, *, paced: bool = True, processes: int = 1) -> None:
        """
        Args:
            share: The fraction of each quota that vigie may use.
            paced: False: as fast as answers come, until the endpoint throttles.
            processes: How many processes share the quotas.
        """
        self._share = share / max(processes, 1)
        self._paced = paced
        self._buckets: dict[Key, _Bucket] = {}
        self._lock = threading.Lock()

    def reserve(self, key: Key, now: float) -> float:
        """How many seconds to wait before making this call; the place in the queue is taken."""
        with self._lock:
            return self._bucket(key, now).reserve(now)

    def throttled(self, key: Key, now: float) -> None:
        """AWS refused this call for its rate: half as fast from now on."""
        with self._lock:
            self._bucket(key, now).cut(now)

    def succeeded(self, key: Key, now: float) -> None:
        """AWS answered: a little faster again, up to the share of the quota."""
        bucket = self._buckets.get(key)
        if bucket is not None and bucket.rate < bucket.full:
            with self._lock:
                bucket.recover()

    def rate(self, key: Key) -> float | None:
        """The calls a second that are allowed now; None before the first."""
        bucket = self._buckets.get(key)
        return bucket.rate if bucket else None

    def _bucket(self, key: Key, now: float) -> _Bucket:
        bucket = self._buckets.get(key)
        if bucket is None:
            rate, burst = self._limit(key[2], key[3])
            bucket = self._buckets[key] = _Bucket(rate, rate, burst, burst, now)
        return bucket

    def _limit(self, service: str, operation: str) -> Limit:
        if not self._paced:
            return _UNPACED
        name = "elasticloadbalancing" if service in ("elb", "elbv2") else service
        limit = LIMITS.get(f"{name}:{operation}") or LIMITS.get(name) or DEFAULT_LIMIT
        return Limit(limit.rate * self._share, max(limit.burst * self._share, 1.0))
