"""What is judged: one file a rule, its examples beside it. This module is the API for authors of rules.

``from vigie.rules import Estate, Revision, Severity, Violation, rule``
"""

from vigie.model.account import Relation
from vigie.model.change import Revision
from vigie.model.finding import Severity, Violation
from vigie.rules.declare import CannotTell, LookAgain, Rule, rule
from vigie.rules.estate import Estate

__all__ = ["CannotTell", "Estate", "LookAgain", "Relation", "Revision", "Rule", "Severity", "Violation", "rule"]
