"""The real watcher, a real store, and an AWS on loopback that fails on demand."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from vigie.catalogue.declaration import Call, Listing, Reach, TypeDeclaration
from vigie.catalogue.expression import Expression
from vigie.catalogue.loader import Catalogue, load
from vigie.history.store import open_history
from vigie.testing.conformance import answers_for
from vigie.testing.observatory import QUICK, Observatory
from vigie.testing.watchtower import Clock, Watchtower

Watched = Callable[[str], Watchtower]


@pytest.fixture(scope="session")
def observatory() -> Iterator[Observatory]:
    """Clients are dear, so there is one. Waiting costs no time: retries and pacing sleep on a clock of their own."""
    clock = Clock()
    with Observatory(catalogue=_slim(load()), patience=QUICK, clock=clock, sleep=clock.sleep) as found:
        yield found


BUS = TypeDeclaration(
    type="Test::EventBus",
    service="eventbridgev2",
    table="bus",
    scope=Reach.REGIONAL,
    id=Expression("EventBusArn"),
    arn=Expression("EventBusArn"),
    listing=Listing(Expression("EventBuses"), Call("eventbridgev2", "ListEventBuses")),
)
"""No type of the catalogue speaks CBOR yet; botocore does to this service."""

_KEPT = {
    "AWS::Lambda::Function": {"Policy", "CodeSigning"},
    "AWS::S3::Bucket": {"Location", "Policy", "Versioning"},
}
"""Of the types with very many details, some: the same things happen to each, and these tests are many."""


def _slim(catalogue: Catalogue) -> Catalogue:
    types = {**catalogue.types, BUS.type: BUS}
    for name, kept in _KEPT.items():
        types[name] = replace(types[name], details=tuple(one for one in types[name].details if one.key in kept))
    return Catalogue(types)


@pytest.fixture
def here(observatory: Observatory) -> Observatory:
    """All is well, everything is as generated, nothing was learnt: three of everything, pages of two."""
    observatory.renew(answers_for(observatory.catalogue.types.values(), page_size=2))
    return observatory


@pytest.fixture(scope="session")
def baselines() -> dict[str, Path]:
    """Type → a store in which its first look is recorded."""
    return {}


@pytest.fixture
def watched(
    here: Observatory, baselines: dict[str, Path], tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Watched]:
    """Gives a watchtower that has seen a type once, whole."""
    with ExitStack() as stack:

        def open_watched(type: str) -> Watchtower:
            if type not in baselines:
                baselines[type] = tmp_path_factory.mktemp("baseline") / "vigie.sqlite"
                with open_history(f"sqlite:///{baselines[type]}") as history:
                    assert Watchtower(here, history).watch(type).outcome == "complete"
                here.aws.forget()
            path = tmp_path / "vigie.sqlite"
            shutil.copy(baselines[type], path)
            return Watchtower(here, stack.enter_context(open_history(f"sqlite:///{path}")))

        yield open_watched


@pytest.fixture
def tower(here: Observatory, tmp_path: Path) -> Iterator[Watchtower]:
    """A watchtower that has seen nothing yet."""
    with open_history(f"sqlite:///{tmp_path / 'vigie.sqlite'}") as history:
        yield Watchtower(here, history)
