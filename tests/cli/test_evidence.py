"""verify, heads, keys, evidence and retention, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from vigie.testing.endpoint import ACCOUNT, Endpoint, access_key
from vigie.testing.faults import denied
from vigie.testing.kms import KmsKey
from vigie.testing.recorded import World

JOBS = "arn:aws:x:eu-west-1:111111111111:jobs"


def test_all_is_as_it_was_committed(vigie: Any, recorded: World) -> None:
    said = vigie("heads", "--sign")
    assert said.code == 0
    said = vigie("verify")
    assert said.code == 0
    assert said.out.splitlines()[-1] == "All is as it was committed."
    document = vigie("verify", "--incremental", "--json").json
    assert (document["sound"], document["defects"], document["unsigned"]) == (True, [], 0)
    assert document["since"] == document["leaves"]


def test_what_was_changed_is_named_and_the_exit_code_says_so(vigie: Any, recorded: World) -> None:
    with recorded.history.begin() as tx:
        tx.execute(text("DROP TRIGGER revision_refuses_update"))
        tx.execute(text("UPDATE revision SET observed_at = observed_at - 1 WHERE number = 2"))
    said = vigie("verify")
    assert said.code == 1
    assert "revision: revision 2 of AWS::SQS::Queue jobs in 111111111111 eu-west-1" in said.out
    document = vigie("verify", "--json")
    assert document.code == 1
    assert {defect["part"] for defect in document.json["defects"]} == {"revision"}


def test_a_store_without_anything_is_verified(vigie: Any) -> None:
    said = vigie("verify")
    assert said.code == 0
    assert "0 leaves" in said.out


def test_evidence_is_written_and_checked(vigie: Any, recorded: World, tmp_path: Path) -> None:
    file = tmp_path / "evidence.json"
    said = vigie("evidence", JOBS, "--at", "2026-01-10T00:30:00Z", "--output", str(file))
    assert (said.code, said.out) == (0, "")
    assert "vigie verify --bundle" in said.err
    key = vigie("keys", "show", "--json").json["keys"][0]["key"]
    said = vigie("verify", "--bundle", str(file), "--key", key, "--json")
    assert said.code == 0
    assert said.json["configuration"] == {"Open": False, "Tags": {"team": "orders"}}
    assert vigie("verify", "--bundle", str(file)).code == 0  # the keys of this machine
    file.write_text(file.read_text().replace('"number":1', '"number":2'))
    said = vigie("verify", "--bundle", str(file), "--key", key)
    assert (said.code, said.err) == (1, "")
    assert said.out.startswith("Not proven: ")


def test_mistakes_get_one_sentence(vigie: Any, recorded: World, tmp_path: Path) -> None:
    for words, code in (
        (("verify", "--bundle", str(tmp_path / "none")), 2),
        (("verify", "--key", "x"), 2),
        (("verify", "--bundle", "x", "--incremental"), 2),
        (("verify", "--consistency", str(tmp_path / "none")), 2),
        (("retention", "plan"), 2),
    ):
        said = vigie(*words)
        assert (said.code, said.out) == (code, ""), words
        assert len(said.err.strip().splitlines()) == 1, said.err
    file = tmp_path / "bundle.json"
    file.write_text("{}")
    vigie("keys", "show")
    assert vigie("verify", "--bundle", str(file)).code == 1
    said = vigie("verify", "--bundle", str(file), "--key", "nonsense")
    assert said.code == 4 and "neither a public key" in said.err


def test_keys_are_replaced(vigie: Any, recorded: World) -> None:
    vigie("heads", "--sign")
    said = vigie("keys", "rotate", "--yes")
    assert said.code == 0
    keys = vigie("keys", "show", "--json").json["keys"]
    assert [entry["key"] for entry in keys][-1] == said.out.strip()
    assert len(keys) == 2 and keys[1]["endorsement"]
    assert vigie("verify").code == 0


def test_an_anchor_that_is_behind_is_told(vigie: Any, recorded: World, tmp_path: Path) -> None:
    anchor = tmp_path / "no" / "heads.jsonl"
    vigie.settings(f'[[evidence.anchors]]\nname = "disk"\nkind = "file"\npath = "{anchor}"\n')
    said = vigie("heads", "--sign", "--json")
    assert said.code == 3
    (state,) = said.json["anchors"]
    assert (state["name"], state["size"], state["failures"]) == ("disk", None, 1)
    said = vigie("verify")
    assert said.code == 3
    assert "The anchor disk fails (1 times)" in said.out


RETENTION = """
[[retention.policies]]
name = "forget"
action = "erase"
older_than = "1d"
"""


def test_retention_is_planned_applied_logged_and_shown(vigie: Any, recorded: World) -> None:
    vigie.settings(RETENTION)
    planned = vigie("retention", "plan", "--json").json
    assert planned["policies"][0]["revisions"] == 2  # how jobs and gone were before
    assert vigie("show", JOBS, "--revision", "1", "--json").json["erased"] is None
    said = vigie("retention", "apply", "--yes", "--author", "kim", "--json")
    assert (said.code, said.json["erased"]) == (0, 2)
    shown = vigie("show", JOBS, "--revision", "1", "--json").json
    assert shown["erased"]["policy"] == "forget" and shown["configuration"] == {}
    text_ = vigie("show", JOBS, "--at", "2026-01-10T00:30:00Z").out
    assert "erased by the policy forget on" in text_
    said = vigie("diff", JOBS, "1", "2")
    assert said.code == 2 and "erased by the policy forget" in said.err
    assert vigie("retention", "log", "--json").items[0]["author"] == "kim"
    assert vigie("verify").code == 0
    bundle = vigie("evidence", JOBS, "--at", "2026-01-10T00:30:00Z").out
    assert json.loads(bundle)["revision"]["erased"]["policy"] == "forget"


def test_an_export_is_written_and_verified(vigie: Any, recorded: World, tmp_path: Path) -> None:
    said = vigie("export", str(tmp_path / "cold"), "--until", "2027-01-01", "--json")
    assert said.code == 0 and said.json["revisions"] == 7
    key = vigie("keys", "show", "--json").json["keys"][0]["key"]
    said = vigie("verify", "--export", str(tmp_path / "cold"), "--key", key)
    assert said.code == 0 and "7 revisions" in said.out
    (tmp_path / "cold" / "leaves.parquet").write_bytes(b"PAR1")
    assert vigie("verify", "--export", str(tmp_path / "cold"), "--key", key).code == 1


def test_the_policy_of_the_anchors_allows_to_put_heads_and_nothing_else(vigie: Any) -> None:
    assert vigie("heads", "--policy").code == 2
    vigie.settings(
        '[[evidence.anchors]]\nname = "vault"\nkind = "s3"\nbucket = "heads"\nregion = "us-gov-west-1"\nprefix = "v/"\n'
    )
    (statement,) = vigie("heads", "--policy").json["Statement"]
    assert statement["Action"] == ["s3:PutObject", "s3:PutObjectRetention"]
    assert statement["Resource"] == ["arn:aws-us-gov:s3:::heads/v/*"]


def test_the_policy_of_a_key_in_kms_allows_to_sign_with_it_and_nothing_else(vigie: Any) -> None:
    arn = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    vigie.settings(f'[evidence]\nkms_key = "{arn}"\n')
    assert vigie("heads", "--policy").json["Statement"] == [
        {"Sid": "SignHeads", "Effect": "Allow", "Action": ["kms:GetPublicKey", "kms:Sign"], "Resource": [arn]}
    ]
    assert "kms:Sign" not in vigie("catalogue", "policy").out  # no role in a watched account may sign


def test_a_key_in_kms_that_does_not_sign_is_told(vigie: Any, recorded: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with Endpoint() as aws:
        monkeypatch.delenv("AWS_PROFILE", raising=False)
        monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", access_key(ACCOUNT))
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")
        key = KmsKey().serve(aws)
        vigie.settings(f'[evidence]\nkms_key = "{key.arn}"\n')
        vigie("keys", "show")
        aws.faults.add(denied(), service="kms")
        said = vigie("heads", "--sign")
        assert said.code == 3
        assert f"The key {key.arn} in KMS has never signed, and fails (1 times): kms:Sign: Acc" in said.out
        assert vigie("heads", "--json").json["kms_key"]["failures"] == 1
        said = vigie("verify")
        assert said.code == 3 and f"The key {key.arn} does not sign (1 times)" in said.out
        said = vigie("evidence", JOBS)
        assert (said.code, said.out) == (4, "")
        assert said.err.count("\n") == 1 and "kms:Sign: AccessDenied" in said.err
        aws.faults.clear()
        said = vigie("heads", "--sign")
        assert said.code == 0 and f"Signed by {key.arn} in KMS." in said.out
        assert vigie("verify").code == 0
