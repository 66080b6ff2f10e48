"""``vigie up``: everything on one machine."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from vigie.cli.output import console
from vigie.cli.session import store_options, with_app
from vigie.model.errors import UsageError

if TYPE_CHECKING:
    from fastapi import FastAPI

    from vigie.app import App

ENDING = timedelta(seconds=20)
"""How long steps under way may take to end; after it their leases run out, and the next start takes them up."""


@click.command()
@click.option("--listen", metavar="HOST:PORT", help="Where to serve the page and the API; without it, `web.listen`.")
@click.option("--no-sweep", is_flag=True, help="Serve, audit and notify, but do not read AWS.")
@store_options
@with_app
def up(app: App, listen: str | None, no_sweep: bool) -> None:
    """Run everything on this machine: sweeps on schedule, audits, notifications, web page and API.

    Stops cleanly on Ctrl-C and SIGTERM. After a crash, the next start finishes what was under way.
    """
    from vigie.runtime.local import Runner, stop_on_signals
    from vigie.web.auth.first import first_administrator
    from vigie.web.serve import Server
    from vigie.web.serve import listen as open_socket

    host, port = _address(listen or app.settings.web.listen)
    stop = threading.Event()
    runner = Runner(app.loops(sweep=not no_sweep), stop)
    screen = console()
    with ExitStack() as ending:
        ending.enter_context(stop_on_signals(stop))
        server = ending.enter_context(Server(web_app(app), open_socket(host, port)))
        welcome = first_administrator(app.history, datetime.now(UTC))
        if welcome is not None:
            screen.print("The first start: a local administrator account was made for you.", style="bold")
            screen.print(f"  user: {welcome.name}\n  one-time password: {welcome.password}", markup=False)
            screen.print("  You choose a password of your own at the first login.", style="dim")
        screen.print(f"vigie is at {server.address}  (Ctrl-C stops it)", style="bold green", markup=False)
        runner.start()
        stop.wait()
        late = runner.join(ENDING)
    rest = f" ({', '.join(late)} did not end in time)" if late else ""
    screen.print(f"Stopped{rest}; what was under way goes on at the next start.", style="dim")


def _address(listen: str) -> tuple[str, int]:
    """Raises UsageError."""
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65_535:
        raise UsageError(f"{listen!r} is not an address to listen on: write one like 127.0.0.1:8080.")
    return host, int(port)


def web_app(app: App) -> FastAPI:
    """The pages and the API over the app's store."""
    from vigie import __version__
    from vigie.web.app import create_app
    from vigie.web.config import TypeDeclaration, WebSettings

    web = app.settings.web
    return create_app(
        app.history,
        settings=WebSettings(
            secret_key=app.key("web"),
            base_url=web.base_url,
            session_lifetime=timedelta(hours=web.session_hours),
            version=__version__,
        ),
        rules=lambda: tuple(app.rules),
        types=lambda: tuple(
            TypeDeclaration(declared.type, declared.type.rpartition("::")[2], declared.service)
            for declared in app.catalogue.types.values()
        ),
        treatment=app.treatment,
        accounts=app.accounts,
    )
