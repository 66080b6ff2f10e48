"""An evidence bundle: one file that shows how a resource was at a time, to somebody who has only the public key.

It holds the committed rows themselves, their salts, the proofs that their leaves are in the log, and one signed head.
What it claims is made again out of these here, with nothing but hashes; the head's signature is the caller's to check.
The format is documented in docs/how-to/evidence.md.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from vigie.model.canonical import canonical_bytes, canonical_text, digest, instant_text
from vigie.model.leaves import (
    LeafKind,
    commitment,
    content_salt,
    differences_commitment,
    entry,
    micros,
    moment_of,
    revision_content,
    text_digest,
)
from vigie.model.merkle import is_included, leaf_hash
from vigie.model.notes import Checkpoint

FORMAT: Final = "vigie-evidence-1"


class BundleError(ValueError):
    """The bundle does not show what it claims; the text says where."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a bundle proves."""

    resource: Mapping[str, Any]
    """account, region, type, id."""
    asked: datetime
    certainty: str
    explanation: str
    revision: int | None
    """Number of the revision in force; None where there was none."""
    kind: str | None
    observed_at: datetime | None
    configuration: Any
    """None where it is gone, or erased."""
    next_seen: datetime | None
    coverage: Sequence[str] = field(default_factory=tuple)
    """Sentences: what was looked at then."""


def checked(document: Mapping[str, Any], head: Checkpoint) -> Shown:
    """What the bundle proves, given that the head is signed by somebody who is trusted.

    Raises:
        BundleError: It is no bundle, or does not prove what it claims.
    """
    try:
        return _Checking(document, head).shown()
    except BundleError:
        raise
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError, RecursionError) as error:
        raise BundleError(f"it is no whole bundle of vigie ({type(error).__name__}: {error})") from None


def seal_text(document: Mapping[str, Any]) -> str:
    """What the log's key signs of a bundle as a whole, its words included; ``document`` without its seal."""
    return f"{FORMAT}\n{hashlib.sha256(canonical_bytes(dict(document))).hexdigest()}\n"


def bundle_text(document: Mapping[str, Any]) -> str:
    """The one spelling of a bundle: canonical JSON on one line. Any other byte is another file."""
    return canonical_text(dict(document)) + "\n"


class _Checking:
    def __init__(self, document: Mapping[str, Any], head: Checkpoint) -> None:
        if document["format"] != FORMAT:
            raise BundleError(f"it is not of the format {FORMAT}")
        self.document = document
        self.head = head

    def shown(self) -> Shown:
        document = self.document
        about, asked = document["resource"], datetime.fromisoformat(document["asked"])
        before = self._revision(document["revision"], about, "the revision in force")
        after = self._revision(document["next"], about, "the next revision")
        if before is not None and after is not None and after["number"] != before["number"] + 1:
            raise BundleError("the next revision is not the one after that in force")
        if before is not None and before["observed_at"] > micros(asked):
            raise BundleError("the revision in force was observed after the time that was asked for")
        if after is not None and after["observed_at"] <= (micros(asked) or 0):
            raise BundleError("the next revision was observed before the time that was asked for")
        runs = [self._run(run, about, number) for number, run in enumerate(document["coverage"], 1)]
        self._supported(asked, before, after, runs)
        return Shown(
            resource=about,
            asked=asked,
            certainty=document["certainty"],
            explanation=document["explanation"],
            revision=before["number"] if before else None,
            kind=before["kind"] if before else None,
            observed_at=moment_of(before["observed_at"]) if before else None,
            configuration=self._configuration(),
            next_seen=moment_of(after["observed_at"]) if after else None,
            coverage=[_sentence(run) for run in runs],
        )

    def _included(self, leaf: bytes, proven: Mapping[str, Any], what: str) -> None:
        path = [bytes.fromhex(step) for step in proven["proof"]]
        if not is_included(leaf, proven["position"], self.head.size, path, self.head.root):
            raise BundleError(f"{what} is not in the log as it is told here")

    def _revision(
        self, given: Mapping[str, Any] | None, about: Mapping[str, Any], what: str
    ) -> Mapping[str, Any] | None:
        if given is None:
            return None
        header: Mapping[str, Any] = given["header"]
        if {name: header[name] for name in ("account", "region", "type", "id")} != dict(about):
            raise BundleError(f"{what} is of another resource")
        if given["erased"] is not None:
            committed = bytes.fromhex(given["erased"]["commitment"])
        else:
            salt, content = bytes.fromhex(given["salt"]), given["content"]
            items = given["differences"]
            if items is None:  # erased alone, or not told: then the salt is that of the contents
                committed = commitment(salt, revision_content(**content))
            else:
                again = differences_commitment(salt, [tuple(item) for item in items])
                if again != content["differences"]:
                    raise BundleError(f"the differences of {what} are not those that were committed")
                committed = commitment(content_salt(salt), revision_content(**content))
        self._included(leaf_hash(entry(LeafKind.REVISION, header, committed)), given, what)
        return header

    def _configuration(self) -> Any:
        given = self.document["revision"]
        if given is None or given["erased"] is not None or given["header"]["kind"] == "deleted":
            return None
        try:
            canonical = base64.b64decode(given["configuration"], validate=True)
        except ValueError:
            raise BundleError("the configuration is no base64") from None
        if digest(canonical) != given["content"]["config"]:
            raise BundleError("the configuration is not the one that was committed")
        return json.loads(canonical)

    def _run(self, given: Mapping[str, Any], about: Mapping[str, Any], number: int) -> Mapping[str, Any]:
        what = f"run {number} of the coverage"
        run: Mapping[str, Any] = given["run"]
        if {name: run[name] for name in ("account", "region", "type")} != {n: about[n] for n in about if n != "id"}:
            raise BundleError(f"{what} is of another scope")
        if text_digest(given["problems"]) != run["problems"]:
            raise BundleError(f"the problems of {what} are not those that were committed")
        sheet = given["sheet"]
        if sheet is None:
            self._included(leaf_hash(entry(LeafKind.COVERAGE_ENDED, run, None)), given, what)
            return run
        line = leaf_hash(canonical_bytes([sheet["pk"], dict(run)]))
        header = sheet["header"]
        path = [bytes.fromhex(step) for step in sheet["proof"]]
        if not is_included(line, sheet["line"], header["runs"], path, bytes.fromhex(header["root"])):
            raise BundleError(f"{what} is not in its coverage sheet as it is told here")
        self._included(leaf_hash(entry(LeafKind.COVERAGE_SHEET, header, None)), given, f"the coverage sheet of {what}")
        return run

    def _supported(
        self,
        asked: datetime,
        before: Mapping[str, Any] | None,
        after: Mapping[str, Any] | None,
        runs: Sequence[Mapping[str, Any]],
    ) -> None:
        """Whether what is proven allows the certainty that is told. Less may be told, never more."""
        if self.document["certainty"] != "exact":
            return
        moment = micros(asked) or 0
        if before is not None and before["observed_at"] == moment:
            return
        if after is not None:
            held = after["changed_after"] if after["changed_after"] is not None else after["looked_before"]
        else:
            held = max((run["last_listed_began"] or 0 for run in runs), default=None)
        if held is None or moment > held:
            raise BundleError("nothing that it holds shows that this state still held at the time that was asked for")
        if before is None and (after is None or after["kind"] != "created"):
            raise BundleError("nothing that it holds shows that the resource did not exist at that time")


def _sentence(run: Mapping[str, Any]) -> str:
    since, until = moment_of(run["since"]), moment_of(run["last_looked"])
    listed = moment_of(run["last_listed_began"])
    told = f"looked at from {_t(since)} to {_t(until)} with the outcome {run['status']}"
    return f"{told}; the last whole listing began at {_t(listed)}" if listed else f"{told}; never listed whole"


def _t(moment: datetime | None) -> str:
    return instant_text(moment.replace(microsecond=0)) if moment else "?"
