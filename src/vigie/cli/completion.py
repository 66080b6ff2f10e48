"""``vigie completion``: the completion script of a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    \b
    bash:  eval "$(vigie completion bash)"      in ~/.bashrc
    zsh:   eval "$(vigie completion zsh)"       in ~/.zshrc
    fish:  vigie completion fish | source       in config.fish
    """
    completer = get_completion_class(shell)
    assert completer is not None  # noqa: S101 - Click has all three
    click.echo(completer(ctx.find_root().command, {}, "vigie", "_VIGIE_COMPLETE").source())
