"""Marks of text: a style that repeats what the words already say."""

from __future__ import annotations

Fragment = str | tuple[str, str]
"""Text, or text with a style. A style only underlines what the words already say."""

PLAN, FACT, ALERT, ASIDE = "yellow", "green", "bold red", "dim"
