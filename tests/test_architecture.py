"""The invariants of ARCHITECTURE.md: which tests fail when one is broken, and those that no part has of its own."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Date, DateTime, Time
from sqlalchemy.sql.schema import Column

from vigie.history.tables.all import metadata
from vigie.history.tables.base import Instant

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "vigie"

PROVED_BY: dict[int, tuple[str, ...]] = {
    1: (
        "history/test_record.py::test_history_refuses_to_be_rewritten",
        "history/test_findings.py::test_states_cannot_be_rewritten",
        "history/test_verifying.py::test_a_changed_byte_is_found_and_named",
        "history/test_retention.py::test_what_is_erased_is_gone_and_logged_and_the_rest_verifies",
        "history/test_retention.py::test_the_triggers_are_back_after_an_erasure_and_after_one_that_fails",
        "test_architecture.py::test_nothing_is_deleted_from_the_tables_of_history",
    ),
    2: (
        "faults/test_listings.py::test_a_listing_that_fails_deletes_nothing_changes_nothing_and_is_told",
        "faults/test_listings.py::test_a_second_page_that_fails_leaves_no_shorter_list",
        "watch/test_decide.py::test_only_what_a_whole_listing_lacks_is_missing",
        "watch/test_confirm.py::test_a_resource_that_is_missing_twice_is_deleted",
        "watch/test_confirm.py::test_a_second_look_that_fails_deletes_and_changes_nothing",
        "history/test_record.py::test_could_not_look_deletes_nothing_and_says_why",
        "watch/test_targeted.py::test_a_deletion_needs_the_call_that_ended_it_and_two_looks",
        "watch/test_targeted.py::test_absence_without_a_call_that_ended_it_has_the_scope_listed_and_only_that_concludes",
    ),
    3: (
        "watch/test_decide.py::test_the_same_state_again_says_nothing",
        "watch/test_decide.py::test_shuffled_lists_and_keys_record_nothing",
        "history/test_record.py::test_the_same_state_seen_twice_makes_no_revision",
        "watch/test_sweep.py::test_an_unchanged_estate_is_recorded_once",
        "model/test_canonical.py::test_another_order_of_an_unordered_list_is_the_same_configuration",
    ),
    4: (
        "history/test_asof.py::test_whatever_was_seen_is_given_back_and_what_was_not_is_not_made_up",
        "history/test_blobs.py::test_a_configuration_comes_back_byte_for_byte",
    ),
    5: (
        "audit/test_worker.py::test_1_a_justification_survives_unrelated_changes_and_does_not_cover_new_rules",
        "audit/test_worker.py::test_11_rescoring_keeps_identity_age_and_justification",
        "audit/test_worker.py::test_everything_is_judged_from_what_is_recorded",
        "audit/test_reconcile.py::test_rescoring_keeps_the_finding_and_its_justification",
    ),
    6: (
        "audit/test_worker.py::test_5_a_rule_that_fails_is_unknown_and_visible_and_stops_nobody",
        "audit/test_reconcile.py::test_an_error_never_resolves_and_every_violation_is_a_finding_that_stands",
    ),
    7: (
        "notify/test_crashes.py::test_every_event_reaches_every_matching_route_whatever_dies_when",
        "notify/test_crashes.py::test_killed_during_a_delivery_nothing_is_lost",
        "e2e/test_killed.py::test_a_killed_sweep_is_finished_by_the_next",
        "e2e/test_killed.py::test_a_delivery_that_was_killed_is_made_by_the_next_start",
    ),
    8: ("test_architecture.py::test_rules_see_no_network_no_database_and_no_clock",),
    9: (
        "test_architecture.py::test_imports_go_one_way",
        "test_architecture.py::test_importing_vigie_does_nothing",
        "cli/test_help.py::test_help_imports_nothing_heavy",
    ),
    10: (
        "test_architecture.py::test_every_stored_time_is_an_instant",
        "history/test_columns.py::test_a_time_without_a_zone_is_never_stored",
        "history/test_columns.py::test_a_digest_of_another_name_or_length_is_never_stored",
        "model/test_canonical.py::test_a_time_without_a_zone_is_refused",
    ),
    11: (
        "model/test_canonical.py::test_a_secret_never_shows_and_its_change_does",
        "model/test_canonical.py::test_without_a_redactor_nothing_secret_passes",
        "e2e/test_first_light.py::test_a_secret_never_reaches_the_store",
    ),
    12: (
        "aws/test_caller.py::test_an_undeclared_operation_is_refused_and_never_sent",
        "aws/test_caller.py::test_botocore_makes_no_call_of_its_own_to_follow_a_bucket",
        "catalogue/test_policy.py::test_every_declared_operation_is_allowed_and_nothing_else",
        "catalogue/test_delivery.py::test_nothing_is_allowed_on_anything_that_the_settings_do_not_name",
    ),
    13: (
        "watch/test_attributing.py::test_a_failed_or_read_call_is_never_credited_nor_one_outside_the_time",
        "watch/test_targeted.py::test_an_event_of_an_unknown_name_never_deletes",
        "watch/test_targeted.py::test_a_deletion_needs_the_call_that_ended_it_and_two_looks",
        "watch/test_targeted.py::test_absence_without_a_call_that_ended_it_has_the_scope_listed_and_only_that_concludes",
    ),
    14: (
        "model/test_merkle.py::test_every_leaf_is_shown_to_be_in_and_any_flipped_bit_fails",
        "history/test_verifying.py::test_a_changed_byte_is_found_and_named",
        "history/test_verifying.py::test_a_rewritten_row_with_its_leaf_is_found_by_the_tile_and_the_head",
        "app/test_proving.py::test_a_restored_old_copy_is_found",
        "app/test_proving.py::test_a_bundle_fails_after_any_byte_is_changed",
    ),
    15: ("access/test_comparing.py::test_no_outsiders_request_becomes_allowed_unless_the_verdict_says_so",),
}


def test_every_invariant_has_tests() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    section = page.split("## Invariants", 1)[1].split("\n## ", 1)[0]
    numbers = [int(number) for number in re.findall(r"^(\d+)\. ", section, re.MULTILINE)]
    assert numbers == sorted(PROVED_BY)


@pytest.mark.parametrize("name", sorted({name for names in PROVED_BY.values() for name in names}))
def test_every_test_that_is_named_exists(name: str) -> None:
    file, _, function = name.partition("::")
    text = (ROOT / "tests" / file).read_text(encoding="utf-8")
    assert re.search(rf"^def {function}\(", text, re.MULTILINE)


# 1

KEPT = frozenset(
    {
        *("scope", "resource", "revision", "change_item", "blob", "coverage"),
        *("finding", "finding_state", "justification"),
        *("actor", "event", "event_resource", "event_key", "attribution", "attribution_event", "log_coverage"),
        *("verdict", "imported_state"),
        *("log_leaf", "log_tile", "tree_head", "coverage_sheet", "erasure_run", "erasure"),
    }
)
"""What history, and the judgement of it, rest on. References of the present state, work, outbox and sessions go."""


ERASABLE = frozenset({"blob", "change_item", "event", "event_resource", "event_key"})
"""What the logged retention erasure, and nothing else, may delete from."""


def test_nothing_is_deleted_from_the_tables_of_history() -> None:
    assert set(metadata.tables) >= KEPT
    for file in (SOURCE / "history").rglob("*.py"):
        if "migrations" in file.parts:
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        imported = {
            alias.asname or alias.name: alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module and ".tables." in node.module
            for alias in node.names
        }
        for call in _calls(tree):
            if isinstance(call.func, ast.Name) and call.func.id == "delete" and isinstance(call.args[0], ast.Name):
                name = call.args[0].id
                if file.name == "retention.py" and name in ERASABLE:
                    continue
                assert imported.get(name, name) not in KEPT, f"{file.name}:{call.lineno} deletes from {name}"
        text = "" if file.name == "append_only.py" else file.read_text(encoding="utf-8")
        assert not re.search(r"(?i)\b(delete\s+from|truncate|drop\s+table)\b", text), file.name


# 8

ALLOWED = re.compile(
    r"""(__future__|collections(\.abc)?|dataclasses|datetime|decimal|difflib|enum|fnmatch|functools|hashlib|heapq|hmac|importlib\.resources
    |ipaddress|itertools|json|math|operator|re|string|tomllib|typing|urllib\.parse|bisect|base64|types|unicodedata
    |vigie\.(rules|access|model)(\..*)?)""",
    re.VERBOSE,
)
CLOCKS = frozenset({"now", "utcnow", "today"})


LOADING = frozenset({"declare", "discover", "examples", "reference", "samples", "toml_rules"})
"""Of the API for authors of rules, what declares rules and what reads files. All else there runs while they judge."""


def _judging_code() -> list[Path]:
    rules = [file for file in (SOURCE / "rules").rglob("*.py") if file.stem not in LOADING]
    return rules + list((SOURCE / "access").rglob("*.py")) + list((SOURCE / "model").rglob("*.py"))


def test_rules_see_no_network_no_database_and_no_clock() -> None:
    files = _judging_code()
    assert len(files) > 100
    for file in files:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for module, line in _imports(tree):
            assert ALLOWED.fullmatch(module), f"{file.relative_to(SOURCE)}:{line} imports {module}"
            loads = module.removeprefix("vigie.rules.") in LOADING - {"declare"}
            assert not loads, f"{file.relative_to(SOURCE)}:{line} imports {module}, which reads files"
        for call in _calls(tree):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
            assert name not in CLOCKS, f"{file.relative_to(SOURCE)}:{call.lineno} reads a clock"
            if isinstance(call.func, ast.Name):
                assert call.func.id not in ("open", "__import__", "eval", "exec"), f"{file.name}:{call.lineno}"


def _imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names = [alias.name for alias in node.names] if node.module == "importlib" else []
            yield ".".join([node.module or "", *names]), node.lineno


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


# 9


def test_imports_go_one_way() -> None:
    """Layers, only history knows SQL, only aws knows botocore: the contracts of import-linter."""
    linter = Path(sys.executable).parent / "lint-imports"
    ran = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout


IMPORTS = """
import importlib, sys, threading

DONE = []
LOUD = ("socket.", "subprocess.", "sqlite3.", "os.system", "os.exec", "os.fork", "os.mkdir", "os.remove", "os.rename",
        "os.putenv", "os.kill", "shutil.", "tempfile.", "signal.", "urllib.", "http.", "ctypes.")

def watch(event, arguments):
    writes = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
    if not (writes or event.startswith(LOUD)):
        return
    frame = sys._getframe(1)
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if name.startswith("vigie"):
            DONE.append((event, name, frame.f_lineno))
            return
        if frame.f_code.co_name == "<module>":
            return  # what others do when they are imported is theirs
        frame = frame.f_back

sys.addaudithook(watch)
for module in sys.argv[1:]:
    importlib.import_module(module)
DONE += [("thread", thread.name, 0) for thread in threading.enumerate() if thread is not threading.main_thread()]
print(DONE)
"""


def test_importing_vigie_does_nothing(tmp_path: Path) -> None:
    """No socket, file, process, thread or database: all modules at once, watched by Python's audit events."""
    files = [file.relative_to(SOURCE.parent).with_suffix("") for file in SOURCE.rglob("*.py")]
    parts = [file.parts[:-1] if file.name == "__init__" else file.parts for file in files]
    modules = [
        ".".join(names)
        for names in sorted(parts)
        if names[-1] != "__main__" and "versions" not in names and "migrations" not in names
    ]
    assert len(modules) > 200
    ran = subprocess.run(
        [sys.executable, "-B", "-c", IMPORTS, *modules], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == "[]"
    assert list(tmp_path.iterdir()) == []


# 10

_A_TIME = re.compile(r"(_at|_until|_after|_ok|_seen|_looked|since|until)$")


def test_every_stored_time_is_an_instant() -> None:
    """An ``Instant`` refuses naive times and gives back UTC."""
    columns: list[Column[object]] = [column for table in metadata.tables.values() for column in table.columns]
    times = [column for column in columns if isinstance(column.type, Instant)]
    assert len(times) > 20
    for column in columns:
        assert not isinstance(column.type, DateTime | Date | Time), column
        if _A_TIME.search(column.name):
            assert isinstance(column.type, Instant), f"{column} holds a time"
