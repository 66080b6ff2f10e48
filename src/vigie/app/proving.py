"""Evidence: heads are signed and anchored, the store is verified, keys are replaced."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vigie.app.parts import KEY_BYTES, Parts
from vigie.model.errors import CredentialsError, SettingsError, StoreError, UsageError
from vigie.model.verification import Verified

if TYPE_CHECKING:
    from vigie.app.anchors import Anchor
    from vigie.app.signing import KmsSigner, Signer
    from vigie.history.anchored import AnchorState
    from vigie.history.log import Head
    from vigie.model.notes import Checkpoint, KeyEntry, PublicKey
    from vigie.settings import AnchorSettings

RETRY_ANCHOR: Final = timedelta(minutes=5)
"""How long after a failure an anchor, or a key in KMS, is tried again."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the last verification that found nothing wrong had seen; kept outside the store."""

    size: int
    root: bytes
    configuration: int


class Proving(Parts):
    """The evidence log over the store, with its keys and anchors."""

    # --- keys

    @property
    def _public_file(self) -> Path:
        from vigie.app.signing import PUBLIC

        return self.settings.data_dir.expanduser() / "keys" / PUBLIC

    @property
    def signer(self) -> Signer:
        """Whoever signs now. Read anew each time: another process may have replaced the key.

        Raises:
            SettingsError, SigningFailed: See :meth:`signing`.
        """
        return self.signing()[1]

    def signing(self) -> tuple[list[KeyEntry], Signer]:
        """The pinned public keys, and whoever signs with the last one.

        Raises:
            SettingsError: The keys cannot be used, or a key in KMS signs that the settings do not name (any more).
            SigningFailed: The settings name a key in KMS that was not handed over to.
        """
        from vigie.app.signing import SigningFailed

        entries = self.log_keys()
        last, named = entries[-1], self.settings.evidence.kms_key
        if last.kms == named:
            return entries, self._holder_of(last)
        if named is not None:
            raise SigningFailed(named, "it was not handed over to: `vigie keys rotate` does")
        raise SettingsError(
            f"The key {last.kms} signs, and the settings do not name it: name it in evidence.kms_key, or hand over to "
            "a key on this machine with `vigie keys rotate`."
        )

    def log_keys(self) -> list[KeyEntry]:
        """The pinned public keys, oldest first; the file is made with the first key.

        Raises:
            SettingsError: The file cannot be used, or the secret key of its last one is not here.
            SigningFailed: The first key is to be one in KMS, which does not tell its public key.
        """
        from vigie.app.signing import read_keys

        file = self._public_file
        if not file.exists():
            self._pin_first()
        entries = read_keys(file)
        if self._holder(entries[-1]) is None:
            return [*entries[:-1], self._recognized(entries)]
        return entries

    def _pin_first(self) -> None:
        from vigie.app.signing import SIGNING, LocalSigner
        from vigie.model.notes import KeyEntry, PublicKey

        if self.history.log.last_head() is not None:
            raise SettingsError(
                f"The public keys {self._public_file} are gone, and heads were signed before: "
                "restore them from your copy."
            )
        arn = self.settings.evidence.kms_key
        signer = LocalSigner(self.key(SIGNING)) if arn is None else self._kms(arn)
        key = PublicKey(self.settings.evidence.name, signer.public)
        self._write_keys([KeyEntry(key, 0, self._clock(), kms=arn)])

    def _recognized(self, entries: Sequence[KeyEntry]) -> KeyEntry:
        """The last pinned key, where the key in KMS of the settings turns out to be it: a copy that was restored does
        not say who holds it. Raises SettingsError: it is another, or none is named."""
        named, file = self.settings.evidence.kms_key, self._public_file
        if named is None:
            raise SettingsError(f"The key that signs is not the last one of {file}: restore both from one back-up.")
        if self._kms(named).public != entries[-1].key.raw:
            raise SettingsError(
                f"The public key of {named} (evidence.kms_key) is not the last one of {file}, and the key that is "
                "is not here to hand over: restore both from one back-up."
            )
        found = replace(entries[-1], kms=named)
        self._write_keys([*entries[:-1], found])
        return found

    def _write_keys(self, entries: Sequence[KeyEntry]) -> None:
        """Raises SettingsError."""
        from vigie.app.signing import write_keys

        file = self._public_file
        try:
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_keys(file, entries)
        except OSError as error:
            raise SettingsError(f"The public keys {file} cannot be written ({error.strerror}).") from None

    def _holder(self, entry: KeyEntry) -> Signer | None:
        """Who signs with a pinned key; None where the secret key is not here, and not known to be in KMS."""
        from vigie.app.signing import SIGNING, LocalSigner

        if entry.kms is not None:
            return self._kms(entry.kms, entry.key.raw)
        if not self._public_file.with_name(SIGNING).exists():
            return None
        local = LocalSigner(self.key(SIGNING))
        return local if local.public == entry.key.raw else None

    def _holder_of(self, last: KeyEntry) -> Signer:
        """The same, of a key that log_keys has seen to be here."""
        holder = self._holder(last)
        if holder is None:  # another process replaced it in between
            raise SettingsError("The key that signs was replaced just now: try again.")
        return holder

    def _kms(self, arn: str, public: bytes | None = None) -> KmsSigner:
        from vigie.app.signing import KmsSigner, SigningFailed
        from vigie.aws.errors import CallFailed
        from vigie.catalogue.delivery import SIGNING

        def call(operation: str, parameters: Mapping[str, Any], member: str) -> Mapping[str, Any]:
            try:
                caller = self.entrances.own(arn.split(":")[3], SIGNING)
                return caller.call("kms", operation, parameters, expect=member)
            except CallFailed as failure:
                raise SigningFailed(arn, f"{failure.operation}: {failure.code}: {failure.message}") from None
            except CredentialsError as error:
                raise SigningFailed(arn, str(error)) from None

        return KmsSigner(arn, call, public)

    def pinned_keys(self) -> list[PublicKey | KeyEntry]:
        """The public keys of this machine, without opening the store.

        Raises:
            UsageError: There are none here.
        """
        from vigie.app.signing import read_keys

        if not self._public_file.exists():
            raise UsageError("There is no key of a log on this machine: give the public key with --key.")
        return list(read_keys(self._public_file))

    def rotate_key(self) -> KeyEntry:
        """A new key signs from now on, that of the settings if they name one in KMS; the old one signs that it does.

        Nothing is changed where the old or the new one cannot sign.

        Raises:
            UsageError: The key of the settings signs already.
            SettingsError: The keys cannot be read or written, or the key of the settings cannot sign heads.
            SigningFailed: A key in KMS, old or new, does not sign.
        """
        from vigie.app.signing import LocalSigner, signed
        from vigie.model.notes import KeyEntry, PublicKey, endorsement_text

        entries = self.log_keys()
        old, named = entries[-1], self.settings.evidence.kms_key
        if named is not None and named == old.kms:
            raise UsageError(
                f"The key {named} signs already, and KMS does not replace such keys: make another one, name it in "
                "evidence.kms_key, and rotate then."
            )
        seed = secrets.token_bytes(KEY_BYTES)
        new = LocalSigner(seed) if named is None else self._kms(named)
        key = PublicKey(old.key.name, new.public)
        new.sign(str(key).encode())  # a key that may not sign must not take over
        holder = self._holder_of(old)
        self._make_head(entries, holder)
        head = self.history.log.last_head()
        now, since = self._clock(), head.size if head else 0
        endorsement = signed(endorsement_text(key, since, now), old.key.name, holder)
        entry = KeyEntry(key, since, now, endorsement, named)
        self._replace_keys([*entries, entry], seed if named is None else None)
        return entry

    def _replace_keys(self, entries: Sequence[KeyEntry], seed: bytes | None) -> None:
        """Write the public keys, and put the secret one in the place of the old; None: it is not on this machine."""
        from vigie.app.signing import SIGNING, write_keys

        secret = self._public_file.with_name(SIGNING)
        new = secret.with_name(f".{SIGNING}.new")
        try:
            if seed is None:
                write_keys(self._public_file, entries)
                secret.unlink(missing_ok=True)
                return
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(seed.hex() + "\n")
            write_keys(self._public_file, entries)
            os.replace(new, secret)
        except OSError as error:
            raise SettingsError(f"The keys beside {secret} cannot be written ({error.strerror}).") from None

    # --- heads

    def make_head(self) -> Head | None:
        """Give waiting leaves their place, enter a coverage sheet, and sign a head; None where there is no news.

        Raises:
            StoreError: What was signed before is not in the log any more: signing on would hide it.
            SettingsError: The keys cannot be used.
            SigningFailed: The key is in KMS, and does not sign.
        """
        return self._make_head(*self.signing())

    def _make_head(self, keys: Sequence[KeyEntry], signer: Signer) -> Head | None:
        from vigie.app.signing import signed
        from vigie.history import sheets
        from vigie.history.log import Head
        from vigie.model.notes import Checkpoint

        log, now = self.history.log, self._clock()
        with self.history.begin() as tx:
            sheets.enter(tx, now)
        log.sequence()
        size, last = log.size(), log.last_head()
        if last is not None and (size < last.size or log.root(last.size) != last.root):
            raise StoreError(
                f"The evidence log does not begin with its last signed head ({last.size:,} leaves) any more: "
                "`vigie verify` says what was changed; no new head was signed."
            )
        if last is not None and size == last.size:
            return None
        root = log.root(size)
        note = signed(str(Checkpoint(keys[-1].key.name, size, root, now)), keys[-1].key.name, signer)
        head = Head(size, root, now, note)
        with self.history.begin() as tx:
            log.add_head(tx, head)
        self._remember_head(head)
        return head

    def sign_head(self) -> None:
        """Sign a head if there is news. A key in KMS that does not sign is recorded, and tried again later.

        Raises:
            SigningFailed: After it was recorded.
        """
        from vigie.app.signing import SigningFailed

        key = self.settings.evidence.kms_key
        try:
            head = self.make_head()
        except SigningFailed as failure:
            if key is not None:
                with self.history.begin() as tx:
                    self.history.anchored.note(tx, key, None, self._clock(), failure.reason)
            raise
        state = self.signing_state()
        last = head or self.history.log.last_head()
        if key is not None and last is not None and (head or (state and state.error)):
            with self.history.begin() as tx:
                self.history.anchored.note(tx, key, last.size, self._clock(), None)

    def signing_state(self) -> AnchorState | None:
        """How the key in KMS is doing; None where none is named, or it was never tried."""
        key = self.settings.evidence.kms_key
        return None if key is None else self.history.anchored.state(key)

    def _remember_head(self, head: Head) -> None:
        _write(self._evidence_file("last-head"), head.note)

    def _evidence_file(self, name: str) -> Path:
        return self.settings.data_dir.expanduser() / "evidence" / name

    # --- anchors

    @cached_property
    def anchors(self) -> Mapping[str, Anchor]:
        """Raises SettingsError."""
        built = {given.name: self._anchor(given) for given in self.settings.evidence.anchors}
        if len(built) != len(self.settings.evidence.anchors):
            raise SettingsError("Two anchors have the same name: give each its own.")
        return built

    def _anchor(self, given: AnchorSettings) -> Anchor:
        from vigie.app.anchors import FileAnchor, S3Anchor, WebhookAnchor

        if given.kind == "file":
            return FileAnchor(Path(str(given.path)))
        if given.kind == "s3":
            return S3Anchor(given, lambda parameters: self._put_object(str(given.region), parameters))
        from vigie.notify.channel_settings import WebhookSettings, parse_channels

        channel = parse_channels(self.settings.channels).get(str(given.channel))
        if not isinstance(channel, WebhookSettings):
            raise SettingsError(f"The anchor {given.name} names the channel {given.channel}, which is no webhook.")
        return WebhookAnchor(channel, self._clock)

    def evidence_policy(self) -> dict[str, Any]:
        """The IAM policy that whoever runs this vigie needs for the S3 anchors of the settings, and their key in KMS.

        Raises:
            UsageError: There is neither.
        """
        from vigie.catalogue.policy import evidence_policy

        places = [(str(a.bucket), a.prefix, str(a.region)) for a in self.settings.evidence.anchors if a.kind == "s3"]
        key = self.settings.evidence.kms_key
        if not places and key is None:
            raise UsageError("No anchor of kind s3 is set ([[evidence.anchors]] in the settings), and no kms_key.")
        return evidence_policy(places, key)

    def _put_object(self, region: str, parameters: Mapping[str, Any]) -> None:
        from vigie.app.anchors import AnchorFailed
        from vigie.aws.errors import CallFailed

        try:
            self.entrances.put_anchor(region, parameters)
        except CallFailed as failure:
            raise AnchorFailed(f"{failure.operation}: {failure.code}: {failure.message}") from None

    def anchor(self) -> list[AnchorState]:
        """Put the last head into each anchor that does not have it. What fails is recorded, and tried again later.

        Raises:
            SettingsError: An anchor of the settings cannot be one.
        """
        from vigie.app.anchors import AnchorFailed

        head = self.history.log.last_head()
        anchored = self.history.anchored
        if head is None:
            return []
        for name, anchor in self.anchors.items():
            now, state = self._clock(), anchored.state(name)
            if state is not None and state.anchored_size is not None and state.anchored_size >= head.size:
                continue
            if state is not None and state.error is not None and now - state.tried_at < RETRY_ANCHOR:
                continue
            error = None
            try:
                anchor.put(head)
            except AnchorFailed as failure:
                error = str(failure)
            with self.history.begin() as tx:
                anchored.note(tx, name, None if error else head.size, now, error)
        return self.anchor_states()

    def anchor_states(self) -> list[AnchorState]:
        """How each anchor of the settings is doing; one that was never tried is not among them."""
        found = (self.history.anchored.state(name) for name in self.anchors)
        return [state for state in found if state is not None]

    def prove(self) -> None:
        """Sign a head if there is news, and anchor it. A key or an anchor that fails is recorded: heads come late."""
        from vigie.app.signing import SigningFailed

        with suppress(SigningFailed):
            self.sign_head()
        self.anchor()

    def _prove_due(self) -> bool:
        """What ``vigie up`` does over and over."""
        self.history.log.sequence()
        last = self.history.log.last_head()
        if last is None or self._clock() - last.at >= self.settings.evidence.head_every:
            state = self.signing_state()
            if state is None or state.error is None or self._clock() - state.tried_at >= RETRY_ANCHOR:
                self.prove()
                return False
        self.anchor()
        return False

    # --- bundles

    def evidence(self, resource: int, when: datetime) -> tuple[str, str]:
        """One file that shows how a resource was at a time to somebody who has only the public key.

        Signs a head first, where there is news. Gives the certainty and the file's text.

        Raises:
            KeyError: The resource is not recorded.
            StoreError: There is no evidence of what is to be shown.
            SigningFailed: The key is in KMS, and does not sign.
        """
        from vigie.app.signing import keys_document, sealed_bundle
        from vigie.history.bundling import bundle

        self.sign_head()
        self.anchor()
        head = self.history.log.last_head()
        if head is None:
            raise StoreError("There is nothing in the evidence log yet: `vigie sweep` fills it.")
        document = bundle(self.history.engine, resource, when, head)
        keys, signer = self.signing()
        document |= {"head": head.note, **keys_document(keys)}
        return str(document["certainty"]), sealed_bundle(document, keys[-1].key.name, signer)

    # --- verifying

    def verify(self, *, incremental: bool = False, consistency: str | None = None) -> Verified:
        """Look whether anything was rewritten, removed, slipped in or brought back from an old copy.

        Args:
            incremental: Look only at what came since the last verification that found nothing.
            consistency: What the log must begin with: an anchor file, a signed head, or a size and root
                (``1200:ab12…``).

        Raises:
            UsageError: ``consistency`` is none of these.
            SettingsError, StoreError: Keys or store cannot be read.
        """
        from vigie.history.verifying import verify

        remembered = self._remembered() if incremental else None
        log = self.history.log
        if remembered and (log.size() < remembered.size or log.root(remembered.size) != remembered.root):
            found = verify(self.history.engine)
            found.defect("log", f"the first {remembered.size:,} leaves", "they are not those that were verified before")
        elif remembered:
            found = verify(self.history.engine, since=remembered.size, last_configuration=remembered.configuration)
        else:
            found = verify(self.history.engine)
        self._verify_heads(found)
        self._verify_anchors(found)
        if consistency is not None:
            self._verify_consistency(found, consistency)
        if found.sound:
            content = {"size": found.leaves, "root": found.root.hex(), "configuration": found.last_configuration}
            _write(self._evidence_file("verified.json"), json.dumps(content) + "\n")
        return found

    def _remembered(self) -> Remembered | None:
        try:
            held = json.loads(self._evidence_file("verified.json").read_text(encoding="utf-8"))
            return Remembered(int(held["size"]), bytes.fromhex(held["root"]), int(held["configuration"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None  # never verified, or not here: then all of it is looked at

    def _verify_heads(self, found: Verified) -> None:
        """Signatures of all heads, and that the last one that this machine signed is there."""
        from vigie.app.signing import checked_head

        heads = self.history.log.heads()
        found.unsigned = found.leaves - max((head.size for head in heads), default=0)
        if not heads:
            found.notices.append("No head was signed yet: `vigie heads --sign` does, and every sweep.")
        keys = self.log_keys() if heads else []
        for number, head in enumerate(heads, 1):
            name = f"head {number} (of {head.size:,} leaves)"
            try:
                checkpoint = checked_head(head.note, keys)
            except ValueError as error:
                found.defect("signature", name, str(error))
                continue
            if (checkpoint.size, checkpoint.root, checkpoint.at) == (head.size, head.root, head.at):
                found.signatures += 1
            else:
                found.defect("head", name, "its row is not what was signed")
        file = self._evidence_file("last-head")
        try:
            note = file.read_text(encoding="utf-8")
        except OSError:
            return  # another machine signs, or none did
        self._compare(found, "head", f"the last head that was signed here ({file})", note, keys or None)

    def _verify_anchors(self, found: Verified) -> None:
        from vigie.app.anchors import AnchorFailed

        for name, anchor in self.anchors.items():
            try:
                notes = anchor.heads()
            except AnchorFailed as failure:
                found.unreachable.append(name)
                found.notices.append(f"The anchor {name} could not be looked at: {failure}.")
                continue
            if notes is None:
                found.notices.append(
                    f"The anchor {name} cannot be asked: take its heads and give them to --consistency."
                )
                continue
            for number, note in enumerate(notes, 1):
                if self._compare(found, "anchor", f"head {number} of the anchor {name}", note, None):
                    found.anchors += 1
        for state in self.anchor_states():
            if state.error is not None:
                found.unreachable.append(state.name)
                found.notices.append(f"The anchor {state.name} fails ({state.failures} times): {state.error}.")
        signing = self.signing_state()
        if signing is not None and signing.error is not None:
            found.unreachable.append(signing.name)
            found.notices.append(f"The key {signing.name} does not sign ({signing.failures} times): {signing.error}.")

    def _verify_consistency(self, found: Verified, given: str) -> None:
        from vigie.app.anchors import read_heads

        size, _, root = given.partition(":")
        if size.isascii() and size.isdigit() and len(root) == 64:
            self._compare_root(found, "consistency", f"the head {given[:24]}…", int(size), root.lower())
            return
        file = Path(given).expanduser()
        try:
            notes = read_heads(file)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise UsageError(f"{given!r} is no anchor file, signed head or SIZE:ROOT ({reason}).") from None
        if not notes:
            raise UsageError(f"{given!r} holds no head.")
        for number, note in enumerate(notes, 1):
            if self._compare(found, "consistency", f"head {number} of {file.name}", note, None):
                found.anchors += 1

    def _compare(
        self, found: Verified, part: str, name: str, note: str, keys: Sequence[KeyEntry] | None
    ) -> Checkpoint | None:
        """Whether the log begins with a signed head from elsewhere; its checkpoint if it does."""
        from vigie.app.signing import checked_head

        try:
            checkpoint = checked_head(note, keys or self.log_keys())
        except ValueError as error:
            found.defect(part, name, f"it is no head of this log: {error}")
            return None
        same = self._compare_root(found, part, name, checkpoint.size, checkpoint.root.hex())
        return checkpoint if same else None

    def _compare_root(self, found: Verified, part: str, name: str, size: int, root: str) -> bool:
        held = self.history.log.size()
        if held < size:
            why = f"it has {size:,} leaves, the log only {held:,}: leaves were removed, or an old copy was restored"
            found.defect(part, name, why)
        elif self.history.log.root(size).hex() != root:
            found.defect(part, name, f"the log's first {size:,} leaves are others: it was rewritten, or forked")
        else:
            return True
        return False


def _write(file: Path, text: str) -> None:
    """Whole or not at all. Raises SettingsError."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = file.with_name(f".{file.name}.{os.getpid()}")
        new.write_text(text, encoding="utf-8")
        os.replace(new, file)
    except OSError as error:
        raise SettingsError(f"{file} cannot be written ({error.strerror}): check its directory.") from None
