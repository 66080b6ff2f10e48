"""Refusals and failures: one JSON body for programs, one page for people."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from vigie.model.documents import error_document
from vigie.model.errors import StoreError, UsageError, VigieError

_CODES: Final = {
    400: "bad_request",
    401: "not_logged_in",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid_request",
    429: "too_many_tries",
    503: "unavailable",
}
_SENTENCES: Final = {
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
    422: "The request is not valid: see detail.",
    500: "Something went wrong in vigie itself: its log says what.",
}


class Refusal(Exception):  # noqa: N818 - an answer
    """A request that is answered with an error: status, code and one sentence."""

    def __init__(self, status: int, message: str, code: str | None = None, detail: Any = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code or _CODES.get(status, "error")
        self.message = message
        self.detail = detail


def not_found(what: str) -> Refusal:
    return Refusal(404, f"There is no such {what}.")


class LoginFirst(Exception):  # noqa: N818 - an answer
    """A page that needs a person: they are sent to ``where`` and back."""

    def __init__(self, where: str) -> None:
        super().__init__(where)
        self.where = where


def answer_errors(app: FastAPI) -> None:
    """Have every error of the application answered in our own form."""
    app.add_exception_handler(Refusal, _refusal)
    app.add_exception_handler(LoginFirst, _login_first)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(VigieError, _vigie)
    app.add_exception_handler(Exception, _internal)


def _answer(
    request: Request,
    status: int,
    code: str,
    message: str,
    detail: Any = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    if _is_for_programs(request):
        return JSONResponse(error_document(code, message, detail), status, headers)
    from vigie.web.ui.rendering import error_page  # the pages stand on this module

    return error_page(request, status, HTTPStatus(status).phrase, message, detail, headers)


def _is_for_programs(request: Request) -> bool:
    return request.url.path.startswith(("/api/", "/healthz", "/readyz"))


async def _refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)  # noqa: S101 - registered for this type only
    headers = {"www-authenticate": "Bearer"} if error.status == 401 else None
    return _answer(request, error.status, error.code, error.message, error.detail, headers)


async def _login_first(_: Request, error: Exception) -> Response:
    assert isinstance(error, LoginFirst)  # noqa: S101
    return RedirectResponse(error.where, 303)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    status = error.status_code
    message = _SENTENCES.get(status, str(error.detail))
    return _answer(request, status, _CODES.get(status, "error"), message, headers=error.headers)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    # never the input itself: it may be a password, or a number that JSON has no form for
    detail = [
        {"where": ".".join(str(part) for part in found["loc"]), "message": found["msg"]} for found in error.errors()
    ]
    return _answer(request, 422, "invalid_request", _SENTENCES[422], detail)


async def _vigie(request: Request, error: Exception) -> Response:
    if isinstance(error, UsageError):
        return _answer(request, 422, "refused", str(error))
    if isinstance(error, StoreError):
        return _answer(request, 503, "store_unavailable", str(error))
    return _answer(request, 500, "failed", str(error))


async def _internal(request: Request, error: Exception) -> Response:
    log = structlog.get_logger("vigie.web")
    log.error("request_failed", method=request.method, path=request.url.path, error=repr(error))
    return _answer(request, 500, "internal", _SENTENCES[500])
