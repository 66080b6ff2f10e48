"""Serving the application: on a socket that is open already, or on an address, until it is asked to stop."""

from __future__ import annotations

import socket
import threading
import time
from typing import Final

import uvicorn
from fastapi import FastAPI

from vigie.model.errors import SettingsError

_GRACE: Final = 5
"""Seconds that requests under way are given to end."""


def listen(host: str, port: int) -> socket.socket:
    """Open the socket to serve on; port 0 = any that is free.

    Raises:
        SettingsError: The address is taken, or not of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((host.strip("[]"), port))
        opened.listen(128)
    except OSError as error:
        opened.close()
        raise SettingsError(f"Cannot listen on {host}:{port} ({error.strerror}): set web.listen to another.") from None
    return opened


def address(opened: socket.socket) -> str:
    """Where a browser on this machine reaches a listening socket."""
    host, port = opened.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - what is shown, not what is bound
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Server:
    """A server in a thread of its own. Start it, and stop it: requests under way are ended first."""

    def __init__(self, app: FastAPI, opened: socket.socket) -> None:
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=_GRACE,
            # forwarded_allow_ips stays uvicorn's: a proxy is believed where it runs on this machine, or is named in
            # FORWARDED_ALLOW_IPS
        )
        self._server = uvicorn.Server(config)
        self._socket = opened
        self._thread = threading.Thread(target=self._run, name="vigie-web", daemon=True)
        self.address = address(opened)

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])

    def start(self, timeout: float = 10) -> None:
        """Begin to serve, and return once connections are taken.

        Raises:
            SettingsError: It did not come up in time.
        """
        self._thread.start()
        deadline = time.monotonic() + timeout
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise SettingsError(f"The web server at {self.address} did not start: the log says why.")
            time.sleep(0.02)

    def stop(self) -> None:
        """Take no more connections, let requests under way end, and return when all is over."""
        self._server.should_exit = True
        self._thread.join(_GRACE + 5)
        self._socket.close()

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
