"""``vigie up``: everything on one machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vigie.cli.output import console
from vigie.cli.session import store_options, with_app

if TYPE_CHECKING:
    from vigie.app import App


@click.command()
@click.option("--listen", metavar="HOST:PORT", help="Where to serve the page and the API; without it, `web.listen`.")
@click.option("--no-sweep", is_flag=True, help="Serve, audit and notify, but do not read AWS.")
@store_options
@with_app
def up(app: App, listen: str | None, no_sweep: bool) -> None:
    """Run everything on this machine: sweeps on schedule, audits, notifications, web page and API.

    Stops cleanly on Ctrl-C and SIGTERM. After a crash, the next start finishes what was under way.
    """
    screen = console()
    welcome = app.first_administrator()
    if welcome is not None:
        screen.print("The first start: a local administrator account was made for you.", style="bold")
        screen.print(f"  user: {welcome.name}\n  one-time password: {welcome.password}", markup=False)
        screen.print("  You choose a password of your own at the first login.", style="dim")

    def served(address: str) -> None:
        screen.print(f"vigie is at {address}  (Ctrl-C stops it)", style="bold green", markup=False)

    app.run_forever(listen=listen, sweep=not no_sweep, on_served=served)
    screen.print("Stopped; what was under way goes on at the next start.", style="dim")
