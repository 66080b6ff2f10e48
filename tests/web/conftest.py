"""A small recorded estate with mistakes in it, the application over it, and people who log in."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from vigie.history.findings import FindingFilter
from vigie.history.store import History, open_history
from vigie.history.users import Permission, Role, User
from vigie.model.account import Account, Relation
from vigie.model.canonical import canonical_bytes, digests
from vigie.model.change import ChangeKind
from vigie.model.finding import FindingKey, FindingStatus, Severity, Violation
from vigie.model.finding_plan import Cause, FindingPlan, Judged, RuleText, Step
from vigie.model.paging import Page
from vigie.model.recording import Draft, ScopeRecord
from vigie.model.resource import Resource
from vigie.model.scope import Outcome, Problem, Scope
from vigie.rules.declare import Rule, rule
from vigie.web.app import create_app
from vigie.web.auth.secrets import digest, hash_password, new_api_token
from vigie.web.config import TypeDeclaration, WebSettings

HOME, PARTNER, THIRD = "111122223333", "222233334444", "999988887777"
PASSWORD = "correct horse battery staple"
HOSTILE = '<img src=x onerror="document.title=1">\u202egpj.exe\x1b[31m'
ORIGIN = {"origin": "http://testserver"}


@dataclass
class Clock:
    now: datetime = datetime(2026, 11, 23, 3, 0, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **length: float) -> None:
        self.now += timedelta(**length)


@dataclass
class Estate:
    """Records looks at scopes as the watcher would, and findings as the auditor would."""

    history: History
    clock: Clock
    pks: dict[str, int] = field(default_factory=dict)
    findings: dict[str, int] = field(default_factory=dict)

    def look(
        self,
        scope: Scope,
        configurations: Mapping[str, Mapping[str, Any]],
        outcome: Outcome = Outcome.COMPLETE,
        problems: tuple[Problem, ...] = (),
        unreadable: Mapping[str, Problem] | None = None,
    ) -> None:
        """One look: what is not among ``configurations`` any more is gone."""
        now = self.clock()
        heads = self.history.archive.heads(scope)
        before = self.history.archive.scope_coverage(scope)
        drafts = []
        for id, configuration in configurations.items():
            head = heads.get(id)
            sha, durable = digests(configuration)
            if head is not None and head.config_sha == sha:
                continue
            kind = ChangeKind.CHANGED if head else ChangeKind.CREATED if before else ChangeKind.BASELINE
            resource = head.resource if head else _resource(scope, id, configuration)
            after = before.last_ok if before else None
            drafts.append(
                Draft(resource, kind, configuration, canonical_bytes(configuration), sha, durable, now, after,
                      unreadable or {})
            )  # fmt: skip
        for id, head in heads.items():
            if id not in configurations and head.kind is not ChangeKind.DELETED:
                gone = replace(head.resource, present=False)
                sha, durable = digests({})
                drafts.append(
                    Draft(
                        gone,
                        ChangeKind.DELETED,
                        {},
                        canonical_bytes({}),
                        sha,
                        durable,
                        now,
                        before.last_ok if before else None,
                    )
                )
        record = ScopeRecord(scope, now, now, outcome, problems, tuple(drafts), seen=frozenset(configurations))
        for change in self.history.recorder.record(record, now):
            assert change.resource.pk is not None
            self.pks[change.resource.id] = change.resource.pk


def _resource(scope: Scope, id: str, configuration: Mapping[str, Any]) -> Resource:
    service = scope.type.split("::")[1].lower()
    region = str(configuration.get("BucketRegion", scope.region))
    arn = {
        "AWS::S3::Bucket": f"arn:aws:s3:::{id}",
        "AWS::IAM::User": f"arn:aws:iam::{scope.account}:user/{configuration.get('UserName', id)}",
    }.get(scope.type, f"arn:aws:{service}:{region}:{scope.account}:{scope.type.split('::')[2].lower()}/{id}")
    name = configuration.get("GroupName") or configuration.get("UserName") or configuration.get("Name")
    return Resource(scope, id, region, arn=arn, name=str(name) if name else None, uid=id)


def bucket(name: str, region: str = "eu-west-1", **more: Any) -> dict[str, Any]:
    return {
        "Name": name,
        "BucketRegion": region,
        "CreationDate": "2024-05-01T10:00:00Z",
        "Ownership": [{"ObjectOwnership": "BucketOwnerEnforced"}],
        "PublicAccessBlock": {"BlockPublicAcls": True, "BlockPublicPolicy": True},
        "Encryption": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}],
        "Versioning": {"Status": "Enabled"},
        "Policy": None,
        "Tags": {"team": "platform", "cost-centre": "4711"},
    } | more


def group(name: str, *ports: tuple[int, str]) -> dict[str, Any]:
    permissions = [
        {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": cidr}]} for port, cidr in ports
    ]
    return {
        "GroupName": name,
        "Description": f"{name} servers",
        "VpcId": "vpc-0a1b2c3d4e5f60718",
        "IpPermissions": permissions,
        "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
        "Tags": {"Name": name},
    }


def user(name: str, *keys: str, **more: Any) -> dict[str, Any]:
    return {
        "UserName": name,
        "Path": "/",
        "AttachedManagedPolicies": [],
        "AccessKeys": [{"AccessKeyId": key, "Status": "Active"} for key in keys],
        "MFADevices": [],
    } | more


PUBLIC_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Site",
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::website/*",
        }
    ],
}
ADMINISTRATOR = {"PolicyName": "AdministratorAccess", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}
BUCKETS = Scope(HOME, "global", "AWS::S3::Bucket")
GROUPS = Scope(HOME, "eu-west-1", "AWS::EC2::SecurityGroup")
USERS = Scope(HOME, "global", "AWS::IAM::User")
QUEUES = Scope(PARTNER, "eu-west-1", "AWS::SQS::Queue")
DENIED = Problem(
    Outcome.DENIED,
    "s3:GetBucketPolicy",
    "AccessDenied",
    "User: arn:aws:sts::222233334444:assumed-role/vigie/sweep is not authorized to perform: s3:GetBucketPolicy",
    "Policy",
    "s3:GetBucketPolicy",
)


def fill(estate: Estate) -> None:
    """Three weeks: a first look, quiet days, and a night on which someone came in."""
    history, clock = estate.history, estate.clock
    end = clock.now
    clock.now = end - timedelta(days=12)
    history.accounts.put(Account(HOME, "production"), clock())
    history.accounts.put(Account(PARTNER, "analytics", role_arn=f"arn:aws:iam::{PARTNER}:role/vigie"), clock())
    third = Account(THIRD, "Backup Inc.", Relation.THIRD_PARTY, watched=False, reason="keeps our off-site backups")
    history.accounts.put(third, clock())
    buckets = {"website": bucket("website"), "invoices": bucket("invoices"), "logs": bucket("logs", "us-east-1")}
    groups = {
        "sg-0a1b2c3d4e5f60718": group("web", (443, "0.0.0.0/0")),
        "sg-0fedcba9876543210": group("database", (5432, "10.0.0.0/8")),
    }
    users = {"AIDAALICE": user("alice", "AKIAALICE1"), "AIDABUILD": user("build-machine", "AKIABUILD1")}
    queues = {"jobs": {"Name": "jobs", "Attributes": {"VisibilityTimeout": 30}, "Tags": {}}}
    _look_everywhere(estate, buckets, groups, users, queues)

    for day in range(1, 11):
        clock.pass_by(days=1)
        if day in (2, 5, 6):
            buckets["logs"] = bucket("logs", "us-east-1", Tags={"team": "platform", "day": str(day)})
        if day == 6:
            groups["sg-0fedcba9876543210"] = group("database", (5432, "10.0.0.0/8"), (5432, "192.168.0.0/16"))
        _look_everywhere(estate, buckets, groups, users, queues)

    clock.now = end - timedelta(minutes=40)
    users["AIDAALICE"] = user("alice", "AKIAALICE1", "AKIAINTRUDER", AttachedManagedPolicies=[ADMINISTRATOR])
    groups["sg-0a1b2c3d4e5f60718"] = group("web", (443, "0.0.0.0/0"), (22, "0.0.0.0/0"))
    _look_everywhere(estate, buckets, groups, users, queues)
    clock.now = end - timedelta(minutes=10)
    buckets["website"] = bucket(
        "website", Policy=PUBLIC_POLICY, PublicAccessBlock={"BlockPublicAcls": False, "BlockPublicPolicy": False}
    )
    buckets["invoices"] = bucket("invoices", Tags={"team": HOSTILE, "note": "‮evil‬ <b>bold</b>"})
    queues = {HOSTILE: {"Name": HOSTILE, "Attributes": {"VisibilityTimeout": 30}, "Tags": {}}}
    _look_everywhere(estate, buckets, groups, users, queues)
    clock.now = end


def _look_everywhere(
    estate: Estate,
    buckets: dict[str, Any],
    groups: dict[str, Any],
    users: dict[str, Any],
    queues: dict[str, Any],
) -> None:
    estate.look(BUCKETS, buckets)
    estate.look(GROUPS, groups)
    estate.look(USERS, users)
    estate.look(QUEUES, queues)
    partner_buckets = Scope(PARTNER, "global", "AWS::S3::Bucket")
    data = bucket("acme-analytics-landing-zone-with-a-rather-long-name", "eu-central-1")
    data.pop("Policy")
    estate.look(partner_buckets, {data["Name"]: data}, Outcome.PARTIAL, (DENIED,), {"Policy": DENIED})
    recorder, now = estate.history.recorder, estate.clock()
    why = "with an explicit deny in a service control policy"
    listing = Problem(Outcome.DENIED_SCP, "sqs:ListQueues", "AccessDenied", why, "", "sqs:ListQueues")
    recorder.note_coverage(Scope(PARTNER, "ap-south-1", "AWS::SQS::Queue"), Outcome.DENIED_SCP, (listing,), now)
    slow = Problem(Outcome.THROTTLED, "lambda:ListFunctions", "TooManyRequestsException", "Rate exceeded")
    recorder.note_coverage(Scope(HOME, "eu-west-1", "AWS::Lambda::Function"), Outcome.THROTTLED, (slow,), now)
    recorder.note_coverage(Scope(HOME, "ap-east-2", "AWS::Lambda::Function"), Outcome.REGION_DISABLED, (), now)
    empty = Scope(HOME, "us-east-1", "AWS::EC2::SecurityGroup")
    recorder.record(ScopeRecord(empty, now, now, Outcome.COMPLETE), now)


@rule(
    "s3-bucket-public",
    title="S3 bucket is open to everyone",
    applies_to="AWS::S3::Bucket",
    severity=Severity.CRITICAL,
    remedy="Block public access on the bucket, or name the accounts in Principal.",
    references=("https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html",),
    not_reported="Buckets whose public access is blocked on the account.",
)
def bucket_public(revision: Any, estate: Any, *, ports: tuple[int, ...] = (22,)) -> Iterator[Violation]:
    """A bucket that anyone may read gives its content to strangers."""
    yield from ()


@rule(
    "ec2-security-group-ssh",
    title="Security group opens SSH to the internet",
    applies_to="AWS::EC2::SecurityGroup",
    severity=Severity.HIGH,
    remedy="Allow SSH from known networks only, or use Session Manager.",
)
def group_ssh(revision: Any, estate: Any) -> Iterator[Violation]:
    yield from ()


RULES: tuple[Rule, ...] = (bucket_public, group_ssh)


def judge(estate: Estate) -> None:
    """Findings as the auditor would write them."""
    found = {
        "public": Step(
            FindingKey("s3-bucket-public", estate.pks["website"], "public:*"), None, Cause.OPENED, FindingStatus.OPEN,
            Severity.CRITICAL, "anyone may s3:GetObject on arn:aws:s3:::website/*",
            {"who": "*", "actions": ["s3:GetObject"], "statements": ["Site"]},
        ),
        "ssh": Step(
            FindingKey("ec2-security-group-ssh", estate.pks["sg-0a1b2c3d4e5f60718"], "tcp/22"), None, Cause.OPENED,
            FindingStatus.OPEN, Severity.HIGH, "0.0.0.0/0 reaches port 22", {"cidr": "0.0.0.0/0", "port": 22},
        ),
        "admin": Step(
            FindingKey("iam-user-administrator", estate.pks["AIDAALICE"]), None, Cause.OPENED, FindingStatus.OPEN,
            Severity.HIGH, "alice holds AdministratorAccess", None,
        ),
        "mfa": Step(
            FindingKey("iam-user-no-mfa", estate.pks["AIDABUILD"]), None, Cause.OPENED, FindingStatus.OPEN,
            Severity.MEDIUM, "build-machine has no MFA device", None,
        ),
        "hostile": Step(
            FindingKey("sqs-queue-plain", estate.pks[HOSTILE], HOSTILE), None, Cause.OPENED, FindingStatus.OPEN,
            Severity.LOW, f"{HOSTILE} is not encrypted", {"name": HOSTILE},
        ),
        "unknown": Step(
            FindingKey("s3-bucket-public", estate.pks["logs"]), None, Cause.UNKNOWN, FindingStatus.UNKNOWN,
            Severity.CRITICAL, "the policy could not be read", None,
        ),
    }  # fmt: skip
    texts = [
        RuleText("s3-bucket-public", "S3 bucket is open to everyone", "Block public access."),
        RuleText("ec2-security-group-ssh", "Security group opens SSH to the internet", "Allow known networks only."),
        RuleText("iam-user-administrator", "User is an administrator", "Use roles."),
        RuleText("iam-user-no-mfa", "User without MFA", "Add a device."),
        RuleText("sqs-queue-plain", f"Queue is not encrypted {HOSTILE}", "Encrypt it."),
    ]
    judged = [Judged(pk, 1, 3, 1) for pk in sorted({step.key.resource for step in found.values()})]
    now = estate.clock() - timedelta(minutes=8)
    with estate.history.begin() as tx:
        estate.history.findings.apply(tx, FindingPlan(judged, tuple(found.values()), texts=texts), now)
    chosen = FindingFilter(statuses=tuple(FindingStatus))
    by_key = {item.key: item.pk for item in estate.history.findings.query(chosen, Page(100)).items}
    estate.findings.update({name: by_key[step.key] or 0 for name, step in found.items()})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> tuple[Path, Estate]:
    """The estate, recorded once on SQLite: tests work on copies."""
    path = tmp_path_factory.mktemp("estate") / "vigie.sqlite"
    shutil.copy(sqlite_template, path)
    with open_history(f"sqlite:///{path}") as history:
        estate = Estate(history, Clock())
        fill(estate)
        judge(estate)
        with history.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return path, estate


@pytest.fixture
def estate(filled: tuple[Path, Estate], tmp_path: Path, clock: Clock) -> Iterator[Estate]:
    """A store of one's own with the estate in it."""
    path, recorded = filled
    shutil.copy(path, tmp_path / "vigie.sqlite")
    with open_history(f"sqlite:///{tmp_path / 'vigie.sqlite'}") as history:
        yield Estate(history, clock, dict(recorded.pks), dict(recorded.findings))


@pytest.fixture
def recorded(history: History, clock: Clock) -> Estate:
    """The estate, recorded on SQLite and on PostgreSQL."""
    made = Estate(history, clock)
    fill(made)
    judge(made)
    return made


@pytest.fixture
def app(estate: Estate) -> FastAPI:
    return made_app(estate.history, estate.clock)


@pytest.fixture
def make_app() -> Callable[..., FastAPI]:
    return made_app


@pytest.fixture
def make_browser(history: History, clock: Clock) -> Callable[[], tuple[TestClient, History]]:
    """A browser over an empty store, on SQLite and on PostgreSQL."""
    return lambda: (TestClient(made_app(history, clock)), history)


def made_app(history: History, clock: Clock, **settings: Any) -> FastAPI:
    return create_app(
        history,
        settings=WebSettings(secret_key=b"k" * 32, version="0.1.0", **settings),
        clock=clock,
        rules=lambda: RULES,
        types=lambda: (TypeDeclaration("AWS::S3::Bucket", "S3 bucket", "s3"),),
    )


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    return TestClient(app)


@pytest.fixture(scope="session")
def encoded_password() -> str:
    return hash_password(PASSWORD)


@pytest.fixture
def person(estate: Estate, encoded_password: str) -> Callable[..., User]:
    """Adds a user of a role, who has the password PASSWORD."""

    def add(role: Role, *, must_change: bool = False) -> User:
        known = estate.history.users.by_name(role.value)
        if known is not None:
            return known
        with estate.history.begin() as tx:
            return estate.history.users.add(
                tx, role.value, encoded_password, role, estate.clock(), must_change=must_change
            )

    return add


@pytest.fixture
def logged_in(app: FastAPI, person: Callable[..., User]) -> Callable[..., TestClient]:
    """A browser with a session of a person of some role."""

    def log_in(role: Role, *, must_change: bool = False) -> TestClient:
        who = person(role, must_change=must_change)
        browser = TestClient(app)
        form = {"name": who.name, "password": PASSWORD}
        answer = browser.post("/login", data=form, headers=ORIGIN, follow_redirects=False)
        assert answer.status_code == 303, answer.text
        return browser

    return log_in


@pytest.fixture
def token(estate: Estate, person: Callable[..., User]) -> Callable[..., str]:
    """An API token of a user of some role."""

    def make(role: Role, *scopes: Permission, name: str = "test") -> str:
        made = new_api_token()
        who = person(role)
        with estate.history.begin() as tx:
            estate.history.users.add_token(tx, who.id, name, digest(made), scopes, estate.clock(), None)
        return made

    return make


@dataclass
class Api:
    """The API as a program with an administrator's token uses it."""

    client: TestClient
    token: str
    pks: Mapping[str, int]

    def raw(self, method: str, path: str, **more: Any) -> Any:
        headers = {"authorization": f"Bearer {self.token}"}
        return self.client.request(method, f"/api/v1{path}", headers=headers, **more)

    def get(self, address: str, /, **query: Any) -> Any:
        response = self.raw("GET", address, params=query) if query else self.raw("GET", address)
        assert response.status_code == 200, response.text
        return response.json()

    def items(self, address: str, /, **query: Any) -> list[Any]:
        items: list[Any] = self.get(address, **query)["items"]
        return items

    def send(self, method: str, path: str, body: Any = None) -> Any:
        response = self.raw(method, path, json=body)
        assert response.status_code in (200, 204), response.text
        return response.json() if response.content else None

    def pk(self, id: str) -> int:
        return self.pks[id]


@pytest.fixture
def api(client: TestClient, token: Callable[..., str], estate: Estate) -> Api:
    return Api(client, token(Role.ADMIN, *Permission), estate.pks)
