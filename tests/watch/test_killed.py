"""A sweep that is killed leaves a store that the next sweep finishes: nothing lost, nothing twice."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from vigie.aws.accounts import Entrances
from vigie.aws.caller import Line, open_line
from vigie.aws.options import Options
from vigie.catalogue.loader import load
from vigie.history.store import History, open_history
from vigie.model.canonical import keyed_redactor
from vigie.model.change import ChangeKind
from vigie.model.paging import Page
from vigie.model.queries import ChangeFilter
from vigie.testing import faults
from vigie.testing.conformance import answers_for
from vigie.testing.endpoint import ACCOUNT, Endpoint, access_key
from vigie.watch.summary import Progress, SweepSummary, no_progress
from vigie.watch.sweep import Request, Sweeper, SweepOptions

REGION = "eu-west-1"
TYPES = ("AWS::KMS::Key", "AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::EC2::VPC", "AWS::ECR::Repository")


def sweep(url: str, history: History, progress: Progress = no_progress) -> SweepSummary:
    line: Line = open_line(Options(region=REGION, endpoint_url=url))
    redactor = keyed_redactor(b"the key of the tests")
    sweeper = Sweeper(history, load(), Entrances(line), redactor=redactor, options=SweepOptions(threads=2))
    try:
        return sweeper.sweep(Request((), (REGION,), TYPES), progress)
    finally:
        line.clients.close()


def main(url: str, store: str) -> None:
    """What the process does that is killed."""
    with open_history(store) as history:
        sweep(url, history, lambda done, total, what: print(done, flush=True))  # noqa: T201


@pytest.mark.slow
def test_the_next_sweep_finishes_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", access_key(ACCOUNT))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")
    store = f"sqlite:///{tmp_path / 'vigie.sqlite'}"
    catalogue = load()
    with Endpoint(answers_for(catalogue.types.values(), page_size=2)) as aws:
        aws.answers.script("sts", "GetCallerIdentity", {"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/x"})
        aws.answers.script("account", "ListRegions", {"Regions": [{"RegionName": REGION}]})
        aws.faults.add(faults.slow(0.1))
        child = subprocess.Popen(
            [sys.executable, __file__, aws.url, store], stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        assert child.stdout is not None
        while int(child.stdout.readline()) < 2:
            pass
        child.send_signal(signal.SIGKILL)
        child.wait()
        aws.faults.clear()

        with open_history(store) as history:
            half = len(history.archive.coverage())
            finishing, again = sweep(aws.url, history), sweep(aws.url, history)
            changes = history.archive.changes(ChangeFilter(kinds=tuple(ChangeKind)), Page(1000)).items

    assert 2 <= half < len(TYPES), "it was killed in the middle"
    assert finishing.whole == finishing.scopes == len(TYPES)
    assert again.changes.total() == 0
    assert len(changes) == len({change.resource.pk for change in changes}) == again.resources
    assert {change.kind for change in changes} == {ChangeKind.BASELINE}


if __name__ == "__main__":
    main(*sys.argv[1:])
