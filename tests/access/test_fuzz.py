"""The parser and the matcher under a fuzzer: nothing raises, whatever comes in."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

FUZZING = Path(__file__).with_name("fuzzing.py")
SECONDS = 10


def one_input(data: bytes) -> None:
    spec = importlib.util.spec_from_file_location("fuzzing", FUZZING)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.one_input(data)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(min_size=20, max_size=300))
def test_no_bytes_make_the_parser_or_the_matcher_raise(data: bytes) -> None:
    one_input(data)


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is not installed")
def test_a_fuzzer_guided_by_coverage_finds_nothing(tmp_path: Path) -> None:
    command = [
        sys.executable,
        str(FUZZING),
        f"-max_total_time={SECONDS}",
        "-max_len=400",
        "-seed=1",
        "-rss_limit_mb=2048",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    assert "DONE" in done.stderr or "Done" in done.stderr, done.stderr[-2000:]
