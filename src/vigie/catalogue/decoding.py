"""Documents inside texts: policies above all."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any
from urllib.parse import unquote

from vigie.catalogue.declaration import Decode


def decoded(value: Any, how: Decode) -> Any:
    """The document that a text holds.

    What is not a text (botocore parses IAM's documents itself) and what does not parse stays as it is: a policy that is
    not JSON is a fact to be judged, not an error (faults.md F35).
    """
    if not isinstance(value, str):
        return value
    if how is Decode.JSON:
        return _json(value)
    try:
        text = base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return value
    return _json(text) if how is Decode.BASE64_JSON else text


def _json(text: str) -> Any:
    # API Gateway gives the policy of an API as the inside of a JSON string: every quote with its backslash
    for candidate in (text, unquote(text), text.replace('\\"', '"')):
        try:
            return json.loads(candidate)
        except (json.JSONDecodeError, RecursionError):
            continue
    return text
