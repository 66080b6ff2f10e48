"""AWS's service models, as the installed botocore brings them. No network."""

from __future__ import annotations

from functools import cache

from botocore.exceptions import DataNotFoundError, UnknownServiceError
from botocore.loaders import Loader
from botocore.model import OperationModel, OperationNotFoundError, ServiceModel

from vigie.aws.paging import PageTokens, tokens_of


class ServiceModels:
    """Looks up services, operations and how operations are paged; loads each model once."""

    def __init__(self, loader: Loader | None = None) -> None:
        self.loader = loader or Loader()
        self._services: dict[str, ServiceModel | None] = {}

    def service(self, name: str) -> ServiceModel | None:
        if name not in self._services:
            self._services[name] = self._loaded(name)
        return self._services[name]

    def _loaded(self, name: str) -> ServiceModel | None:
        try:
            return ServiceModel(self.loader.load_service_model(name, "service-2"), name)
        except (UnknownServiceError, DataNotFoundError):
            return None

    def operation(self, service: str, operation: str) -> OperationModel | None:
        model = self.service(service)
        if model is None:
            return None
        try:
            return model.operation_model(operation)
        except OperationNotFoundError:
            return None

    def pages(self, service: str, operation: str) -> PageTokens | None:
        """How further pages are asked for; None where there is but one (or no such operation)."""
        model = self.operation(service, operation)
        return tokens_of(self.loader, model) if model else None

    def names(self) -> list[str]:
        """Every service that botocore knows."""
        names: list[str] = self.loader.list_available_services("service-2")
        return names


@cache
def installed() -> ServiceModels:
    """Those of the installed botocore, loaded once per process."""
    return ServiceModels()


def pagination(service: str, operation: str) -> PageTokens | None:
    """How further pages of an operation are asked for: botocore's paginator definition, or the tokens it has."""
    return installed().pages(service, operation)
