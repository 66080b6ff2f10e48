"""Understanding policy documents and network reachability: who outside can reach it. Pure, standard library only.

Usable on its own: ``judge(type, configuration, account=…, facts=…)``.
"""

from vigie.access.mechanisms import judge
from vigie.access.verdict import Access, Facts, Grant, GrantClass

__all__ = ["Access", "Facts", "Grant", "GrantClass", "judge"]
