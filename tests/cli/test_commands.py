"""What the commands print over a store that was recorded by hand, for people and as JSON."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from vigie.model import documents
from vigie.testing.recorded import World

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "json.md").read_text(encoding="utf-8")

DOCUMENTED: dict[str, tuple[str, tuple[str, ...], set[str]]] = {
    "A resource": (
        "vigie resources",
        ("resources",),
        {"account", "region", "type", "id", "arn", "name", "present", "uid", "first_seen", "pk"},
    ),
    "A change": (
        "vigie changes",
        ("changes", "--all"),
        {
            "account",
            "region",
            "type",
            "id",
            "arn",
            "name",
            "kind",
            "revision",
            "changed_after",
            "observed_at",
            "diff",
            "verdict",
        }
        | {"resource", "pk", "attribution"},
    ),
    "A finding": (
        "vigie findings",
        ("findings",),
        {"rule", "severity", "status", "account", "region", "type", "id", "arn", "name", "subject", "title", "message"}
        | {"first_seen", "last_seen", "since", "evidence", "parameters", "justification", "resource", "pk"},
    ),
    "A scope's coverage": (
        "vigie coverage",
        ("coverage",),
        {"account", "region", "type", "status", "last_ok", "since", "error", "missing_permission", "last_looked"}
        | {"problems"},
    ),
    "A rule": (
        "vigie rules list",
        ("rules", "list"),
        {"id", "title", "severity", "applies_to", "depends_on", "description", "remedy", "not_reported", "parameters"}
        | {"references", "origin"},
    ),
}


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}", 1)[1].split("\n## ", 1)[0]


@pytest.mark.parametrize("title", DOCUMENTED)
def test_a_list_has_the_documented_fields_and_no_others(vigie: Any, recorded: World, title: str) -> None:
    command, words, fields = DOCUMENTED[title]
    text = section(title)
    assert command in text
    for field in fields:
        assert f"`{field}`" in PAGE if field in ("pk", "resource") else f"`{field}`" in text, field
    said = vigie(*words, "--json")
    assert set(said.json) >= {"items", "next"}
    assert said.items
    for item in said.items:
        assert set(item) == fields


def test_show_and_diff_have_the_documented_fields(vigie: Any, recorded: World) -> None:
    shown = vigie("show", "jobs", "--json").json
    at = vigie("show", "jobs", "--at", documents.instant(recorded.now), "--json").json
    text = section("A revision")
    for field in set(shown) | set(at):
        assert f"`{field}`" in (PAGE if field in ("pk", "resource", "uid", "first_seen") else text), field
    assert shown["revision"] == 2 and shown["configuration"]["Open"] is True
    compared = vigie("diff", "jobs", "--json").json
    for field in compared:
        assert f"`{field}`" in section("A comparison"), field
    assert [(d["path"], d["op"], d["old"], d["new"]) for d in compared["diff"]] == [("/Open", "replace", False, True)]


def test_people_read_what_changed(vigie: Any, recorded: World) -> None:
    said = vigie("changes")
    assert [re.sub(r"^\d{4}-\S+ \S+ +", "", line.strip()) for line in said.out.splitlines()] == [
        "created    AWS::SNS::Topic \\u001b[31mnews\\u202e  111111111111 eu-west-1  revision 1  neutral",
        "deleted    AWS::SQS::Queue gone  111111111111 eu-west-1  revision 2  neutral",
        "changed    AWS::SQS::Queue jobs  111111111111 eu-west-1  revision 2  neutral",
        "~ /Open: false → true",
    ]
    assert "Not shown: 4 baseline (--all shows them)." in said.err


def test_nothing_from_aws_reaches_the_terminal_raw(vigie: Any, recorded: World) -> None:
    for words in (
        ("resources",),
        ("changes", "--all"),
        ("show", "\x1b[31mnews\u202e"),
        ("history", "\x1b[31mnews\u202e"),
    ):
        said = vigie(*words)
        assert said.code == 0
        assert "\x1b" not in said.out and "\u202e" not in said.out
    assert vigie("resources", "--type", "AWS::SNS::Topic", "--json").items[0]["name"] == "\x1b[31mnews\u202e"


def test_pages_follow_each_other_to_the_end(vigie: Any, recorded: World) -> None:
    for words in (("resources",), ("changes", "--all"), ("history", "jobs")):
        whole = vigie(*words, "--json").items
        pages, after = [], None
        while True:
            said = vigie(*words, "--limit", "1", *(("--after", after) if after else ()), "--json")
            pages += said.items
            after = said.json["next"]
            if after is None:
                break
        assert pages == whole and len(whole) > 1


def test_a_resource_is_found_by_arn_id_or_name_and_two_of_a_name_are_told_apart(vigie: Any, recorded: World) -> None:
    arn = vigie("resources", "jobs", "--json").items[0]["arn"]
    assert vigie("show", arn, "--json").json == vigie("show", "jobs", "--json").json
    said = vigie("show", "twin")
    assert said.code == 2
    assert "2 resources are named 'twin'" in said.err and "us-east-1:111111111111:twin" in said.err
    assert vigie("show", "arn:aws:x:us-east-1:111111111111:twin").code == 0


def test_a_deleted_resource_is_shown_as_such(vigie: Any, recorded: World) -> None:
    assert [row["name"] for row in vigie("resources", "--deleted", "--json").items] == ["gone"]
    assert "gone" not in vigie("resources").out
    assert "It was gone." in vigie("show", "gone").out
    assert vigie("show", "gone", "--json").json["present"] is False


def test_how_it_was_before_it_was_seen_and_in_the_future(vigie: Any, recorded: World) -> None:
    before = vigie("show", "jobs", "--at", "2020-01-01", "--json").json
    assert (before["certainty"], before["configuration"], before["present"]) == ("unknown", None, None)
    assert vigie("show", "jobs", "--at", "2999-01-01", "--json").json["certainty"] == "unknown"
    then = vigie("show", "jobs", "--at", "2026-01-10T00:30:00Z")
    assert then.code == 0 and '"Open": false' in then.out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("show", "jobs", "--at", "2h", "--revision", "1"), "either --at or --revision"),
        (("show", "jobs", "--revision", "9"), "has no revision 9"),
        (("diff", "twin-none"), "No recorded resource"),
        (("diff", "jobs", "1"), "Revision 1 is the first"),
        (("diff", "jobs", "1", "7"), "has no revision 7"),
        (("diff", "jobs", "1", "2", "1"), "at most two revisions"),
        (("changes", "--since", "1h", "--until", "2h"), "must be after --since"),
        (("changes", "--since", "0001-01-01T00:00:00+14:00"), "years go from 1"),
        (("changes", "--since", "99999999999999d"), "is not a time"),
        (("resources", "--limit", "0"), "--limit"),
        (("resources", "--after", "nonsense"), "is not a cursor"),
        (("resources", "--type", "AWS::SQS::Queu"), "did you mean AWS::SQS::Queue?"),
        (("resources", "--region", "nowhere"), "is not an AWS region"),
        (("findings", "--account", "12"), "is not an AWS account id"),
        (("findings", "--rule", "sqs-queue-publi"), "Did you mean sqs-queue-public?"),
        (("coverage", "--type", "x"), "There is no resource type x"),
        (("rules", "show", "none"), "There is no rule none"),
        (("rules", "list", "--type", "none"), "There is no resource type none"),
        (("justify", "sqs-queue-public", "jobs", "--reason", " "), "--reason"),
        (("justify", "sqs-queue-public", "jobs", "--reason", "x", "--expires", "0s"), "longer than nothing"),
        (("justify", "sqs-queue-public", "jobs", "--reason", "x", "--expires", "999999999d"), "a hundred years"),
        (("justify", "sqs-queue-public", "twin", "--reason", "x"), "2 resources are named"),
        (("withdraw", "sqs-queue-public", "jobs"), "no justification"),
        (("accounts", "add", "12"), "write its 12 digits."),
        (("accounts", "add", "222222222222", "--region", "eu-wset-1"), "did you mean eu-west-1?"),
        (("accounts", "label", "222222222222", "--name", "x"), "vigie accounts add"),
        (("accounts", "remove", "222222222222"), "is not known"),
        (("notifications", "resend"), "--all-dead"),
        (("notifications", "resend", "7"), "not dead"),
        (("routes", "explain", "--rule", "x"), "--resource"),
        (("routes", "test", "none"), "none"),
        (("catalogue", "policy", "--type", "none"), "vigie catalogue list"),
        (("catalogue", "new", "sqss", "ListQueues"), "did you mean sqs"),
        (("up", "--listen", "127.0.0.1:99999"), "is not an address"),
    ],
)
def test_a_mistake_gets_one_sentence(vigie: Any, recorded: World, words: tuple[str, ...], sentence: str) -> None:
    said = vigie(*words)
    assert sentence in said.err
    assert said.code == 2
    assert said.out == "" and "error inside vigie" not in said.err


def test_a_finding_is_justified_and_taken_back(vigie: Any, recorded: World) -> None:
    assert vigie("findings", "--fail-on", "critical").code == 1
    given = vigie("justify", "sqs-queue-public", "jobs", "--reason", "a test", "--author", "me", "--json").json
    assert given["status"] == "justified" and given["justification"]["author"] == "me"
    assert vigie("findings", "--json").items == []
    assert vigie("findings", "--fail-on", "critical").code == 0
    assert "No findings." in vigie("findings").err
    assert [row["status"] for row in vigie("findings", "--status", "justified", "--json").items] == ["justified"]
    assert vigie("withdraw", "sqs-queue-public", "jobs", "--json").json["status"] == "open"
    assert "open to all" in vigie("findings").out


def test_coverage_counts_all_of_the_scopes_and_not_only_those_shown(vigie: Any, recorded: World) -> None:
    said = vigie("coverage", "--gaps")
    assert said.code == 0
    assert "3 of 3 scopes were seen whole." in said.out


def test_an_empty_store_says_so(vigie: Any) -> None:
    for words, sentence in {
        ("resources",): "No resources.",
        ("changes",): "No changes.",
        ("findings",): "No findings.",
        ("coverage",): "Nothing was looked at yet",
        ("accounts", "list"): "No account is known yet",
        ("notifications", "list"): "No notifications.",
        ("routes", "list"): "There are no routes",
    }.items():
        said = vigie(*words)
        assert (said.code, said.out) == (0, ""), words
        assert sentence in said.err
        assert vigie(*words, "--json").items == []


def test_accounts_are_added_labelled_and_forgotten(vigie: Any) -> None:
    added = vigie("accounts", "add", "222222222222", "--name", "dev", "--external-id", "SEKRET", "--json")
    assert added.json["watched"] is True and added.json["has_external_id"] is True and "SEKRET" not in added.out
    assert vigie("accounts", "label", "222222222222", "--relation", "third-party", "--json").json["watched"] is False
    assert vigie("accounts", "label", "222222222222", "--watched").code == 2
    assert [row["name"] for row in vigie("accounts", "list", "--json").items] == ["dev"]
    assert vigie("sweep", "--account", "222222222222").err == (
        "vigie: The account 222222222222 is a third party's: vigie reads own accounts only.\n"
    )
    assert vigie("accounts", "label", "222222222222", "--relation", "own", "--unwatched").code == 0
    assert "is not watched" in vigie("sweep", "--account", "222222222222").err
    assert vigie("accounts", "remove", "222222222222").code == 0
    assert vigie("accounts", "list", "--json").items == []


SECRETS = """
database_url = "postgresql://me:SEKRET@pass@db.example.org/vigie?password=SEKRET"
accounts = [{ id = "111111111111", external_id = "SEKRET" }]
[channels.hook]
kind = "webhook"
url = "https://SEKRET.example.org/SEKRET"
secret = "SEKRET"
proxy = "http://me:SEKRET@proxy.example.org"
headers = { Authorization = "Bearer SEKRET", Plain = { env = "VARIABLE" } }
[channels.mail]
kind = "smtp"
host = "mail.example.org"
password = { file = "/run/secret" }
[channels.many]
kind = "apprise"
urls = ["json://me:SEKRET@example.org"]
[channels.chat]
kind = "slack"
webhook_url = "https://hooks.example.org/SEKRET"
pasword = "SEKRET"
[channels.odd]
kind = "none"
anything = "SEKRET"
"""


def test_settings_show_no_secret(vigie: Any) -> None:
    vigie.settings(SECRETS)
    for words in (("settings",), ("settings", "--json")):
        said = vigie(*words)
        assert said.code == 0
        assert "SEKRET" not in said.out
        for shown in ("db.example.org", "VARIABLE", "/run/secret", "mail.example.org", "proxy.example.org"):
            assert shown in said.out


RULE = '''
from vigie.rules import Severity, Violation, rule

@rule("acme-any", title="Any queue", applies_to="AWS::SQS::Queue", severity=Severity.LOW, remedy="None.")
def any_queue(queue, estate):
    """Every queue."""
    yield Violation("a queue")
'''


def test_rules_of_ones_own_are_tested_and_broken_ones_told(vigie: Any, tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    assert vigie("rules", "test", str(folder)).code == 2
    (folder / "any.py").write_text(RULE)
    assert "acme-any has no examples" in vigie("rules", "test", str(folder)).out
    (folder / "any.toml").write_text('[[violates]]\nname = "one"\n')
    assert vigie("rules", "test", str(folder)).out == "1 examples passed, 0 failed.\n"
    (folder / "any.toml").write_text('[[passes]]\nname = "one"\n')
    failed = vigie("rules", "test", str(folder), "--json")
    assert failed.code == 1 and [row["passed"] for row in failed.items] == [False]
    (folder / "worse.py").write_text("def x(")
    (folder / "worst.py").write_text("import nothing_of_that_name")
    told = vigie("rules", "test", str(folder))
    assert told.code == 4 and "worse.py" in told.err and "worst.py" in told.err
    vigie.settings(f'rules_paths = ["{folder}"]')
    shown = vigie("rules", "show", "acme-any")
    assert shown.code == 0 and "Any queue" in shown.out and "rule left out" in shown.err


def test_a_full_disk_behind_the_output_is_told_and_a_reader_that_has_enough_is_no_error(
    vigie: Any, recorded: World
) -> None:
    command = [sys.executable, "-m", "vigie", "changes", "--all"]
    with open("/dev/full", "wb", buffering=0) as full:
        told = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert told.returncode == 4
    assert "the output cannot be written (No space left on device)" in told.stderr
    reader, writer = os.pipe()
    os.close(reader)
    left = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert (left.returncode, "Traceback" in left.stderr) == (0, False)


def test_a_broken_overlay_is_no_mistake_of_the_command_line(vigie: Any, tmp_path: Path) -> None:
    vigie.settings('catalogue_paths = ["overlay"]')
    said = vigie("sweep", "--type", "AWS::SQS::Queue")
    assert said.code == 4
    assert said.err == f"vigie: The overlay directory {tmp_path / 'overlay'} does not exist: correct catalogue_paths.\n"
    (tmp_path / "overlay").mkdir()
    (tmp_path / "overlay" / "sqs.toml").write_text("x = [")
    assert vigie("catalogue", "policy", "--type", "AWS::SQS::Queue").code == 4
    assert vigie("resources").code == 0, "what is recorded can be read all the same"
