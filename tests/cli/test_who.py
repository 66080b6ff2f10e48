"""Who did it, as people and programs are told: `changes`, `history`, `show`, `who`, `actor`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from happenings import event
from vigie.model.event import Actor, ActorKind
from vigie.model.paging import Page
from vigie.model.resource import Resource
from vigie.model.scope import Scope
from vigie.testing.recorded import OWN, START, World
from vigie.watch.attributor import Attributor

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "json.md").read_text(encoding="utf-8")
JOBS = Resource(Scope(OWN, "eu-west-1", "AWS::SQS::Queue"), "jobs", "eu-west-1")
MALLORY = Actor(
    ActorKind.USER,
    arn=f"arn:aws:iam::{OWN}:user/mallory",
    account=OWN,
    name="mallory",
    access_key="AKIAMALLORY",
    address="203.0.113.7",
    agent="aws-cli/2.15\u202e",
    mfa=False,
)
SESSION = replace(MALLORY, kind=ActorKind.ROLE_SESSION, arn=None, name="ops", session="m", access_key="ASIAOPS")


@pytest.fixture
def attributed(recorded: World) -> World:
    """``jobs`` was opened by a session of a role that mallory assumed; before that, she failed to delete it."""
    (opened,) = [
        change
        for change in recorded.history.archive.revisions(_pk(recorded, "jobs"), Page(limit=10)).items
        if change.revision.number == 2
    ]
    at = opened.revision.observed_at
    told = [
        event("AssumeRole", at=at, by=MALLORY, account=OWN, read_only=True, made_keys=("ASIAOPS",), subjects=()),
        event("DeleteQueue", JOBS, at=at, by=MALLORY, account=OWN, failed=True, error_code="AccessDenied"),
        event("SetQueueAttributes", JOBS, at=at, by=SESSION, account=OWN, request={"attributes": {"Open": True}}),
    ]
    with recorded.history.begin() as tx:
        recorded.history.events.record(tx, told, recorded.now)
    Attributor(recorded.history, lambda: recorded.now).run()
    return recorded


def _pk(world: World, name: str) -> int:
    (found,) = world.history.archive.find(name)
    return found.pk or 0


def test_changes_name_who_did_it_and_how_sure_that_is(vigie: Any, attributed: World) -> None:
    said = vigie("changes", "--resource", "jobs")
    assert "by: role ops (session m)  (exact)" in said.out
    assert "SetQueueAttributes by role ops (session m) (behind the session: user mallory)" in said.out
    assert "from 203.0.113.7, with aws-cli/2.15\\u202e" in said.out
    (change,) = vigie("changes", "--resource", "jobs", "--json").items
    attribution = change["attribution"]
    assert (attribution["confidence"], attribution["actors"]) == ("exact", ["role ops (session m)"])
    (told,) = attribution["events"]
    assert (told["name"], told["paths"], told["behind"][0]["arn"]) == ("SetQueueAttributes", ["/Open"], MALLORY.arn)


def test_a_change_that_no_known_call_explains_says_so(vigie: Any, attributed: World) -> None:
    said = vigie("changes", "--resource", "gone")
    assert "by: not known yet" in said.out


def test_without_any_event_nothing_is_said_of_who(vigie: Any, recorded: World) -> None:
    assert "by:" not in vigie("changes").out
    assert {change["attribution"] for change in vigie("changes", "--json").items} == {None}


@pytest.mark.parametrize("who", ["mallory", MALLORY.arn, "ASIAOPS", "ops"])
def test_changes_are_found_by_who_made_them(vigie: Any, attributed: World, who: str) -> None:
    assert [change["id"] for change in vigie("changes", "--actor", who, "--json").items] == ["jobs"]
    assert vigie("changes", "--actor", "nobody", "--json").items == []


def test_history_and_show_say_who(vigie: Any, attributed: World) -> None:
    assert "role ops (session m)" in vigie("history", "jobs").out
    assert "role ops (session m)" in vigie("show", "jobs").out
    assert vigie("show", "jobs", "--json").json["attribution"]["confidence"] == "exact"
    assert vigie("show", "jobs", "--revision", "1", "--json").json["attribution"] is None


def test_who_tells_the_author_of_each_part(vigie: Any, attributed: World) -> None:
    parts = vigie("who", "jobs", "--json").items
    assert [(part["path"], part["revision"]) for part in parts] == [("/Open", 2), ("/", 1)]
    assert parts[0]["attribution"]["actors"] == ["role ops (session m)"]
    assert parts[1]["attribution"] is None
    told = vigie("who", "jobs").out
    assert "~ /Open: false → true" in told
    assert "by: role ops (session m)  (exact)" in told
    assert "by: not known (no event of that time was ever seen)" in told
    assert [part["path"] for part in vigie("who", "jobs", "--path", "/Tags", "--json").items] == ["/"]


def test_actor_tells_all_that_somebody_did_failed_calls_too(vigie: Any, attributed: World) -> None:
    said = vigie("actor", "mallory", "--json").json
    assert {told["name"] for told in said["events"]["items"]} == {"AssumeRole", "DeleteQueue", "SetQueueAttributes"}
    assert [change["id"] for change in said["changes"]["items"]] == ["jobs"]
    text = vigie("actor", "mallory").out
    assert "DeleteQueue  sqs" in text
    assert "failed: AccessDenied" in text
    assert "\u202e" not in text
    assert vigie("actor", "mallory", "--since", "2027-01-01", "--json").json["events"]["items"] == []
    assert "No call by nobody is recorded." in vigie("actor", "nobody").err
    assert attributed.now > START


def test_the_documents_have_the_documented_fields(vigie: Any, attributed: World) -> None:
    (change,) = vigie("changes", "--resource", "jobs", "--json").items
    (credit,) = change["attribution"]["events"]
    for documents, title in (
        ([change["attribution"]], "A change"),
        ([credit, credit["actor"]], "An event"),
        (vigie("who", "jobs", "--json").items, "A part of a resource"),
        ([vigie("actor", "mallory", "--json").json], "An event"),
    ):
        section = PAGE.split(f"\n## {title}", 1)[1].split("\n## ", 1)[0] + PAGE.split("## A change")[1][:1500]
        for field in {field for document in documents for field in document}:
            assert f"`{field}`" in section, (title, field)
