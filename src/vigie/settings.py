"""One typed Settings, from a TOML file and ``VIGIE_*`` variables. An unknown key is an error.

Precedence, strongest first: command-line options, ``VIGIE_*`` variables, the TOML file, the defaults.
A nested key is written with two underscores in a variable: ``VIGIE_SWEEP__THREADS=8``. Lists in variables are
comma-separated.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from platformdirs import user_config_path, user_data_path
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails

from vigie.model.account import is_account
from vigie.model.change import ChangeKind
from vigie.model.durations import parse_duration
from vigie.model.errors import SettingsError

_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d")
_KMS_KEY = re.compile(r"arn:aws[a-z-]*:kms:[a-z]{2,4}(-[a-z]+)+-\d:\d{12}:key/[A-Za-z0-9-]+")
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+")


def _region(value: str) -> str:
    if not _REGION.fullmatch(value):
        raise ValueError(f"{value!r} is not an AWS region: write one like eu-west-1")
    return value


def _account(value: str) -> str:
    if not is_account(value):
        raise ValueError(f"{value!r} is not an AWS account id: write its 12 digits, in quotes")
    return value


def is_region(text: str) -> bool:
    """Whether it has the form of a region's name."""
    return _REGION.fullmatch(text) is not None


def _account_text(value: object) -> object:
    """A number loses its leading zeros in TOML, so only quoted ids are safe; one that has 12 digits lost none."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _role(value: str) -> str:
    if not _ROLE.fullmatch(value):
        raise ValueError(f"{value!r} is not the ARN of a role: write one like arn:aws:iam::111122223333:role/vigie")
    return value


def _duration(value: object) -> object:
    return parse_duration(value) if isinstance(value, str) else value


def _lasting(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("it must be longer than nothing")
    return value


def _network(value: str) -> str:
    try:
        return str(ipaddress.ip_network(value))
    except ValueError:
        raise ValueError(f"{value!r} is not a network: write one like 203.0.113.0/24 or 2001:db8::/32") from None


def _listen(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65_535:
        raise ValueError(f"{value!r} is not an address to listen on: write one like 127.0.0.1:8080")
    return value


def _queue_url(value: str) -> str:
    parts = urlsplit(value)
    path = parts.path.strip("/").split("/")
    if parts.scheme not in ("https", "http") or not parts.hostname or len(path) != 2 or not is_account(path[0]):
        raise ValueError(
            f"{value!r} is not the URL of a queue: write one like https://sqs.eu-west-1.amazonaws.com/111122223333/vigie"
        )
    return value


def _kms_key(value: str) -> str:
    if not _KMS_KEY.fullmatch(value):
        raise ValueError(
            f"{value!r} is not the ARN of a key in KMS (aliases are none: they can be moved to another key): "
            "write one like arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
        )
    return value


QueueUrl = Annotated[str, AfterValidator(_queue_url)]
RegionName = Annotated[str, AfterValidator(_region)]
AccountId = Annotated[str, BeforeValidator(_account_text), AfterValidator(_account)]
RoleArn = Annotated[str, AfterValidator(_role)]
KmsKeyArn = Annotated[str, AfterValidator(_kms_key)]
Duration = Annotated[timedelta, BeforeValidator(_duration), AfterValidator(_lasting)]
Cidr = Annotated[str, AfterValidator(_network)]
Address = Annotated[str, AfterValidator(_listen)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AccountSettings(_Table):
    """An account that is known. ``relation = "third-party"`` accounts are named, never watched."""

    id: AccountId = Field(description="Its 12 digits, in quotes.")
    name: str | None = Field(None, description="What people call it.")
    relation: Literal["own", "third-party"] = Field("own", description="What it is to us.")
    watched: bool = Field(True, description="Own accounts: whether vigie reads it.")
    role_arn: RoleArn | None = Field(None, description="Role to assume; without one, the ambient credentials are used.")
    external_id: str | None = Field(None, description="The role's external id.")
    regions: tuple[RegionName, ...] = Field((), description="Regions to watch in it; empty: those of `regions`.")
    reason: str | None = Field(None, description="Why a third party is trusted.")
    canonical_ids: tuple[str, ...] = Field((), description="S3 canonical user ids of the account.")


class NetworkSettings(_Table):
    """A network that is known to be ours, or trusted."""

    name: str = Field(description="What people call it.")
    cidr: Cidr = Field(description="203.0.113.0/24, or 2001:db8::/32.")


class SweepSettings(_Table):
    """How AWS is read."""

    every: Duration = Field(timedelta(hours=1), description="How often each scope is swept by `vigie up`.")
    threads: int = Field(24, ge=1, le=256, description="Calls under way at once in one process.")
    processes: int = Field(1, ge=1, le=64, description="Processes among which accounts and regions are shared out.")
    quota_share: float = Field(0.3, gt=0, le=1, description="Fraction of the AWS API quotas that vigie may use.")
    scope_deadline: Duration = Field(timedelta(minutes=15), description="How long one scope may take.")
    call_deadline: Duration = Field(timedelta(seconds=60), description="How long one call may take in all.")


class QueueSettings(_Table):
    """An SQS queue that events come through: EventBridge's, S3's notifications of a trail, directly or through SNS."""

    url: QueueUrl = Field(description="https://sqs.eu-west-1.amazonaws.com/111122223333/vigie.")
    account: AccountId | None = Field(None, description="Read it as this account; without one: ambient credentials.")
    region: RegionName | None = Field(None, description="Where it is; without one, what its URL says.")


class TrailSettings(_Table):
    """The bucket into which CloudTrail writes its files."""

    bucket: str = Field(min_length=3, description="Name of the bucket.")
    prefix: str = Field("", description="What stands before AWSLogs/ in its keys.")
    region: RegionName | None = Field(
        None, description="Where the bucket is; without one, the region of the environment."
    )
    account: AccountId | None = Field(None, description="Read it as this account; without one: ambient credentials.")
    list: bool = Field(True, description="List it every few minutes; false: only read what a queue tells of.")
    validate_digests: bool = Field(True, description="Check CloudTrail's digests: only they prove that no log lacks.")
    kms_key: str | None = Field(None, description="ARN of the key that encrypts the files, for the IAM policy.")


class EventSettings(_Table):
    """Events of CloudTrail: who did what, told within seconds."""

    queues: tuple[QueueSettings, ...] = Field((), description="Queues that events come through.")
    trails: tuple[TrailSettings, ...] = Field((), description="Buckets with the files of trails.")
    lookup: bool = Field(False, description="Ask LookupEvents of every watched account and region (small estates).")
    wait_for_actor: Duration = Field(
        timedelta(seconds=30), description="How long a notification of a change waits to learn who made it."
    )
    quiet_sweep: Duration = Field(
        timedelta(hours=6), description="How often scopes are swept whose events arrive and that are quiet."
    )

    @property
    def sources(self) -> bool:
        """Whether events come from anywhere."""
        return bool(self.queues or self.trails or self.lookup)


class WebSettings(_Table):
    """The web page and the API."""

    listen: Address = Field("127.0.0.1:8080", description="Address and port to serve on.")
    base_url: str | None = Field(None, description="How people reach it (https://vigie.example.org): for links.")
    session_hours: int = Field(12, ge=1, le=24 * 30, description="How long a session lasts.")


class AnchorSettings(_Table):
    """Where signed heads of the evidence log are put, off this host. Which members count depends on the kind."""

    name: str = Field(pattern=r"^[\w.-]+$", description="What people call it.")
    kind: Literal["file", "s3", "webhook"] = Field(description="What it is.")
    path: Path | None = Field(None, description="file: where it is, best on another volume. It grows by a line a head.")
    bucket: str | None = Field(None, description="s3: a bucket with object lock enabled.")
    prefix: str = Field("vigie/heads/", description="s3: how the names of the objects begin.")
    region: RegionName | None = Field(None, description="s3: the bucket's region.")
    retain_days: int = Field(365, ge=1, le=36_500, description="s3: for how long nobody can remove a head.")
    channel: str | None = Field(None, description="webhook: the name of a channel of that kind.")

    @model_validator(mode="after")
    def _has_its_place(self) -> AnchorSettings:
        needed = {"file": ("path",), "s3": ("bucket", "region"), "webhook": ("channel",)}[self.kind]
        for member in needed:
            if getattr(self, member) is None:
                raise ValueError(f"an anchor of kind {self.kind} needs {member}")
        return self


class EvidenceSettings(_Table):
    """The evidence log: its name, its heads, who signs them, its anchors."""

    name: str = Field("vigie", pattern=r"^[^\s+]+$", description="Name of the log, without spaces or plus.")
    head_every: Duration = Field(timedelta(hours=1), description="How often `vigie up` signs a head, if there is news.")
    kms_key: KmsKeyArn | None = Field(
        None,
        description="ARN of a key in AWS KMS that signs heads (spec ECC_NIST_EDWARDS25519, usage SIGN_VERIFY); "
        "without one, a key in data_dir does. After a change: `vigie keys rotate`.",
    )
    anchors: tuple[AnchorSettings, ...] = Field((), description="Where signed heads are put, off this host.")


class RetentionPolicySettings(_Table):
    """What of old revisions is erased by `vigie retention apply`. Empty lists: all."""

    name: str = Field(pattern=r"^[\w.-]+$", description="What people call it; told wherever something was erased.")
    action: Literal["thin", "erase"] = Field(description="thin: the last of each span stays. erase: none does.")
    older_than: Duration = Field(description="Revisions observed longer ago than this.")
    keep_every: Duration = Field(timedelta(days=1), description="thin: the span of which the last revision stays.")
    kinds: tuple[ChangeKind, ...] = Field((), description="Kinds of change (`ephemeral`).")
    types: tuple[str, ...] = Field((), description='Resource types, as patterns ("AWS::EC2::*").')
    accounts: tuple[AccountId, ...] = Field((), description="Accounts.")


class HoldSettings(_Table):
    """What no policy may touch (a legal hold). All that is given must fit; a hold of nothing holds everything."""

    name: str = Field(pattern=r"^[\w.-]+$", description="What people call it.")
    reason: str = Field(description="Why, and by whose order.")
    resource: str | None = Field(None, description="ARN or id of one resource.")
    account: AccountId | None = Field(None, description="An account.")
    type: str | None = Field(None, description="Resource types, as a pattern.")
    tag: str | None = Field(None, description="`Key` or `Key=value`, of that state or of the last known one.")
    since: AwareDatetime | None = Field(None, description="States in force at or after this time.")
    until: AwareDatetime | None = Field(None, description="States in force at or before this time.")


class RetentionSettings(_Table):
    """What is erased, and what is held. Nothing is erased but by `vigie retention apply`."""

    policies: tuple[RetentionPolicySettings, ...] = Field((), description="What goes when; the first that fits counts.")
    holds: tuple[HoldSettings, ...] = Field((), description="What stays whatever the policies say.")
    events_older_than: Duration | None = Field(None, description="Events that explain no change go after it.")
    told_older_than: Duration = Field(
        timedelta(days=90), description="How long `vigie up` keeps what was notified, for looking up."
    )


class LogSettings(_Table):
    """The program's own log, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field("warning", description="Least severe level shown.")
    format: Literal["text", "json"] = Field("text", description="For people, or one JSON object a line.")


class Settings(_Table):
    """All settings of vigie."""

    data_dir: Path = Field(
        default_factory=lambda: user_data_path("vigie", appauthor=False),
        description="Where the embedded database and keys are kept. (Paths in the file are relative to the file.)",
    )
    database_url: str | None = Field(None, description="postgresql://user@host/name; without one, SQLite in data_dir.")
    regions: tuple[RegionName, ...] = Field((), description="Regions to watch; empty: all that are enabled.")
    types: tuple[str, ...] = Field((), description='Resource types to watch, as patterns ("AWS::S3::*"); empty: all.')
    accounts: tuple[AccountSettings, ...] = Field((), description="Known accounts; empty: that of the credentials.")
    organization_id: str | None = Field(None, pattern=r"^o-[a-z0-9]{10,32}$", description="Our AWS organisation.")
    networks: tuple[NetworkSettings, ...] = Field((), description="Known networks.")
    catalogue_paths: tuple[Path, ...] = Field((), description="Directories of overlays to the catalogue.")
    rules_paths: tuple[Path, ...] = Field((), description="Directories of your own rules.")
    rules: dict[str, Any] = Field(default_factory=dict, description="Changes to shipped rules, by rule id.")
    channels: dict[str, dict[str, Any]] = Field({}, description="Where notifications can go, by name.")
    routes: tuple[dict[str, Any], ...] = Field((), description="Which changes and findings go to which channels.")
    sweep: SweepSettings = SweepSettings()
    evidence: EvidenceSettings = EvidenceSettings()
    events: EventSettings = EventSettings()
    retention: RetentionSettings = RetentionSettings()
    web: WebSettings = WebSettings()
    log: LogSettings = LogSettings()

    @property
    def store_url(self) -> str:
        """The address of the store: PostgreSQL's, or that of the embedded SQLite file."""
        return self.database_url or f"sqlite:///{self.data_dir.expanduser().absolute() / 'vigie.sqlite'}"


def config_file(environ: Mapping[str, str]) -> Path:
    """Where the TOML file is looked for: ``VIGIE_CONFIG``, else the platform's configuration directory."""
    named = environ.get("VIGIE_CONFIG")
    return Path(named).expanduser() if named else user_config_path("vigie", appauthor=False) / "vigie.toml"


def load_settings(
    path: Path | None = None, environ: Mapping[str, str] | None = None, overrides: Mapping[str, Any] | None = None
) -> Settings:
    """Read the settings.

    Args:
        path: The TOML file; None = the usual place, where it may be missing.
        environ: The environment; None = the process's.
        overrides: Top-level settings given on the command line; None values are left out.

    Raises:
        SettingsError: A file that cannot be read, an unknown key, a bad value: one sentence.
    """
    environ = os.environ if environ is None else environ
    file = path or config_file(environ)
    values = _from_file(file, must_exist=path is not None or "VIGIE_CONFIG" in environ)
    _merge(values, _from_environment(environ))
    _merge(values, {k: v for k, v in (overrides or {}).items() if v is not None})
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError(_sentence(error, file)) from None


def _from_file(file: Path, *, must_exist: bool) -> dict[str, Any]:
    try:
        return _rooted(tomllib.loads(file.read_text(encoding="utf-8")), file.absolute().parent)
    except FileNotFoundError:
        if must_exist:
            raise SettingsError(f"There is no settings file {file}: create it, or name another.") from None
        return {}
    except OSError as error:
        reason = error.strerror
        raise SettingsError(f"The settings file {file} cannot be read ({reason}): check its permissions.") from None
    except UnicodeDecodeError:
        raise SettingsError(f"The settings file {file} is not UTF-8 text: save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"The settings file {file} is not valid TOML: {error}.") from None


def _rooted(values: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Paths in the file are relative to the file, wherever the command is called from."""

    def rooted(value: Any) -> Any:
        return value if not isinstance(value, str) or value.startswith("~") else str(folder / value)

    for name in ("data_dir", "catalogue_paths", "rules_paths"):
        given = values.get(name)
        if given is not None:
            values[name] = [rooted(part) for part in given] if isinstance(given, list) else rooted(given)
    evidence = values.get("evidence")
    anchors = evidence.get("anchors") if isinstance(evidence, dict) else None
    for anchor in anchors if isinstance(anchors, list) else ():
        if isinstance(anchor, dict) and "path" in anchor:
            anchor["path"] = rooted(anchor["path"])
    return values


RESERVED = frozenset({"VIGIE_CONFIG", "VIGIE_COMPLETE"})
"""Variables that are not settings: where the file is; how a shell asks Click for completions (``_VIGIE_COMPLETE``)."""


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for variable, text in environ.items():
        if not variable.startswith("VIGIE_") or variable in RESERVED:
            continue
        keys = variable.removeprefix("VIGIE_").lower().split("__")
        field = _field(Settings, keys)
        if field is None:
            near = difflib.get_close_matches(variable, _variables(Settings), 1)
            hint = f"did you mean {near[0]}?" if near else "`vigie settings` lists them."
            raise SettingsError(f"There is no setting for the variable {variable}: {hint}")
        table = values
        for key in keys[:-1]:
            table = table.setdefault(key, {})
        is_list = "tuple[" in str(field)
        table[keys[-1]] = [part.strip() for part in text.split(",") if part.strip()] if is_list else text
    return values


def _field(model: type[BaseModel], keys: list[str]) -> Any:
    field = model.model_fields.get(keys[0])
    if field is None:
        return None
    annotation = field.annotation
    if len(keys) == 1:
        is_table = isinstance(annotation, type) and issubclass(annotation, BaseModel)
        holds_tables = "Settings" in str(annotation) or "dict" in str(annotation)
        return None if is_table or holds_tables else annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _field(annotation, keys[1:])
    return None


def _variables(model: type[BaseModel], prefix: str = "VIGIE_") -> list[str]:
    names: list[str] = []
    for name, field in model.model_fields.items():
        annotation = field.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            names += _variables(annotation, f"{prefix}{name.upper()}__")
        elif _field(model, [name]) is not None:
            names.append(prefix + name.upper())
    return names


def variables() -> list[str]:
    """The names of all ``VIGIE_*`` variables that are settings."""
    return _variables(Settings)


def _merge(base: dict[str, Any], over: Mapping[str, Any]) -> None:
    for key, value in over.items():
        held = base.get(key)
        if isinstance(value, Mapping) and isinstance(held, dict):
            _merge(held, value)
        else:
            base[key] = value


def _sentence(error: ValidationError, file: Path) -> str:
    first = error.errors(include_url=False)[0]
    where = _where(first["loc"])
    if first["type"] == "extra_forbidden":
        parent = _model_at(first["loc"][:-1])
        near = difflib.get_close_matches(str(first["loc"][-1]), list(parent.model_fields) if parent else [], 1)
        hint = f"did you mean {near[0]}?" if near else "`vigie settings` lists those that exist."
        return f"There is no setting {where} (in {file}): {hint}"
    count = error.error_count() - 1
    more = f" ({count} more such {'mistake follows' if count == 1 else 'mistakes follow'}.)" if count else ""
    return f"The setting {where} is wrong: {_message(first)}.{more}"


_WORDS = {
    "missing": "it is missing",
    "tuple_type": "write a list, in brackets",
    "dict_type": "write a table",
    "model_type": "write a table",
    "string_type": "write text, in quotes",
    "bool_parsing": "write true or false",
    "bool_type": "write true or false",
    "int_parsing": "write a whole number",
    "int_type": "write a whole number",
    "int_from_float": "write a whole number",
    "float_parsing": "write a number",
    "float_type": "write a number",
    "path_type": "write a path, in quotes",
    "time_delta_type": "write a duration, such as 90s, 15m, 1h or 7d",
}
"""pydantic's type of error → what a user can do."""


def _message(error: ErrorDetails) -> str:
    told = error["msg"].removeprefix("Value error, ").replace("Input should be", "it must be")
    return _WORDS.get(error["type"], told)


def _where(loc: tuple[int | str, ...]) -> str:
    text = ""
    for part in loc:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _model_at(loc: tuple[int | str, ...]) -> type[BaseModel] | None:
    model: type[BaseModel] = Settings
    for part in loc:
        if isinstance(part, int):
            continue
        if part not in model.model_fields:
            return None
        annotation = model.model_fields[part].annotation
        candidates = (annotation, *getattr(annotation, "__args__", ()))
        inner = [t for t in candidates if isinstance(t, type) and issubclass(t, BaseModel)]
        if not inner:
            return None
        model = inner[0]
    return model
