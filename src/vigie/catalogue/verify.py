"""The static verifier: every declaration against botocore's models and IAM's access levels. No network."""

from __future__ import annotations

from collections.abc import Iterator

from vigie.catalogue.declaration import TypeDeclaration
from vigie.catalogue.defects import Defect
from vigie.catalogue.delivery import delivery_defects
from vigie.catalogue.loader import Catalogue
from vigie.catalogue.service_models import ServiceModels, installed
from vigie.catalogue.verify_calls import call_defects
from vigie.catalogue.verify_events import event_defects
from vigie.catalogue.verify_resource import resource_defects
from vigie.catalogue.verify_treatment import treatment_defects

__all__ = ["Defect", "verify"]


def verify(catalogue: Catalogue, models: ServiceModels | None = None) -> list[Defect]:
    """What is wrong with the declarations; nothing = ``[]``. Takes about a second for all."""
    models = models or installed()
    found = [defect for declared in catalogue.types.values() for defect in _of(declared, catalogue, models)]
    return [*found, *delivery_defects(models)]


def _of(declared: TypeDeclaration, catalogue: Catalogue, models: ServiceModels) -> Iterator[Defect]:
    calls = list(call_defects(declared, models))
    yield from calls
    if any(defect.check == "operation" for defect in calls):
        return  # of what does not exist nothing further can be said
    built = resource_defects(declared, catalogue, models)
    yield from built.defects
    yield from treatment_defects(declared, built.resource)
    yield from event_defects(declared, models)
