"""References of templates in policy documents: CloudFormation's functions, and Terraform's ``${…}``.

A document out of a template is judged before anybody filled it in. What the owner's account, region and partition tell
is filled in ("Pseudo parameters reference", AWS CloudFormation user guide); every other reference stands for one text
that is not known: it is kept as ``⟨name⟩``, equal to itself and to nothing else, and told.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

_REFERENCE: Final = re.compile(r"\$\{([^{}]*)\}")
_POLICY_VARIABLE: Final = re.compile(r"\s*(?:[*?$]|[^:,{}]+:[^:].*)", re.DOTALL)
"""``${aws:username}``, ``${*}``: AWS's own, not a template's. ``AWS::Region`` and names without a colon are."""
_TERRAFORM: Final = (
    (re.compile(r"data\.aws_caller_identity\.[\w-]+\.(account_id|id)"), "AWS::AccountId"),
    (re.compile(r"data\.aws_partition\.[\w-]+\.partition"), "AWS::Partition"),
    (re.compile(r"data\.aws_partition\.[\w-]+\.dns_suffix"), "AWS::URLSuffix"),
    (re.compile(r"data\.aws_region\.[\w-]+\.(name|id|region)"), "AWS::Region"),
)
_SUFFIXES: Final = {"aws-cn": "amazonaws.com.cn"}
_DEPTH: Final = 20


def place(account: str, arn: str | None = None) -> Mapping[str, str]:
    """What references to the place of a template come to, for a resource of this account."""
    parts = (arn or "").split(":", 5)
    partition = parts[1] if len(parts) == 6 and parts[1] else "aws"
    region = parts[3] if len(parts) == 6 and parts[3] else "us-east-1"  # a region narrows nobody
    return {
        "AWS::AccountId": account,
        "AWS::Partition": partition,
        "AWS::Region": region,
        "AWS::URLSuffix": _SUFFIXES.get(partition, "amazonaws.com"),
    }


def is_function(value: Any) -> bool:
    """``{"Ref": …}``, ``{"Fn::Join": …}``: an object that stands for a text."""
    return isinstance(value, Mapping) and len(value) == 1 and str(next(iter(value))).startswith(("Ref", "Fn::"))


@dataclass(slots=True)
class Filling:
    """Fills references in; those whose value is not known are noted in ``unknown``."""

    known: Mapping[str, str]
    unknown: dict[str, None] = field(default_factory=dict)

    def text(self, text: str, more: Mapping[str, str] | None = None) -> str:
        """A text with its references filled in; policy variables of AWS stay."""
        if "${" not in text:
            return text
        return _REFERENCE.sub(lambda found: self._reference(found, more or {}), text)

    def function(self, value: Mapping[str, Any], depth: int = 0) -> list[str]:
        """The texts that an object of a template stands for: one, or a list's."""
        if len(value) != 1 or depth > _DEPTH:
            return [self._named(_short(value))]
        ((name, inside),) = value.items()
        match str(name), inside:
            case "Ref", str():
                return [self._named(inside)]
            case "Fn::GetAtt", str():
                return [self._named(inside)]
            case "Fn::GetAtt", [*parts]:
                return [self._named(".".join(map(str, parts)))]
            case "Fn::Sub", str():
                return [self._sub(inside, {})]
            case "Fn::Sub", [str() as text, Mapping() as names]:
                return [self._sub(text, {str(k): self._joined("", [v], depth) for k, v in names.items()})]
            case "Fn::Join", [str() as between, [*parts]]:
                return [self._joined(between, parts, depth)]
            case "Fn::If", [_, *either]:
                self.unknown[_short(value)] = None
                return [text for one in either for text in self._texts(one, depth)]
        return [self._named(_short(value))]

    def _texts(self, value: Any, depth: int) -> list[str]:
        if isinstance(value, Mapping):
            return self.function(value, depth + 1)
        if isinstance(value, list | tuple):
            return [text for inner in value for text in self._texts(inner, depth + 1)]
        return [self.text(value)] if isinstance(value, str) else [str(value)]

    def _joined(self, between: str, parts: Sequence[Any], depth: int) -> str:
        return between.join(text for part in parts for text in self._texts(part, depth))

    def _sub(self, text: str, names: Mapping[str, str]) -> str:
        """``${!x}`` is the text ``${x}`` in Fn::Sub."""
        pieces = text.split("${!")
        return "${".join([self.text(piece, names) for piece in pieces])

    def _reference(self, found: re.Match[str], more: Mapping[str, str]) -> str:
        name = found[1].strip()
        if name in more:
            return more[name]
        if _POLICY_VARIABLE.fullmatch(name) and not name.startswith("AWS::"):
            return found[0]
        return self._named(name)

    def _named(self, name: str) -> str:
        pseudo = next((p for pattern, p in _TERRAFORM if pattern.fullmatch(name)), name)
        if pseudo in self.known:
            return self.known[pseudo]
        self.unknown[name] = None
        return f"⟨{name}⟩"


def _short(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else text[:59] + "…"
