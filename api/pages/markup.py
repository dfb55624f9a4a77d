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
_TAG = re.compile(f"{IN_LANGUAGE}[A-Za-z0-9-]+{IN_LANGUAGE}")
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
    return _TAG.sub("", str(text)).replace(APART, "").replace(REJOINED, "")


def isolated(text: object) -> Markup:
    """A text for a drawing, where there is no `<bdi>`: set apart by the characters of Unicode themselves."""
    return escape(without_languages(str(text)))


def without_languages(text: str) -> str:
    """A text whose parts are set apart, without the tags of their languages."""
    return _TAG.sub("", text)


def shortened(text: str, most: int) -> str:
    """The begin of a text, with an ellipsis if there is more; what is set apart in it ends where it is cut."""
    text = without_languages(text)
    if len(plain(text)) <= most:
        return text
    kept: list[str] = []
    letters = 0
    for letter in text:
        letters += letter not in (APART, REJOINED)
        if letters == most:
            break
        kept.append(letter)
    within = "".join(kept).count(APART) - "".join(kept).count(REJOINED)
    return f"{''.join(kept).rstrip()}{REJOINED * max(within, 0)}…"


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
