"""Finding rules: declarations are values in files; nothing registers itself, and a broken file stops no other.

Shipped: ``rules/<service>/<rule>.py`` in this package. Of users: the same, or ``<rule>.toml`` without Python,
below a directory of
``rules_paths``, or packages under the entry point ``vigie.rules``. Files that start with ``_`` are not rules;
``samples.toml`` holds
samples of configurations for examples.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Final

import vigie.access
from vigie.model.errors import RuleError, UsageError
from vigie.rules.declare import Rule
from vigie.rules.samples import SAMPLES_FILE, Sample, read_samples
from vigie.rules.toml_rules import is_rule_document, read_toml_rule

GROUP: Final = "vigie.rules"
SHIPPED: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class RuleProblem:
    """A rule file that cannot be used, and why, in one sentence."""

    origin: str
    message: str


@dataclass(frozen=True)
class RuleSet:
    """The rules that there are."""

    rules: Mapping[str, Rule]
    problems: tuple[RuleProblem, ...] = ()
    samples: Mapping[str, Sample] = field(default_factory=dict)
    """Resource type → a sample of it, under every example."""
    digest: str = ""
    """Changes whenever anything that a verdict rests on changes: rule files, and the code of rules and access."""

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules.values())

    def __len__(self) -> int:
        return len(self.rules)

    def get(self, id: str) -> Rule:
        """The rule of that id.

        Raises:
            UsageError: there is none.
        """
        if id not in self.rules:
            near = get_close_matches(id, self.rules, n=1)
            hint = f" Did you mean {near[0]}?" if near else " See: vigie rules list."
            raise UsageError(f"There is no rule {id}.{hint}")
        return self.rules[id]

    def for_type(self, type: str) -> Sequence[Rule]:
        """The rules that judge a resource type."""
        return self._by_type.get(type, ())

    def depending_on(self, type: str) -> Sequence[Rule]:
        """The rules that look up resources of that type while judging others."""
        return self._by_dependency.get(type, ())

    def resting_on(self, type: str) -> Sequence[Rule]:
        """Those, and the rules that look up resources of that type where the judged one names them."""
        return [*self.depending_on(type), *self._by_name.get(type, ())]

    @cached_property
    def _by_name(self) -> Mapping[str, Sequence[Rule]]:
        found: dict[str, list[Rule]] = defaultdict(list)
        for rule in self:
            for type_ in rule.names:
                found[type_].append(rule)
        return found

    @cached_property
    def _by_type(self) -> Mapping[str, Sequence[Rule]]:
        found: dict[str, list[Rule]] = defaultdict(list)
        for rule in self:
            for type_ in rule.applies_to:
                found[type_].append(rule)
        return found

    @cached_property
    def _by_dependency(self) -> Mapping[str, Sequence[Rule]]:
        found: dict[str, list[Rule]] = defaultdict(list)
        for rule in self:
            for type_ in rule.depends_on:
                found[type_].append(rule)
        return found


@dataclass
class _Found:
    rules: dict[str, Rule] = field(default_factory=dict)
    problems: list[RuleProblem] = field(default_factory=list)
    samples: dict[str, Sample] = field(default_factory=dict)
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)

    def add(self, rule: Rule) -> None:
        earlier = self.rules.get(rule.id)
        if earlier is not None:
            text = f"the rule {rule.id} is already declared by {earlier.source or earlier.origin}; give it another id."
            self.refuse(str(rule.source or rule.origin), text)
            return
        self.rules[rule.id] = rule

    def refuse(self, origin: str, message: str) -> None:
        self.problems.append(RuleProblem(origin, f"{origin}: {message}"))


def discover(paths: Iterable[Path] = (), *, group: str | None = GROUP, shipped: bool = True) -> RuleSet:
    """All rules: those of this package, those below ``paths``, and those of installed packages (entry points of
    ``group``).

    A file that cannot be read or run is in ``problems`` and costs only itself.
    """
    found = _Found()
    if shipped:
        _take_package(SHIPPED, "vigie.rules", "vigie", found)
        _digest_tree(Path(vigie.access.__file__).parent, found)
    for point in sorted(entry_points(group=group), key=lambda p: p.name) if group else ():
        _take_entry_point(point, found)
    for path in paths:
        _take_path(Path(path), found)
    ordered = dict(sorted(found.rules.items()))
    return RuleSet(ordered, tuple(found.problems), found.samples, found.digest.hexdigest())


def _take_package(folder: Path, package: str, origin: str, found: _Found) -> None:
    """Rules in the sub-folders of an importable package. What lies directly in its folder is code, not a rule."""
    _digest_tree(folder, found)
    for file in _files(folder):
        if file.parent == folder or (file.suffix == ".toml" and file.name != SAMPLES_FILE):
            continue  # code, examples, and tables of facts
        name = ".".join((package, *file.relative_to(folder).with_suffix("").parts))
        _take_file(file, origin, found, lambda name=name: importlib.import_module(name))


def _take_path(path: Path, found: _Found) -> None:
    if not path.exists():
        found.refuse(str(path), "there is no such directory or file; correct rules_paths.")
        return
    files = list(_files(path)) if path.is_dir() else [path]
    for file in files:
        found.digest.update(file.read_bytes())
        _take_file(file, str(file), found, lambda file=file: _run(file))


def _take_entry_point(point: EntryPoint, found: _Found) -> None:
    origin = point.dist.name if point.dist else point.value
    try:
        loaded = point.load()
    except Exception as error:  # noqa: BLE001 - code of others, run once: whatever it raises is told and stops nobody
        found.refuse(origin, f"the entry point {point.value} cannot be loaded: {type(error).__name__}: {error}")
        return
    if isinstance(loaded, Rule):
        found.digest.update(repr(loaded).encode())
        found.add(replace(loaded, origin=origin))
    elif isinstance(loaded, ModuleType) and loaded.__file__:
        folder = Path(loaded.__file__).parent
        _digest_tree(folder, found)
        for file in _files(folder):
            name = ".".join((loaded.__name__, *file.relative_to(folder).with_suffix("").parts))
            _take_file(file, origin, found, lambda name=name: importlib.import_module(name))
    else:
        found.refuse(origin, f"the entry point {point.value} is neither a rule nor a package of rules.")


def _files(folder: Path) -> Iterator[Path]:
    """Files that may declare something, in a stable order."""
    for file in sorted(folder.rglob("*")):
        if file.suffix in (".py", ".toml") and not file.name.startswith("_") and "__pycache__" not in file.parts:
            yield file


def _take_file(file: Path, origin: str, found: _Found, load: object) -> None:
    try:
        if file.name == SAMPLES_FILE:
            found.samples.update(read_samples(file))
        elif file.suffix == ".toml":
            _take_toml(file, origin, found)
        elif callable(load):
            _take_module(load(), file, origin, found)
    except RuleError as error:
        found.refuse(str(file), str(error))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - code of others, run once: told, and stops nobody
        found.refuse(str(file), f"it cannot be loaded: {type(error).__name__}: {error}")


def _take_module(module: ModuleType, file: Path, origin: str, found: _Found) -> None:
    declared = [
        value
        for value in vars(module).values()
        if isinstance(value, Rule) and getattr(value.judge, "__module__", None) == module.__name__
    ]
    if not declared:
        found.refuse(str(file), "it declares no rule; start its name with _ if it is not meant to.")
    for rule in declared:
        doc = rule.description or (module.__doc__ or "").strip()
        found.add(replace(rule, origin=origin, source=file, description=doc))


def _take_toml(file: Path, origin: str, found: _Found) -> None:
    if file.with_suffix(".py").exists():
        return  # the examples of that rule: read when they are run
    if not is_rule_document(file):
        found.refuse(str(file), "it is neither a rule (id, when…) nor the examples of a rule file beside it.")
        return
    found.add(replace(read_toml_rule(file), origin=origin, source=file))


def _run(file: Path) -> ModuleType:
    """Run a user's file as a module of its own name, so that two files of one name do not meet."""
    name = f"vigie_user_rules.{hashlib.sha256(str(file.resolve()).encode()).hexdigest()[:12]}_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise RuleError("it cannot be loaded as Python.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _digest_tree(folder: Path, found: _Found) -> None:
    for file in sorted(folder.rglob("*.py")) + sorted(folder.rglob("*.toml")):
        found.digest.update(file.read_bytes())
