"""What access rules share: making violations of the grants of the access analysis, and refusing to pass on doubt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from vigie.access import Access, Grant
from vigie.access.mechanisms import LISTED, MECHANISMS
from vigie.access.weighing import Weight, weight_of
from vigie.model.change import Revision
from vigie.model.finding import Severity, Violation
from vigie.rules.declare import CannotTell
from vigie.rules.estate import Estate
from vigie.rules.weight import lower

_NO_ACCOUNTS: Final = ("AWS::ApiGatewayV2::Api", "AWS::Cognito::IdentityPool")
"""They are open or closed, and cannot name an account."""
SHARED_TYPES: Final = tuple(type_ for type_ in MECHANISMS if type_ not in _NO_ACCOUNTS)
"""Types that can be shared with the outside by a policy, a list or an attribute of their own."""
POLICY_TYPES: Final = tuple(type_ for type_ in SHARED_TYPES if type_ not in LISTED)
"""Of these, those whose policy (or grants) can name a part of an account, a service or a network."""

SHOWN_ACTIONS: Final = 4


def actions(grant: Grant) -> str:
    """The actions of a grant for people: the first few, and how many more."""
    named = list(grant.actions[:SHOWN_ACTIONS])
    more = len(grant.actions) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "") if named else "use it"


def conditions(grant: Grant) -> str:
    """What still has to hold, for people; empty where nothing has to."""
    return f" (if {' and '.join(grant.conditions)})" if grant.conditions else ""


def public(revision: Revision, estate: Estate) -> Iterator[Violation]:
    """One violation for each way in which anyone at all may use the resource.

    Raises:
        CannotTell: after the violations, where something could not be read or decided: no violation is not a pass then.
    """
    access = estate.access(revision)
    for grant in access.public():
        yield Violation(f"Anyone may {actions(grant)}{conditions(grant)}", grant.subject, grant)
    refuse_doubt(access)


_READING: Final = ("get", "describe", "batchget", "batchcheck", "head", "read", "select", "query", "scan", "search")
_LISTING: Final = ("list",)


def weight(grant: Grant) -> Severity:
    """How bad it is that anyone may do this: changing and using weigh critical, reading high, listing medium.

    Told by the verbs of the actions; a pattern that holds more than one verb changes something.
    """
    verbs = [action.partition(":")[2].lower() or action.lower() for action in grant.actions]
    if verbs and all(verb.startswith(_LISTING) for verb in verbs):
        return Severity.MEDIUM
    if verbs and all(verb.startswith((*_LISTING, *_READING)) for verb in verbs):
        return Severity.HIGH
    return Severity.CRITICAL


def shared(grants: Iterable[Grant], by: str, severity: Severity | None = None) -> Iterator[Violation]:
    """One violation for each grant: ``by`` says who it is in general ("Unknown account")."""
    for grant in grants:
        message = f"{by} {grant.who} may {actions(grant)}{conditions(grant)}"
        yield Violation(message, grant.subject, grant, severity)


def weighed(grants: Iterable[Grant], by: str, severity: Severity) -> Iterator[Violation]:
    """The same by what can be done: one step less where the grant only lists, which tells names and no content."""
    for grant in grants:
        only_lists = weight_of(grant.actions) is Weight.LIST
        yield from shared([grant], by, lower(severity) if only_lists else severity)


def refuse_doubt(access: Access) -> None:
    """Refuse to let the absence of violations be a pass.

    Raises:
        CannotTell: the access analysis could not read or decide something.
    """
    if access.problems:
        raise CannotTell("; ".join(access.problems))
