"""What is shared by other means than a bucket's policy is found in a local AWS: swept, judged, told."""

from __future__ import annotations

import json

import pytest

from vigie.testing.command import Command
from vigie.testing.local_aws import REGION, LocalAccount

pytestmark = pytest.mark.slow

STRANGER = "999999999999"
EVERYBODY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*"}]}
EVERYTHING = json.dumps({**EVERYBODY, "Statement": [{**EVERYBODY["Statement"][0], "Resource": "*"}]})  # type: ignore[dict-item]
TYPES = (
    "AWS::EFS::FileSystem", "AWS::Events::*", "AWS::SSM::Document", "AWS::RAM::ResourceShare", "AWS::Lambda::Layer*",
    "AWS::OpenSearchService::Domain", "AWS::ApiGateway::RestApi",
)  # fmt: skip


def share(account: LocalAccount) -> None:
    """A thing of each kind, open to everyone or to a stranger."""
    files = account("efs").create_file_system(CreationToken="homes")["FileSystemId"]
    account("efs").put_file_system_policy(FileSystemId=files, Policy=EVERYTHING)
    events = account("events")
    events.create_event_bus(Name="orders")
    events.put_permission(EventBusName="orders", Action="events:PutEvents", Principal=STRANGER, StatementId="x")
    events.put_rule(Name="copy", ScheduleExpression="rate(1 day)")
    events.put_targets(
        Rule="copy", Targets=[{"Id": "1", "Arn": f"arn:aws:events:{REGION}:{STRANGER}:event-bus/take", "Input": "{}"}]
    )
    steps = [{"action": "aws:runShellScript", "name": "x", "inputs": {"runCommand": ["ls"]}}]
    content = json.dumps({"schemaVersion": "2.2", "description": "x", "mainSteps": steps})
    account("ssm").create_document(Name="restart", Content=content, DocumentType="Command")
    account("ssm").modify_document_permission(Name="restart", PermissionType="Share", AccountIdsToAdd=[STRANGER])
    subnet = f"arn:aws:ec2:{REGION}:{account.id}:subnet/subnet-1"
    account("ram").create_resource_share(name="net", principals=[STRANGER], resourceArns=[subnet])
    account("lambda").publish_layer_version(LayerName="tools", Content={"ZipFile": b"x"})
    account("lambda").add_layer_version_permission(
        LayerName="tools", VersionNumber=1, StatementId="all", Action="lambda:GetLayerVersion", Principal="*"
    )
    account("opensearch").create_domain(DomainName="search", AccessPolicies=EVERYTHING)
    gateway = account("apigateway")
    api = gateway.create_rest_api(name="shop")["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    place = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
    gateway.put_method(**place, authorizationType="NONE")
    gateway.put_integration(**place, type="HTTP", uri="http://shop.example", integrationHttpMethod="GET")
    gateway.create_deployment(restApiId=api, stageName="prod")


def test_sharing_of_every_kind_is_found(account: LocalAccount, vigie: Command) -> None:
    share(account)
    selected = [word for type_ in TYPES for word in ("--type", type_)]

    # moto does not list the permissions of shares: that is told, and hides nothing
    vigie("sweep", *selected)

    found = {(row["rule"], row["name"] or row["id"]) for row in vigie.items("findings") if row["status"] == "open"}
    expected = {
        ("cross-account-unknown", "orders"),
        ("event-rule-cross-account", "copy"),
        ("cross-account-unknown", "restart"),
        ("cross-account-unknown", "net"),
        ("public-access", "tools:1"),
        ("public-access", "search"),
        ("apigateway-open", "shop"),
    }
    assert expected <= found
    assert any(rule == "public-access" and name.startswith("fs-") for rule, name in found)
