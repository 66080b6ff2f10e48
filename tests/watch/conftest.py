from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from vigie.aws.accounts import Entrances
from vigie.aws.caller import Line
from vigie.aws.clients import Clients
from vigie.aws.options import Options
from vigie.aws.pacing import Pacer
from vigie.catalogue.loader import Catalogue, load
from vigie.catalogue.policy import permission_for
from vigie.history.store import History
from vigie.model.canonical import keyed_redactor
from vigie.testing.local_aws import REGION, LocalAccount
from vigie.watch.sweep import Sweeper, SweepOptions


@pytest.fixture
def account(new_account: Callable[[], LocalAccount], monkeypatch: pytest.MonkeyPatch) -> LocalAccount:
    """An account that no other test uses; its credentials are in the environment."""
    made = new_account()
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    return made


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load()


@pytest.fixture(scope="session")
def moto_clients(moto_endpoint: str) -> Iterator[Clients]:
    made = Clients(Options(region=REGION, endpoint_url=moto_endpoint))
    yield made
    made.close()


MakeSweeper = Callable[[History], Sweeper]


@pytest.fixture
def make_sweeper(moto_clients: Clients, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> MakeSweeper:
    def make(history: History) -> Sweeper:
        # the ambient credentials are those of this test's account
        monkeypatch.delitem(moto_clients.__dict__, "ambient", raising=False)
        line = Line(moto_clients, Pacer(paced=False), permission_of=permission_for)
        return Sweeper(
            history,
            catalogue,
            Entrances(line),
            redactor=keyed_redactor(b"the key of the tests"),
            options=SweepOptions(threads=8),
        )

    return make
