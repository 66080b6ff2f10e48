"""The tables of facts: where they come from, and that they are well formed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

import vigie.rules.tables as tables
from vigie.rules.tables import rows, table

NAMES = sorted(file.stem.removeprefix("_") for file in Path(tables.__file__).parent.glob("*.toml"))


def test_there_are_tables() -> None:
    assert NAMES == ["lambda_runtimes", "permissions", "ports", "rds_authorities", "tls_policies"]


@pytest.mark.parametrize("name", NAMES)
def test_a_table_says_where_it_comes_from_and_as_of_when(name: str) -> None:
    assert table(name)["_source"]
    assert isinstance(table(name)["_as_of"], date)
    assert not any(key.startswith("_") for key in rows(name))


def test_permissions_hold_the_actions_that_give_power_away() -> None:
    """A table that loses a service makes its check answer "none" for every policy."""
    permissions = rows("permissions")
    assert {"PutRolePolicy", "AttachUserPolicy", "CreateAccessKey", "PassRole"} <= set(permissions["iam"])
    assert {"PutBucketPolicy", "PutBucketAcl"} <= set(permissions["s3"])
    assert {"CreateGrant", "PutKeyPolicy"} <= set(permissions["kms"])
    assert "AddPermission" in permissions["lambda"]
    assert len(permissions) > 90


def test_services_of_the_table_of_permissions_are_in_lower_case_as_policies_compare_them() -> None:
    assert all(service == service.lower() for service in rows("permissions"))


def test_runtimes_end_on_days() -> None:
    assert all(isinstance(day, date) for day in rows("lambda_runtimes").values())


def test_tls_policies_name_known_protocols() -> None:
    kinds = rows("tls_policies")
    for kind in ("v2", "classic"):
        assert {row["oldest"] for row in kinds[kind].values()} <= {"SSLv3", "1.0", "1.1", "1.2", "1.3"}


def test_the_name_of_a_policy_and_its_oldest_protocol_agree() -> None:
    for name, row in rows("tls_policies")["v2"].items():
        if name.startswith("ELBSecurityPolicy-TLS13-1-"):
            assert row["oldest"] == f"1.{name.split('-')[3]}", name


def test_ports_are_ports() -> None:
    for group in rows("ports").values():
        for row in group.values():
            flat = [p for port in row["ports"] for p in (port if isinstance(port, list) else [port])]
            assert all(0 < port < 65536 for port in flat)
            assert row.get("protocol", "tcp") in ("tcp", "udp")
