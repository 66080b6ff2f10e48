"""The tree of RFC 6962: known answers, and that no proof shows what is not so."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from vigie.model import merkle

# The test vectors of Certificate Transparency's reference implementation (google/certificate-transparency,
# merkletree/merkle_tree_test.cc; also in transparency-dev/merkle, testonly): inputs, roots of 1 to 8 leaves. [K]
INPUTS = [bytes.fromhex(x) for x in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")] + [
    bytes.fromhex("606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [merkle.leaf_hash(entry) for entry in INPUTS]


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert merkle.root([]) == hashlib.sha256(b"").digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_the_reference_vectors(size: int) -> None:
    assert merkle.root(LEAVES[:size]).hex() == ROOTS[size - 1]
    assert merkle.span_root((0, size), merkle.nodes_of(LEAVES)).hex() == ROOTS[size - 1]


def test_the_paths_are_those_of_the_example_of_rfc_9162() -> None:
    """Section 2.1.5: a tree of seven leaves, and its growing from 3, 4 and 6."""
    a, b, c, d, e, f, j = LEAVES[:7]
    g, h, i = merkle.node_hash(a, b), merkle.node_hash(c, d), merkle.node_hash(e, f)
    k, l = merkle.node_hash(g, h), merkle.node_hash(i, j)  # noqa: E741 - the names of the RFC
    node = merkle.nodes_of(LEAVES[:7])
    assert merkle.proof(merkle.inclusion_spans(0, 7), node) == [b, h, l]
    assert merkle.proof(merkle.inclusion_spans(3, 7), node) == [c, g, l]
    assert merkle.proof(merkle.inclusion_spans(4, 7), node) == [f, j, k]
    assert merkle.proof(merkle.inclusion_spans(6, 7), node) == [i, k]
    assert merkle.proof(merkle.consistency_spans(3, 7), node) == [c, d, g, l]
    assert merkle.proof(merkle.consistency_spans(4, 7), node) == [l]
    assert merkle.proof(merkle.consistency_spans(6, 7), node) == [i, j, k]


def test_a_leaf_cannot_be_passed_off_as_a_node() -> None:
    left, right = LEAVES[:2]
    assert merkle.leaf_hash(left + right) != merkle.node_hash(left, right)


def leaves(size: int) -> list[bytes]:
    return [merkle.leaf_hash(str(n).encode()) for n in range(size)]


def flipped(hashes: Sequence[bytes], bit: int) -> list[bytes]:
    which, inside = divmod(bit % (len(hashes) * 256), 256)
    changed = bytearray(hashes[which])
    changed[inside // 8] ^= 1 << inside % 8
    return [bytes(changed) if n == which else one for n, one in enumerate(hashes)]


@given(st.integers(1, 700), st.data())
def test_every_leaf_is_shown_to_be_in_and_any_flipped_bit_fails(size: int, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, size - 1))
    tree = leaves(size)
    path = merkle.proof(merkle.inclusion_spans(number, size), merkle.nodes_of(tree))
    expected = merkle.root(tree)
    assert merkle.is_included(tree[number], number, size, path, expected)
    bit = data.draw(st.integers(0, 100_000))
    leaf, top, *bent = flipped([tree[number], expected, *path], bit)
    assert not merkle.is_included(leaf, number, size, bent, top)
    assert not merkle.is_included(tree[number], number, size, [*path, expected], expected)
    if path:
        assert not merkle.is_included(tree[number], number, size, path[:-1], expected)
    other = data.draw(st.integers(-1, size + 1))
    assume(other != number)
    assert not merkle.is_included(tree[number], other, size, path, expected)


@given(st.integers(0, 700), st.integers(0, 700), st.data())
def test_a_tree_is_shown_to_have_grown_and_any_flipped_bit_fails(one: int, two: int, data: st.DataObject) -> None:
    old, new = sorted((one, two))
    tree = leaves(new)
    path = merkle.proof(merkle.consistency_spans(old, new), merkle.nodes_of(tree))
    before, after = merkle.root(tree[:old]), merkle.root(tree)
    assert merkle.is_consistent(old, new, before, after, path)
    if old == 0:
        return  # everything begins with nothing: the new root is not looked at
    older, newer, *bent = flipped([before, after, *path], data.draw(st.integers(0, 100_000)))
    assert not merkle.is_consistent(old, new, older, newer, bent)
    assert not merkle.is_consistent(old, new, before, after, [*path, before])


@given(st.integers(2, 300), st.data())
def test_a_rewritten_history_has_no_proof(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, size - 1))
    changed = data.draw(st.integers(0, old - 1))
    tree = leaves(size)
    forged = [*tree[:changed], merkle.leaf_hash(b"forged"), *tree[changed + 1 :]]
    path = merkle.proof(merkle.consistency_spans(old, size), merkle.nodes_of(forged))
    assert not merkle.is_consistent(old, size, merkle.root(tree[:old]), merkle.root(forged), path)


def test_a_span_that_is_no_part_of_a_tree_is_refused() -> None:
    with pytest.raises(ValueError, match="no part of a tree"):
        list(merkle.subtrees((1, 3)))
    with pytest.raises(ValueError, match="has no leaf 7"):
        merkle.inclusion_spans(7, 7)
    with pytest.raises(ValueError, match="cannot begin with"):
        merkle.consistency_spans(8, 7)
