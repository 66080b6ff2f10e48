"""What AWS can list and the catalogue does not hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from botocore.model import OperationModel, StructureShape

from vigie.catalogue.loader import Catalogue
from vigie.catalogue.reading_only import gives_away, only_reads
from vigie.catalogue.scaffold import list_members
from vigie.catalogue.service_models import ServiceModels, installed

_LISTING: Final = ("List", "Describe")


@dataclass(frozen=True, slots=True)
class Gap:
    """An operation that lists something without being told of what, and that no declaration calls."""

    service: str
    operation: str
    items: str
    """The member of the answer that holds the list."""

    def __str__(self) -> str:
        return f"{self.service}:{self.operation} ({self.items})"


def gaps(catalogue: Catalogue, models: ServiceModels | None = None) -> list[Gap]:
    """Every such operation of the installed botocore, by service and name. Loads all models: some ten seconds."""
    models = models or installed()
    declared = catalogue.operations()
    return [
        gap
        for service in models.names()
        for gap in _of_service(service, models)
        if (gap.service, gap.operation) not in declared
    ]


def _of_service(service: str, models: ServiceModels) -> list[Gap]:
    model = models.service(service)
    if model is None:
        return []
    found = []
    for name in model.operation_names:
        if not name.startswith(_LISTING) or only_reads(service, name) or gives_away(service, name):
            continue
        operation = model.operation_model(name)
        lists = list_members(operation)
        if lists and not _asks_for_something(operation):
            found.append(Gap(service, name, lists[0][0]))
    return found


def _asks_for_something(operation: OperationModel) -> bool:
    asked = operation.input_shape
    return isinstance(asked, StructureShape) and bool(asked.required_members)
