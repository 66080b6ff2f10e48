"""The API keeps to its own description, whatever is sent (schemathesis), and never fails of itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from vigie.history.users import Permission, Role

pytestmark = pytest.mark.slow


@pytest.fixture
def described(app: FastAPI, token: Callable[..., str]) -> Any:
    bearer = token(Role.ADMIN, *Permission)
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app)
    schema.config.update(headers={"Authorization": f"Bearer {bearer}"})
    return schema


def test_every_answer_is_as_described(described: Any) -> None:
    operations = [found.ok() for found in described.get_all_operations()]
    assert len(operations) > 25
    for operation in operations:
        _send_everything(operation)


def _send_everything(operation: Any) -> None:
    """What fits the description, and what does not; every answer must be one that is described."""

    @given(
        known=st.none() | st.integers(1, 10),
        case=operation.as_strategy() | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
    )
    @settings(
        max_examples=10,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def send(case: Any, known: int | None) -> None:
        if known is not None and "pk" in (case.path_parameters or {}):
            case.path_parameters["pk"] = known
        # a cursor, or two revisions, may be well-formed and still name nothing: 422 and 404 are then right answers
        case.call_and_validate(excluded_checks=[positive_data_acceptance])

    send()


def test_the_description_says_who_may_what(app: FastAPI) -> None:
    document = app.openapi()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if path in ("/healthz", "/readyz"):
                assert "security" not in operation
                continue
            assert {"token": []} in operation["security"] and {"session": []} in operation["security"], (method, path)
            assert operation["summary"] and {"401", "403", "422"} <= set(operation["responses"]), (method, path)
