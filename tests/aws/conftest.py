from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.credentials import Credentials

from vigie.aws.caller import Caller, Line
from vigie.aws.clients import Clients
from vigie.aws.credentials import AmbientPurse, Purse
from vigie.aws.options import Options, Patience
from vigie.aws.pacing import Pacer
from vigie.testing.answers import Answers
from vigie.testing.endpoint import ACCOUNT, Endpoint, access_key
from vigie.testing.fault_plan import FaultPlan

QUICK = Patience(call_seconds=5.0, connect_seconds=1.0, read_seconds=1.0)


@pytest.fixture(scope="session")
def running_endpoint() -> Iterator[Endpoint]:
    with Endpoint() as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def clients(running_endpoint: Endpoint) -> Iterator[Clients]:
    """Kept for all tests: they are made once for each service and region."""
    made = Clients(Options(region="eu-west-1", endpoint_url=running_endpoint.url, patience=QUICK))
    yield made
    made.close()


@pytest.fixture
def aws(running_endpoint: Endpoint) -> Endpoint:
    """The endpoint, as new."""
    running_endpoint.answers = Answers()
    running_endpoint.faults = FaultPlan()
    running_endpoint.sessions.clear()
    running_endpoint.forget()
    return running_endpoint


@pytest.fixture
def line(aws: Endpoint, clients: Clients, monkeypatch: pytest.MonkeyPatch) -> Line:
    """What callers share, with an endpoint on loopback and credentials of its account in the environment."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", access_key(ACCOUNT))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return Line(clients, Pacer(paced=False), permission_of=_permission)


def _permission(service: str, operation: str) -> str:
    return f"{service}:{operation}"


@pytest.fixture
def make_caller(line: Line) -> Callable[..., Caller]:
    def make(purse: Purse | None = None, **options: Any) -> Caller:
        keys = purse or AmbientPurse(lambda: Credentials(access_key(ACCOUNT), "not-a-secret"))
        return Caller(line, ACCOUNT, keys, trusted_region="us-east-1", **options)

    return make


@pytest.fixture
def caller(make_caller: Callable[..., Caller]) -> Caller:
    return make_caller()
