"""`vigie events import`: the records of files at hand, in any envelope; what they explain is attributed."""

from __future__ import annotations

import gzip
import json
from typing import Any

from vigie.testing.recorded import OWN, World
from vigie.testing.trail import enveloped, user


def record(world: World, id: str, **more: Any) -> dict[str, Any]:
    """A call on the queue ``jobs`` at the time at which its change was seen."""
    (queue,) = world.history.archive.find("jobs")
    return {
        "eventVersion": "1.11",
        "userIdentity": user("alice", OWN),
        "eventTime": f"{world.now:%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": "sqs.amazonaws.com",
        "eventName": "SetQueueAttributes",
        "awsRegion": "eu-west-1",
        "requestParameters": {"queueUrl": queue.id, "attributes": {"Open": True}},
        "resources": [{"ARN": queue.arn, "type": "AWS::SQS::Queue", "accountId": OWN}],
        "eventID": id,
        "eventType": "AwsApiCall",
        "readOnly": False,
        "recipientAccountId": OWN,
        **more,
    }


def test_files_and_folders_in_any_envelope_are_recorded_once(vigie: Any, recorded: World) -> None:
    folder = vigie.folder / "logs"
    (folder / "deep").mkdir(parents=True)
    trail = {"Records": [record(recorded, "e-1"), record(recorded, "e-2", readOnly=True)]}
    (folder / "deep" / "a.json.gz").write_bytes(gzip.compress(json.dumps(trail).encode()))
    (folder / "b.json").write_text(json.dumps(enveloped(record(recorded, "e-3"))), encoding="utf-8")
    said = vigie("events", "import", str(folder), "--json")
    assert (said.code, said.json) == (0, {"events": 2, "duplicates": 0, "passed_over": 1, "malformed": 0})
    assert vigie("events", "import", str(folder), "--json").json["duplicates"] == 2
    assert "2 events recorded" not in vigie("events", "import", str(folder)).out


def test_what_is_no_record_is_counted_and_the_rest_recorded(vigie: Any, recorded: World) -> None:
    file = vigie.folder / "mixed.jsonl"
    lines = ["no JSON {", json.dumps(record(recorded, "e-1")), "{}"]
    file.write_text("\n".join(lines), encoding="utf-8")
    said = vigie("events", "import", str(file), "--json")
    assert said.code == 3
    assert said.json["events"] == 1
    assert said.json["malformed"] >= 1


def test_a_file_that_is_not_there_gets_one_sentence(vigie: Any) -> None:
    said = vigie("events", "import", "nowhere.json")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "There is no file nowhere.json." in said.err


def test_sources_say_how_they_are_doing(vigie: Any, recorded: World) -> None:
    assert vigie("events", "sources", "--json").json == {"sources": [], "attributed": {}, "spared": None}
    file = vigie.folder / "one.json"
    file.write_text(json.dumps(record(recorded, "e-1")), encoding="utf-8")
    vigie("events", "import", str(file))
    (source,) = vigie("events", "sources", "--json").json["sources"]
    assert (source["source"], source["events"], source["error"]) == ("import", 1, None)
    assert "import" in vigie("events", "sources").out
