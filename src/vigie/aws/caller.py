"""Makes calls as one account: paced, retried, bounded in time, and believed only where they are answers.

Everything that a call can end in is either its answer, as botocore parsed it, or :class:`CallFailed`.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from botocore import xform_name

from vigie.aws.answers import require
from vigie.aws.breaker import Breaker
from vigie.aws.clients import Clients
from vigie.aws.credentials import Purse, acting_as
from vigie.aws.errors import CallFailed, PermissionOf, Remedy, classify
from vigie.aws.options import Options
from vigie.aws.pacing import Key, Pacer
from vigie.aws.places import Places
from vigie.aws.transport import call_deadline
from vigie.model.scope import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.credentials import ReadOnlyCredentials

Answer = dict[str, Any]
_LONGEST_RUN: Final = 100_000
"""Pages of one listing: nothing real has so many."""


@dataclass
class Line:
    """What all callers of a process share."""

    clients: Clients
    pacer: Pacer
    breaker: Breaker = field(default_factory=Breaker)
    places: Places = field(default_factory=Places)
    permission_of: PermissionOf | None = None
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    per_service: int = 16
    """Calls to one service in one region that may be under way at once: a slow service leaves threads to the others."""
    _gates: dict[tuple[str, str], threading.BoundedSemaphore] = field(default_factory=dict)
    _random: random.Random = field(default_factory=random.Random)

    def gate(self, service: str, region: str) -> threading.BoundedSemaphore:
        gate = self._gates.get((service, region))
        return gate or self._gates.setdefault((service, region), threading.BoundedSemaphore(self.per_service))

    def jitter(self, attempt: int, base: float, longest: float) -> float:
        """Full jitter: anything between nothing and a bound that doubles with each attempt. Seconds."""
        return self._random.uniform(0, min(longest, base * 2**attempt))


def open_line(options: Options, *, permission_of: PermissionOf | None = None, processes: int = 1) -> Line:
    """What the callers of one process share, made of the options. Calls to this machine are not paced, unless told.

    Args:
        permission_of: (service, operation) → the IAM action that allows it, to be named where it lacks.
        processes: How many processes share the quotas.
    """
    clients = Clients(options)
    paced = not clients.local if options.paced is None else options.paced
    pacer = Pacer(options.quota_share, paced=paced, processes=processes)
    return Line(clients, pacer, permission_of=permission_of)


class Caller:
    """Makes calls with the credentials of one account. Threads share it."""

    def __init__(self, line: Line, account: str, purse: Purse, *, partition: str = "aws", trusted_region: str) -> None:
        """
        Args:
            account: 12 digits; checked against GetCallerIdentity by accounts.py before anything counts.
            trusted_region: A region that cannot be disabled, where STS says whether the keys are good.
        """
        self.line = line
        self.account = account
        self.partition = partition
        self.trusted_region = trusted_region
        self.calls = 0
        """Attempts made so far, whatever came of them."""
        self.aborted: CallFailed | None = None
        """Why nothing more is asked of this account: its credentials failed."""
        self._purse = purse
        self._count = threading.Lock()

    def call(
        self,
        service: str,
        region: str,
        operation: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        deadline: float | None = None,
        expect: str | None = None,
        sent_token: bool = False,
    ) -> Answer:
        """One answer.

        Args:
            deadline: On the line's clock: when waiting and trying again have to end.
            expect: The member that a true answer has (faults.md: rule of the missing member).
            sent_token: Whether the parameters hold the token of a page.

        Raises:
            CallFailed: After all that could be done about it was done.
        """
        attempt = _Attempts(self, service, region, operation, deadline)
        while True:
            try:
                return self._once(attempt, parameters or {}, expect, sent_token)
            except CallFailed as failure:
                attempt.again_or_raise(failure)

    def pages(
        self,
        service: str,
        region: str,
        operation: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        deadline: float | None = None,
        expect: str | None = None,
        enough: Callable[[Answer], bool] | None = None,
    ) -> list[Answer]:
        """All pages, whole. A listing of which a page is refused starts again once.

        Args:
            enough: Told each page; says whether to stop there.

        Raises:
            CallFailed: A page could not be had: then there is no listing at all.
        """
        try:
            return self._run_of_pages(service, region, operation, parameters or {}, deadline, expect, enough)
        except CallFailed as failure:
            if failure.remedy is not Remedy.RESTART:
                raise
        return self._run_of_pages(service, region, operation, parameters or {}, deadline, expect, enough)

    def _run_of_pages(
        self,
        service: str,
        region: str,
        operation: str,
        parameters: Mapping[str, Any],
        deadline: float | None,
        expect: str | None,
        enough: Callable[[Answer], bool] | None,
    ) -> list[Answer]:
        tokens = self._tokens(service, operation)
        found: list[Answer] = []
        asked: set[str] = set()
        token: dict[str, Any] = {}
        while True:
            page = self.call(
                service,
                region,
                operation,
                {**parameters, **token},
                deadline=deadline,
                expect=expect,
                sent_token=bool(token),
            )
            found.append(page)
            following = tokens.next(page) if tokens else None
            if following is None or (enough is not None and enough(page)):
                return found
            token = following
            if repr(token) in asked or len(found) >= _LONGEST_RUN:
                message = "the same page token was given twice: the listing would never end"
                raise CallFailed(Outcome.ERROR, "SameTokenTwice", message, f"{service}:{operation}")
            asked.add(repr(token))

    def _tokens(self, service: str, operation: str) -> Any:
        try:
            return self.line.clients.tokens(service, operation)
        except Exception as error:
            raise classify(error, service, operation) from error

    def _once(self, attempt: _Attempts, parameters: Mapping[str, Any], expect: str | None, sent_token: bool) -> Answer:
        service, region, operation = attempt.service, attempt.region, attempt.operation
        attempt.wait_for_turn()
        used = None
        try:
            with self._as_account(attempt), self.line.gate(service, region):
                used = self._purse.keys()
                client = self.line.clients.client(service, region)
                answer: Answer = getattr(client, xform_name(operation))(**parameters)
            if expect is not None:
                require(answer, expect, service, operation)
        except Exception as error:  # every way in which botocore fails is classified, its own bugs too
            failure = classify(
                error,
                service,
                operation,
                permission_of=self.line.permission_of,
                sent_token=sent_token,
                now=self.line.now(),
            )
            raise self._judged(failure, attempt, used) from error
        attempt.succeeded()
        return answer

    @contextmanager
    def _as_account(self, attempt: _Attempts) -> Iterator[None]:
        with self._count:
            self.calls += 1
        # the watch of a real clock: sockets know no other
        token = call_deadline.set(time.monotonic() + attempt.call_seconds())
        try:
            with acting_as(self._purse):
                yield
        finally:
            call_deadline.reset(token)

    def _judged(self, failure: CallFailed, attempt: _Attempts, used: ReadOnlyCredentials | None) -> CallFailed:
        """A failure of credentials, known better: a region that is not opted in, or the end for this account."""
        if failure.outcome is not Outcome.CREDENTIALS:
            self.line.places.learn(self.account, attempt.service, attempt.region, failure, self.line.clock())
            return failure
        if failure.remedy is Remedy.RENEW and used is not None and attempt.may_renew():
            if self._renewed(used):
                return failure
        elif failure.remedy is Remedy.ASK_REGION and self._keys_are_good_elsewhere(attempt):
            message = f"{failure.message} (the region {attempt.region} is not enabled)"
            return failure.but(Outcome.REGION_DISABLED, message)
        self.aborted = failure = failure.but(Outcome.CREDENTIALS)
        return failure

    def _renewed(self, used: ReadOnlyCredentials) -> bool:
        try:
            return self._purse.renew(used)
        except Exception:  # noqa: BLE001 - whatever hinders: the expiry that led here is what is told
            return False

    def _keys_are_good_elsewhere(self, attempt: _Attempts) -> bool:
        if attempt.region == self.trusted_region:
            return False
        try:
            self.call("sts", self.trusted_region, "GetCallerIdentity", expect="Account")
        except CallFailed:
            return False
        return True


class _Attempts:
    """The attempts of one call: how often it may still be tried, and how long waited."""

    def __init__(self, caller: Caller, service: str, region: str, operation: str, deadline: float | None) -> None:
        self.service, self.region, self.operation = service, region, operation
        self._caller = caller
        self._line = caller.line
        self._patience = caller.line.clients.options.patience
        if caller.line.clients.local:
            self._patience = self._patience.quickened()
        self._deadline = deadline
        self._key: Key = (caller.account, region, service, operation)
        self._outage: Key = ("", region, service, operation)
        self._failed = 0
        self._throttled = 0
        self._renewals = 0
        self._last: CallFailed | None = None

    def may_renew(self) -> bool:
        self._renewals += 1
        return self._renewals == 1

    def call_seconds(self) -> float:
        left = self._left()
        return self._patience.call_seconds if left is None else max(min(self._patience.call_seconds, left), 0.01)

    def _left(self) -> float | None:
        return None if self._deadline is None else self._deadline - self._line.clock()

    def wait_for_turn(self) -> None:
        """Raises CallFailed where there is no use, or no time, to make the call."""
        caller, line = self._caller, self._line
        if caller.aborted is not None:
            raise CallFailed(
                Outcome.CREDENTIALS, caller.aborted.code, caller.aborted.message, f"{self.service}:{self.operation}"
            )
        now = line.clock()
        line.places.check(caller.account, self.service, self.region, self.operation, now)
        self._usual = line.breaker.attempts(self._outage, now, self._patience.attempts)
        self._wait(line.pacer.reserve(self._key, now), self._last)

    def _wait(self, seconds: float, cause: CallFailed | None) -> None:
        left = self._left()
        if left is not None and (left <= 0 or seconds >= left):
            if cause is not None:
                raise cause
            message = "no time is left for this scope: its deadline is over"
            raise CallFailed(Outcome.TIMEOUT, "ScopeDeadline", message, f"{self.service}:{self.operation}")
        if seconds > 0:
            self._line.sleep(seconds)

    def succeeded(self) -> None:
        self._line.pacer.succeeded(self._key, self._line.clock())
        self._line.breaker.succeeded(self._outage)

    def again_or_raise(self, failure: CallFailed) -> None:
        """Wait before another attempt, or raise the failure for good."""
        remedy = failure.remedy
        self._last = failure
        if remedy is Remedy.RENEW:
            return
        if remedy is Remedy.WAIT:
            self._line.pacer.throttled(self._key, self._line.clock())
            self._throttled += 1
            if self._throttled < self._patience.throttled_attempts:
                self._pause(self._throttled, failure)
                return
        elif remedy is Remedy.AGAIN:
            self._failed += 1
            if self._failed < self._usual:
                self._pause(self._failed, failure)
                return
            self._line.breaker.failed(self._outage, failure, self._line.clock())
        raise failure

    def _pause(self, attempt: int, failure: CallFailed) -> None:
        seconds = self._line.jitter(attempt, self._patience.base_delay, self._patience.longest_delay)
        self._wait(seconds, failure)


class RestrictedCaller:
    """What reads one scope: calls only what is declared for it, within the scope's deadline.

    The one door through which watch (and hooks of the catalogue) reach AWS, so that the generated IAM policy is exactly
    what vigie needs (invariant 12).
    """

    def __init__(
        self, caller: Caller, allowed: frozenset[tuple[str, str]], region: str, deadline: float | None = None
    ) -> None:
        """
        Args:
            allowed: The declared (service, operation) pairs.
            region: Where calls go that name no other.
            deadline: Of the scope, on the line's clock.
        """
        self.region = region
        self._caller = caller
        self._allowed = allowed
        self._deadline = deadline

    @property
    def account(self) -> str:
        return self._caller.account

    @property
    def partition(self) -> str:
        return self._caller.partition

    def sleep(self, seconds: float) -> None:
        """Wait (for a report that AWS is making). Raises CallFailed where the deadline would pass."""
        line = self._caller.line
        if self._deadline is not None and line.clock() + seconds >= self._deadline:
            raise CallFailed(Outcome.TIMEOUT, "ScopeDeadline", "no time is left for this scope", "vigie:wait")
        line.sleep(seconds / 20 if line.clients.local else seconds)

    def call(
        self,
        service: str,
        operation: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        region: str | None = None,
        expect: str | None = None,
    ) -> Answer:
        """One answer. Raises CallFailed; UndeclaredCallError for what the catalogue does not declare."""
        self._check(service, operation)
        return self._caller.call(
            service, region or self.region, operation, parameters, deadline=self._deadline, expect=expect
        )

    def pages(
        self,
        service: str,
        operation: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        region: str | None = None,
        expect: str | None = None,
        enough: Callable[[Answer], bool] | None = None,
    ) -> list[Answer]:
        """All pages, whole. Raises CallFailed; UndeclaredCallError for what the catalogue does not declare."""
        self._check(service, operation)
        return self._caller.pages(
            service,
            region or self.region,
            operation,
            parameters,
            deadline=self._deadline,
            expect=expect,
            enough=enough,
        )

    def content(
        self, service: str, operation: str, parameters: Mapping[str, Any], *, most: int, member: str = "Body"
    ) -> tuple[bytes, Answer]:
        """An answer whose content is streamed (a file of S3): the content, and the answer.

        Raises:
            CallFailed: It cannot be had whole, or is larger than ``most`` bytes.
            UndeclaredCallError: The call is not declared.
        """
        answer = self.call(service, operation, parameters, expect=member)
        stream = answer[member]
        try:
            read = bytes(stream.read(most + 1))
        except Exception as error:  # whatever ends a download in the middle
            raise classify(error, service, operation, now=self._caller.line.now()) from error
        finally:
            stream.close()
        if len(read) > most:
            message = f"the content is larger than {most} bytes"
            raise CallFailed(Outcome.ERROR, "TooLarge", message, f"{service}:{operation}")
        return read, answer

    def _check(self, service: str, operation: str) -> None:
        if (service, operation) not in self._allowed:
            name = f"{service}:{operation}"
            raise UndeclaredCallError(f"{name} is not declared for this resource type: add it to its calls")


class UndeclaredCallError(Exception):
    """A hook tried a call that its declaration does not name. A mistake in the catalogue, and no call was made."""
