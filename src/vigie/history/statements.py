"""What the leaves of each kind say: made from values when they are written, and from rows when they are verified.

Both go through the same functions here, so that a leaf can be made again out of nothing but the rows it commits to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import RowMapping

from vigie.history.rows import problems_text
from vigie.model.canonical import canonical_bytes
from vigie.model.finding import FindingKey
from vigie.model.leaves import (
    LeafKind,
    Statement,
    commitment,
    content_salt,
    differences_commitment,
    micros,
    revision_content,
    text_digest,
)
from vigie.model.scope import Coverage, Scope

Row = Mapping[str, Any] | RowMapping


def revision_header(scope: Scope, id_: str, row: Row) -> dict[str, Any]:
    """``row``: members of the table ``revision``."""
    return {
        "account": scope.account,
        "region": scope.region,
        "type": scope.type,
        "id": id_,
        "number": row["number"],
        "kind": row["kind"],
        "changed_after": micros(row["changed_after"]),
        "observed_at": micros(row["observed_at"]),
        "recorded_at": micros(row["recorded_at"]),
        "looked_before": micros(row["looked_before"]),
        "uid": row["uid"],
    }


def revision_statement(
    pk: int,
    header: Mapping[str, Any],
    salt: bytes,
    *,
    config: str | None,
    durable: str | None,
    unreadable: str | None,
    items: Iterable[Row],
) -> Statement:
    """``salt``: that of the differences. ``items``: rows of ``change_item``."""
    differences = differences_commitment(salt, map(item_members, items))
    content = revision_content(config, durable, differences, unreadable)
    return Statement(LeafKind.REVISION, pk, header, commitment(content_salt(salt), content))


def item_members(item: Row) -> tuple[str, str, str | None, str | None, bool]:
    """What of a row of ``change_item`` is committed to."""
    return item["path"], item["op"], item["old"], item["new"], item["ephemeral"]


def finding_state_statement(pk: int, key: FindingKey, row: Row, salt: bytes) -> Statement:
    """``row``: members of the table ``finding_state``."""
    header = {
        "rule": key.rule,
        "resource": key.resource,
        "subject": key.subject,
        "at": micros(row["at"]),
        "cause": row["cause"],
        "status": row["status"],
        "severity": row["severity"],
        "revision": row.get("revision"),
        "justification": row.get("justification_pk"),
        "author": row.get("author"),
    }
    content = {"message": row["message"], "evidence": row["evidence"]}
    return Statement(LeafKind.FINDING_STATE, pk, header, commitment(salt, content))


def attribution_statement(pk: int, row: Row, parts: Iterable[Row]) -> Statement:
    """``row``: members of ``attribution``; ``parts``: of ``attribution_event``, with CREDITED of event and actor.

    So the record of every call that explains a revision, and who made it, is committed to as well.
    """
    credits = sorted(
        [
            part["id"],
            micros(part["event_at"]),
            hashlib.sha256(bytes(part["body"])).hexdigest(),
            part["confidence"],
            part["paths"],
            *(part[name] for name in CREDITED_ACTOR),
        ]
        for part in parts
    )
    header = {
        "revision": row["revision_pk"],
        "number": row["number"],
        "at": micros(row["at"]),
        "confidence": row["confidence"],
        "reason": text_digest(row["reason"]),
        "credits": credits,
    }
    return Statement(LeafKind.ATTRIBUTION, pk, header)


def imported_statement(pk: int, row: Row, config: str) -> Statement:
    """``row``: members of ``imported_state``; ``config``: digest of its configuration."""
    header = {name: row[name] for name in _IMPORTED}
    times = {name: micros(row[name]) for name in ("captured_at", "recorded_at")}
    return Statement(
        LeafKind.IMPORTED_STATE, pk, {**header, **times, "present": bool(row["present"]), "config": config}
    )


def coverage_begun(pk: int, run: Mapping[str, Any]) -> Statement:
    """A run began: what of it will never change. ``run``: from :func:`run_members`."""
    return Statement(LeafKind.COVERAGE_BEGUN, pk, {name: run[name] for name in _LASTING})


def coverage_ended(pk: int, run: Mapping[str, Any]) -> Statement:
    """A run ended, as it then was. ``run``: from :func:`run_members`."""
    return Statement(LeafKind.COVERAGE_ENDED, pk, run)


def run_members(run: Coverage) -> dict[str, Any]:
    """All that is committed of a run; also a line of a coverage sheet."""
    row = {name: getattr(run, name) for name in _TIMES}
    return stored_run(run.scope, row | {"status": run.status.value, "problems": problems_text(run.problems)})


def stored_run(scope: Scope, row: Row) -> dict[str, Any]:
    """The same out of a row of ``coverage``."""
    return {
        "account": scope.account,
        "region": scope.region,
        "type": scope.type,
        "status": row["status"],
        **{name: micros(row[name]) for name in _TIMES},
        "problems": text_digest(row["problems"]),
    }


def run_seal(members: Mapping[str, Any]) -> bytes:
    """What a run that goes on is sealed with at every look: shows bytes that went bad before a sheet has the run.

    Whoever tampers can make it again; a sheet under a signed head is what they cannot make again.
    """
    return hashlib.sha256(canonical_bytes(dict(members))).digest()


_IMPORTED = ("source", "account", "region", "type", "id", "arn", "name", "status", "origin")
CREDITED_ACTOR = ("kind", "arn", "session", "issuer", "access_key", "source_identity", "invoked_by", "address", "agent")
"""What of an actor an attribution commits to."""
_LASTING = ("account", "region", "type", "status", "since")
_TIMES = ("since", "last_looked", "last_ok", "last_ok_began", "last_listed_began")


def sheet_statement(pk: int, row: Row, root: bytes) -> Statement:
    """``row``: members of ``coverage_sheet``; ``root``: over its lines (vigie.history.sheets)."""
    return Statement(LeafKind.COVERAGE_SHEET, pk, {"at": micros(row["at"]), "runs": row["runs"], "root": root.hex()})


def erasure_statement(pk: int, row: Row) -> Statement:
    """``row``: members of ``erasure_run``."""
    header = {
        "policy": row["policy"],
        "at": micros(row["at"]),
        "author": row["author"],
        "parts": row["parts"],
        "root": bytes(row["root"]).hex(),
    }
    return Statement(LeafKind.ERASURE, pk, header)
