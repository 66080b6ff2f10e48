"""What the commands say of changes that opened something."""

from __future__ import annotations

from typing import Any

import pytest

from vigie.testing.recorded import World

QUEUE = "AWS::SQS::Queue"


@pytest.fixture
def opened(recorded: World) -> World:
    """The queue ``jobs`` was opened to everyone; the topic ``letters`` cannot be read."""
    row = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    recorded.see(QUEUE, "jobs", {"Open": True, "Attributes": {"Policy": {"Statement": [row]}}})
    recorded.see(QUEUE, "twin", {"Delay": 1}, region="us-east-1", unreadable={"Attributes": "denied"})
    recorded.judge()
    return recorded


def names(said: Any) -> list[str]:
    return [f"{item['id']} {item['verdict']['direction']}" for item in said.json["items"]]


def test_changes_are_listed_by_their_verdict(vigie: Any, opened: World) -> None:
    assert names(vigie("changes", "--widened", "--json")) == ["jobs widened"]
    assert names(vigie("changes", "--verdict", "widened, unknown", "--json")) == ["twin unknown", "jobs widened"]
    assert names(vigie("changes", "--verdict", "narrowed", "--json")) == []

    wrong = vigie("changes", "--verdict", "wider")
    assert wrong.code == 2
    assert "widened, narrowed, neutral, unknown" in wrong.err


def test_people_read_what_was_gained_with_a_witness_and_what_could_not_be_decided(vigie: Any, opened: World) -> None:
    said = vigie("changes", "--verdict", "widened,unknown").out
    assert "revision 3  widened\n" in said
    assert "▲ anyone on the internet may now sqs:SendMessage on arn:aws:x:eu-west-1:111111111111:jobs\n" in said
    assert "witness: anonymous sqs:SendMessage arn:aws:x:eu-west-1:111111111111:jobs" in said
    assert "? after: Attributes could not be read (x:Read: AccessDenied)" in said

    for words in (("history", "jobs"), ("diff", "jobs")):
        assert "▲ anyone on the internet may now sqs:SendMessage" in vigie(*words).out
    assert vigie("diff", "jobs", "1", "3", "--json").json["verdict"] is None, "they are two changes"
    found = vigie("diff", "jobs", "--json").json["verdict"]
    assert found["severity"] == "critical"
    assert found["headline"].startswith("widened: anyone on the internet may now ")
    assert found["gained"][0]["witness"]["action"] == "sqs:SendMessage"


def test_a_route_on_verdicts_is_explained(vigie: Any, opened: World) -> None:
    vigie.settings(
        '[channels.here]\nkind = "console"\n\n[[routes]]\nname = "opened"\nverdict = "widened"\nchannels = ["here"]\n'
    )
    assert "tells here at once" in vigie("routes", "explain", "--change", "jobs").out
    assert "verdict neutral is not widened" in vigie("routes", "explain", "--change", "gone").out
