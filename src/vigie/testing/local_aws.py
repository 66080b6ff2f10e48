"""A local AWS: a moto server on loopback, and accounts in it. For the demo and for tests of flows."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import botocore.session
from botocore.config import Config

START_TIMEOUT = 30.0
REGION = "eu-west-1"


@contextmanager
def local_aws(log: Path, *, port: int = 0, managed_policies: bool = True) -> Iterator[str]:
    """A moto server on loopback, as a process of its own; yields its address.

    Args:
        log: Where what it prints is kept.
        port: 0 = any free one.
        managed_policies: Whether AWS's own policies are there (1,600 of them: every look at IAM takes seconds).

    Raises:
        RuntimeError: It does not answer.
    """
    port = port or _free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    # an account named by the environment would be that of every role, too
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MOTO_")}
    environment["MOTO_IAM_LOAD_MANAGED_POLICIES"] = str(managed_policies).lower()
    with log.open("wb") as output:
        server = subprocess.Popen(command, stdout=output, stderr=output, env=environment)  # noqa: S603 - our own words
    try:
        _wait_for(port, server, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:  # on a busy machine
            server.kill()
            server.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"the local AWS did not start: see {log}")


class LocalAccount:
    """An account of a local AWS: ``account("s3")`` is a client in it."""

    def __init__(self, endpoint: str, id: str, keys: Mapping[str, str] | None = None) -> None:
        """``keys``: as STS names them; None = those of a role of the account, which moto gives to anyone."""
        self.endpoint = endpoint
        self.id = id
        self._session = botocore.session.Session()
        self._clients: dict[tuple[str, str], Any] = {}
        self.keys = keys or self._role_keys()

    def __call__(self, service: str, region: str = REGION) -> Any:
        if (service, region) not in self._clients:
            self._clients[service, region] = self._client(service, region, self.keys)
        return self._clients[service, region]

    @property
    def environment(self) -> dict[str, str]:
        """Variables that make a program work in this account."""
        variables = {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.keys["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": self.keys["SecretAccessKey"],
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        token = self.keys.get("SessionToken")
        return variables | ({"AWS_SESSION_TOKEN": token} if token else {})

    def _role_keys(self) -> Mapping[str, str]:
        sts = self._client("sts", REGION, {"AccessKeyId": "any", "SecretAccessKey": "any"})
        role = sts.assume_role(RoleArn=f"arn:aws:iam::{self.id}:role/owner", RoleSessionName="local")
        keys: Mapping[str, str] = role["Credentials"]
        return keys

    def _client(self, service: str, region: str, keys: Mapping[str, str]) -> Any:
        return self._session.create_client(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            config=Config(s3={"addressing_style": "path"}),
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys.get("SessionToken"),
        )
