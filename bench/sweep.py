"""A sweep as a user runs it, against bare botocore making the very same calls."""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.processes import REGION, VIGIE, Cost, environment, estate, run
from bench.tables import Table

TARGET_RATIO, TARGET_PEAK, TARGET_STORED = 1.3, 250, 10
ROUNDS = 3


def sweep(resources: int) -> list[Table]:
    """Calls, CPU, peak memory and bytes stored of a first and of an unchanged second sweep."""
    with tempfile.TemporaryDirectory() as folder, estate(resources) as url:
        return _measured(Path(folder), url)


def _measured(folder: Path, url: str) -> list[Table]:
    env = environment(url)
    turns = [_inside(folder, env) for _ in range(2)]  # also fills the memory of the endpoint
    calls, threads = turns[1]["calls"], str(turns[1]["threads"])
    replay = [sys.executable, "-m", "bench.replay", str(folder / "calls.json")]
    costs: dict[str, list[Cost]] = {}
    rounds = ROUNDS if turns[0]["resources"] > 1_000 else 1
    for number in range(rounds):
        data = folder / f"data{number}"
        command = [*VIGIE, "--data-dir", str(data), "sweep", "--region", REGION, "--json"]
        costs.setdefault("bare", []).append(run([*replay, threads], env))
        costs.setdefault("first", []).append(run(command, env, allowed=(0, 3)))
        costs.setdefault("bare", []).append(run([*replay, threads], env))
        costs.setdefault("second", []).append(run(command, env, allowed=(0, 3)))
        costs.setdefault("one thread", []).append(run([*replay, "1"], env))
    bare, first, second, one_thread = (_least(costs[name]) for name in ("bare", "first", "second", "one thread"))
    stored = _stored(folder / "data0")
    rows = [
        _row("bare botocore", len(calls), bare, bare),
        _row("bare botocore, 1 thread", len(calls), one_thread, bare),
        _row("first sweep", len(turns[0]["calls"]), first, bare, stored),
        _row("second, unchanged", len(calls), second, bare, stored),
    ]
    notes = [
        f"{turns[0]['resources']:,} resources; {threads} threads; whole processes, start-up included.",
        f"CPU: the least of {rounds} runs, by turns (bare: of twice as many); peak: the highest.",
        f"Revisions that the second sweep recorded: {_recorded(second)}.",
        f"Targets: {TARGET_RATIO} × the CPU of the bare calls, {TARGET_PEAK} MB peak, {TARGET_STORED} MB stored.",
    ]
    columns = ("", "calls", "CPU s", "× bare", "ms a call", "peak MB", "stored MB", "wall s")
    return [Table("sweep: a region, against bare botocore making the same calls", columns, rows, notes), _parts(turns)]


def _least(costs: list[Cost]) -> Cost:
    """The run that others on this machine disturbed least; with the highest peak of all."""
    return replace(min(costs, key=lambda cost: cost.cpu), peak=max(cost.peak for cost in costs))


def _inside(folder: Path, env: dict[str, str]) -> dict[str, Any]:
    out = folder / "calls.json"
    run([sys.executable, "-m", "bench.inside", str(folder / "inside"), str(out)], env)
    document: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return document


def _row(name: str, calls: int, cost: Cost, bare: Cost, stored: float | None = None) -> tuple[str, ...]:
    return (
        name,
        f"{calls:,}",
        f"{cost.cpu:.1f}",
        f"{cost.cpu / bare.cpu:.2f}",
        f"{cost.cpu / calls * 1000:.2f}",
        f"{cost.peak:.0f}",
        "" if stored is None else f"{stored:.1f}",
        f"{cost.wall:.0f}",
    )


def _recorded(cost: Cost) -> int:
    return int(sum(json.loads(cost.output)["changes"].values()))


def _stored(data: Path) -> float:
    """MB of the SQLite file, with what is left of its log: the last connection to close writes that into the file."""
    return sum(file.stat().st_size for file in data.glob("vigie.sqlite*")) / 1e6


def _parts(turns: list[dict[str, Any]]) -> Table:
    def row(name: str, turn: dict[str, float]) -> tuple[str, ...]:
        start, judging, telling, end = turn["first call"], turn["judging"], turn["telling"], turn["end"]
        spans = (start, judging - start, telling - judging, end - telling, end)
        return (name, *(f"{span:.1f}" for span in spans))

    rows = [row(name, turn["turns"]) for name, turn in zip(("first sweep", "second, unchanged"), turns, strict=True)]
    columns = ("CPU s", "until first call", "read and record", "judge", "tell", "all")
    return Table("sweep: where its CPU goes", columns, rows, ["Seen from inside: noting the calls is in it."])
