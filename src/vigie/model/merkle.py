"""Merkle trees as RFC 6962 and RFC 9162 define them (section 2.1 of both): hashes, proofs, and what checks them.

A tree over n leaves is made of complete subtrees. ``Node`` gives the hash of one of those by height and number: a store
keeps those of every eighth height only (tiles), and works the others out. SHA-256; a leaf is prefixed with 0x00, a node
with 0x01, so that neither can be passed off as the other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

EMPTY: Final = hashlib.sha256(b"").digest()
"""Root of a tree without leaves."""
TILE_HEIGHT: Final = 8
TILE: Final = 1 << TILE_HEIGHT
"""Hashes of a tile."""

Node = Callable[[int, int], bytes]
"""(height, number) → hash of the complete subtree over the leaves number·2^height … (number+1)·2^height - 1."""
Span = tuple[int, int]
"""Leaves from the first number up to, not including, the second."""


def leaf_hash(entry: bytes) -> bytes:
    """Hash of what a leaf commits to."""
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node."""
    return hashlib.sha256(b"\1" + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """Root over leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.add(leaf)
    return frontier.root()


class Frontier:
    """A tree that grows: only the complete subtrees at its right edge are kept."""

    def __init__(self, size: int = 0, edge: Sequence[bytes] = ()) -> None:
        """``edge``: hashes of the :func:`subtrees` of the first ``size`` leaves."""
        self.size = size
        self._edge = list(edge)

    def add(self, leaf: bytes) -> None:
        """Append a leaf hash."""
        carried, size = leaf, self.size
        while size & 1:
            carried = node_hash(self._edge.pop(), carried)
            size >>= 1
        self._edge.append(carried)
        self.size += 1

    def root(self) -> bytes:
        return _folded(self._edge)


def nodes_of(leaves: Sequence[bytes]) -> Node:
    """Subtrees of a tree that is held in memory."""

    def node(height: int, number: int) -> bytes:
        return root(leaves[number << height : (number + 1) << height])

    return node


def subtrees(span: Span) -> Iterator[tuple[int, int]]:
    """The complete subtrees (height, number) that make up a span of a tree, the left and largest first.

    Raises:
        ValueError: the span does not begin where a subtree of its size can begin.
    """
    start, end = span
    while start < end:
        height = (end - start).bit_length() - 1
        if start & ((1 << height) - 1):
            raise ValueError(f"{span} is no part of a tree")
        yield height, start >> height
        start += 1 << height


def span_root(span: Span, node: Node) -> bytes:
    """Root over a span of the tree; of all of it: ``(0, size)``."""
    return _folded([node(height, number) for height, number in subtrees(span)])


def inclusion_spans(number: int, size: int) -> list[Span]:
    """The spans whose roots prove that a leaf is in a tree of that size, in the order of the proof (RFC 9162, 2.1.3.1).

    Raises:
        ValueError: the tree has no such leaf.
    """
    if not 0 <= number < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {number}")
    spans: list[Span] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if number < middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    return spans[::-1]


def consistency_spans(old: int, new: int) -> list[Span]:
    """The spans whose roots prove that a tree of ``new`` leaves begins with the one of ``old`` (RFC 9162, 2.1.4.1).

    Raises:
        ValueError: the sizes are not 0 ≤ old ≤ new.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} leaves cannot begin with one of {old}")
    if old in (0, new):
        return []
    spans: list[Span] = []
    start, end, whole = 0, new, True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start, whole = middle, False
    if not whole:
        spans.append((start, end))
    return spans[::-1]


def proof(spans: Iterable[Span], node: Node) -> list[bytes]:
    """The hashes of a proof."""
    return [span_root(span, node) for span in spans]


def is_included(leaf: bytes, number: int, size: int, path: Sequence[bytes], expected: bytes) -> bool:
    """Whether the proof shows that the leaf hash is number ``number`` of the tree of that size and root."""
    if not 0 <= number < size:
        return False
    first, last, found = number, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if first & 1 or first == last:
            found = node_hash(sibling, found)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        first, last = first >> 1, last >> 1
    return last == 0 and found == expected


def is_consistent(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the proof shows that the tree of ``new`` leaves and that root begins with that of ``old`` leaves."""
    if not 0 <= old <= new:
        return False
    if old == new:
        return not path and old_root == new_root
    if old == 0:
        return not path and old_root == EMPTY
    hashes = list(path)
    if old & (old - 1) == 0:  # a power of two: the old tree is one subtree, and no part of the proof
        hashes.insert(0, old_root)
    if not hashes:
        return False
    first, last = old - 1, new - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    older = newer = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            older, newer = node_hash(sibling, older), node_hash(sibling, newer)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            newer = node_hash(newer, sibling)
        first, last = first >> 1, last >> 1
    return last == 0 and older == old_root and newer == new_root


def _split(size: int) -> int:
    """The largest power of two below ``size`` (which is 2 or more)."""
    return 1 << ((size - 1).bit_length() - 1)


def _folded(edge: Sequence[bytes]) -> bytes:
    """Root over complete subtrees of falling height."""
    if not edge:
        return EMPTY
    found = edge[-1]
    for left in reversed(edge[:-1]):
        found = node_hash(left, found)
    return found
