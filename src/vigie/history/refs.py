"""What a configuration speaks of: the tokens by which a resource is found through what it refers to.

They are looked up whole and never shown, so that their numbers are stored: a third of the room of their texts.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, delete, select

from vigie.history.blobs import batches
from vigie.history.tables.archive import ref
from vigie.model.resource import Resource

_LONGEST = 300
_MOST = 2_000
"""Of one resource. More would be a list of addresses that nobody looks up one by one."""
_IN_LIST = 500

_TOKEN = re.compile(
    rb'"('
    rb'arn:[^"\\]{1,290}'  # ARNs
    rb"|[a-z]{1,12}(?:-[a-z]{1,12})?-[0-9a-f]{8}(?:[0-9a-f]{9})?"  # sg-…, vpce-…, eni-…, vpc-cidr-assoc-…
    rb"|A[A-Z]{2}A[A-Z0-9]{12,17}"  # IAM's unique ids: AIDA…, AROA…, AKIA…
    rb"|\d{12}"  # accounts
    rb"|\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?"  # IPv4
    rb"|[0-9a-f:]{2,39}:[0-9a-f:]*(?:/\d{1,3})?"  # IPv6
    rb'|https?://[^"\\]{1,290}'  # queue URLs
    rb')"'
)
_NAME = re.compile(rb'(?:Name|Id|Arn|Url)":"([^"\\]{1,255})"')
"""Values under a key that says it names something: buckets, roles, key pairs, functions."""


def tokens(resource: Resource, canonical: bytes, tags: object) -> set[str]:
    """The tokens of a present resource: its own id, ARN and name, and all that its configuration names."""
    found = {match.decode() for match in _TOKEN.findall(canonical)}
    found.update(match.decode() for match in _NAME.findall(canonical))
    found.discard(resource.account)  # its own account finds nothing that the filter by account does not
    own = {text for text in (resource.id, resource.arn, resource.name, resource.uid) if text}
    tagged = tag_tokens(tags)
    kept = sorted(token for token in found - own - tagged if len(token) <= _LONGEST)[:_MOST]
    return {token for token in own | tagged if "\0" not in token} | set(kept)


def tag_tokens(tags: object) -> set[str]:
    """``tag:Key`` and ``tag:Key=value`` for each tag."""
    if not isinstance(tags, Mapping):
        return set()
    return {f"tag:{key}" for key in tags} | {f"tag:{key}={value}" for key, value in tags.items()}


def number_of(token: str) -> int:
    """What stands for a token in the store: the first 64 bits of its SHA-256, as a signed number.

    Of ten million tokens, two share a number with a probability of 3 in a million: one resource too many is found.
    """
    return int.from_bytes(hashlib.sha256(token.encode()).digest()[:8], "big", signed=True)


def rewrite(tx: Connection, wanted: Mapping[int, set[str]], new: Iterable[int]) -> None:
    """Make the tokens of each resource (by its number) what is wanted. ``new``: those that have none yet."""
    numbers = {pk: {number_of(token) for token in tokens_wanted} for pk, tokens_wanted in wanted.items()}
    known = _stored(tx, sorted(numbers.keys() - set(new)))
    gone = [(pk, known[pk] - numbers[pk]) for pk in known]
    for pk, numbers_gone in gone:
        for batch in batches(sorted(numbers_gone), _IN_LIST):
            tx.execute(delete(ref).where(ref.c.resource_pk == pk, ref.c.token.in_(batch)))
    rows = [(number, pk) for pk, numbers_wanted in numbers.items() for number in numbers_wanted - known.get(pk, set())]
    rows.sort()  # in the order of the index: neighbours share pages
    if rows:
        _insert(tx, rows)


def _insert(tx: Connection, rows: list[tuple[int, int]]) -> None:
    """By the driver itself: these are by far the most rows of a first look, and plain ones."""
    if tx.dialect.name == "sqlite":
        tx.exec_driver_sql("INSERT INTO ref (token, resource_pk) VALUES (?, ?)", rows)
        return
    driver = tx.connection.driver_connection
    if driver is None:
        raise RuntimeError("the connection has been given back")
    with driver.cursor() as cursor, cursor.copy("COPY ref (token, resource_pk) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _stored(tx: Connection, pks: list[int]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {pk: set() for pk in pks}
    for batch in batches(pks, _IN_LIST):
        for row in tx.execute(select(ref.c.resource_pk, ref.c.token).where(ref.c.resource_pk.in_(batch))):
            found[row.resource_pk].add(row.token)
    return found
