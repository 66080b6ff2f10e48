"""What came of verifying the evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Defect:
    """Something that is not as it was committed."""

    part: str
    """configuration, revision, finding state, coverage, erasure, leaf, tile, head, signature, anchor, …"""
    name: str
    """Which one, so that a person finds it."""
    why: str


@dataclass(slots=True)
class Verified:
    """What was looked at, and what was found. Grows while the verification goes on."""

    leaves: int = 0
    """Leaves of the log."""
    since: int = 0
    """Leaves that were verified by an earlier run: only what came after them was looked at."""
    rows: dict[str, int] = field(default_factory=dict)
    """Kind of leaf → rows whose leaf was made again and is the same."""
    configurations: int = 0
    """Configurations that were hashed again."""
    last_configuration: int = 0
    tiles: int = 0
    heads: int = 0
    signatures: int = 0
    anchors: int = 0
    erased: int = 0
    """Revisions whose contents were erased, as logged."""
    waiting: int = 0
    """Leaves that were committed and have no place in the log yet."""
    unsigned: int = 0
    """Leaves after the last signed head."""
    unproven_runs: int = 0
    """Runs of looks that grew since the last sheet."""
    before: dict[str, int] = field(default_factory=dict)
    """Kind → rows that are older than the log, which proves nothing of them."""
    unreachable: list[str] = field(default_factory=list)
    """Anchors that could not be looked at, or that fail."""
    notices: list[str] = field(default_factory=list)
    """Sentences on what could not be verified, and is no defect by itself."""
    defects: list[Defect] = field(default_factory=list)
    root: bytes = b""

    @property
    def sound(self) -> bool:
        return not self.defects

    def counted(self, kind: str, count: int = 1) -> None:
        self.rows[kind] = self.rows.get(kind, 0) + count

    def named(self, most: int = 100) -> list[Defect]:
        """The defects, of each part no more than a person reads; the rest is counted."""
        parts: dict[str, list[Defect]] = {}
        for defect in self.defects:
            parts.setdefault(defect.part, []).append(defect)
        shown = []
        for part, defects in parts.items():
            shown += defects[:most]
            if len(defects) > most:
                shown.append(Defect(part, f"{len(defects) - most:,} more", "--json has them all"))
        return shown

    def defect(self, part: str, name: str, why: str) -> None:
        self.defects.append(Defect(part, name, why))


def verified_document(found: Verified) -> Mapping[str, object]:
    """As ``vigie verify --json`` prints it."""
    return {
        "sound": found.sound,
        "leaves": found.leaves,
        "since": found.since,
        "root": found.root.hex(),
        "rows": dict(found.rows),
        "configurations": found.configurations,
        "tiles": found.tiles,
        "heads": found.heads,
        "signatures": found.signatures,
        "anchors": found.anchors,
        "erased": found.erased,
        "waiting": found.waiting,
        "unsigned": found.unsigned,
        "unproven_runs": found.unproven_runs,
        "before": dict(found.before),
        "unreachable": list(found.unreachable),
        "notices": list(found.notices),
        "defects": [{"part": d.part, "name": d.name, "why": d.why} for d in found.defects],
    }
