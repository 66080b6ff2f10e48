"""Who outside can reach it: the access analysis, for documents that are not recorded too."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from vigie.cli.documents_in import Case, Given, account_id, cases, read_document
from vigie.cli.estate_file import EstateFile, read_estate
from vigie.cli.output import console, print_json, print_line, print_table, printable
from vigie.cli.reachable import reachable
from vigie.cli.session import json_option
from vigie.model.account import Relation
from vigie.model.errors import UsageError

if TYPE_CHECKING:
    from vigie.access import Access, Facts

_BLOCK = "AccountPublicAccessBlock"


_LAZY = {
    "who-can": "vigie.cli.power:who_can",
    "admins": "vigie.cli.power:admins",
    "paths": "vigie.cli.power:paths",
}


class _Commands(click.Group):
    """The group's commands; those of power are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*super().list_commands(ctx), *_LAZY]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _LAZY:
            return super().get_command(ctx, cmd_name)
        module, _, name = _LAZY[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group(cls=_Commands)
def access() -> None:
    """Who can reach a resource, by which statement; who is administrator, and who can become one."""


@access.command()
@click.argument("file", type=click.File(encoding="utf-8"), required=False)
@click.option("--type", "type_", metavar="TYPE", help="Resource type, like AWS::S3::Bucket.")
@click.option("--account", metavar="ID", help="The account that owns the resource: 12 digits.")
@click.option("--arn", metavar="ARN", help="The resource's ARN: statements on other resources are left out then.")
@click.option("--estate", type=click.Path(dir_okay=False, path_type=Path), help="What is known of the world (TOML).")
@click.option("--jsonl", type=click.File(encoding="utf-8"), help="Many cases, one JSON object a line; `-` is stdin.")
@json_option
def explain(
    file: IO[str] | None,
    type_: str | None,
    account: str | None,
    arn: str | None,
    estate: Path | None,
    jsonl: IO[str] | None,
    as_json: bool,
) -> None:
    """Explain who outside may use the resource that bears the policy or configuration in FILE (`-` is stdin).

    No AWS call, no store. Each grant comes with a request that it allows. docs/reference/access.md describes what is
    read and printed.
    """
    world = read_estate(estate)
    if jsonl is not None:
        _explain_lines(jsonl, world, type_, account)
        return
    if file is None or type_ is None or account is None:
        raise UsageError("Give FILE (or `-`) with --type and --account, or --jsonl with one case a line.")
    answer, judged = explained(read_document(file), type_, account_id(account), world, arn)
    if as_json:
        print_json(answer)
    else:
        _print(answer, judged)


def explained(
    document: Given, type_: str, account: str, world: EstateFile, arn: str | None = None, now: datetime | None = None
) -> tuple[dict[str, Any], Access]:
    """The answer on one document, as JSON values, and the access it tells."""
    from vigie.access.explaining import explanation
    from vigie.access.offered import known_type, recorded
    from vigie.access.remembering import REMEMBERED

    type_ = known_type(type_)
    configuration = recorded(type_, document.policy, document.configuration)
    facts = _facts(world, account, configuration.pop(_BLOCK, None), now or datetime.now(UTC))
    judged = REMEMBERED.judge(type_, configuration, account=account, facts=facts, arn=arn)
    return {"type": type_, "account": account, **explanation(judged, account)}, judged


def _facts(world: EstateFile, account: str, block: Any, now: datetime) -> Facts:
    from vigie.access import Facts

    known = world.accounts.values()
    return Facts(
        own_accounts=frozenset({account, *(a.id for a in known if a.relation is Relation.OWN)}),
        third_party_accounts=frozenset(a.id for a in known if a.relation is Relation.THIRD_PARTY),
        organization_id=world.organization,
        known_networks=world.networks,
        account_settings={"PublicAccessBlock": block} if block is not None else {},
        canonical_ids={c: a.id for a in known for c in a.canonical_ids},
        owners=world.owners,
        now=now,
    )


def _explain_lines(lines: IO[str], world: EstateFile, type_: str | None, account: str | None) -> None:
    """One answer for each line, in order; a line that cannot be read is answered with its ``error``."""
    now = datetime.now(UTC)
    for case in cases(lines, type_, account):
        print_line(_explained_case(case, world, now) if isinstance(case, Case) else case)


def _explained_case(case: Case, world: EstateFile, now: datetime) -> dict[str, Any]:
    try:
        answer, _ = explained(case.given, case.type, case.account, world, case.arn, now)
    except Exception as error:  # noqa: BLE001 (a fault of ours in one case is told in its answer, and stops no other)
        return {"id": case.id, "error": f"could not be judged, which is a fault of vigie: {error!r}"}
    return {"id": case.id, **answer}


def _print(answer: Mapping[str, Any], judged: Access) -> None:
    screen = console()
    said = "public" if answer["public"] else "not public"
    screen.print(printable(f"{answer['type']} of {answer['account']}: {said}"), style="bold", markup=False)
    rows = [
        (
            grant.kind.value,
            grant.who,
            ", ".join(grant.actions),
            " and ".join(grant.conditions),
            ", ".join(grant.statements),
            "exact" if grant.exact else f"approximate: {grant.why_not_exact}",
        )
        for grant in judged.grants
    ]
    if rows:
        print_table(("class", "who", "actions", "if", "statements", "how sure"), rows)
    else:
        screen.print("Nobody outside the account may use it.")
    for text in answer["problems"]:
        screen.print(printable(f"Not decided: {text}"), style="yellow", markup=False)
    for grant in judged.grants:
        if grant.witness is not None:
            screen.print(
                printable(f"{grant.kind.value} {grant.who}, for example: {json.dumps(grant.witness)}"), markup=False
            )


access.add_command(reachable)
