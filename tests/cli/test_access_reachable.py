"""`vigie access reachable`, over a small network that is recorded by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from networks import ACCOUNT, NOW, REGION, Recording, recording
from vigie.access.reach import NETWORK_TYPES
from vigie.history.store import open_history
from vigie.model.canonical import canonical_bytes, digests
from vigie.model.recording import Draft, ScopeRecord
from vigie.model.scope import Outcome, Scope

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "json.md").read_text(encoding="utf-8")


def record(known: Recording, folder: Path) -> None:
    (folder / "data").mkdir()
    with open_history(f"sqlite:///{folder / 'data' / 'vigie.sqlite'}") as history:
        scopes = {row.resource.scope for row in known.rows} | {Scope(ACCOUNT, REGION, t) for t in NETWORK_TYPES}
        for scope in sorted(scopes):
            rows = [row for row in known.rows if row.resource.scope == scope]
            drafts = tuple(
                Draft(
                    row.resource, row.kind, dict(row.configuration), canonical_bytes(dict(row.configuration)),
                    *digests(dict(row.configuration)), NOW, None,
                )
                for row in rows
            )  # fmt: skip
            seen = frozenset(row.id for row in rows)
            history.recorder.record(ScopeRecord(scope, NOW, NOW, Outcome.COMPLETE, drafts=drafts, seen=seen), NOW)


@pytest.fixture
def network(vigie: Any) -> Recording:
    """The small network, and a queue."""
    known = recording(also=[{"type": "AWS::SQS::Queue", "id": "jobs"}])
    record(known, vigie.folder)
    return known


def test_it_says_what_gets_in_and_along_which_hops(vigie: Any, network: Recording) -> None:
    said = vigie("access", "reachable", "i-1")
    assert said.code == 0, said.err
    lines = said.out.splitlines()
    assert lines[0] == "AWS::EC2::Instance i-1: can be reached from the internet"
    assert "To 198.51.100.20: tcp/22 from any IPv4 address of the internet" in lines
    assert "  ✓ security group sg-1: tcp/22 from 0.0.0.0/0" in lines
    assert "  ✓ route table rtb-1: 0.0.0.0/0 leads to igw-1" in lines
    assert "For example: tcp from 1.0.0.1 to 198.51.100.20 port 22" in lines


def test_asked_for_some_packets_it_says_what_stops_those(vigie: Any, network: Recording) -> None:
    said = vigie("access", "reachable", "i-1", "--port", "443")
    assert said.code == 0
    assert "cannot be reached" in said.out
    assert "  ✗ security group sg-1: stops: no rule lets it in" in said.out.splitlines()
    assert (
        vigie("access", "reachable", "i-1", "--port", "22", "--from", "10.0.0.0/8", "--json").json["reachable"] is False
    )


def test_everything_that_is_reachable_is_a_table(vigie: Any, network: Recording) -> None:
    said = vigie("access", "reachable")
    assert said.code == 0
    assert "EC2::Instance" in said.out and "tcp/22 from any IPv4 address of the internet" in said.out
    assert "NetworkInterface" not in said.out
    assert [row["id"] for row in vigie("access", "reachable", "--json").items] == ["i-1"]
    own = vigie("access", "reachable", "--type", "AWS::EC2::NetworkInterface", "--json").items
    assert [row["id"] for row in own] == ["eni-1"]


def test_what_it_prints_for_programs_is_documented(vigie: Any, network: Recording) -> None:
    answer = vigie("access", "reachable", "i-1", "--json").json
    fields = {*answer, *answer["paths"][0], *answer["paths"][0]["hops"][0], *answer["boxes"][0], *answer["witness"]}
    undocumented = {field for field in fields if f"`{field}`" not in PAGE}
    assert undocumented == set()


def test_what_could_not_be_decided_is_told_with_its_exit_code(vigie: Any) -> None:
    record(recording(without=["group"]), vigie.folder)
    said = vigie("access", "reachable", "i-1")
    assert said.code == 3
    assert "it could not be decided" in said.out
    assert "Not decided: sg-1 is not recorded (AWS::EC2::SecurityGroup)" in said.out
    everything = vigie("access", "reachable")
    assert everything.code == 3
    assert "Not decided: AWS::EC2::Instance i-1: sg-1 is not recorded" in everything.err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("nothing-of-that-name",), "No recorded resource has the ARN, id or name 'nothing-of-that-name'"),
        (("jobs",), "Packets do not come to AWS::SQS::Queue jobs"),
        (("i-1", "--protocol", "carrier-pigeon"), "There is no protocol 'carrier-pigeon'."),
        (("i-1", "--from", "everywhere"), "'everywhere' is no network."),
        (("--type", "AWS::EC2::Instanc"), "did you mean AWS::EC2::Instance?"),
    ],
)
def test_a_mistake_gets_a_sentence(vigie: Any, network: Recording, words: tuple[str, ...], sentence: str) -> None:
    said = vigie("access", "reachable", *words)
    assert said.code == 2
    assert sentence in said.err
