"""What of the internet gets in, hop by hop: to one resource, or to everything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from vigie.cli.options import explain_nothing, one_resource, scope_options
from vigie.cli.output import console, print_json, print_table, printable
from vigie.cli.session import json_option, store_options, with_app
from vigie.model import documents
from vigie.model.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from vigie.access.reach import Path, Question, Reach
    from vigie.app import App
    from vigie.model.change import Revision

_SIGN = {"lets in": ("✓", "green"), "stops": ("✗", "red"), "unknown": ("?", "yellow")}


@click.command()
@click.argument("resource", required=False)
@click.option("--port", type=click.IntRange(0, 65535), help="Only to this port.")
@click.option("--protocol", metavar="NAME", help="Only of this protocol: tcp, udp, icmp, or its number.")
@click.option("--from", "source", metavar="CIDR", help="Only from this network.")
@scope_options
@json_option
@store_options
@with_app
def reachable(
    app: App,
    resource: str | None,
    port: int | None,
    protocol: str | None,
    source: str | None,
    account: str | None,
    region: str | None,
    type_: str | None,
    as_json: bool,
) -> int:
    """Show what of the internet gets in to RESOURCE, and what lets it in or stops it, hop by hop.

    RESOURCE: the ARN, id or unique name of an instance, interface, database, load balancer or function. Without it:
    everything that is reachable. Decided by the recorded network; nothing is sent. Exit code 3: something could not be
    decided.
    """
    from vigie.access.reach import question

    if port is not None and protocol is None:
        protocol = "tcp"
    try:
        asked = question(protocol, port, source)
    except ValueError as error:
        raise UsageError(f"{str(error)[:1].upper()}{str(error)[1:]}.") from None
    if resource is None:
        return _everything(app, asked, account, region, type_, as_json=as_json)
    revision, answer = app.reach(one_resource(app, resource), asked)
    if as_json:
        print_json(document_of(revision, answer))
    else:
        _print(revision, answer)
    return ExitCode.PARTIAL if answer.reachable is None else ExitCode.DONE


def document_of(revision: Revision, answer: Reach) -> documents.Document:
    from vigie.access.reach.explaining import explanation

    return documents.resource_document(revision.resource) | explanation(answer)


def _line(screen: Console, text: str, style: str | None = None) -> None:
    screen.print(printable(text), style=style, markup=False)


# One resource


def _print(revision: Revision, answer: Reach) -> None:
    from vigie.access.reach.boxes import boxes_text

    name = revision.name or revision.id
    said = {True: "can be reached from the internet", False: "cannot be reached from the internet"}
    verdict = "it could not be decided" if answer.reachable is None else said[answer.reachable]
    screen = console()
    _line(screen, f"{revision.type} {name}: {verdict}", style="bold")
    if answer.boxes:
        _line(screen, f"  {boxes_text(answer.boxes)}")
    for path, times in _alike(answer.paths):
        _print_path(screen, path, times)
    if answer.witness is not None:
        _line(screen, f"For example: {answer.witness}")
    for text in answer.unknowns:
        _line(screen, f"Not decided: {text}", style="yellow")
    for text in answer.assumed:
        _line(screen, f"Taken for granted: {text}", style="yellow")


def _alike(paths: Iterable[Path]) -> Iterator[tuple[Path, int]]:
    """Ways whose hops read the same (a balancer has one to each of its subnets), told once."""
    found: dict[tuple[object, ...], list[Path]] = {}
    for path in paths:
        told = tuple((hop.kind, hop.resource, hop.words) for hop in path.hops)
        found.setdefault((path.destination, path.through, path.landing, told), []).append(path)
    for same in found.values():
        yield same[0], len(same)


def _print_path(screen: Console, path: Path, times: int) -> None:
    from vigie.access.reach.boxes import boxes_text

    where = f"To {path.destination}" if path.destination else "No way in"
    through = f" through {short_name(path.through)}" if path.through else ""
    landing = f", to its {path.landing[0]}/{path.landing[1]}" if path.landing else ""
    got = boxes_text(path.certain) if path.certain else "unknown" if path.possible else "nothing"
    again = f" ({times} ways alike)" if times > 1 else ""
    _line(screen, f"{where}{through}{landing}: {got}{again}")
    for hop in path.hops:
        sign, style = _SIGN[hop.passage.value]
        says = "" if hop.passage.value == "lets in" else f"{hop.passage.value}: "
        name = short_name(hop.resource)
        _line(screen, f"  {sign} {hop.kind} {name}: {says}{hop.words.removeprefix(f'{name}: ')}", style=style)


def short_name(resource: str) -> str:
    """An ARN without what is before the resource."""
    return resource.split(":", 5)[-1] if resource.startswith("arn:") else resource


# Everything


def _everything(
    app: App, asked: Question, account: str | None, region: str | None, type_: str | None, *, as_json: bool
) -> int:
    from vigie.model.queries import ResourceFilter

    explain_nothing(app, account=account, region=region, type_=type_)
    found = list(app.reachable(ResourceFilter(account=account, region=region, type=type_), asked))
    undecided = [(revision, answer) for revision, answer in found if answer.reachable is None]
    if as_json:
        print_json({"items": [document_of(revision, answer) for revision, answer in found], "next": None})
    else:
        _print_all([pair for pair in found if pair[1].reachable], undecided)
    return ExitCode.PARTIAL if undecided else ExitCode.DONE


def _print_all(found: list[tuple[Revision, Reach]], undecided: list[tuple[Revision, Reach]]) -> None:
    rows = [row for revision, answer in found for row in _rows(revision, answer)]
    columns = ("type", "resource", "account", "region", "what gets in", "at", "how sure")
    print_table(columns, rows, empty="Nothing that is recorded can be reached from the internet.")
    for text in dict.fromkeys(text for _, answer in found for text in (*answer.assumed, *answer.unknowns)):
        _line(console(), f"Approximate: {text}", style="yellow")
    by_reason: dict[str, list[str]] = {}
    for revision, answer in undecided:
        by_reason.setdefault("; ".join(answer.unknowns), []).append(f"{revision.type} {short_name(revision.id)}")
    for reason, names in by_reason.items():
        more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
        _line(console(stderr=True), f"Not decided: {', '.join(names[:3])}{more}: {reason}", style="yellow")


def _rows(revision: Revision, answer: Reach) -> list[tuple[str, ...]]:
    from vigie.access.reach.boxes import boxes_text

    id_ = short_name(revision.id)
    name = revision.name if revision.name and revision.name not in id_ else ""
    first = (revision.type.split("::", 1)[1], f"{id_} {name}".strip(), revision.account, revision.region)
    sure = "exact" if answer.exact else "approximate"
    rows: list[tuple[str, ...]] = []
    if answer.boxes:
        own = dict.fromkeys(path.destination for path in answer.direct if path.certain)
        rows.append((*first, boxes_text(answer.boxes), ", ".join(own), sure))
    behind = {(p.through, p.landing): p for p in answer.through if p.certain}
    for path in behind.values():
        landing = f"{path.landing[0]}/{path.landing[1]} by " if path.landing else ""
        rows.append((*first, f"{landing}{boxes_text(path.certain)}", f"through {short_name(path.through)}", sure))
    return rows
