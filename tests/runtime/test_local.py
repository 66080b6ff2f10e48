"""Loops run side by side, survive failures, and stop when told."""

import threading
from datetime import timedelta

from vigie.model.errors import StoreError
from vigie.runtime.local import Loop, Runner

SOON = timedelta(milliseconds=5)


def run_until(runner: Runner, stop: threading.Event, happened: threading.Event) -> None:
    runner.start()
    assert happened.wait(20), "the loop did not get there"
    stop.set()
    assert runner.join(timedelta(seconds=20)) == []


def test_a_loop_that_says_more_is_called_again_at_once_and_stops_when_told() -> None:
    stop, enough, calls = threading.Event(), threading.Event(), []

    def step() -> bool:
        calls.append(1)
        if len(calls) == 3:
            enough.set()
        return len(calls) < 3

    run_until(Runner([Loop("three", step, timedelta(hours=1))], stop), stop, enough)
    assert len(calls) == 3


def test_a_loop_that_fails_does_not_stop_another_and_its_failure_is_shown() -> None:
    stop, others, seen = threading.Event(), threading.Event(), []

    def failing() -> bool:
        raise StoreError("The database is full: make room.")

    def working() -> bool:
        seen.append(1)
        if len(seen) >= 3 and runner.health.failures:
            others.set()
        return False

    runner = Runner([Loop("bad", failing, SOON), Loop("good", working, SOON)], stop)
    run_until(runner, stop, others)
    assert runner.health.failures == {"bad": "StoreError: The database is full: make room."}
    assert not runner.health.well


def test_a_loop_that_recovers_is_well_again() -> None:
    stop, recovered, calls = threading.Event(), threading.Event(), []

    def step() -> bool:
        calls.append(1)
        if len(calls) == 1:
            raise ValueError("once")
        recovered.set()
        return False

    runner = Runner([Loop("flaky", step, SOON)], stop)
    run_until(runner, stop, recovered)
    assert runner.health.well
