"""``make demo``: each step of the intruder is told as one that widened what others may, with a request to prove it, and
with who made it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

STEPS = {
    "AWS::EC2::SecurityGroup web": "tcp/22 of ",
    "AWS::S3::Bucket acme-website": "anyone on the internet may now s3:GetObject on arn:aws:s3:::acme-website/*",
    "AWS::IAM::User bob": "whoever holds the access key ",
    "AWS::IAM::Role app": "role/app may now do everything on everything, by AdministratorAccess",
    "AWS::IAM::Role maintenance": "the unknown account 999988887777 may now sts:AssumeRole on ",
}
"""Resource → how what it opened begins."""
QUIET = ("AWS::S3::Bucket acme-logs", "AWS::SQS::Queue orders-retry", "AWS::SQS::Queue clicks-archive")
"""What the administrator did."""


def test_the_intruders_steps_are_widened_with_a_witness_and_the_administrators_are_not(tmp_path: Path) -> None:
    environment = {**os.environ, "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "vigie.testing.demo", "--once"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    shown = done.stdout.split("\nWhat changed\n", 1)[1].split("\nWhat is wrong now", 1)[0]
    changes = re.split(r"\n(?=\d{4}-\d\d-\d\d )", shown)[1:]

    def of(resource: str) -> str:
        return next(change for change in changes if f" {resource}  " in change)

    for resource, gained in STEPS.items():
        told = of(resource)
        assert told.splitlines()[0].endswith("  widened"), told
        assert f"▲ {gained}" in told, told
        assert "witness: " in told.split("▲", 1)[1], told
        assert "    by: user bob  (exact)" in told, told
    assert f"{len(STEPS)} changes gave somebody more than before" in done.stdout
    for resource in QUIET:
        assert of(resource).splitlines()[0].endswith("  neutral")
        assert "    by: role " in of(resource)
    assert (
        "widened: anyone on the internet may now s3:GetObject on arn:aws:s3:::acme-website/*"
        in done.stdout.split("Who was told what", 1)[1]
    )
