"""`vigie estate`, `diff --from`, `changes --value`, `findings --at` and `rules backtest` over a recorded store."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from vigie.model.documents import instant
from vigie.testing.recorded import OWN, START, World

BEFORE = instant(START + timedelta(minutes=10))
"""After the first look at everything, before the changes of an hour later."""
NOW = instant(START + timedelta(days=1))


def test_the_estate_of_a_time_has_what_is_gone_now_and_not_what_came_later(vigie: Any, recorded: World) -> None:
    said = vigie("estate", "--at", BEFORE, "--json")
    assert said.code == 0
    there = {one["id"]: one["presence"] for one in said.items}
    assert [name for name, presence in sorted(there.items()) if presence == "present"] == ["gone", "jobs", "twin"]
    assert [presence for name, presence in there.items() if "news" in name] == ["unknown"]  # nobody looked at topics
    assert said.json["asked"] == BEFORE
    assert sum(said.json["certainty"].values()) == len(said.items)
    assert said.json["more"] is False


def test_the_estate_is_narrowed_by_what_its_configurations_held_then(vigie: Any, recorded: World) -> None:
    was = vigie("estate", "--at", BEFORE, "--where", "Open == `false`", "--json", "--configuration")
    assert [(one["id"], one["configuration"]["Open"]) for one in was.items] == [("jobs", False)]
    after = vigie("estate", "--at", NOW, "--where", "Open", "--json")
    assert [one["id"] for one in after.items] == ["jobs"]


def test_the_estate_for_people_says_how_sure_it_is_and_what_nobody_looked_at(vigie: Any, recorded: World) -> None:
    said = vigie("estate", "--at", NOW)
    assert "resources (" in said.err
    assert "unknown" in said.out
    assert "scopes were not seen whole around then" in said.err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("estate", "--at", BEFORE, "--where", "a["), "--where is not JMESPath"),
        (("estate", "--at", BEFORE, "--where", "length(Open)"), "--where cannot be asked of"),
        (("estate",), "Missing option '--at'"),
        (("diff", "jobs", "--to", BEFORE), "Give --from"),
        (("diff", "jobs", "1", "2", "--from", BEFORE), "Give either revisions, or --from and --to."),
        (("diff", "jobs", "--from", NOW, "--to", BEFORE), "must be after --from"),
        (("diff", "jobs", "--from", instant(START - timedelta(days=1))), "is not known"),
        (("findings", "--at", BEFORE, "--fail-on", "low"), "Give either --at or --fail-on"),
        (("rules", "backtest", "no-such-rule", "--since", "1d"), "no rule"),
        (("rules", "backtest", "sqs-queue-public", "--since", NOW, "--until", BEFORE), "must be after --since"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(vigie: Any, recorded: World, words: tuple[str, ...], sentence: str) -> None:
    said = vigie(*words)
    assert said.code == 2
    assert sentence in said.err
    assert "Traceback" not in said.err


def test_two_times_are_compared_each_with_how_sure_it_is(vigie: Any, recorded: World) -> None:
    said = vigie("diff", "jobs", "--from", BEFORE, "--to", NOW, "--json").json
    assert [(entry["path"], entry["old"], entry["new"]) for entry in said["diff"]] == [("/Open", False, True)]
    assert (said["from"]["revision"], said["to"]["revision"], said["to"]["certainty"]) == (1, 2, "unknown")
    assert "nobody has looked since" in vigie("diff", "jobs", "--from", BEFORE, "--to", NOW).out


def test_a_time_at_which_it_did_not_exist_is_compared_as_nothing(vigie: Any, recorded: World) -> None:
    said = vigie("diff", "gone", "--from", BEFORE, "--to", NOW, "--json").json
    assert said["to"]["kind"] == "deleted"


@pytest.mark.parametrize(("value", "found"), [("true", ["jobs"]), ("orders", [])])
def test_changes_are_found_by_the_value_that_changed(vigie: Any, recorded: World, value: str, found: list[str]) -> None:
    assert [one["id"] for one in vigie("changes", "--value", value, "--path", "/Open", "--json").items] == found


def test_findings_stand_as_they_stood(vigie: Any, recorded: World) -> None:
    assert vigie("findings", "--json").items
    assert not vigie("findings", "--at", BEFORE, "--json").items
    (finding,) = vigie("findings", "--at", NOW, "--json").items
    assert (finding["id"], finding["status"]) == ("jobs", "open")


RULE = """
id = "queue-open"
title = "A queue is open"
applies_to = "AWS::SQS::Queue"
severity = "high"
when = "Open"
remedy = "Close it."
message = "it is open"
"""


def test_a_rule_that_is_being_written_is_tried_on_the_past(vigie: Any, recorded: World) -> None:
    file = vigie.folder / "queue_open.toml"
    file.write_text(RULE, encoding="utf-8")
    said = vigie("rules", "backtest", str(file), "--since", instant(START), "--until", NOW, "--json")
    assert said.code == 0, said.err
    (episode,) = said.items
    assert (episode["id"], episode["status"], episode["opened_by"], episode["closed_at"]) == ("jobs", "open", 2, None)
    text = vigie("rules", "backtest", str(file), "--since", instant(START), "--until", NOW)
    assert "1 findings on 1 resources" in text.err
    assert len(recorded.findings()) == 1


def config_file(vigie: Any, name: str, *items: dict[str, Any]) -> str:
    file: Path = vigie.folder / name
    content = json.dumps({"fileVersion": "1.0", "configurationItems": list(items)}).encode()
    file.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return str(file)


def config_item(id_: str, at: str, **configuration: Any) -> dict[str, Any]:
    return {
        "configurationItemCaptureTime": at,
        "awsAccountId": OWN,
        "configurationItemStatus": "OK",
        "resourceType": "AWS::SQS::Queue",
        "resourceId": id_,
        "resourceName": id_,
        "awsRegion": "eu-west-1",
        "configuration": configuration,
    }


def test_what_aws_config_recorded_answers_for_the_time_before_vigie(vigie: Any, recorded: World) -> None:
    packed = config_file(vigie, "h.json.gz", config_item("jobs", "2025-01-01T00:00:00Z", size=1))
    said = vigie("import", "config", packed, "--json")
    assert (said.code, said.json) == (0, {"files": 1, "read": 1, "recorded": 1, "problems": []})
    shown = vigie("show", "jobs", "--at", "2025-06-01", "--json").json
    assert (shown["certainty"], shown["configuration"]) == ("unknown", None)
    assert shown["imported"]["configuration"] == {"configuration": {"size": 1}}
    assert shown["imported"]["origin"] == "h.json.gz"
    assert vigie("show", "jobs", "--at", BEFORE, "--json").json["imported"] is None
    assert "aws-config recorded at 2025-01-01" in vigie("show", "jobs", "--at", "2025-06-01").out
    assert [one["status"] for one in vigie("history", "jobs", "--json").json["imported"]] == ["OK"]
    assert "aws-config: OK" in vigie("history", "jobs").out
    assert "1 known already" in vigie("import", "config", packed).out


def test_a_resource_that_only_aws_config_knew_is_shown(vigie: Any, recorded: World) -> None:
    config_file(vigie, "h.json", config_item("old", "2025-01-01T00:00:00Z", size=1))
    (vigie.folder / "below").mkdir()
    (vigie.folder / "h.json").rename(vigie.folder / "below" / "h.json")
    assert vigie("import", "config", str(vigie.folder / "below")).code == 0
    assert vigie("show", "old", "--at", "2025-06-01", "--json").json["configuration"] == {"configuration": {"size": 1}}
    early = vigie("show", "old", "--at", "2024-06-01")
    assert (early.code, "what was imported begins at 2025-01-01" in early.err) == (2, True)
    assert "No recorded resource" in vigie("show", "nowhere", "--at", "2025-06-01").err


def test_what_cannot_be_read_is_told_and_the_rest_is_recorded(vigie: Any, recorded: World) -> None:
    good = config_file(vigie, "a.json", config_item("jobs", "2025-01-01T00:00:00Z"), {"resourceId": "x"})
    cut = vigie.folder / "b.json.gz"
    cut.write_bytes(gzip.compress(b"{}" * 1000)[:20])
    empty = vigie.folder / "empty"
    empty.mkdir()
    said = vigie("import", "config", good, str(cut), "--json")
    assert (said.code, said.json["recorded"], len(said.json["problems"])) == (3, 1, 2)
    assert "cut short" in said.json["problems"][1]
    assert "There is no .json" in vigie("import", "config", str(empty)).err
