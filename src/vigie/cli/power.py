"""Who may do what, who is administrator, and who can become one: over what is recorded, or over a dump of IAM."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import click

from vigie.cli.output import console, print_json, print_table, printable
from vigie.cli.session import Session, json_option, store_options
from vigie.model.errors import UsageError

if TYPE_CHECKING:
    from vigie.access.power.deciding import Decision
    from vigie.access.power.paths import Graph, Path
    from vigie.access.power.realm import Entry
    from vigie.access.power.targets import Target

_DOCUMENTS_HELP = "A file of `aws iam get-account-authorization-details` instead of the store (`-` is stdin)."
documents_option = click.option("--documents", type=click.File(encoding="utf-8"), help=_DOCUMENTS_HELP)
account_option = click.option("--account", metavar="ID", help="Users and roles of this account only.")
_MOST_PATHS = 10
_EXTENTS = {
    "everywhere": "yes",
    "some": "on some of it",
    "conditional": "under conditions",
    "unknown": "unknown",
}


@dataclass(frozen=True)
class _Ground:
    """What a question is asked of."""

    graph: Graph
    target: Any = None
    """ARN → the recorded resource with its own policy, or None."""

    def principals(self, account: str | None) -> Iterator[Entry]:
        for entry in self.graph.realm.principals("AWS::IAM::User", "AWS::IAM::Role"):
            if account in (None, entry.account):
                yield entry

    def named(self, wanted: str) -> Entry:
        """Raises UsageError: nobody, or several, are called so."""
        from vigie.access.power.realm import name_of

        found = [e for e in self.principals(None) if wanted in (e.arn, name_of(e))]
        if len(found) == 1:
            return found[0]
        if not found:
            raise UsageError(f"No user or role {wanted!r} is recorded. See: vigie resources --type AWS::IAM::Role.")
        raise UsageError(f"{wanted!r} is the name of several: give an ARN ({', '.join(e.arn for e in found[:3])}).")


def _ground(session: Session, documents: IO[str] | None) -> _Ground:
    from vigie.access.power.paths import Graph

    if documents is not None:
        return _Ground(Graph(_dump(documents)))
    powers = session.app.estate().powers

    def target(arn: str) -> Target | None:
        found = powers.inventory.by_arn(_bearer(arn))
        return powers.target(found) if found is not None else None

    return _Ground(powers.graph, target)


def _dump(documents: IO[str]) -> Any:
    from vigie.access.power.dump import is_dump, realm_of_dump

    try:
        found = json.load(documents)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{documents.name} is not JSON: {error}.") from None
    if not is_dump(found):
        raise UsageError(
            f"{documents.name} has not the shape of `aws iam get-account-authorization-details`: "
            "UserDetailList, RoleDetailList, GroupDetailList, Policies."
        )
    return realm_of_dump(found)


def _bearer(arn: str) -> str:
    """The ARN of what bears the policy: the bucket of an object."""
    return arn.split("/")[0] if arn.startswith(("arn:aws:s3:::", "arn:aws-cn:s3:::", "arn:aws-us-gov:s3:::")) else arn


@click.command("who-can")
@click.argument("action")
@click.argument("resource")
@account_option
@documents_option
@json_option
@store_options
@click.pass_obj
def who_can(
    session: Session, action: str, resource: str, account: str | None, documents: IO[str] | None, as_json: bool
) -> None:
    """List the users and roles that may do ACTION (`s3:GetObject`) to RESOURCE (an ARN, or `*`).

    Their own policies, boundaries and the organisation's policies are weighed, and the resource's own policy where it
    is recorded. docs/reference/power.md describes what is printed.
    """
    if ":" not in action and action != "*":
        raise UsageError(f"{action!r} is no action: it needs a service in front, as in s3:GetObject.")
    ground = _ground(session, documents)
    target = ground.target(resource) if ground.target is not None and resource != "*" else None
    rows, unknown = _deciders(ground, action, resource, account, target)
    notes = [] if target is not None or resource == "*" else [_NOT_RECORDED]
    if as_json:
        print_json(_who_can_document(action, resource, rows, unknown, target is not None, notes))
        return
    print_table(
        ("principal", "may", "if", "statements"),
        [(e.arn, _EXTENTS[d.extent.value], " and ".join(d.conditions), ", ".join(d.statements)) for e, d in rows],
        empty="Nobody who is recorded may do it.",
    )
    for entry, decision in unknown:
        _say(f"? {entry.arn}: {decision.why_not_exact}")
    for note in _notes(notes, (d for _, d in rows)):
        _say(note)


_NOT_RECORDED = "The resource is not recorded: its own policy is not weighed."


def _deciders(
    ground: _Ground, action: str, resource: str, account: str | None, target: Target | None
) -> tuple[list[tuple[Entry, Decision]], list[tuple[Entry, Decision]]]:
    from vigie.access.power.deciding import Extent, can

    rows, unknown = [], []
    for entry in ground.principals(account):
        effective = ground.graph.realm.effective(entry.arn)
        if effective is None or (target is None and _elsewhere(resource, entry.account)):
            continue
        decision = can(effective, action, (resource,), target=target)
        if decision.allowed:
            rows.append((entry, decision))
        elif decision.extent is Extent.UNKNOWN:
            unknown.append((entry, decision))
    return rows, unknown


def _elsewhere(resource: str, account: str) -> bool:
    """Whether the ARN names another account: without that resource's policy, nobody from here may."""
    parts = resource.split(":", 5)
    return len(parts) == 6 and parts[4].isdigit() and parts[4] != account


def _who_can_document(
    action: str,
    resource: str,
    rows: Sequence[tuple[Entry, Decision]],
    unknown: Sequence[tuple[Entry, Decision]],
    recorded: bool,
    notes: Sequence[str],
) -> dict[str, Any]:
    from vigie.access.power.explaining import decision_document

    return {
        "action": action,
        "resource": resource,
        "recorded": recorded,
        "items": [{"principal": e.arn, "account": e.account, **decision_document(d)} for e, d in rows],
        "unknown": [{"principal": e.arn, "account": e.account, "why": d.why_not_exact} for e, d in unknown],
        "notes": _notes(notes, (d for _, d in rows)),
    }


def _notes(first: Sequence[str], decisions: Iterator[Decision]) -> list[str]:
    return list(dict.fromkeys([*first, *(note for d in decisions for note in d.notes)]))


@click.command()
@account_option
@click.option("--direct", is_flag=True, help="Those who are it only, not those who can become it (much faster).")
@documents_option
@json_option
@store_options
@click.pass_obj
def admins(session: Session, account: str | None, direct: bool, documents: IO[str] | None, as_json: bool) -> None:
    """List the administrators, and who can become one, each with the statements or the path.

    Administrator is who may do an action that nobody has named yet, on everything, and rewrite users and roles.
    """
    graph, rows, unknown = _ground(session, documents), [], []
    notes: dict[str, None] = {}
    for entry in graph.principals(account):
        row = _admin(graph.graph, entry, direct)
        effective = graph.graph.realm.effective(entry.arn)
        if effective is not None and effective.unread:
            unknown.append({"principal": entry.arn, "account": entry.account, "why": "; ".join(effective.unread)})
        if row is not None:
            rows.append(row)
            notes.update(dict.fromkeys(effective.notes if effective is not None else ()))
    order = ("administrator", "administrator_if", "becomes_administrator")
    rows.sort(key=lambda row: (order.index(row["standing"]), row["principal"]))
    if as_json:
        print_json({"items": rows, "unknown": unknown, "notes": list(notes)})
        return
    print_table(("principal", "standing", "by"), [_admin_row(row) for row in rows], empty="No administrator.")
    for one in unknown:
        _say(f"? {one['principal']}: {one['why']}")
    for note in notes:
        _say(note)


def _admin(graph: Graph, entry: Entry, direct: bool) -> dict[str, Any] | None:
    from vigie.access.power.explaining import path_document, stand_document

    stand = graph.stand_of(entry.arn)
    if stand is None:
        return None
    head = {"principal": entry.arn, "account": entry.account}
    if stand.is_administrator:
        return {**head, **stand_document(stand), "path": None}
    found = () if direct else graph.walk(entry.arn).paths
    if not found:
        return None
    path = found[0]
    return {
        **head,
        **stand_document(path.stand),
        "standing": "becomes_administrator",
        "statements": list(dict.fromkeys(s for hop in path.hops for s in hop.statements)),
        "conditions": list(dict.fromkeys(c for hop in path.hops for c in hop.conditions)),
        "path": path_document(path),
    }


def _admin_row(row: Mapping[str, Any]) -> tuple[str, str, str]:
    path = row["path"]
    if path is None:
        by = ", ".join(row["statements"])
    else:
        by = " → ".join(f"{hop['title']}: {_short(hop['to'])}" for hop in path["hops"])
    conditions = f" (if {' and '.join(row['conditions'])})" if row["conditions"] else ""
    return row["principal"], row["standing"].replace("_", " "), by + conditions


@click.command()
@click.argument("principal")
@documents_option
@json_option
@store_options
@click.pass_obj
def paths(session: Session, principal: str, documents: IO[str] | None, as_json: bool) -> None:
    """Show how PRINCIPAL (the ARN or name of a user or role) can become administrator, hop by hop."""
    ground = _ground(session, documents)
    entry = ground.named(principal)
    stand, walk = ground.graph.stand_of(entry.arn), ground.graph.walk(entry.arn)
    if stand is None:
        raise UsageError(f"{entry.arn} is not recorded whole.")
    if as_json:
        from vigie.access.power.explaining import path_document, stand_document

        effective = ground.graph.realm.effective(entry.arn)
        print_json(
            {
                "principal": entry.arn,
                "account": entry.account,
                **stand_document(stand),
                "paths": [path_document(path) for path in walk.paths],
                "reached": list(walk.reached),
                "undecided": list(walk.undecided),
                "notes": list(effective.notes) if effective is not None else [],
            }
        )
        return
    screen = console()
    standing = stand.standing.value.replace("_", " ")
    screen.print(printable(f"{entry.arn}: {standing}"), style="bold", markup=False)
    for path in walk.paths[:_MOST_PATHS]:
        _print_path(path)
    if len(walk.paths) > _MOST_PATHS:
        screen.print(f"And {len(walk.paths) - _MOST_PATHS} more: --json has them all.")
    if not walk.paths and not stand.is_administrator:
        screen.print("No way to an administrator was found.")
    for text in _gathered(walk.undecided):
        _say(f"Not decided: {text}")


def _gathered(undecided: Sequence[str]) -> list[str]:
    """One line for each reason: the methods that it stands in the way of, then the reason."""
    by_reason: dict[str, list[str]] = {}
    for text in undecided:
        method, colon, reason = text.partition("): ")
        by_reason.setdefault(reason if colon else text, []).append(method.split(" ")[0] if colon else "")
    return [
        f"{', '.join(m for m in methods if m)}: {reason}".removeprefix(": ") for reason, methods in by_reason.items()
    ]


def _print_path(path: Path) -> None:
    screen = console()
    sure = "" if path.sure else " (not sure: something has to hold, or is approximate)"
    screen.print(printable(f"To {path.end}{sure}"), style="bold", markup=False)
    for number, hop in enumerate(path.hops, 1):
        by = f" ({hop.by})" if hop.by else ""
        screen.print(printable(f"  {number}. {hop.method.title}{by} → {hop.target}  [{hop.method.id}]"), markup=False)
        for step in hop.steps:
            conditions = f" if {' and '.join(step.conditions)}" if step.conditions else ""
            by = ", ".join([*step.statements, *([hop.trust] if hop.trust else [])])
            screen.print(printable(f"     {step.action} by {by}{conditions}"), markup=False)


def _short(arn: str) -> str:
    return arn.split(":", 5)[-1]


def _say(text: str) -> None:
    console(stderr=True).print(printable(text), style="yellow", markup=False)
