"""The guide shows what happens: its commands run here, in turn, and answer as it says."""

from __future__ import annotations

import pytest

from tests.walk import GUIDE, standing_still, walked


def test_the_guide_shows_what_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    text = GUIDE.read_text(encoding="utf-8")
    with standing_still(monkeypatch):
        assert walked(text) == text, "renew it: uv run python -m tests.walk"
