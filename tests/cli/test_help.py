"""Help and completion are instant: they import nothing heavy."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from vigie.cli.main import COMMANDS, vigie

HEAVY = (
    "alembic", "apprise", "argon2", "boto3", "botocore", "cryptography", "fastapi", "httpx", "jinja2", "moto",
    "psycopg", "rich", "sqlalchemy", "uvicorn",
)  # fmt: skip

ALL_HELP = """
import contextlib, io, json, sys
from vigie.cli.main import run

with contextlib.redirect_stdout(io.StringIO()) as out:
    codes = {words: run([*words.split(), "--help"]) for words in json.loads(sys.argv[1])}
print(json.dumps([codes, sorted({name.partition(".")[0] for name in sys.modules}), out.getvalue()]))
"""


def all_commands() -> list[str]:
    """``""``, ``"sweep"``, ``"accounts"``, ``"accounts add"`` …"""
    context = click.Context(vigie)
    found = [""]
    for name in vigie.list_commands(context):
        command: Any = vigie.get_command(context, name)
        found.append(name)
        found += [f"{name} {below}" for below in command.list_commands(context)] if hasattr(command, "commands") else []
    return found


def test_help_imports_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ALL_HELP, json.dumps(all_commands())], capture_output=True, text=True, check=True
    )
    codes, modules, out = json.loads(done.stdout)
    assert set(codes.values()) == {0}
    assert len(codes) > 30
    assert set(HEAVY) & set(modules) == set()
    assert "Traceback" not in out


def test_the_help_of_the_group_is_that_of_the_commands() -> None:
    """The table of names says in few words what each command's own help begins with."""
    context = click.Context(vigie)
    for name in COMMANDS:
        command = vigie.get_command(context, name)
        assert command is not None and command.name == name
        assert command.help


def test_every_option_is_explained() -> None:
    context = click.Context(vigie)
    for words in all_commands():
        command: Any = vigie
        for word in words.split():
            command = command.get_command(context, word)
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not parameter.hidden and parameter.name not in ("limit",):
                assert parameter.help, f"{words} {parameter.opts[0]}"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script_is_for_the_shell(shell: str, tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "vigie", "completion", shell], capture_output=True, text=True, check=True
    )
    assert "_VIGIE_COMPLETE" in ran.stdout and "vigie" in ran.stdout
