"""Heads, keys and anchors over a real store; and that an old copy, a fork or a foreign key is found."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy import text

from recordings import HOUR, T0, draft, look, queue
from vigie.app import App
from vigie.app.signing import (
    LocalSigner,
    SigningFailed,
    checked_bundle,
    checked_head,
    is_signed_by,
    pinned,
    sealed_bundle,
    signed,
)
from vigie.history.store import History
from vigie.model.bundle import BundleError
from vigie.model.change import ChangeKind
from vigie.model.errors import SettingsError, StoreError, UsageError
from vigie.model.notes import Checkpoint, PublicKey, parse_note
from vigie.settings import Settings
from vigie.testing.endpoint import ACCOUNT, Endpoint, access_key
from vigie.testing.faults import denied, failing, throttled
from vigie.testing.kms import KmsKey
from vigie.testing.local_aws import LocalAccount

MakeApp = Callable[..., App]


class Clock:
    def __init__(self) -> None:
        self.now = T0 + 100 * HOUR

    def __call__(self) -> Any:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make_app(history: History, history_url: str, tmp_path: Path, clock: Clock) -> Iterator[MakeApp]:
    """Builds an app over the store of this test; ``settings`` are laid over what it needs."""
    made = []

    def make(**settings: Any) -> App:
        url = history_url.replace("sqlite+pysqlite", "sqlite").replace("postgresql+psycopg", "postgresql")
        values = {"data_dir": tmp_path / "data", "database_url": url, **settings}
        made.append(App(Settings.model_validate(values), clock=clock))
        return made[-1]

    yield make
    for app in made:
        app.close()


def record(history: History, name: str, number: int, *, hours: int = 0) -> None:
    at = T0 + hours * HOUR
    known = queue(name).id in history.archive.heads(queue(name).scope)
    kind = ChangeKind.CHANGED if known else ChangeKind.CREATED
    seen = list(history.archive.heads(queue(name).scope))
    history.recorder.record(look(at, draft(queue(name), kind, at, {"N": number}), seen=seen), at)


def test_a_head_is_signed_where_there_is_news(make_app: MakeApp, history: History) -> None:
    app = make_app()
    record(history, "a", 1)
    head = app.make_head()
    assert head is not None and head.size == 3  # the revision, the coverage, its sheet
    assert app.make_head() is None
    checkpoint = checked_head(head.note, app.log_keys())
    assert (checkpoint.origin, checkpoint.size, checkpoint.root) == ("vigie", 3, history.log.root(3))
    found = app.verify()
    assert (found.defects, found.signatures, found.unsigned, found.unproven_runs) == ([], 1, 0, 0)


def test_the_secret_key_is_in_no_table(make_app: MakeApp, history: History, tmp_path: Path) -> None:
    app = make_app()
    record(history, "a", 1)
    app.make_head()
    secret = tmp_path / "data" / "keys" / "log-signing"
    assert secret.stat().st_mode & 0o077 == 0
    seed = bytes.fromhex(secret.read_text().strip())
    if history.engine.dialect.name == "sqlite":
        stored = b"".join(file.read_bytes() for file in tmp_path.glob("vigie.sqlite*"))
        assert seed not in stored and seed.hex().encode() not in stored
    assert seed.hex() not in (tmp_path / "data" / "keys" / "log-public.json").read_text()


def test_a_new_key_is_handed_over_to_by_the_old_one(make_app: MakeApp, history: History, tmp_path: Path) -> None:
    app = make_app()
    record(history, "a", 1)
    first = app.make_head()
    old = LocalSigner(app.key("log-signing"))
    app.rotate_key()
    record(history, "a", 2, hours=1)
    second = app.make_head()
    assert first and second
    keys = app.log_keys()
    assert [entry.since for entry in keys] == [0, first.size]
    assert is_signed_by(parse_note(first.note), keys[0].key) and is_signed_by(parse_note(second.note), keys[1].key)
    assert app.verify().defects == []
    # the old key counts no more
    forged = Checkpoint("vigie", second.size, b"\1" * 32, T0)
    with pytest.raises(ValueError, match="did not count at that size"):
        checked_head(signed(str(forged), "vigie", old), keys)


def test_a_chain_of_keys_that_nobody_handed_over_is_refused(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app()
    app.log_keys()
    app.rotate_key()
    file = tmp_path / "data" / "keys" / "log-public.json"
    document = json.loads(file.read_text())
    document["keys"][1]["key"] = str(PublicKey("vigie", LocalSigner(b"\7" * 32).public))
    file.write_text(json.dumps(document))
    with pytest.raises(SettingsError, match="not handed over to"):
        app.log_keys()


def test_lost_public_keys_are_not_made_up_again(make_app: MakeApp, history: History, tmp_path: Path) -> None:
    app = make_app()
    record(history, "a", 1)
    app.make_head()
    (tmp_path / "data" / "keys" / "log-public.json").unlink()
    with pytest.raises(SettingsError, match="restore them from your copy"):
        app.make_head()


def tamper(history: History, statement: str) -> None:
    with history.begin() as tx:
        if tx.dialect.name == "postgresql":
            tx.execute(text("SET LOCAL session_replication_role = replica"))
        else:
            for (name,) in tx.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").all():
                tx.exec_driver_sql(f"DROP TRIGGER {name}")
        tx.execute(text(statement))


@pytest.mark.parametrize(
    ("statement", "part"),
    [
        ("UPDATE tree_head SET at = at + 1", "head"),
        ("UPDATE tree_head SET note = replace(note, 'vigie', 'vigia')", "signature"),
        ("UPDATE tree_head SET note = replace(note, '2026', '2025')", "signature"),
        ("UPDATE tree_head SET size = size - 1", "head"),
        ("UPDATE log_leaf SET leaf = (SELECT root FROM tree_head) WHERE position = 0", "head"),
    ],
)
def test_a_changed_head_is_found(make_app: MakeApp, history: History, statement: str, part: str) -> None:
    app = make_app()
    record(history, "a", 1)
    app.make_head()
    tamper(history, statement)
    assert part in {defect.part for defect in app.verify().defects}


def test_nothing_is_signed_over_a_log_that_was_rewritten(make_app: MakeApp, history: History) -> None:
    app = make_app()
    record(history, "a", 1)
    app.make_head()
    tamper(history, "UPDATE log_leaf SET leaf = (SELECT root FROM tree_head) WHERE position = 0")
    record(history, "a", 2, hours=1)
    with pytest.raises(StoreError, match="does not begin with its last signed head"):
        app.make_head()


def test_what_was_verified_is_not_looked_at_again_unless_it_changed(make_app: MakeApp, history: History) -> None:
    app = make_app()
    record(history, "a", 1)
    app.make_head()
    app.verify()
    record(history, "a", 2, hours=1)
    history.log.sequence()
    found = app.verify(incremental=True)
    assert (found.defects, found.since, found.rows, found.configurations) == ([], 3, {"revision": 1}, 1)
    tamper(history, "UPDATE log_leaf SET leaf = (SELECT root FROM tree_head) WHERE position = 0")
    assert "log" in {defect.part for defect in app.verify(incremental=True).defects}


# --- old copies and forks


def test_a_restored_old_copy_is_found(tmp_path: Path, sqlite_template: Path, clock: Clock) -> None:
    """By the anchor, by the head that this machine remembers, and by a head that somebody wrote down."""
    store, anchor = tmp_path / "data" / "vigie.sqlite", tmp_path / "elsewhere.jsonl"
    store.parent.mkdir()
    shutil.copy(sqlite_template, store)
    values = {"data_dir": store.parent, "evidence": {"anchors": [{"name": "disk", "kind": "file", "path": anchor}]}}
    app = App(Settings.model_validate(values), clock=clock)
    record(app.history, "a", 1)
    app.prove()
    app.close()
    shutil.copy(store, tmp_path / "backup")

    app = App(Settings.model_validate(values), clock=clock)
    record(app.history, "a", 2, hours=1)
    app.prove()
    last = app.history.log.last_head()
    assert last is not None
    assert app.verify(consistency=str(anchor)).defects == []
    app.close()
    for file in store.parent.glob("vigie.sqlite*"):
        file.unlink()
    shutil.copy(tmp_path / "backup", store)

    app = App(Settings.model_validate(values), clock=clock)
    found = app.verify(consistency=f"{last.size}:{last.root.hex()}")
    assert [defect.part for defect in found.defects] == ["head", "anchor", "consistency"]
    assert all("an old copy was restored" in defect.why for defect in found.defects)
    # and where history went on from the old copy: a fork
    for number in range(3, 9):
        record(app.history, "a", number, hours=number)
    forked = app.verify(consistency=str(anchor))
    assert all("rewritten, or forked" in defect.why for defect in forked.defects)
    assert {defect.part for defect in forked.defects} == {"head", "anchor", "consistency"}
    app.close()


# --- anchors


def test_a_head_is_put_into_a_file_once(make_app: MakeApp, history: History, tmp_path: Path) -> None:
    path = tmp_path / "anchor.jsonl"
    app = make_app(evidence={"anchors": [{"name": "disk", "kind": "file", "path": path}]})
    record(history, "a", 1)
    app.prove()
    app.prove()
    (line,) = path.read_text().splitlines()
    assert json.loads(line)["size"] == 3
    assert app.verify().anchors == 1
    path.write_text(path.read_text().replace("vigie", "vigia"))
    assert [defect.part for defect in app.verify().defects] == ["anchor"]


def test_an_anchor_that_fails_is_recorded_shown_and_tried_again(
    make_app: MakeApp, history: History, tmp_path: Path, clock: Clock
) -> None:
    path = tmp_path / "not" / "there" / "anchor.jsonl"
    app = make_app(evidence={"anchors": [{"name": "disk", "kind": "file", "path": path}]})
    record(history, "a", 1)
    app.prove()
    (state,) = app.anchor_states()
    assert state.error is not None and "cannot be written" in state.error
    assert (state.failures, state.anchored_size) == (1, None)
    found = app.verify()
    assert (found.sound, found.unreachable) == (True, ["disk"])
    path.parent.mkdir(parents=True)
    app.anchor()  # too soon
    assert not path.exists()
    clock.now += timedelta(minutes=6)
    app.anchor()
    (state,) = app.anchor_states()
    assert (state.error, state.failures, state.anchored_size) == (None, 0, 3)


def test_a_head_is_posted_to_a_webhook_with_its_signature(
    make_app: MakeApp, history: History, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/heads", method="POST").respond_with_data("taken")
    channel = {
        "kind": "webhook",
        "url": httpserver.url_for("/heads"),
        "secret": "whsec_c2VjcmV0",
        "allow_private": True,
    }
    app = make_app(
        channels={"siem": channel}, evidence={"anchors": [{"name": "siem", "kind": "webhook", "channel": "siem"}]}
    )
    record(history, "a", 1)
    app.prove()
    (state,) = app.anchor_states()
    assert (state.error, state.anchored_size) == (None, 3)
    request, _ = httpserver.log[0]
    assert request.headers["webhook-signature"].startswith("v1,")
    assert checked_head(request.json["note"], app.log_keys()).size == 3


def test_an_anchor_that_names_no_webhook_is_told(make_app: MakeApp) -> None:
    app = make_app(evidence={"anchors": [{"name": "siem", "kind": "webhook", "channel": "siem"}]})
    with pytest.raises(SettingsError, match="which is no webhook"):
        _ = app.anchors


def test_a_head_is_put_into_s3_under_object_lock(
    make_app: MakeApp,
    history: History,
    new_account: Callable[[], LocalAccount],
    monkeypatch: pytest.MonkeyPatch,
    clock: Clock,
) -> None:
    account = new_account()
    for name, value in account.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    bucket = f"heads-{account.id}"
    place = {"LocationConstraint": "eu-west-1"}
    account("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration=place, ObjectLockEnabledForBucket=True)
    clock.now = datetime.now(UTC)  # the time until which it is locked must be to come
    anchor = {"name": "vault", "kind": "s3", "bucket": bucket, "region": "eu-west-1", "retain_days": 30}
    app = make_app(evidence={"anchors": [anchor]})
    record(history, "a", 1)
    app.prove()
    (state,) = app.anchor_states()
    assert (state.error, state.anchored_size) == (None, 3)
    (kept,) = account("s3").list_objects_v2(Bucket=bucket)["Contents"]
    assert kept["Key"].startswith("vigie/heads/000000000003-")
    held = account("s3").get_object(Bucket=bucket, Key=kept["Key"])
    assert held["ObjectLockMode"] == "COMPLIANCE"
    assert held["ObjectLockRetainUntilDate"] > clock.now + timedelta(days=29)
    assert checked_head(held["Body"].read().decode(), app.log_keys()).size == 3


def test_a_bucket_that_is_not_there_is_an_anchor_that_fails(
    make_app: MakeApp, history: History, new_account: Callable[[], LocalAccount], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in new_account().environment.items():
        monkeypatch.setenv(name, value)
    anchor = {"name": "vault", "kind": "s3", "bucket": "nobody-has-this-one", "region": "eu-west-1"}
    app = make_app(evidence={"anchors": [anchor]})
    record(history, "a", 1)
    app.prove()
    (state,) = app.anchor_states()
    assert state.error is not None and "NoSuchBucket" in state.error


# --- bundles


@pytest.fixture
def bundle(make_app: MakeApp, history: History) -> tuple[str, str]:
    """A bundle, and the key that it is checked with."""
    app = make_app()
    for number in range(4):
        record(history, "a", number, hours=number)
        record(history, "b", number, hours=number)
    (found,) = history.archive.find("a")
    certainty, written = app.evidence(found.pk or 0, T0 + 2 * HOUR)
    assert certainty == "exact"
    return written, str(app.log_keys()[0].key)


def test_a_bundle_shows_what_was_there(bundle: tuple[str, str]) -> None:
    shown, head = checked_bundle(bundle[0], pinned(bundle[1]))
    assert shown.configuration == {"N": 2}
    assert (shown.revision, shown.kind, shown.observed_at) == (3, "changed", T0 + 2 * HOUR)
    assert shown.next_seen == T0 + 3 * HOUR
    assert shown.coverage and "complete" in shown.coverage[0]
    assert head.size == 10


def test_a_bundle_fails_after_any_byte_is_changed(bundle: tuple[str, str]) -> None:
    written, key = bundle
    pins = pinned(key)
    for position in range(0, len(written), max(1, len(written) // 400)):
        for other in (chr(ord(written[position]) ^ 1), " "):
            if other == written[position]:
                continue
            changed = written[:position] + other + written[position + 1 :]
            with pytest.raises(BundleError):
                checked_bundle(changed, pins)
    with pytest.raises(BundleError):
        checked_bundle(written.rstrip("\n"), pins)


def test_a_bundle_of_another_log_is_not_believed(bundle: tuple[str, str]) -> None:
    stranger = PublicKey("vigie", LocalSigner(b"\7" * 32).public)
    with pytest.raises(BundleError, match="whose key was not given"):
        checked_bundle(bundle[0], [stranger])


def test_whoever_has_the_key_still_cannot_claim_what_the_log_does_not_hold(
    bundle: tuple[str, str], make_app: MakeApp
) -> None:
    """The seal is not what proves: a bundle that is sealed anew must still fit the log."""
    written, key = bundle
    app = make_app()

    def resealed(change: Callable[[dict[str, Any]], None]) -> str:
        document = json.loads(written)
        del document["seal"]
        change(document)
        return sealed_bundle(document, "vigie", app.signer)

    def check(change: Callable[[dict[str, Any]], None], why: str) -> None:
        with pytest.raises(BundleError, match=why):
            checked_bundle(resealed(change), pinned(key))

    checked_bundle(resealed(lambda document: None), pinned(key))
    check(lambda d: d["revision"]["header"].update(observed_at=1), "revision in force is not in the log")
    check(lambda d: d["revision"].update(configuration="e30="), "configuration is not the one")
    check(lambda d: d["revision"].update(differences=[]), "differences of the revision in force are not those")
    check(lambda d: d["resource"].update(id="b"), "of another resource")
    check(lambda d: d.update(asked="2026-01-01T00:00:00Z"), "observed after the time")
    check(lambda d: d.update(asked="2026-01-02T05:30:00Z"), "still held at the time")
    check(lambda d: d["coverage"][0]["run"].update(last_looked=1), "not in its coverage sheet")
    check(lambda d: d["coverage"][0].update(problems='["x"]'), "problems of run 1")
    check(lambda d: d.update(next=d["revision"]), "not the one after")


def test_a_bundle_goes_to_another_machine(bundle: tuple[str, str], tmp_path: Path) -> None:
    """A process of its own, without a store, with nothing but the file and the key."""
    file = tmp_path / "bundle.json"
    file.write_text(bundle[0], encoding="utf-8")
    nowhere = {"HOME": str(tmp_path / "nowhere"), "VIGIE_DATA_DIR": str(tmp_path / "nowhere")}

    def check() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "vigie", "verify", "--bundle", str(file), "--key", bundle[1]]
        return subprocess.run(command, env={**os.environ, **nowhere}, capture_output=True, text=True)

    ran = check()
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("Proven")
    file.write_text(bundle[0].replace('"number":3', '"number":4'), encoding="utf-8")
    ran = check()
    assert (ran.returncode, ran.stderr) == (1, "")
    assert "Not proven" in ran.stdout
    assert not (tmp_path / "nowhere").exists()


def test_a_bundle_made_after_a_new_key_is_believed_by_who_pinned_the_old(make_app: MakeApp, history: History) -> None:
    app = make_app()
    record(history, "a", 1)
    app.make_head()
    old = str(app.log_keys()[0].key)
    app.rotate_key()
    record(history, "a", 2, hours=1)
    (found,) = history.archive.find("a")
    _, written = app.evidence(found.pk or 0, T0 + HOUR)
    shown, _ = checked_bundle(written, pinned(old))
    assert shown.configuration == {"N": 2}


# --- keys in KMS


@pytest.fixture
def kms(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    """An AWS whose KMS has no key yet (KmsKey().serve gives it one), and credentials for it."""
    with Endpoint() as aws:
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", access_key(ACCOUNT))
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        yield aws


def test_a_key_in_kms_signs_heads_in_its_region_and_its_public_key_is_asked_for_once(
    make_app: MakeApp, history: History, kms: Endpoint, tmp_path: Path
) -> None:
    key = KmsKey(region="eu-north-1").serve(kms)
    record(history, "a", 1)
    head = make_app(evidence={"kms_key": key.arn}).make_head()
    record(history, "a", 2, hours=1)
    app = make_app(evidence={"kms_key": key.arn})  # another process
    app.prove()
    keys = app.log_keys()
    assert head is not None and checked_head(head.note, keys).size == 3
    assert [(entry.key.raw, entry.kms) for entry in keys] == [(key.raw, key.arn)]
    assert app.verify().defects == []
    assert [call.operation for call in kms.called()] == ["GetPublicKey", "Sign", "Sign"]
    asked = kms.called("kms:Sign")[0]
    assert (asked.region, asked.parameters["MessageType"]) == ("eu-north-1", "RAW")
    assert asked.parameters["SigningAlgorithm"] == "ED25519_SHA_512"
    assert not (tmp_path / "data" / "keys" / "log-signing").exists()


def test_a_key_in_kms_takes_over_from_a_local_one_and_gives_back(
    make_app: MakeApp, history: History, kms: Endpoint, tmp_path: Path
) -> None:
    key, other, secret = KmsKey().serve(kms), KmsKey(number=2).serve(kms), tmp_path / "data" / "keys" / "log-signing"
    record(history, "a", 1)
    local = make_app()
    local.make_head()
    pin = str(local.log_keys()[0].key)
    app = make_app(evidence={"kms_key": key.arn})
    assert app.rotate_key().key.raw == key.raw
    assert not secret.exists()
    record(history, "a", 2, hours=1)
    app.prove()
    app = make_app(evidence={"kms_key": other.arn})
    app.rotate_key()
    record(history, "a", 3, hours=2)
    app.prove()
    app = make_app()
    app.rotate_key()
    record(history, "a", 4, hours=3)
    app.prove()
    assert [entry.kms for entry in app.log_keys()] == [None, key.arn, other.arn, None]
    assert secret.exists()
    found = app.verify()
    assert (found.defects, found.signatures) == ([], 4)
    (one,) = history.archive.find("a")
    _, written = app.evidence(one.pk or 0, T0 + HOUR)
    assert "arn:aws:kms" not in written  # who holds a key is told to nobody
    shown, _ = checked_bundle(written, pinned(pin))
    assert shown.configuration == {"N": 2}


def test_a_key_that_was_not_handed_over_to_signs_nothing(
    make_app: MakeApp, history: History, kms: Endpoint, tmp_path: Path
) -> None:
    key = KmsKey().serve(kms)
    record(history, "a", 1)
    make_app().make_head()
    record(history, "a", 2, hours=1)
    app = make_app(evidence={"kms_key": key.arn})
    app.prove()
    state = app.signing_state()
    assert state is not None and state.error is not None and "`vigie keys rotate` does" in state.error
    assert (len(history.log.heads()), kms.called("kms:Sign")) == (1, [])
    app.rotate_key()
    with pytest.raises(UsageError, match="signs already"):
        app.rotate_key()
    with pytest.raises(SettingsError, match="the settings do not name it"):
        make_app().make_head()
    assert not (tmp_path / "data" / "keys" / "log-signing").exists()


def test_a_key_that_may_not_sign_does_not_take_over(
    make_app: MakeApp, history: History, kms: Endpoint, tmp_path: Path
) -> None:
    key = KmsKey().serve(kms)
    kms.faults.add(denied(), service="kms", operation="Sign")
    record(history, "a", 1)
    make_app().make_head()
    with pytest.raises(SigningFailed, match="AccessDenied"):
        make_app(evidence={"kms_key": key.arn}).rotate_key()
    assert (tmp_path / "data" / "keys" / "log-signing").exists()
    assert make_app().verify().defects == []


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (denied(), "AccessDenied"),
        (failing("DisabledException", "the key is disabled"), "DisabledException"),
        (failing("KMSInvalidStateException", "pending deletion"), "KMSInvalidState"),
        (throttled(), "Throttl"),
    ],
)
def test_a_key_that_does_not_sign_is_recorded_shown_and_tried_again(
    sqlite_history: History, tmp_path: Path, clock: Clock, kms: Endpoint, fault: Any, code: str
) -> None:
    key = KmsKey().serve(kms)
    values = {
        "data_dir": tmp_path / "data",
        "database_url": f"sqlite:///{tmp_path / 'vigie.sqlite'}",
        "evidence": {"kms_key": key.arn},
    }
    app = App(Settings.model_validate(values), clock=clock)
    (evidence,) = [loop for loop in app.loops(sweep=False) if loop.name == "evidence"]
    record(sqlite_history, "a", 1)
    evidence.step()
    kms.faults.add(fault, service="kms", operation="Sign", calls=range(2, 1000))
    record(sqlite_history, "a", 2, hours=1)
    clock.now += HOUR
    evidence.step()
    state = app.signing_state()
    assert state is not None and state.error is not None and code in state.error
    assert (state.failures, state.anchored_size) == (1, 3)
    found = app.verify()
    assert (found.sound, found.unreachable) == (True, [key.arn])
    tried = len(kms.called("kms:Sign"))
    clock.now += timedelta(minutes=1)
    evidence.step()  # too soon
    assert len(kms.called("kms:Sign")) == tried
    record(sqlite_history, "a", 3, hours=2)  # recording goes on
    kms.faults.clear()
    clock.now += timedelta(minutes=6)
    app.close()
    app = App(Settings.model_validate(values), clock=clock)  # the pace after a throttle is measured on a real clock
    (evidence,) = [loop for loop in app.loops(sweep=False) if loop.name == "evidence"]
    evidence.step()
    state, last = app.signing_state(), sqlite_history.log.last_head()
    assert state is not None and last is not None
    assert (state.error, state.failures, state.anchored_size) == (None, 0, last.size)
    assert (app.verify().defects, app.verify().unreachable) == ([], [])
    app.close()


def test_no_network_is_a_key_that_does_not_sign(
    make_app: MakeApp, history: History, kms: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = KmsKey().serve(kms)
    make_app(evidence={"kms_key": key.arn}).log_keys()
    record(history, "a", 1)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    app = make_app(evidence={"kms_key": key.arn})
    app.prove()
    state = app.signing_state()
    assert state is not None and state.error is not None and "EndpointConnectionError" in state.error
    (found,) = history.archive.find("a")
    with pytest.raises(SigningFailed, match="Nothing was signed with the key"):
        app.evidence(found.pk or 0, T0)


def test_a_signature_of_another_key_than_the_pinned_one_is_thrown_away(
    make_app: MakeApp, history: History, kms: Endpoint
) -> None:
    key = KmsKey().serve(kms)
    app = make_app(evidence={"kms_key": key.arn})
    app.log_keys()
    key.secret = KmsKey().secret
    record(history, "a", 1)
    app.prove()
    state = app.signing_state()
    assert state is not None and state.error is not None and "is not that of the pinned public key" in state.error
    assert history.log.heads() == []


def test_a_restored_copy_of_the_public_keys_finds_its_key_in_kms_again_and_takes_no_other(
    make_app: MakeApp, history: History, kms: Endpoint, tmp_path: Path
) -> None:
    key, other = KmsKey().serve(kms), KmsKey(number=2).serve(kms)
    record(history, "a", 1)
    make_app(evidence={"kms_key": key.arn}).make_head()
    file = tmp_path / "data" / "keys" / "log-public.json"
    copy = json.loads(file.read_text())
    del copy["keys"][0]["kms"]  # as `vigie keys show --json` prints it
    file.write_text(json.dumps(copy))
    with pytest.raises(SettingsError, match="is not the last one of"):
        make_app(evidence={"kms_key": other.arn}).make_head()
    record(history, "a", 2, hours=1)
    assert make_app(evidence={"kms_key": key.arn}).make_head() is not None
    assert json.loads(file.read_text())["keys"][0]["kms"] == key.arn


@pytest.mark.parametrize(
    ("spec", "usage"), [("ECC_NIST_P256", "SIGN_VERIFY"), ("ECC_NIST_EDWARDS25519", "KEY_AGREEMENT")]
)
def test_a_key_that_cannot_sign_heads_is_refused_in_a_sentence(
    sqlite_history: History, tmp_path: Path, kms: Endpoint, spec: str, usage: str
) -> None:
    key = KmsKey().serve(kms)
    key.spec, key.usage = spec, usage
    values = {"data_dir": tmp_path / "data", "evidence": {"kms_key": key.arn}}
    app = App(Settings.model_validate(values))
    with pytest.raises(SettingsError, match=f"is of spec {spec} and usage {usage}: make one of spec"):
        app.log_keys()
    app.close()


def test_a_bundle_signed_in_kms_goes_to_another_machine(sqlite_history: History, tmp_path: Path, kms: Endpoint) -> None:
    """A process of its own, without store, network or credentials, with nothing but the file and the public key."""
    key = KmsKey().serve(kms)
    values = {
        "data_dir": tmp_path / "data",
        "database_url": f"sqlite:///{tmp_path / 'vigie.sqlite'}",
        "evidence": {"kms_key": key.arn},
    }
    app = App(Settings.model_validate(values))
    record(sqlite_history, "a", 1)
    (found,) = sqlite_history.archive.find("a")
    _, written = app.evidence(found.pk or 0, T0 + HOUR)
    app.close()
    file = tmp_path / "bundle.json"
    file.write_text(written, encoding="utf-8")
    kms.forget()
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "VIGIE_"))}
    nowhere = {"HOME": str(tmp_path / "nowhere"), "VIGIE_DATA_DIR": str(tmp_path / "nowhere")}
    command = [sys.executable, "-m", "vigie", "verify", "--bundle", str(file), "--key"]
    public = str(PublicKey("vigie", key.raw))
    ran = subprocess.run([*command, public], env=clean | nowhere, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("Proven")
    stranger = str(PublicKey("vigie", KmsKey().raw))
    ran = subprocess.run([*command, stranger], env=clean | nowhere, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (1, "")
    assert kms.called() == []
