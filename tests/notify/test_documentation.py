"""Every setting of routes and channels is documented."""

from __future__ import annotations

from pathlib import Path

import pytest

from vigie.notify.channel_settings import KINDS as CHANNEL_KINDS
from vigie.notify.event import KINDS
from vigie.notify.routes import CONDITION_KEYS, OTHER_KEYS

PAGE = (Path(__file__).parents[2] / "docs/how-to/notifications.md").read_text(encoding="utf-8")
POSITIVE = [key for key in CONDITION_KEYS if not key.startswith("not_")]
CHANNEL_KEYS = sorted({key for kind in CHANNEL_KINDS.values() for key in kind.model_fields})
EVENT_KINDS = sorted({kind for kinds in KINDS.values() for kind in kinds})


@pytest.mark.parametrize("key", [*POSITIVE, *OTHER_KEYS, *CHANNEL_KEYS, *EVENT_KINDS])
def test_a_setting_is_on_the_page(key: str) -> None:
    assert f"`{key}`" in PAGE or f"`{key} = " in PAGE


@pytest.mark.parametrize("kind", CHANNEL_KINDS)
def test_a_kind_of_channel_is_on_the_page(kind: str) -> None:
    assert f'`kind = "{kind}"`' in PAGE
