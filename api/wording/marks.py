"""Text with a mark: what a word is, said again by a style."""

from __future__ import annotations

Fragment = str | tuple[str, str]
"""Text, or text with a style. A style only underlines what the words already say."""

PLAN, FACT, ALERT, ASIDE = "yellow", "green", "bold red", "dim"
