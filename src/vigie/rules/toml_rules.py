"""Rules without Python: the same fields in TOML, and ``when``, an expression of JMESPath (the language of the AWS
CLI).

    id = "queue-without-key"
    title = "SQS queue is not encrypted with a key of ours"
    description = "Queues hold orders; our policy wants our own key."
    applies_to = "AWS::SQS::Queue"
    severity = "medium"
    remedy = "Set KmsMasterKeyId."
    when = "Attributes.KmsMasterKeyId == null"

    [[violates]]
    name = "no key"

    [[passes]]
    name = "our key"
    configuration.Attributes.KmsMasterKeyId = "alias/ours"

``when`` is evaluated on the configuration; a true value is a violation. With ``each`` (an expression that gives a
list), ``when`` is
evaluated on every element, and ``subject`` (an expression on the element) tells them apart. ``message`` says what
is wrong (default: the title).
What could not be read is *unknown*, as for other rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jmespath

from vigie.model.change import Revision
from vigie.model.errors import RuleError
from vigie.model.finding import Severity, Violation
from vigie.rules.declare import Rule
from vigie.rules.estate import Estate
from vigie.rules.samples import read_toml

REQUIRED = ("id", "title", "applies_to", "severity", "remedy", "when")
OPTIONAL = ("description", "message", "each", "subject", "references", "not_reported")
EXAMPLES = ("violates", "passes", "unknown")


@dataclass(frozen=True)
class Expression:
    """The judgement of a rule without Python."""

    when: Any
    message: str
    each: Any = None
    subject: Any = None

    def __call__(self, revision: Revision, estate: Estate) -> Iterator[Violation]:
        if self.each is None:
            if _true(self.when.search(revision.configuration)):
                yield Violation(self.message, self._subject_of(revision.configuration))
            return
        for element in self.each.search(revision.configuration) or ():
            if _true(self.when.search(element)):
                yield Violation(self.message, self._subject_of(element), evidence=element)

    def _subject_of(self, value: Any) -> str:
        if self.subject is None:
            return ""
        subject = self.subject.search(value)
        return "" if subject is None else str(subject)


def _true(value: Any) -> bool:
    """JMESPath's truth: false, null and what is empty are false; every number is true."""
    return value is not None and value is not False and value not in ("", [], {})


def is_rule_document(file: Path) -> bool:
    """Whether a TOML file means to declare a rule (rather than be the examples of one)."""
    document = read_toml(file)
    return "when" in document or "id" in document


def read_toml_rule(file: Path) -> Rule:
    """The rule that a TOML file declares.

    Raises:
        RuleError: it cannot be read, a field lacks or is unknown, or an expression is wrong.
    """
    document = read_toml(file)
    for name in REQUIRED:
        if not document.get(name):
            raise RuleError(f"the rule lacks {name}.")
    unknown = set(document) - {*REQUIRED, *OPTIONAL, *EXAMPLES}
    if unknown:
        raise RuleError(f"the rule has an unknown key {min(unknown)}; known are {', '.join((*REQUIRED, *OPTIONAL))}.")
    types = document["applies_to"]
    judgement = Expression(
        when=_compiled(document, "when"),
        message=document.get("message", document["title"]),
        each=_compiled(document, "each"),
        subject=_compiled(document, "subject"),
    )
    return Rule(
        id=document["id"],
        title=document["title"],
        applies_to=(types,) if isinstance(types, str) else tuple(types),
        severity=_severity(document["severity"]),
        remedy=document["remedy"],
        judge=judgement,
        description=document.get("description", document["title"]),
        references=tuple(document.get("references", ())),
        not_reported=document.get("not_reported", ""),
        source=file,
    )


def _compiled(document: dict[str, Any], name: str) -> Any:
    if name not in document:
        return None
    try:
        return jmespath.compile(document[name])
    except (jmespath.exceptions.JMESPathError, TypeError) as error:
        text = " ".join(str(error).split())
        raise RuleError(f"{name} is not a JMESPath expression: {text}") from error


def _severity(value: Any) -> Severity:
    try:
        return Severity(value)
    except ValueError as error:
        raise RuleError(f"severity must be one of {', '.join(Severity)}, not {value}.") from error
