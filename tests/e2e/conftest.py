"""The command as a user runs it, in accounts of a local AWS."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from vigie.testing.command import Command
from vigie.testing.local_aws import REGION, LocalAccount


@pytest.fixture
def account(new_account: Callable[[], LocalAccount]) -> LocalAccount:
    return new_account()


@pytest.fixture
def other_account(new_account: Callable[[], LocalAccount]) -> LocalAccount:
    return new_account()


@pytest.fixture
def hook(httpserver: HTTPServer) -> str:
    """Settings that tell everything to the test's webhook."""
    return f"""
[channels.hook]
kind = "webhook"
url = "{httpserver.url_for("/hook")}"
allow_private = true
[[routes]]
name = "all"
channels = ["hook"]
"""


@pytest.fixture
def vigie(account: LocalAccount, tmp_path: Path) -> Command:
    """The command, with the credentials of the account."""
    return Command(tmp_path, account.environment, f'regions = ["{REGION}"]\n')
