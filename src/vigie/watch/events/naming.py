"""How a resource that an event names becomes a subject: its id as the catalogue has it, its ARN, account and region."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from vigie.model.event import KnownBy, Subject
from vigie.watch.events.table import Kind, ParsedArn
from vigie.watch.events.values import account as account_id

QUEUE: Final = "AWS::SQS::Queue"
_CHINA: Final = "aws-cn"


@dataclass(frozen=True)
class Where:
    """What a subject inherits from its event."""

    partition: str
    account: str
    region: str


def subject_of(kind: Kind, said: Mapping[str, str], where: Where) -> Subject | None:
    """``said``: what the event says of one resource, by ``id``, ``name`` and ``arn`` (texts)."""
    said = _MENDED.get(kind.type, _as_it_is)(dict(said), where)
    parsed = next((p for value in said.values() if (p := ParsedArn.of(value))), None)
    arn = next((value for value in said.values() if ParsedArn.of(value)), None)
    plain = {what: value for what, value in said.items() if not value.startswith("arn:")}
    if parsed is not None:
        name = kind.name_in(parsed)
        if name is None and kind.template:
            return None
        called = kind.called_in(parsed)
        if called is not None:
            plain.setdefault("name", called)
        if name is not None and (called is None or kind.canonical == "id"):
            plain.setdefault(
                "id" if kind.ends_in_id or (kind.canonical == "id" and not _named_only(kind)) else "name", name
            )
    account = parsed.account if parsed and account_id(parsed.account) else where.account
    region = "global" if kind.is_global else (parsed.region if parsed and parsed.region else where.region)
    if arn is None:
        arn = _built(kind, plain, where.partition, region, account)
    found = _identified(kind, plain, arn)
    if found is None:
        return None
    id_, known_by = found
    arn = _trimmed(kind, arn)
    return Subject(kind.type, account, region, _trimmed(kind, id_) or id_, arn, _name(kind, plain), known_by)


def _named_only(kind: Kind) -> bool:
    """Kinds that are identified by an id which their ARN does not hold."""
    return not kind.ends_in_id and any(
        field.lower().rstrip("!").startswith(("name", "dbinstance")) for field in kind.own_fields
    )


def _identified(kind: Kind, plain: Mapping[str, str], arn: str | None) -> tuple[str, KnownBy] | None:
    id_, name = plain.get("id"), plain.get("name")
    if kind.canonical == "arn":
        if arn is not None:
            return arn, KnownBy.ID
        return (name or id_ or "", KnownBy.NAME) if name or id_ else None
    if kind.canonical == "name":
        if name or id_:
            return name or id_ or "", KnownBy.ID
        return (arn, KnownBy.ARN) if arn else None
    if id_:
        return id_, KnownBy.NAME if id_.startswith("alias/") else KnownBy.ID
    if name:
        return name, KnownBy.NAME
    return (arn, KnownBy.ARN) if arn else None


def _name(kind: Kind, plain: Mapping[str, str]) -> str | None:
    name = plain.get("name")
    if name is None and kind.canonical != "id":
        return plain.get("id")
    return name


def _built(kind: Kind, plain: Mapping[str, str], partition: str, region: str, account: str) -> str | None:
    field = (kind.own_fields or ("",))[-1].lower()
    if not kind.own_fields or not kind.builds:
        return None
    named = field.startswith("name") or field.endswith("name")
    value = plain.get("name") or (plain.get("id") if kind.canonical != "id" else None) if named else plain.get("id")
    if value is None and not named and kind.canonical == "name":
        value = plain.get("name")
    if value is None or (value.startswith("alias/") and kind.type == "AWS::KMS::Key"):
        return None
    return kind.arn(value, partition, "" if region == "global" else region, account)


def _trimmed(kind: Kind, text: str | None) -> str | None:
    """ARNs of log groups may end in ``:*``, of functions in a version; of objects they begin as the bucket's."""
    if text is None or not text.startswith("arn:"):
        return text
    parsed = ParsedArn.of(text)
    if parsed is None or kind.service not in ("lambda", "logs", "s3") or len(kind.own_fields) != 1:
        return text
    match = kind.pattern.match(parsed.resource)
    if match is None or not match.lastindex:
        return text
    return text[: len(text) - len(parsed.resource)] + parsed.resource[: match.end(match.lastindex)]


_Mend = Callable[[dict[str, str], Where], dict[str, str]]


def _as_it_is(said: dict[str, str], where: Where) -> dict[str, str]:
    return said


def _queue(said: dict[str, str], where: Where) -> dict[str, str]:
    """A queue is identified by its URL; the name is in it. Old URLs name the region in another place, or not at all."""
    url = said.get("id", "")
    name, account, region = said.get("name"), where.account, where.region
    if "://" in url:
        parts = urlsplit(url).path.strip("/").split("/")
        if len(parts) == 2 and account_id(parts[0]):
            account, name = parts[0], parts[1]
            region = _region_of_queue(urlsplit(url).hostname or "") or region
    elif parsed := ParsedArn.of(said.get("arn", "")):
        account, name, region = parsed.account, parsed.resource, parsed.region
    if name is None:
        return said
    said["name"] = name
    said.setdefault("arn", f"arn:{where.partition}:sqs:{region}:{account}:{name}")
    if "://" not in url or "queue.amazonaws" in url:
        ending = "amazonaws.com.cn" if where.partition == _CHINA else "amazonaws.com"
        said["id"] = f"https://sqs.{region}.{ending}/{account}/{name}"
    return said


def _region_of_queue(host: str) -> str | None:
    match = re.match(r"(?:sqs\.([a-z0-9-]+)|([a-z0-9-]+)\.queue)\.amazonaws\.com", host)
    return (match[1] or match[2]) if match else None


def _zone(said: dict[str, str], where: Where) -> dict[str, str]:
    """Route 53 takes ids with and without what kind they are of: ``/hostedzone/Z1``, ``/change/C1``."""
    return {what: value if value.startswith("arn:") else value.rsplit("/", 1)[-1] for what, value in said.items()}


def _parameter(said: dict[str, str], where: Where) -> dict[str, str]:
    """A parameter's ARN lacks the slash that its name begins with, or has it: ``parameter/a/b`` is ``/a/b``."""
    if "arn" in said and "name" not in said and (parsed := ParsedArn.of(said["arn"])):
        rest = parsed.resource.removeprefix("parameter/")
        said["name"] = f"/{rest}" if "/" in rest else rest
    name = said.get("name")
    if name and not name.startswith("arn:") and "arn" not in said:
        said["arn"] = f"arn:{where.partition}:ssm:{where.region}:{where.account}:parameter/{name.lstrip('/')}"
    return said


def _bucket(said: dict[str, str], where: Where) -> dict[str, str]:
    """What S3 calls a bucket may be an access point."""
    name = said.get("name") or said.get("id") or ""
    return {} if name.startswith("arn:") and ":accesspoint/" in name else said


def _function(said: dict[str, str], where: Where) -> dict[str, str]:
    """A function is named by its name, its ARN, or a part of that (``123456789012:function:f``), with a version."""
    for what in ("name", "id"):
        name = said.get(what)
        if name and not name.startswith("arn:") and ":" in name:
            match = re.fullmatch(r"(?:(\d{12}):)?(?:function:)?([^:]+)(?::[^:]+)?", name)
            if match:
                said[what] = match[2]
    return said


def _key(said: dict[str, str], where: Where) -> dict[str, str]:
    """A key may be called by an alias, which says nothing of the id; ``resources`` often has the key's ARN too."""
    for what, value in list(said.items()):
        alias = value.partition(":alias/")[2] if value.startswith("arn:") else ""
        if alias or value.startswith("alias/"):
            del said[what]
            said["name"] = f"alias/{alias}" if alias else value
    if "id" in said and said["id"].startswith("arn:") and "arn" in said:
        del said["id"]
    return said


_MENDED: Final[Mapping[str, _Mend]] = {
    QUEUE: _queue,
    "AWS::Route53::HostedZone": _zone,
    "AWS::Route53::HealthCheck": _zone,
    "AWS::SSM::Parameter": _parameter,
    "AWS::S3::Bucket": _bucket,
    "AWS::Lambda::Function": _function,
    "AWS::KMS::Key": _key,
}
