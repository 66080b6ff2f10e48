"""Runs the generators of the catalogue, with a caller that makes only the calls they declare."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from importlib import import_module
from typing import Any, cast

from vigie.aws.caller import RestrictedCaller
from vigie.aws.errors import CallFailed
from vigie.catalogue.hooks import Hook
from vigie.model.scope import Scope


class HookCaller:
    """What a hook is given (:class:`vigie.catalogue.hooks.RestrictedCall`)."""

    def __init__(self, caller: RestrictedCaller) -> None:
        self._caller = caller

    def __call__(self, operation: str, /, **parameters: Any) -> Mapping[str, Any]:
        """Raises CallFailed; UndeclaredCallError."""
        service, _, name = operation.partition(":")
        return self._caller.call(service, name, parameters)

    def unless(self, codes: Collection[str], operation: str, /, **parameters: Any) -> Mapping[str, Any] | None:
        """The answer, or None where AWS answers with one of these error codes."""
        try:
            return self(operation, **parameters)
        except CallFailed as failure:
            if failure.code in codes:
                return None
            raise

    def wait(self, seconds: float) -> None:
        """Raises CallFailed where the scope's deadline would pass."""
        self._caller.sleep(seconds)


def run_hook(function: str, caller: RestrictedCaller, scope: Scope) -> Iterator[Mapping[str, Any]]:
    """The resources that ``"package.module:function"`` yields."""
    module, _, name = function.partition(":")
    hook = cast(Hook, getattr(import_module(module), name))
    return hook(HookCaller(caller), scope)
