"""Reads what an export holds: old revisions with all that their leaves commit to, events, and every leaf hash.

Also makes a leaf again out of an exported row, which needs no store.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, RowMapping, and_, select

from vigie.history import blobs, log
from vigie.history.statements import item_members, revision_header
from vigie.history.tables.base import digest_text
from vigie.history.verifying import CONTENT, DIFFERENCES, raw
from vigie.model.canonical import digest
from vigie.model.leaves import (
    LeafKind,
    Statement,
    commitment,
    content_salt,
    differences_commitment,
    micros,
    revision_content,
)
from vigie.model.scope import Scope

BATCH: Final = 2_000
Row = dict[str, Any]

_leaf, _revision, _resource, _scope = raw("log_leaf"), raw("revision"), raw("resource"), raw("scope")
_blob, _item, _erasure, _run = raw("blob"), raw("change_item"), raw("erasure"), raw("erasure_run")
_event, _actor = raw("event"), raw("actor")
_DIFFERENCE = ("path", "op", "old", "new", "ephemeral")


class Exporting:
    """Part of :class:`~vigie.history.store.History`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def revisions(self, until: datetime, head: log.Head) -> Iterator[list[Row]]:
        """Revisions observed before then whose leaves are under the head, in batches. Times are microseconds."""
        last = 0
        with self._engine.connect() as tx:
            while rows := tx.execute(_revisions(last, until, head.size)).all():
                yield self._whole(tx, rows)
                last = rows[-1].pk

    def _whole(self, tx: Connection, rows: Any) -> list[Row]:
        pks = [row.pk for row in rows]
        items: dict[int, list[Row]] = {}
        for item in tx.execute(select(_item).where(_item.c.revision_pk.in_(pks)).order_by(_item.c.pk)).mappings():
            told = {name: item[name] for name in _DIFFERENCE}
            items.setdefault(item["revision_pk"], []).append(told | {"ephemeral": bool(told["ephemeral"])})
        joined = _erasure.join(_run, _run.c.pk == _erasure.c.run_pk)
        gone = select(*_erasure.c, _run.c.policy, _run.c.at).select_from(joined).where(_erasure.c.revision_pk.in_(pks))
        erased: dict[tuple[int, str], Any] = {(one.revision_pk, one.part): one for one in tx.execute(gone)}
        return [
            _exported(row, items.get(row.pk, []), erased.get((row.pk, CONTENT)), erased.get((row.pk, DIFFERENCES)))
            for row in rows
        ]

    def events(self, until: datetime) -> Iterator[list[Row]]:
        """CloudTrail events from before then, with who made them, in batches."""
        columns = (
            *(_event.c.pk, _event.c.id, _event.c.at, _event.c.source, _event.c.name, _event.c.account),
            *(_event.c.region, _event.c.failed, _event.c.read_only, _event.c.body, _event.c.dictionary),
            *(_actor.c.kind.label("actor_kind"), _actor.c.arn.label("actor_arn"), _actor.c.session),
            *(_actor.c.issuer, _actor.c.access_key, _actor.c.address, _actor.c.agent),
        )
        query = select(*columns).select_from(_event.join(_actor, _actor.c.pk == _event.c.actor_pk))
        query = query.where(_event.c.at < micros(until)).order_by(_event.c.pk).limit(BATCH)
        last = 0
        with self._engine.connect() as tx:
            while rows := tx.execute(query.where(_event.c.pk > last)).mappings().all():
                yield [_event_row(row) for row in rows]
                last = rows[-1]["pk"]

    def leaves(self, size: int) -> Iterator[list[bytes]]:
        """All leaf hashes below a size, in batches."""
        with self._engine.connect() as tx:
            for start in range(0, size, BATCH * 10):
                place = and_(_leaf.c.position >= start, _leaf.c.position < min(size, start + BATCH * 10))
                rows = tx.execute(select(_leaf.c.leaf).where(place).order_by(_leaf.c.position)).scalars()
                yield [bytes(one) for one in rows]


def _revisions(last: int, until: datetime, size: int) -> Any:
    joined = _revision.join(_leaf, and_(_leaf.c.row_pk == _revision.c.pk, _leaf.c.kind == int(LeafKind.REVISION)))
    joined = joined.join(_resource, _resource.c.pk == _revision.c.resource_pk)
    joined = joined.join(_scope, _scope.c.pk == _resource.c.scope_pk)
    joined = joined.outerjoin(_blob, _blob.c.pk == _revision.c.blob_pk)
    place = (_scope.c.account, _scope.c.region, _scope.c.type, _resource.c.id, _resource.c.arn, _resource.c.name)
    columns = (*_revision.c, *place, _blob.c.sha, _blob.c.body, _blob.c.dictionary, _leaf.c.position, _leaf.c.salt)
    query = select(*columns).select_from(joined)
    query = query.where(_revision.c.pk > last, _revision.c.observed_at < micros(until), _leaf.c.position < size)
    return query.order_by(_revision.c.pk).limit(BATCH)


def _exported(row: Any, items: list[Row], content: Any, differences: Any) -> Row:
    body = blobs.decompress(bytes(row.body), row.dictionary).decode() if row.body is not None else None
    return {
        "position": row.position,
        **revision_header(Scope(row.account, row.region, row.type), row.id, row._mapping),
        "arn": row.arn,
        "name": row.name,
        "config_sha": digest_text(bytes(row.sha)) if row.sha is not None else None,
        "durable_sha": digest_text(bytes(row.durable_sha)) if row.durable_sha is not None else None,
        "unreadable": row.unreadable,
        "configuration": body,
        "differences": items,
        "salt": bytes(row.salt) if row.salt is not None else None,
        "erased_policy": content.policy if content is not None else None,
        "erased_at": content.at if content is not None else None,
        "erased_commitment": bytes(content.commitment) if content is not None else None,
        "differences_commitment": bytes(differences.commitment) if differences is not None else None,
    }


def _event_row(row: RowMapping) -> Row:
    kept = {name: row[name] for name in row if name not in ("pk", "body", "dictionary")}
    kept |= {"failed": bool(row["failed"]), "read_only": bool(row["read_only"])}
    return kept | {"record": blobs.decompress(bytes(row["body"]), row["dictionary"]).decode()}


def exported_leaf(row: Mapping[str, Any]) -> bytes:
    """The leaf hash of an exported revision, made again from nothing but its row.

    Raises:
        ValueError: the configuration does not have its digest, or is no JSON.
    """
    header = revision_header(Scope(row["account"], row["region"], row["type"]), row["id"], row)
    if row["erased_commitment"] is not None:
        return Statement(LeafKind.REVISION, 0, header, row["erased_commitment"]).leaf()
    if row["configuration"] is not None:
        json.loads(row["configuration"])
        if digest(row["configuration"].encode()) != row["config_sha"]:
            raise ValueError("its configuration does not have its digest")
    elif row["config_sha"] is not None:
        raise ValueError("its configuration is gone")
    salt, gone = row["salt"], row["differences_commitment"]
    differences = differences_commitment(salt, map(item_members, row["differences"])) if gone is None else gone.hex()
    content = revision_content(row["config_sha"], row["durable_sha"], differences, row["unreadable"])
    return Statement(
        LeafKind.REVISION, 0, header, commitment(content_salt(salt) if gone is None else salt, content)
    ).leaf()
