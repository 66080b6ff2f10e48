"""What can be watched, and what it needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vigie.cli.output import console, print_json, print_table
from vigie.cli.session import json_option, store_options, with_app
from vigie.model import documents
from vigie.model.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from vigie.app import App


@click.group()
def catalogue() -> None:
    """What can be watched: resource types, the calls they need, and the IAM policy for them."""


@catalogue.command("list")
@json_option
@store_options
@with_app
def list_types(app: App, as_json: bool) -> None:
    """List the resource types."""
    rows = [
        {"type": name, "service": declaration.service, "scope": declaration.scope}
        for name, declaration in sorted(app.catalogue.types.items())
    ]
    if as_json:
        print_json(documents.list_document(rows))
        return
    print_table(("type", "service", "scope"), [(r["type"], r["service"], r["scope"]) for r in rows])


@catalogue.command("verify")
@json_option
@store_options
@with_app
def verify(app: App, as_json: bool) -> int:
    """Check every declaration, overlays included, against the installed AWS service models. No network."""
    from vigie.catalogue.verify import verify as check

    defects = check(app.catalogue)
    if as_json:
        print_json(documents.list_document(documents.plain(defect) for defect in defects))
    else:
        for defect in defects:
            console().print(f"✗ {defect}", style="red", markup=False)
        console().print(f"{len(app.catalogue.types)} types checked, {len(defects)} defects.")
    return ExitCode.FINDINGS if defects else ExitCode.DONE


@catalogue.command("policy")
@click.option(
    "--type", "types", multiple=True, metavar="TYPE", help='Only for these types, as patterns ("AWS::S3::*").'
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write it there in parts that fit into managed policies of IAM: vigie-1.json, vigie-2.json…",
)
@store_options
@with_app
def policy(app: App, types: tuple[str, ...], out: Path | None) -> None:
    """Print the IAM policy that vigie needs: exactly the calls that it makes, with those that fetch events from the
    queues and trails of the settings."""
    from vigie.catalogue.policy import MANAGED_POLICY_LIMIT, characters, iam_policy, managed_policies

    document = iam_policy(app.types(types), app.event_sources)
    if out is None:
        click.echo(json.dumps(document, indent=2))
        if characters(document) > MANAGED_POLICY_LIMIT:
            click.echo(
                f"Longer than a managed policy may be ({characters(document)} of {MANAGED_POLICY_LIMIT} characters):"
                " --out DIR writes it in parts.",
                err=True,
            )
        return
    for number, part in enumerate(managed_policies(document), start=1):
        file = out / f"vigie-{number}.json"
        try:
            out.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(part, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{file} cannot be written: {error.strerror}.") from error
        click.echo(file)


@catalogue.command("new")
@click.argument("service")
@click.argument("operation")
def new(service: str, operation: str) -> None:
    """Print a first declaration for what OPERATION of SERVICE lists, from the AWS service model."""
    from vigie.catalogue.scaffold import new as scaffold

    click.echo(scaffold(service, operation))


@catalogue.command("gaps")
@json_option
@store_options
@with_app
def gaps(app: App, as_json: bool) -> None:
    """List what AWS can list and the catalogue does not hold."""
    from vigie.catalogue.gaps import gaps as missing

    found = [documents.plain(gap) for gap in missing(app.catalogue)]
    if as_json:
        print_json(documents.list_document(found))
        return
    for gap in found:
        click.echo(gap if isinstance(gap, str) else " ".join(str(value) for value in gap.values()))


@catalogue.command("schema")
def schema() -> None:
    """Print the JSON Schema of the catalogue's files, for editors."""
    from vigie.catalogue.schema import json_schema

    print_json(json_schema())
