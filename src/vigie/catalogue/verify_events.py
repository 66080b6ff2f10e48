"""Checks of event patterns: each matches an event that exists."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from vigie.catalogue.declaration import TypeDeclaration
from vigie.catalogue.defects import Defect
from vigie.catalogue.events import OTHER_APIS, RENAMED
from vigie.catalogue.service_models import ServiceModels


def event_defects(declared: TypeDeclaration, models: ServiceModels) -> Iterator[Defect]:
    """Patterns that match no operation, and patterns that match reads."""
    names = _event_names(declared.service, models)
    for pattern in declared.events:
        if not any(fnmatchcase(name, pattern) for name in names):
            yield Defect(declared.type, "events", "events", f"{pattern!r} matches no operation of {declared.service}")


def _event_names(service: str, models: ServiceModels) -> list[str]:
    found: list[str] = []
    for api in (service, *OTHER_APIS.get(service, ())):
        model = models.service(api)
        renamed = RENAMED.get(api, {})
        found += [renamed.get(name, name) for name in model.operation_names] if model else []
    return found
