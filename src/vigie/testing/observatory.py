"""The real engine that looks at AWS, pointed at an AWS on loopback: one scope at a time, without a store.

with Observatory() as here:
    look = here.look("AWS::KMS::Key")
    here.aws.faults.add(faults.denied(), operation="GetKeyPolicy")
    assert here.look("AWS::KMS::Key").reading.outcome is Outcome.PARTIAL
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from botocore.credentials import Credentials

from vigie.aws.caller import Caller, Line, RestrictedCaller
from vigie.aws.clients import Clients
from vigie.aws.credentials import AmbientPurse, Purse
from vigie.aws.options import Options, Patience
from vigie.aws.pacing import Pacer
from vigie.catalogue.declaration import Reach, TypeDeclaration
from vigie.catalogue.loader import Catalogue, load
from vigie.catalogue.reading_only import permission_for
from vigie.model.canonical import keyed_redactor
from vigie.model.scope import GLOBAL, Scope
from vigie.testing.answers import Answers
from vigie.testing.endpoint import ACCOUNT, Endpoint, access_key
from vigie.testing.fault_plan import FaultPlan
from vigie.watch.listing import Parents
from vigie.watch.read import Look, Reader
from vigie.watch.shared import SharedAnswers

REGION = "eu-west-1"
HOME = "us-east-1"
"""Where global types are listed."""
REDACTOR = keyed_redactor(b"the key of the tests")
QUICK = Patience(call_seconds=3.0, connect_seconds=1.0, read_seconds=0.5, base_delay=0.1, longest_delay=0.4)
"""Long enough for a busy machine, short enough for a test of what never answers."""


class Observatory:
    """An endpoint, and an engine that reads scopes from it. Clients are kept between looks. A context manager."""

    def __init__(
        self,
        aws: Endpoint | None = None,
        *,
        catalogue: Catalogue | None = None,
        patience: Patience = QUICK,
        paced: bool = False,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        endpoint_url: str | None = None,
    ) -> None:
        """``endpoint_url``: another place than the endpoint's (one that does not exist, for F23)."""
        self.aws = aws or Endpoint()
        self.catalogue = catalogue or load()
        options = Options(region=REGION, endpoint_url=endpoint_url or self.aws.url, patience=patience, paced=paced)
        self._paced = paced
        self.line = self._line(Clients(options), clock, sleep, now)

    def renew(self, answers: Answers | None = None) -> None:
        """Begin anew, with the clients that there are: no faults, no calls counted, nothing learnt of services."""
        old = self.line
        self.line = self._line(old.clients, old.clock, old.sleep, old.now)
        self.aws.answers = answers or Answers()
        self.aws.faults = FaultPlan()
        self.aws.forget()

    def _line(
        self,
        clients: Clients,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        now: Callable[[], datetime],
    ) -> Line:
        pacer = Pacer(paced=self._paced)
        return Line(clients, pacer, permission_of=permission_for, clock=clock, sleep=sleep, now=now)

    def __enter__(self) -> Self:
        self.aws.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.line.clients.close()
        self.aws.__exit__(kind, error, trace)

    def caller(self, account: str = ACCOUNT, purse: Purse | None = None) -> Caller:
        """A caller with keys of the account, or those of the purse."""
        keys = purse or AmbientPurse(lambda: Credentials(access_key(account), "not-a-secret"))
        return Caller(self.line, account, keys, trusted_region=HOME)

    def scope_of(self, type: str, *, account: str = ACCOUNT, region: str = REGION) -> Scope:
        """The scope of a type: regional types in that region, others in none."""
        is_global = self.catalogue.types[type].scope is Reach.GLOBAL
        return Scope(account, GLOBAL if is_global else region, type)

    def reader(
        self,
        type: str,
        *,
        account: str = ACCOUNT,
        region: str = REGION,
        caller: Caller | None = None,
        deadline: float | None = None,
        shared: SharedAnswers | None = None,
        parents: Parents | None = None,
    ) -> Reader:
        """What reads one scope. ``deadline``: seconds from now."""
        declaration = self.catalogue.types[type]
        scope = self.scope_of(type, account=account, region=region)
        restricted = RestrictedCaller(
            caller or self.caller(account),
            declaration.operations,
            HOME if scope.region == GLOBAL else region,
            None if deadline is None else self.line.clock() + deadline,
        )
        return Reader(
            declaration,
            scope,
            restricted,
            self.line.now,
            REDACTOR,
            shared or SharedAnswers(),
            parents=parents or self._parents(declaration, account, region, caller),
        )

    def look(self, type: str, *, account: str = ACCOUNT, region: str = REGION, caller: Caller | None = None) -> Look:
        """One look at the scope of a type, and at its parents before."""
        return self.reader(type, account=account, region=region, caller=caller).read()

    def _parents(self, declaration: TypeDeclaration, account: str, region: str, caller: Caller | None) -> Parents:
        if declaration.parent is None:
            return Parents()
        return self.look(declaration.parent, account=account, region=region, caller=caller).parents
