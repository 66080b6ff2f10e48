"""Signed notes, checkpoints and keys, as the public formats have them."""

from __future__ import annotations

import pytest

from recordings import T0
from vigie.model.notes import Checkpoint, Note, PublicKey, Signature, parse_checkpoint, parse_note, public_key

GO = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
"""The public key of Go's checksum database, in the documentation of the go command [K]."""


def test_the_key_of_a_well_known_log_is_read_and_written_back() -> None:
    key = public_key(GO)
    assert (key.name, key.id.hex(), str(key)) == ("sum.golang.org", "033de0ae", GO)


@pytest.mark.parametrize(
    "wrong", ["", "vigie", GO[:-4], GO.replace("033d", "033e"), GO.replace("Ac4z", "Ac4y"), " +x+y"]
)
def test_a_damaged_key_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"no Ed25519 key|damaged|base64"):
        public_key(wrong)


def test_a_checkpoint_is_three_lines_and_the_time() -> None:
    checkpoint = Checkpoint("vigie", 7, b"\1" * 32, T0)
    assert str(checkpoint).split("\n") == [
        "vigie",
        "7",
        "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=",
        "time 2026-01-02T03:04:05Z",
        "",
    ]
    assert parse_checkpoint(str(checkpoint)) == checkpoint


@pytest.mark.parametrize(
    "change",
    [("7", "07"), ("7", "-7"), ("vigie", "vi gie"), ("AQEB", "AQE"), ("time ", ""), ("Z", "+00:00"), ("\n7", "7")],
)
def test_a_checkpoint_has_one_spelling(change: tuple[str, str]) -> None:
    text = str(Checkpoint("vigie", 7, b"\1" * 32, T0))
    with pytest.raises(ValueError, match=r"checkpoint|base64|Invalid isoformat"):
        parse_checkpoint(text.replace(*change, 1))


def test_a_note_is_its_text_an_empty_line_and_signatures() -> None:
    key = PublicKey("vigie", b"\2" * 32)
    note = Note("some\n\ntext\n", (Signature("vigie", key.id, b"\3" * 64),))
    assert parse_note(str(note)) == note
    assert str(note).startswith("some\n\ntext\n\n\N{EM DASH} vigie ")
    with pytest.raises(ValueError, match="no signed note"):
        parse_note("some text")
    with pytest.raises(ValueError, match="no signature"):
        parse_note("text\n\nnot signed\n")
