"""How the API answers."""

from __future__ import annotations

import json
from typing import Any, Final

from starlette.responses import JSONResponse

from vigie.web.api.schemas import Error


class Json(JSONResponse):
    """JSON in ASCII: whatever a configuration holds can be sent, lone surrogates too."""

    def render(self, content: Any) -> bytes:
        return json.dumps(content, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii")


def _may(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": Error, "description": _DESCRIPTIONS[status]} for status in statuses}


_DESCRIPTIONS: Final = {
    400: "The body cannot be read at all: it is not JSON in UTF-8.",
    401: "Nobody, or nobody known: log in, or send an API token.",
    403: "Not permitted, or not from a page of vigie.",
    404: "There is no such thing.",
    409: "It cannot be done as things stand.",
    422: "The request is not valid.",
    503: "The store cannot be reached.",
}
ALWAYS: Final = _may(401, 403, 422, 503)
OR_UNREADABLE: Final = _may(400)
OR_MISSING: Final = _may(404)
OR_CONFLICT: Final = _may(409)
