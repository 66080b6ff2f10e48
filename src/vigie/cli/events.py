"""CloudTrail events: what vigie makes of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import IO, TYPE_CHECKING, Any

import click

from vigie.cli.listen import import_events, sources
from vigie.cli.output import console, printable
from vigie.cli.session import Session, store_options

if TYPE_CHECKING:
    from vigie.catalogue.loader import Catalogue
    from vigie.model.event import Actor, Event, Malformed, RecordsFile, Subject


@click.group()
def events() -> None:
    """CloudTrail events: who did what to which resource."""


events.add_command(import_events)
events.add_command(sources)


@events.command()
@click.argument("file", type=click.File("rb"))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document a line, one for each record, in order.")
@store_options
@click.pass_obj
def explain(session: Session, file: IO[bytes], as_json: bool) -> None:
    """Explain what vigie makes of the CloudTrail records in FILE (`-` is stdin): who did what to which resource, and
    what vigie would read again because of it.

    FILE may hold records in any envelope: a record, CloudTrail's files (gzip too), EventBridge, SNS, SQS, LookupEvents,
    CloudTrail Lake, CloudWatch Logs, JSON lines. No AWS call, no store. What is no record is answered with its `error`.
    """
    from vigie.catalogue.loader import load
    from vigie.model.event import Event
    from vigie.watch.events import Interpreter

    catalogue = load([path.expanduser() for path in session.settings.catalogue_paths])
    interpreter = Interpreter(catalogue)
    count, broken = 0, 0
    for found in _found(file, interpreter):
        count += 1
        broken += not isinstance(found, Event)
        if as_json:
            click.echo(json.dumps(_answer(found, catalogue), ensure_ascii=False, separators=(",", ":")))
        else:
            _print(found, catalogue)
    if broken or not count:
        click.echo(
            f"{_count(count - broken, 'record')}, and {broken} of what is none." if count else "No record.", err=True
        )


def _found(file: IO[bytes], interpreter: Any) -> Iterator[Any]:
    """What is in the file. JSON lines are told as they come, where each line is a document of its own."""
    from vigie.watch.events import read

    first, second = file.readline(), file.readline()
    if not (_is_document(first) and _is_document(second)):
        yield from read(first + second + file.read(), interpreter)
        return
    for line in (first, second):
        yield from read(line, interpreter)
    for line in file:
        if line.strip():
            yield from read(line, interpreter)


def _is_document(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict | list)
    except (ValueError, RecursionError):
        return False


def _answer(found: Event | Malformed | RecordsFile, catalogue: Catalogue) -> dict[str, Any]:
    from vigie.model.event import Malformed, RecordsFile

    if isinstance(found, Malformed):
        return {"id": found.id, "error": found.error, "digest": found.digest, "size": found.size}
    if isinstance(found, RecordsFile):
        return {
            "id": None,
            "error": "It is a notification that says where records are, and no record.",
            "records_file": {"bucket": found.bucket, "key": found.key, "region": found.region},
        }
    return event_document(found, catalogue)


def event_document(event: Event, catalogue: Catalogue) -> dict[str, Any]:
    """An event as a JSON document (docs/reference/json.md)."""
    from vigie.model.documents import instant

    watched = catalogue.types
    unnamed = [_unnamed(type_, event, catalogue) for type_ in event.scopes] if event.subjects else []
    return {
        "id": event.id,
        "time": instant(event.at),
        "source": event.source,
        "name": event.name,
        "account": event.account or None,
        "region": event.region or None,
        "type": event.type,
        "category": event.category,
        "write": not event.read_only,
        "read_only": event.read_only,
        "failed": event.failed,
        "error_code": event.error_code,
        "error_message": event.error_message,
        "actor": actor_document(event.actor),
        "outcome": event.outcome.value,
        "subjects": [subject_document(subject, catalogue) for subject in event.subjects],
        "implied": [*(subject_document(subject, catalogue) for subject in event.implied), *unnamed],
        "scopes": [type_ for type_ in event.scopes if type_ in watched or not event.subjects],
        "about": [subject_document(subject, catalogue) for subject in event.about],
        "made_keys": list(event.made_keys),
        "shared_id": event.shared_id,
        "request_id": event.request_id,
        "why": why(event, catalogue),
        "error": None,
    }


def actor_document(actor: Actor) -> dict[str, Any]:
    return {
        "kind": actor.kind.value,
        "arn": actor.arn,
        "principal": actor.arn or actor.principal_id or actor.name,
        "name": actor.name,
        "account": actor.account,
        "principal_id": actor.principal_id,
        "session": actor.session,
        "issuer": actor.issuer,
        "access_key": actor.access_key,
        "source_identity": actor.source_identity,
        "invoked_by": actor.invoked_by,
        "on_behalf_of": actor.on_behalf_of,
        "provider": actor.provider,
        "mfa": actor.mfa,
        "address": actor.address,
        "agent": actor.agent,
        "tls": actor.tls,
        "vpc_endpoint": actor.vpc_endpoint,
    }


def subject_document(subject: Subject, catalogue: Catalogue) -> dict[str, Any]:
    from vigie.model.event import KnownBy

    return {
        "type": subject.type,
        "account": subject.account or None,
        "region": subject.region or None,
        "id": subject.id,
        "arn": subject.arn,
        "name": subject.name,
        "known_by": subject.known_by.value,
        "needs_store": subject.known_by is not KnownBy.ID,
        "watched": subject.type in catalogue.types,
    }


def _unnamed(type_: str, event: Event, catalogue: Catalogue) -> dict[str, Any]:
    """Resources that change along and are not named: which, only the store can say."""
    declared = catalogue.types.get(type_)
    region = "global" if declared is not None and declared.scope.value == "global" else event.region
    return {
        "type": type_,
        "account": event.account or None,
        "region": region or None,
        "id": None,
        "arn": None,
        "name": None,
        "known_by": None,
        "needs_store": True,
        "watched": declared is not None,
    }


def why(event: Event, catalogue: Catalogue) -> str:
    """One sentence: what vigie does about it, and why not more."""
    if event.failed:
        reason = event.error_code or event.error_message or "the answer says so"
        return f"The call failed ({reason}): nothing changed, nothing is read."
    if event.read_only:
        return "The call only reads: nothing changed, nothing is read."
    if event.category == "Insight":
        return "It is an Insight: a summary of other events."
    if event.category != "Management":
        return "It is about data, which vigie does not watch: nothing is read."
    if event.subjects:
        return _read_again(event, catalogue)
    if event.scopes:
        return f"The event does not name what it changed: {', '.join(event.scopes)} is listed again."
    if event.about:
        return "The call changes no configuration of what it is about: nothing is read."
    return "Nothing is known of this call that vigie watches: nothing is read, the next sweep sees what changed."


def _read_again(event: Event, catalogue: Catalogue) -> str:
    from vigie.model.event import KnownBy

    along = [*event.subjects, *event.implied]
    watched = [subject for subject in along if subject.type in catalogue.types]
    if not watched:
        types = ", ".join(sorted({subject.type for subject in event.subjects}))
        return f"It changed what is not watched ({types}): nothing is read."
    found = f"{_count(len(watched), 'resource')} of watched types: read again."
    if any(subject.known_by is not KnownBy.ID for subject in watched):
        found += " Its id is not in the event: the store is asked which it is."
    return found


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def _print(found: Event | Malformed | RecordsFile, catalogue: Catalogue) -> None:
    from vigie.model.event import Event, Malformed

    screen = console()
    if isinstance(found, Malformed):
        screen.print(
            printable(f"! no record: {found.error} ({found.size} bytes, SHA-256 {found.digest[:12]}…)"), style="red"
        )
        return
    if not isinstance(found, Event):
        screen.print(
            printable(f"! no record: it says that there are records in s3://{found.bucket}/{found.key}"), style="yellow"
        )
        return
    for line in _lines(found, catalogue):
        click.echo(printable(line))
    click.echo()


def _lines(event: Event, catalogue: Catalogue) -> Iterator[str]:
    from vigie.cli.output import when

    kind = "failed" if event.failed else "read" if event.read_only else "write"
    yield f"{when(event.at)}  {event.source} {event.name}  [{kind}]  {event.account} {event.region}"
    yield f"  id       {event.id}"
    yield f"  actor    {_actor(event.actor)}"
    if event.failed:
        yield f"  error    {event.error_code or ''} {event.error_message or ''}".rstrip()
    for title, subjects in (("subject", event.subjects), ("implied", event.implied), ("about", event.about)):
        for subject in subjects:
            yield f"  {title:<8} {_subject(subject, catalogue)}"
    for type_ in event.scopes:
        yield f"  list     {type_}: not named by the event"
    if event.made_keys:
        yield f"  keys     {', '.join(event.made_keys)}: what is done with them is this actor's doing"
    yield f"  outcome  {event.outcome.value}: {why(event, catalogue)}"


def _actor(actor: Actor) -> str:
    parts: Sequence[str | None] = (
        actor.kind.value,
        actor.arn or actor.name,
        f"session {actor.session}" if actor.session else None,
        f"of {actor.issuer}" if actor.issuer else None,
        f"really {actor.source_identity}" if actor.source_identity else None,
        f"through {actor.invoked_by}" if actor.invoked_by and actor.invoked_by != actor.name else None,
        f"from {actor.address}" if actor.address else None,
        f"with {actor.agent}" if actor.agent else None,
        None if actor.mfa is None else f"MFA {'yes' if actor.mfa else 'no'}",
    )
    return ", ".join(part for part in parts if part)


def _subject(subject: Subject, catalogue: Catalogue) -> str:
    from vigie.model.event import KnownBy

    notes = []
    if subject.known_by is not KnownBy.ID:
        notes.append(f"only its {subject.known_by.value} is in the event")
    if subject.type not in catalogue.types:
        notes.append("not watched")
    place = f"{subject.account} {subject.region}".strip()
    called = f" ({subject.name})" if subject.name and subject.name not in subject.id else ""
    return f"{subject.type} {subject.id}{called}  {place}" + (f"  ({'; '.join(notes)})" if notes else "")
