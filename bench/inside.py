"""A sweep seen from inside, run as a process of its own: which calls it makes, and where its CPU time goes.

    python -m bench.inside DATA_DIR OUT.json

Writes the calls with their parameters, to be made again by bare botocore (replay.py), and the CPU seconds of the
process at each turn.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from bench.processes import REGION
from vigie.app import App
from vigie.aws.accounts import Entrances
from vigie.aws.caller import Line
from vigie.aws.clients import Clients
from vigie.aws.options import Options
from vigie.aws.pacing import Pacer
from vigie.catalogue.policy import permission_for
from vigie.settings import load_settings


class NotedClients(Clients):
    """Clients that note every call: service, region, operation, parameters."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self.noted: list[tuple[str, str, str, dict[str, Any]]] = []
        self.first_call = 0.0
        """CPU seconds of the process until then."""
        self._told: set[tuple[str, str]] = set()

    def client(self, service: str, region: str) -> Any:
        client = super().client(service, region)
        if (service, region) not in self._told:
            self._told.add((service, region))
            client.meta.events.register_first("provide-client-params", self._noting(service, region))
        return client

    def _noting(self, service: str, region: str) -> Any:
        def note(params: dict[str, Any], model: Any, **_: Any) -> None:
            self.first_call = self.first_call or time.process_time()
            self.noted.append((service, region, model.name, dict(params)))

        return note


def main(data_dir: str, out: str) -> None:
    app = App(load_settings(None, overrides={"data_dir": data_dir}))
    threads = app.settings.sweep.threads
    clients = NotedClients(Options(connections=threads + 8))
    app.entrances = Entrances(Line(clients, Pacer(paced=False), permission_of=permission_for))
    turns: dict[str, float] = {}

    def progress(done: int, total: int, what: str) -> None:
        turns.setdefault("judging" if what == "judging" else "sweeping", time.process_time())

    report = app.sweep(regions=(REGION,), progress=progress)
    turns["telling"] = time.process_time()
    app.tell(report)
    turns["end"] = time.process_time()
    app.close()
    turns["first call"] = clients.first_call
    document = {"threads": threads, "resources": report.resources, "calls": clients.noted, "turns": turns}
    Path(out).write_text(json.dumps(document), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
