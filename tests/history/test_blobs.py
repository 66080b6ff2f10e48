"""Configurations by content: compressed, and back byte for byte."""

from __future__ import annotations

import hashlib
import re
from importlib import resources
from typing import Any

import pytest
from hypothesis import given, settings

from configurations import TREATMENT, raws
from vigie.history import blobs
from vigie.model.canonical import canonical_bytes, normalise

FOLDER = resources.files("vigie.history") / "dictionaries"


@settings(deadline=None, max_examples=60)
@given(raws)
def test_a_configuration_comes_back_byte_for_byte(raw: dict[str, Any]) -> None:
    canonical = canonical_bytes(normalise(raw, TREATMENT))
    body = blobs.compress(canonical)
    assert blobs.decompress(body, blobs.DICTIONARY) == canonical
    assert canonical_bytes(blobs.configuration_from(body, blobs.DICTIONARY)) == canonical


def test_integers_beyond_a_double_survive() -> None:
    configuration = {"Quota": 2**64 + 1, "Version": 12345678901234567890123}
    assert blobs.configuration_from(blobs.compress(canonical_bytes(configuration)), blobs.DICTIONARY) == configuration


def test_a_dictionary_that_is_not_shipped_is_named() -> None:
    with pytest.raises(KeyError, match="dictionary 77"):
        blobs.decompress(b"", 77)


def test_every_dictionary_is_the_one_its_provenance_tells_of() -> None:
    rows = re.findall(r"^\| (\d+) \|.*`([0-9a-f]{64})` \|$", (FOLDER / "README.md").read_text(), re.MULTILINE)
    shipped = {file.name for file in FOLDER.iterdir() if file.name.endswith(".zdict")}
    assert shipped == {f"{number}.zdict" for number, _ in rows}
    for number, sha in rows:
        assert hashlib.sha256((FOLDER / f"{number}.zdict").read_bytes()).hexdigest() == sha


def test_a_dictionary_pays() -> None:
    group = {
        "GroupId": "sg-0123456789abcdef0",
        "OwnerId": "111122223333",
        "VpcId": "vpc-0123456789abcdef0",
        "IpPermissions": [
            {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
        ],
        "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
    }
    canonical = canonical_bytes(group)
    assert len(blobs.compress(canonical)) < len(canonical) / 2
