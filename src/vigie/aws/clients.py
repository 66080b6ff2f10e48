"""Shared clients: one for each (service, region), used by all accounts and threads of a process.

For 300 accounts, clients of their own would be 204,000 and 50 GB. Credentials come from the calling thread's context
(credentials.py), HTTP from one transport (transport.py), retries and pacing are the caller's (caller.py).
"""

from __future__ import annotations

import os
import platform
import threading
from functools import cached_property
from typing import Any, Final, cast
from urllib.parse import urlsplit

import botocore.session
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from botocore.exceptions import ConfigParseError, ProfileNotFound
from botocore.parsers import ResponseParserFactory

from vigie import __version__
from vigie.aws.answers import check_envelope
from vigie.aws.credentials import AmbientPurse, ContextProvider
from vigie.aws.options import DEFAULT_REGION, Options, is_local
from vigie.aws.paging import PageTokens, tokens_of
from vigie.aws.timestamps import read_timestamp
from vigie.aws.transport import Transport
from vigie.model.errors import CredentialsError

_USER_AGENT: Final = f"vigie/{__version__} Botocore/{botocore.__version__} Python/{platform.python_version()}"
"""What CloudTrail shows of us (``userAgent``)."""


class Clients:
    """Makes and keeps clients. Threads share it; a process needs one."""

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()
        self._clients: dict[tuple[str, str], Any] = {}
        self._tokens: dict[tuple[str, str], PageTokens | None] = {}
        self._lock = threading.Lock()
        self._paths: dict[str, threading.Lock] = {}

    @cached_property
    def _session(self) -> botocore.session.Session:
        """Raises CredentialsError: AWS_PROFILE names none, or the AWS configuration cannot be read."""
        session = botocore.session.Session(profile=self.options.profile)
        try:
            session.get_scoped_config()
        except (ProfileNotFound, ConfigParseError) as error:
            raise CredentialsError(f"{error}: correct AWS_PROFILE or the AWS configuration.") from None
        session.register_component("credential_provider", ContextProvider())
        factory = ResponseParserFactory()
        factory.set_parser_defaults(timestamp_parser=read_timestamp)
        session.register_component("response_parser_factory", factory)
        session.set_config_variable("sts_regional_endpoints", "regional")
        return session

    @cached_property
    def _transport(self) -> Transport:
        patience = self.options.patience
        bundle = self.options.ca_bundle or self._session.get_config_variable("ca_bundle")
        return Transport(
            connections=self.options.connections,
            connect_seconds=patience.connect_seconds,
            read_seconds=patience.read_seconds,
            ca_bundle=bundle,
        )

    @cached_property
    def ambient(self) -> AmbientPurse:
        """The credentials that the machine gives."""
        profile = self.options.profile
        return AmbientPurse(lambda: botocore.session.Session(profile=profile).get_credentials())

    @cached_property
    def default_region(self) -> str:
        """Where calls are made that no region is given for."""
        named = self.options.region or os.environ.get("AWS_REGION")
        return named or self._session.get_config_variable("region") or DEFAULT_REGION

    def endpoint_url(self, service: str) -> str | None:
        """The endpoint that is set instead of AWS's own (AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_<SERVICE>), or None."""
        if self.options.endpoint_url:
            return self.options.endpoint_url
        name = "AWS_ENDPOINT_URL_" + service.upper().replace("-", "_").replace(" ", "_")
        scoped = self._session.get_scoped_config()
        return os.environ.get(name) or os.environ.get("AWS_ENDPOINT_URL") or scoped.get("endpoint_url")

    @cached_property
    def local(self) -> bool:
        """Whether calls go to this machine (a simulated AWS)."""
        return is_local(self.endpoint_url("sts"))

    def client(self, service: str, region: str) -> Any:
        """The client of a service in a region.

        Raises botocore's UnknownServiceError, EndpointProviderError and others where there is no such place.
        """
        client = self._clients.get((service, region))
        if client is None:
            with self._lock:
                client = self._clients.get((service, region)) or self._make(service, region)
                self._clients[service, region] = client
        return client

    def _make(self, service: str, region: str) -> Any:
        override = self.endpoint_url(service)
        client = self._session.create_client(
            service, region_name=region, endpoint_url=self.options.endpoint_url, config=self._config(override)
        )
        events = client.meta.events
        events.register("before-parse", check_envelope)
        events.register_last("before-send", cast(Any, self._transport.send))
        if service == "s3":
            events.register("before-call.s3.HeadBucket", cast(Any, _no_head_bucket))
        if override and is_local(override):
            events.register("before-call", _without_host_prefix(override))
        return client

    def _config(self, endpoint_url: str | None) -> Config:
        patience = self.options.patience
        return Config(
            retries={"mode": "standard", "total_max_attempts": 1},
            connect_timeout=patience.connect_seconds,
            read_timeout=patience.read_seconds,
            max_pool_connections=self.options.connections,
            user_agent=_USER_AGENT,  # botocore's own is put together anew for every call: a twentieth of its cost
            endpoint_discovery_enabled=False,
            account_id_endpoint_mode="disabled",
            s3={"addressing_style": "path"} if endpoint_url else None,
        )

    def tokens(self, service: str, operation: str) -> PageTokens | None:
        """How the pages of an operation are asked for; None where it has none."""
        key = (service, operation)
        if key not in self._tokens:
            model = self.client(service, self.default_region).meta.service_model.operation_model(operation)
            self._tokens[key] = tokens_of(self._session.get_component("data_loader"), model)
        return self._tokens[key]

    def partition_of(self, region: str) -> str:
        """``aws-cn`` for ``cn-north-1``; ``aws`` for regions that this botocore does not know."""
        try:
            return str(self._session.get_partition_for_region(region))
        except botocore.exceptions.UnknownRegionError:
            return "aws"

    def known_regions(self, partition: str) -> tuple[str, ...]:
        """The regions of a partition that this botocore knows: a hint only."""
        return tuple(self._session.get_available_regions("ec2", partition_name=partition))

    def close(self) -> None:
        """Close kept connections."""
        if "_transport" in self.__dict__:
            self._transport.close()


def _no_head_bucket(**_: Any) -> tuple[AWSResponse, dict[str, Any]]:
    """botocore asks HeadBucket by itself to follow a bucket to its region: a call that no declaration names."""
    answer = {
        "Error": {"Code": "NotAsked", "Message": "vigie makes no undeclared call"},
        "ResponseMetadata": {"HTTPStatusCode": 400, "HTTPHeaders": {}},
    }
    return AWSResponse("", 400, HTTPHeaders(), None), answer


def _without_host_prefix(endpoint_url: str) -> Any:
    """A local endpoint has one name: ``123456789012.127.0.0.1`` (S3 Control's rules) does not exist."""
    wanted = urlsplit(endpoint_url).netloc

    def correct(params: dict[str, Any], **_: Any) -> None:
        parts = urlsplit(params["url"])
        if parts.netloc != wanted and parts.netloc.endswith("." + wanted):
            params["url"] = parts._replace(netloc=wanted).geturl()

    return correct
