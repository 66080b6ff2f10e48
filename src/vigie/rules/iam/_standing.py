"""What the rules on power share: what they look up, and how a path is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from vigie.access.power.paths import Path
from vigie.model.change import Revision
from vigie.model.finding import Severity
from vigie.rules.declare import CannotTell
from vigie.rules.power import HOLDERS, ORGANIZATION, PRINCIPAL_TYPES, TREE_TYPES, Power
from vigie.rules.weight import lower

FROM_IDENTITY_CENTER: Final = "/aws-reserved/sso.amazonaws.com/"
OF_SERVICES: Final = "/aws-service-role/"
ORGANIZATION_TYPES: Final = (ORGANIZATION, *TREE_TYPES)
HELD: Final = ("AWS::IAM::ManagedPolicy",)
"""What a principal names by its ARN, and its own power rests on."""
JOINED: Final = ("AWS::IAM::Group",)
"""What it names by a name that others may have too, so that a change concerns every user of the account."""
GRAPH: Final = (*PRINCIPAL_TYPES, "AWS::IAM::ManagedPolicy")
"""What any path may lead over."""
BESIDE: Final = (*HOLDERS, "AWS::IAM::InstanceProfile")


def path_of(revision: Revision) -> str:
    return str(revision.configuration.get("Path", "/"))


def weighed(severity: Severity, *, sure: bool) -> Severity:
    """Less where something has to hold that the caller does not choose."""
    return severity if sure else lower(severity)


def refuse_unread(power: Power) -> None:
    """Refuse to let nothing found be a pass.

    Raises:
        CannotTell: a part of the principal's policies could not be read.
    """
    if power.problems:
        raise CannotTell("; ".join(power.problems))


def path_evidence(path: Path) -> list[Mapping[str, Any]]:
    """Hop by hop: what is done, which statements allow it, and what has to hold."""
    return [
        {
            "from": hop.source,
            "to": hop.target,
            "method": hop.method.id,
            "how": hop.method.title,
            "by": hop.by,
            "actions": [step.action for step in hop.steps],
            "statements": hop.statements,
            "if": hop.conditions,
        }
        for hop in path.hops
    ]


def path_words(path: Path) -> str:
    """The path in one sentence."""
    steps = [f"{_how(hop.method.title, hop.by)} → {short(hop.target)}" for hop in path.hops]
    return "; then ".join(steps)


def short(arn: str) -> str:
    return arn.split(":", 5)[-1]


def _how(title: str, by: str) -> str:
    return f"{title} ({short(by)})" if by else title
