"""Settings of channels: ``[channels.<name>]`` tables, read strictly."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from vigie.model.errors import SettingsError
from vigie.notify.secrets import Secret, parse_secret

_ADDRESS = re.compile(r"[^\s<>@,;:\"()\[\]\\]+@[^\s<>@,;:\"()\[\]\\]+")
_NAMED = re.compile(r"[^<>\x00-\x1f\x7f\"]*<([^<>]+)>")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_USERINFO = re.compile(r"//[^/@]*@")
_RESERVED = re.compile(r"(?i)webhook-.*|content-(type|length)|host|transfer-encoding|connection")


def _mail_address(value: str) -> str:
    named = _NAMED.fullmatch(value)
    if not _ADDRESS.fullmatch(named[1] if named else value):
        raise ValueError(f"{value!r} is not a mail address")
    return value


def _header_name(value: str) -> str:
    if not _HEADER.fullmatch(value) or _RESERVED.fullmatch(value):
        raise ValueError(f"the header {value!r} cannot be set")
    return value


SecretText = Annotated[Secret, BeforeValidator(parse_secret)]
MailAddress = Annotated[str, AfterValidator(_mail_address)]
HeaderName = Annotated[str, AfterValidator(_header_name)]
Timeout = Annotated[float, Field(gt=0, le=120)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, hide_input_in_errors=True)


class SmtpSettings(_Table):
    """Mail."""

    kind: Literal["smtp"]
    host: str = Field(min_length=1, description="The mail server.")
    port: int | None = Field(None, ge=1, le=65_535, description="Its port; without one 587, 465 (tls) or 25 (none).")
    security: Literal["starttls", "tls", "none"] = Field("starttls", description="How the connection is encrypted.")
    username: str | None = Field(None, description="Who logs in; without one, nobody.")
    password: SecretText | None = Field(None, description="The password.")
    sender: MailAddress = Field(description="From whom the mails are.")
    to: tuple[MailAddress, ...] = Field(min_length=1, description="To whom they go.")
    hide_recipients: bool = Field(False, description="Do not show recipients to one another.")
    ca_file: Path | None = Field(None, description="Certificates to trust instead of the system's.")
    timeout: Timeout = Field(20, description="Seconds that one step may take.")

    @model_validator(mode="after")
    def _login(self) -> SmtpSettings:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password go together")
        if self.username is not None and self.security == "none":
            raise ValueError('a password is not sent in the clear: use security = "starttls" or "tls"')
        return self


class _HttpTable(_Table):
    timeout: Timeout = Field(10, description="Seconds that one step may take.")
    allow_private: bool = Field(False, description="Allow addresses of private networks and of this machine.")
    ca_file: Path | None = Field(None, description="Certificates to trust instead of the usual ones.")
    proxy: str | None = Field(None, pattern=r"^https?://", description="A proxy to go through.")


class SlackSettings(_HttpTable):
    """Slack, by an incoming webhook or by a bot."""

    kind: Literal["slack"]
    webhook_url: SecretText | None = Field(None, description="Address of an incoming webhook.")
    token: SecretText | None = Field(None, description="Token of a bot (xoxb-…) with chat:write.")
    channel: str | None = Field(None, description="With a token: the id of the channel (C0123456789).")
    threads: bool = Field(True, description="With a token: what follows on the same resource goes into a thread.")
    api_url: str = Field("https://slack.com/api", pattern=r"^https?://", description="Where Slack's API is.")

    @model_validator(mode="after")
    def _one_way(self) -> SlackSettings:
        if (self.webhook_url is None) == (self.token is None):
            raise ValueError("give either webhook_url, or token and channel")
        if (self.token is None) != (self.channel is None):
            raise ValueError("token and channel go together")
        return self


class WebhookSettings(_HttpTable):
    """Any HTTP endpoint. The body is documented in docs/reference/webhook.md."""

    kind: Literal["webhook"]
    url: SecretText = Field(description="Where to POST to.")
    secret: SecretText | None = Field(None, description="Signs what is sent; whsec_… or any text.")
    headers: dict[HeaderName, SecretText] = Field({}, description="Further headers, such as Authorization.")


class AppriseSettings(_Table):
    """What Apprise reaches."""

    kind: Literal["apprise"]
    urls: tuple[SecretText, ...] = Field(min_length=1, description="Addresses in Apprise's form.")
    schemes: tuple[str, ...] = Field((), description="Schemes to allow besides those allowed by default.")
    allow_private: bool = Field(False, description="Allow addresses of private networks and of this machine.")


class ConsoleSettings(_Table):
    """The terminal that vigie runs in."""

    kind: Literal["console"]


class FileSettings(_Table):
    """A file: one JSON document a line, or text for people."""

    kind: Literal["file"]
    path: Path = Field(description="The file; it is appended to.")
    format: Literal["json", "text"] = Field("json", description="One JSON document a line, or text for people.")


ChannelSettings = SmtpSettings | SlackSettings | WebhookSettings | AppriseSettings | ConsoleSettings | FileSettings

KINDS: Mapping[str, type[_Table]] = {
    "smtp": SmtpSettings,
    "slack": SlackSettings,
    "webhook": WebhookSettings,
    "apprise": AppriseSettings,
    "console": ConsoleSettings,
    "file": FileSettings,
}


def parse_channels(tables: Mapping[str, Mapping[str, Any]]) -> dict[str, ChannelSettings]:
    """Channels as they stand in the settings, by name.

    Raises:
        SettingsError: an unknown kind or key, a wrong value: one sentence, without any secret in it.
    """
    return {name: _channel(name, table) for name, table in tables.items()}


def without_secrets(table: Mapping[str, Any]) -> dict[str, Any]:
    """A channel's table, to be shown: what may be a secret is "…"; where a secret is kept is shown.

    Of a kind or key that does not exist nothing is shown: it may be a misspelt secret.
    """
    fields = getattr(KINDS.get(str(table.get("kind"))), "model_fields", {})

    def shown(key: str, value: Any) -> Any:
        if key == "kind":
            return value
        if key not in fields or Secret.__name__ in str(fields[key].annotation):
            return _hidden(value)
        return str(value) if isinstance(value, Path) else _USERINFO.sub("//…@", value) if key == "proxy" else value

    return {key: shown(key, value) for key, value in table.items()}


def _hidden(value: Any) -> Any:
    if isinstance(value, Mapping):
        where = len(value) == 1 and next(iter(value)) in ("env", "file")
        return dict(value) if where else {key: _hidden(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden(part) for part in value]
    return "…"


def _channel(name: str, table: Mapping[str, Any]) -> Any:
    place = f'Channel "{name}"'
    if not name.strip() or len(name) > 100 or not name.isprintable():
        raise SettingsError("The name of a channel must be text of at most 100 characters.")
    if not isinstance(table, Mapping):
        raise SettingsError(f"{place}: write it as a table, [channels.{name}].")
    kind = table.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        said = f"there is no kind {kind!r}" if kind is not None else "`kind` is missing"
        raise SettingsError(f"{place}: {said}: use one of {', '.join(KINDS)}.")
    try:
        return KINDS[kind].model_validate(dict(table))
    except ValidationError as error:
        raise SettingsError(f"{place}: {_sentence(error, KINDS[kind])}.") from None


def _sentence(error: ValidationError, model: type[_Table]) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        near = difflib.get_close_matches(key, model.model_fields, 1)
        return f'there is no setting "{key}"' + (f': did you mean "{near[0]}"?' if near else "").rstrip("?")
    if first["type"] == "missing":
        return f"`{key}` is missing"
    said = first["msg"].removeprefix("Value error, ")
    said = said[0].lower() + said[1:]
    return f"`{key}`: {said}" if key else said
