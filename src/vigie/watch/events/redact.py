"""Secrets are taken out of a record before anything else looks at it.

CloudTrail hides most of them itself (``HIDDEN_DUE_TO_SECURITY_REASONS``); what it records all the same are session
tokens in the answers of AssumeRole, presigned URLs, user data, passwords in the parameters of newer services.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson

from vigie.watch.events.texts import UnreadableError, parsed

REDACTED: Final = "[redacted]"
HIDDEN: Final = "HIDDEN_DUE_TO_SECURITY_REASONS"
"""What CloudTrail writes in place of a secret: stays, as it says something."""
TOO_DEEP: Final = "[nested too deeply]"
DEEPEST: Final = 60

_SECRET: Final = frozenset(
    """secret secretaccesskey secretkey secretstring secretbinary secretvalue secrethash clientsecret appsecret
    samlassertion samlresponse assertion authorization proxyauthorization cookie setcookie userdata plaintext
    privatekey privatekeyplaintext keymaterial encryptedkeymaterial importtokenkeymaterial passphrase
    certificateprivatekey pin mfacode authenticationcode authenticationcode1 authenticationcode2 tokencode totpcode
    usercode devicecode confirmationcode verificationcode authcode authorizationcode softwaretokenmfacode
    bootstrapactionscript connectionpassword apikeyvalue awssecretaccesskey signature xamzsignature xamzcredential
    xamzsecuritytoken presignedurl signedurl federationtoken base32stringseed qrcodepng
    servicepassword servicecredentialsecret oauthtoken oauthtokensecret credentialsecret sharedsecret
    presharedkey tunnel1presharedkey tunnel2presharedkey authkey bgpauthkey radiussharedsecret
    tokenvalue""".lower().split()
)
"""Members that hold a secret, without case, ``-`` and ``_``."""
_TOKENS_THAT_ARE_NONE: Final = frozenset(
    {
        *("nexttoken", "nextpagetoken", "nextforwardtoken", "nextbackwardtoken", "nextcontinuationtoken", "marker"),
        *("continuationtoken", "paginationtoken", "pagetoken", "starttoken", "changetoken", "locktoken"),
        *("clienttoken", "clientrequesttoken", "requesttoken", "idempotencytoken", "clientidempotencytoken"),
    }
)
"""Tokens of pages, of repeats and of versions."""
_NO_PASSWORD: Final = frozenset({"passwordlastused", "passwordlastchanged", "passwordpolicy", "getpassworddata"})
_VARIABLES: Final = frozenset({"environment", "environmentvariables", "variables", "envvars", "environmentoverrides"})
_KEPT_IN_VARIABLES: Final = frozenset({"name", "type", "image", "computetype", "imagepullcredentialstype"})

_QUERY: Final = re.compile(
    r"(?i)\b((?:x-amz-)?(?:signature|credential|security-token)|sig|awsaccesskeyid|signintoken|access_token|id_token"
    r"|token|code|password|secret)=[^&\s\"'<>]+"
)
_USERINFO: Final = re.compile(r"(?i)\b([a-z][a-z0-9+.-]{0,20}://[^\s/:@\"']{0,200}):[^\s@\"']{1,1000}@")
_ASSIGNED: Final = re.compile(
    r"(?i)\b(\w*(?:password|passwd|passphrase|secret_?access_?key|secret_?key|client_?secret|private_?key"
    r"|(?:session|security|access|auth|refresh|id|bearer|api)_?token))"
    r"(\\?[\"']?\s*[:=]\s*\\?[\"']?)(?!\s|\\?[\"'])[^\s\"',&;\\}]+"
)
_HEADER: Final = re.compile(r"(?i)\b(bearer|basic|aws4-hmac-sha256)\s+[\w+/=.~:, -]{8,}")
_PEM: Final = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
_JWT: Final = re.compile(r"\beyJ[\w-]{6,4096}\.eyJ[\w-]{6,4096}\.[\w-]*")
_SUSPICIOUS: Final = re.compile(
    r"(?i)=|://|passw|secret|token|bearer|basic|hmac|private.?key|passphrase|eyJ|\x00|[\ud800-\udfff]"
)
_IGNORED: Final = str.maketrans("", "", "-_. ")
_PLAIN_KEYS: dict[str, str] = {}


def redacted(record: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the record without secrets: JSON that can be stored (texts without surrogates and zero bytes)."""
    source = record.get("eventSource")
    own = _own_secrets(source, record.get("eventName"))
    return {_text(str(key)): _value(key, value, 1, own) for key, value in record.items()}


def _own_secrets(source: Any, name: Any) -> frozenset[str]:
    """What is a secret in one service only."""
    if source == "ssm.amazonaws.com" and isinstance(name, str) and "Parameter" in name:
        return frozenset({"value"})
    if source == "elasticache.amazonaws.com" or source == "rds.amazonaws.com":
        return frozenset({"authtoken", "masteruserpassword"})
    return frozenset()


def _value(key: Any, value: Any, depth: int, own: frozenset[str]) -> Any:
    plain = _plain(key)
    if isinstance(value, str):
        if _is_secret(plain, own) and value not in (HIDDEN, ""):
            return REDACTED
        return _text(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return REDACTED if plain in _SECRET else _number(value)
    if depth > DEEPEST:
        return TOO_DEEP
    if plain in _SECRET or (isinstance(value, Mapping) and _is_token(plain)):
        return _emptied(value, depth)
    if plain in _VARIABLES:
        return _without_values(value, depth, own)
    if isinstance(value, Mapping):
        return {_text(str(k)): _value(k, v, depth + 1, own) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_value(key, each, depth + 1, own) for each in value]
    return _text(str(value))


def _number(value: int | float) -> Any:
    """JSON has no number that is none, and readers of it none beyond 64 bits."""
    if not isinstance(value, int):
        return value if math.isfinite(value) else str(value)
    return value if -(2**63) <= value < 2**63 else f"{value:#x}"


def _emptied(value: Any, depth: int) -> Any:
    """Of a member that is a secret, all that it holds."""
    if depth > DEEPEST:
        return TOO_DEEP
    if isinstance(value, Mapping):
        return {_text(str(key)): _emptied(each, depth + 1) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_emptied(each, depth + 1) for each in value]
    return value if value is None or isinstance(value, bool) or value in (HIDDEN, "") else REDACTED


def _without_values(value: Any, depth: int, own: frozenset[str]) -> Any:
    """Of environment variables, their names: pairs of name and value, or a map."""
    if depth > DEEPEST:
        return TOO_DEEP
    if isinstance(value, list | tuple):
        return [_without_values(each, depth + 1, own) for each in value]
    if not isinstance(value, Mapping):
        return REDACTED if isinstance(value, str) and value not in (HIDDEN, "") else value
    kept: dict[str, Any] = {}
    for key, each in value.items():
        plain = _plain(key)
        if plain in _KEPT_IN_VARIABLES and isinstance(each, str):
            kept[_text(str(key))] = _text(each)
        else:
            kept[_text(str(key))] = _without_values(each, depth + 1, own)
    return kept


def _plain(key: Any) -> str:
    if not isinstance(key, str):
        return str(key)
    found = _PLAIN_KEYS.get(key)
    if found is None:
        found = key.lower().translate(_IGNORED)
        if len(_PLAIN_KEYS) < 50_000:
            _PLAIN_KEYS[key] = found
    return found


def _is_secret(plain: str, own: frozenset[str]) -> bool:
    if plain in _SECRET or plain in own:
        return True
    if _is_token(plain):
        return True
    return "password" in plain and plain not in _NO_PASSWORD


def _is_token(plain: str) -> bool:
    return plain.endswith(("token", "tokens")) and plain not in _TOKENS_THAT_ARE_NONE


def _text(text: str) -> str:
    """A text without the secrets that are written inside it."""
    if _SUSPICIOUS.search(text) is None:
        return text
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\x00", "\ufffd")
    if text[:1] in ("{", "[") and len(text) < 1_000_000:
        inside = _inside(text)
        if inside is not None:
            return inside
    for pattern, put in _REPLACED:
        text = pattern.sub(put, text)
    return text


def _inside(text: str) -> str | None:
    """A text that is JSON, redacted as such; None where it is none. As it stands where it holds no secret."""
    try:
        value = parsed(text)
    except UnreadableError:
        return None
    cleaned = _value("", value, 1, frozenset())
    if cleaned == value:
        return text
    try:
        return orjson.dumps(cleaned).decode()
    except (TypeError, ValueError):
        return REDACTED


_Put = str | Callable[[re.Match[str]], str]
_REPLACED: Final[tuple[tuple[re.Pattern[str], _Put], ...]] = (
    (_PEM, REDACTED),
    (_JWT, REDACTED),
    (_HEADER, lambda m: f"{m[1]} {REDACTED}"),
    (_USERINFO, lambda m: f"{m[1]}:{REDACTED}@"),
    (_QUERY, lambda m: f"{m[1]}={REDACTED}"),
    (_ASSIGNED, lambda m: f"{m[1]}{m[2]}{REDACTED}"),
)
