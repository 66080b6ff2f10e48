"""A local AWS of the session's own, an account in it for each test, and the command as a user runs it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from vigie.testing.command import Command
from vigie.testing.local_aws import REGION, LocalAccount, local_aws

_numbers = count(300_000_000_001)


@pytest.fixture(scope="session")
def moto_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with local_aws(tmp_path_factory.mktemp("moto") / "moto.log", managed_policies=False) as endpoint:
        yield endpoint


@pytest.fixture
def account(moto_endpoint: str) -> LocalAccount:
    """An account that no other test uses."""
    return LocalAccount(moto_endpoint, str(next(_numbers)))


@pytest.fixture
def other_account(moto_endpoint: str) -> LocalAccount:
    """Another one."""
    return LocalAccount(moto_endpoint, str(next(_numbers)))


@pytest.fixture
def vigie(account: LocalAccount, tmp_path: Path) -> Command:
    """The command, with the credentials of the account."""
    return Command(tmp_path, account.environment, f'regions = ["{REGION}"]\n')
