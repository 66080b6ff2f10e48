"""What the commands share: where the store is, and the program built over it, both only when asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from vigie.app import App
    from vigie.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])


@dataclass
class Session:
    """One run of the command."""

    options: dict[str, Any] = field(default_factory=dict)
    """Options given on the command line that are settings: ``config``, ``data_dir``, ``database_url``."""

    @cached_property
    def settings(self) -> Settings:
        """Raises SettingsError."""
        from vigie.settings import load_settings

        named = dict(self.options)
        config = named.pop("config", None)
        return load_settings(Path(config) if config else None, overrides=named)

    @cached_property
    def app(self) -> App:
        """Raises SettingsError, StoreError."""
        from vigie.app import App
        from vigie.cli.log import configure_log

        configure_log(self.settings.log)
        return App(self.settings)

    def close(self) -> None:
        if "app" in self.__dict__:
            self.app.close()


def _keep(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
    session = ctx.ensure_object(Session)
    if value is not None:
        session.options[str(parameter.name)] = value


def store_options(command: F) -> F:
    """Options that say where things are kept; allowed before and after the command's name."""
    for option in (
        click.option("--config", type=click.Path(), expose_value=False, callback=_keep, help="The settings file."),
        click.option(
            "--data-dir",
            type=click.Path(file_okay=False),
            expose_value=False,
            callback=_keep,
            help="Where the embedded database, keys and logs are kept (VIGIE_DATA_DIR).",
        ),
        click.option(
            "--database-url",
            expose_value=False,
            callback=_keep,
            metavar="URL",
            help="A PostgreSQL database instead (VIGIE_DATABASE_URL).",
        ),
    ):
        command = option(command)
    return command


def with_app(command: Callable[..., Any]) -> Callable[..., Any]:
    """Hand the session's app to a command as its first argument, and close it at the end."""

    @click.pass_obj
    def run(session: Session, /, **arguments: Any) -> Any:
        try:
            return command(session.app, **arguments)
        finally:
            session.close()

    run.__name__ = command.__name__
    run.__doc__ = command.__doc__
    return run


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of text.")
