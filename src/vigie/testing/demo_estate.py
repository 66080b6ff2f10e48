"""The estate of the demo: two accounts, a few dozen resources, with the mistakes that are found in real ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from vigie.testing.local_aws import LocalAccount
from vigie.testing.trail import Trail, role, user

HOME = "111122223333"
PARTNER = "222233334444"
STRANGER = "999988887777"
REGIONS = ("eu-west-1", "us-east-1")


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: str | list[str], resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def trust(principal: dict[str, str], **more: Any) -> str:
    return policy({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more})


class Estate:
    """Builds the estate, then changes it."""

    def __init__(self, endpoint: str) -> None:
        self.home = LocalAccount(endpoint, HOME)
        self.partner = LocalAccount(endpoint, PARTNER)
        self.opened_group = ""
        self._queue = ""

    def build(self) -> None:
        """Fill both accounts."""
        self._identities()
        self._network()
        self._storage()
        self._messages()
        self._analytics()

    def _identities(self) -> None:
        iam = self.home("iam")
        for name in ("alice", "bob", "deploy"):
            iam.create_user(UserName=name, Tags=[{"Key": "team", "Value": "platform"}])
        iam.create_login_profile(UserName="bob", Password="Correct-Horse-1")  # noqa: S106 - a mistake: and no MFA
        iam.create_access_key(UserName="deploy")
        iam.create_group(GroupName="engineers")
        iam.add_user_to_group(GroupName="engineers", UserName="alice")
        iam.put_group_policy(
            GroupName="engineers", PolicyName="work", PolicyDocument=policy(allow(["s3:*", "ec2:Describe*"]))
        )
        iam.put_user_policy(
            UserName="deploy", PolicyName="deploy", PolicyDocument=policy(allow(["iam:PassRole", "lambda:*"]))
        )
        iam.create_role(RoleName="app", AssumeRolePolicyDocument=trust({"Service": "lambda.amazonaws.com"}))
        iam.create_role(
            RoleName="backup",
            AssumeRolePolicyDocument=trust({"AWS": "arn:aws:iam::444455556666:root"}),
        )

    def _network(self) -> None:
        ec2 = self.home("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
        ec2.create_tags(Resources=[vpc], Tags=[{"Key": "Name", "Value": "production"}])
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.20.1.0/24")["Subnet"]["SubnetId"]
        ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        table = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"][0][
            "RouteTableId"
        ]
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        self.opened_group = self._group(ec2, vpc, "web", 443, "0.0.0.0/0")
        self._group(ec2, vpc, "database", 5432, "10.20.0.0/16")
        self._group(ec2, vpc, "old-bastion", 22, "0.0.0.0/0")
        image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
        ec2.run_instances(
            ImageId=image,
            MinCount=2,
            MaxCount=2,
            InstanceType="t3.small",
            SubnetId=subnet,
            SecurityGroupIds=[self.opened_group],
            TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "web"}]}],
        )
        ec2.create_volume(AvailabilityZone="eu-west-1a", Size=20, Encrypted=False)

    @staticmethod
    def _group(ec2: Any, vpc: str, name: str, port: int, cidr: str) -> str:
        group: str = ec2.create_security_group(GroupName=name, Description=f"{name} servers", VpcId=vpc)["GroupId"]
        permission = {
            "IpProtocol": "tcp",
            "FromPort": port,
            "ToPort": port,
            "IpRanges": [{"CidrIp": cidr, "Description": "as in the runbook"}],
        }
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
        return group

    def _storage(self) -> None:
        s3 = self.home("s3")
        for name in ("acme-invoices", "acme-website", "acme-logs"):
            s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGIONS[0]})
        s3.put_public_access_block(
            Bucket="acme-invoices",
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": True,
                "RestrictPublicBuckets": True,
            },
        )
        s3.put_bucket_versioning(Bucket="acme-invoices", VersioningConfiguration={"Status": "Enabled"})
        rds = self.home("rds")
        rds.create_db_instance(
            DBInstanceIdentifier="orders",
            Engine="postgres",
            DBInstanceClass="db.t3.small",
            AllocatedStorage=20,
            MasterUsername="master",
            MasterUserPassword="not-a-secret-1",
            PubliclyAccessible=True,
        )
        kms = self.home("kms")
        key = kms.create_key(Description="orders")["KeyMetadata"]["KeyId"]
        kms.create_alias(AliasName="alias/orders", TargetKeyId=key)
        self.home("secretsmanager").create_secret(Name="orders/password", SecretString="not-a-secret-2")

    def _messages(self) -> None:
        sqs = self.home("sqs")
        self._queue = sqs.create_queue(QueueName="orders-retry")["QueueUrl"]
        public = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
        sqs.create_queue(QueueName="orders", Attributes={"Policy": policy(public)})
        topic = self.home("sns").create_topic(Name="deployments")["TopicArn"]
        self.home("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="team@example.com")
        self.home("dynamodb").create_table(
            TableName="sessions",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        self.home("logs").create_log_group(logGroupName="/app/web")

    def _analytics(self) -> None:
        s3 = self.partner("s3", "us-east-1")
        s3.create_bucket(Bucket="acme-analytics")
        self.partner("sqs", "us-east-1").create_queue(QueueName="clicks")
        iam = self.partner("iam")
        iam.create_role(
            RoleName="vigie",
            AssumeRolePolicyDocument=trust(
                {"AWS": f"arn:aws:iam::{HOME}:root"}, Condition={"StringEquals": {"sts:ExternalId": "demo"}}
            ),
        )
        iam.create_role(RoleName="importer", AssumeRolePolicyDocument=trust({"AWS": f"arn:aws:iam::{HOME}:root"}))

    def events_queue(self) -> str:
        """The queue that CloudTrail's events come through: its URL."""
        url: str = self.home("sqs").create_queue(QueueName="vigie-events")["QueueUrl"]
        return url

    def change(self, trail: Trail) -> Iterator[str]:
        """Do one thing after the other; yields a sentence for each. The trail gets the records."""
        s3, iam, ec2 = self.home("s3"), self.home("iam"), self.home("ec2")
        administrator, intruder = role("administrator", "ann", HOME), user("bob", HOME)
        partner = role("data-engineer", "chris", PARTNER)
        trail.watch(s3, administrator)
        trail.watch(self.home("sqs"), administrator)
        trail.watch(self.partner("sqs", "us-east-1"), partner)
        s3.put_bucket_versioning(Bucket="acme-logs", VersioningConfiguration={"Status": "Enabled"})
        yield "the administrator turns on versioning of the bucket acme-logs"
        self.home("sqs").delete_queue(QueueUrl=self._queue)
        yield "the administrator deletes the queue orders-retry"
        self.partner("sqs", "us-east-1").create_queue(QueueName="clicks-archive")
        yield "in the account analytics, someone creates the queue clicks-archive"
        trail.unwatch(self.home("sqs"))
        trail.unwatch(self.partner("sqs", "us-east-1"))
        for client in (s3, iam, ec2):
            trail.watch(client, intruder, "198.51.100.66")
        ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        ec2.authorize_security_group_ingress(GroupId=self.opened_group, IpPermissions=[ssh])
        yield "the intruder opens SSH to the world in the security group web"
        everyone = {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::acme-website/*",
        }
        s3.put_bucket_policy(Bucket="acme-website", Policy=policy(everyone))
        yield "the intruder makes the bucket acme-website public"
        iam.create_access_key(UserName="bob")
        yield "the intruder adds an access key to the user bob"
        iam.attach_role_policy(RoleName="app", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
        yield "the intruder attaches AdministratorAccess to the role app"
        iam.create_role(
            RoleName="maintenance", AssumeRolePolicyDocument=trust({"AWS": f"arn:aws:iam::{STRANGER}:root"})
        )
        yield f"the intruder makes a role that the unknown account {STRANGER} may assume"
