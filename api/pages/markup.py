"""Text as HTML: everything is escaped, and what people outside wrote stands in a `<bdi>` of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable

from markupsafe import Markup, escape

from api.wording.language import APART, IN_LANGUAGE, REJOINED
from api.wording.marks import ALERT, ASIDE, FACT, PLAN, Fragment

CLASSES = {PLAN: "plan", FACT: "fact", ALERT: "alert", ASIDE: "aside"}
"""Styles of fragments, and the class that gives each a shape and a colour."""
ELEMENTS = {"bold": "b", "italic": "i", "strike": "s", "bold strike": "s"}
_LANGUAGE = re.compile(f"{APART}{IN_LANGUAGE}([A-Za-z0-9-]+){IN_LANGUAGE}")


def marked_up(text: object) -> Markup:
    """A text for the inside of an element."""
    return text if isinstance(text, Markup) else Markup(_escaped(str(text)))  # noqa: S704  it was escaped


def _escaped(text: str) -> str:
    escaped = str(escape(text))
    if APART in escaped and escaped.count(APART) == escaped.count(REJOINED):
        if IN_LANGUAGE in escaped:
            escaped = _LANGUAGE.sub(r'<bdi lang="\1">', escaped)
        escaped = escaped.replace(APART, "<bdi>").replace(REJOINED, "</bdi>")
    return escaped


def plain(text: object) -> str:
    """A text without what sets parts of it apart, for attributes and for tables of other programs."""
    bare = re.sub(f"{IN_LANGUAGE}[A-Za-z0-9-]+{IN_LANGUAGE}", "", str(text))
    return bare.replace(APART, "").replace(REJOINED, "")


def fragments(parts: Iterable[Fragment]) -> Markup:
    """Fragments as HTML. A word in brackets is a mark, and has a shape of its own."""
    return Markup("".join(map(_fragment, parts)))  # noqa: S704  each was escaped


def _fragment(part: Fragment) -> str:
    if isinstance(part, Markup):
        return str(part)
    if isinstance(part, str):
        return _escaped(part)
    text, style = part
    if not text:
        return ""
    if text[0] == "[" and text[-1] == "]":
        return f'<span class="mark {CLASSES.get(style, "other")}">{_escaped(text[1:-1])}</span>'
    if style in CLASSES:
        return f'<span class="{CLASSES[style]}">{_escaped(text)}</span>'
    element = ELEMENTS.get(style)
    return f"<{element}>{_escaped(text)}</{element}>" if element else _escaped(text)
