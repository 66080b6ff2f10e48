"""What of the internet gets in: to one resource, or to all that are recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from vigie.app.parts import Parts

if TYPE_CHECKING:
    from vigie.access.reach import Question, Reach
    from vigie.model.change import Revision
    from vigie.model.queries import ResourceFilter
    from vigie.model.resource import Resource
    from vigie.rules.estate import Estate


class Reaching(Parts):
    """Questions to the recorded network."""

    def estate(self) -> Estate:
        """The estate as it is recorded now."""
        from vigie.audit.estate import HistoryInventory, make_estate

        return make_estate(self.history, self.estate_settings, HistoryInventory(self.history), self._clock())

    def reach(self, resource: Resource, asked: Question) -> tuple[Revision, Reach]:
        """What of the packets that are asked about gets in to a recorded resource.

        Raises:
            UsageError: packets do not come to what is of this type, or it is gone.
        """
        from vigie.access.reach import REACHED_TYPES, reach
        from vigie.model.errors import UsageError

        if resource.type not in REACHED_TYPES:
            known = ", ".join(type_.split("::", 1)[1] for type_ in REACHED_TYPES)
            raise UsageError(f"Packets do not come to {resource}: ask about one of {known}.")
        revision = self.history.archive.latest(resource.pk) if resource.pk is not None else None
        if revision is None or not resource.present:
            raise UsageError(f"{resource} is gone: only what is there now can be reached.")
        return revision, reach(revision, self.estate().network, asked)

    def reachable(self, wanted: ResourceFilter, asked: Question) -> Iterator[tuple[Revision, Reach]]:
        """Every recorded resource to which something of what is asked about gets in, or may: each told once.

        The interfaces of instances and balancers are told as those.
        """
        from vigie.access.reach import REACHED_TYPES, reach
        from vigie.access.reach.faces import belongs_to_another

        network = self.estate().network
        for type_ in REACHED_TYPES:
            if wanted.type in (None, type_):
                for revision in network.recorded.resources(type_, wanted.account, wanted.region):
                    if wanted.type is None and belongs_to_another(revision, network):
                        continue
                    found = reach(revision, network, asked)
                    if found.reachable is not False:
                        yield revision, found
