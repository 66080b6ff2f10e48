"""The baseline: bare botocore makes the calls that a sweep made. Imports nothing of vigie.

    python -m bench.replay CALLS.json [THREADS]

One client for each service and region with botocore's default settings, but for as many kept connections as there are
threads. Answers are parsed and dropped. Calls to S3 Control (one or two) are left out: their host names begin with the
account, and such a name does not exist on loopback.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError


def main(calls: str, threads: str = "24") -> None:
    wanted = json.loads(Path(calls).read_text(encoding="utf-8"))["calls"]
    wanted = [call for call in wanted if call[0] != "s3control"]
    session = botocore.session.Session()
    config = Config(max_pool_connections=int(threads) + 8)
    places = sorted({(service, region) for service, region, _, _ in wanted})
    clients = {place: session.create_client(place[0], region_name=place[1], config=config) for place in places}

    def make(call: tuple[str, str, str, dict[str, Any]]) -> bool:
        service, region, operation, parameters = call
        try:
            getattr(clients[service, region], xform_name(operation))(**parameters)
        except ClientError:
            return False
        return True

    with ThreadPoolExecutor(int(threads)) as pool:
        answered = sum(pool.map(make, wanted))
    sys.stdout.write(json.dumps({"calls": len(wanted), "answered": answered}))


if __name__ == "__main__":
    main(*sys.argv[1:])
