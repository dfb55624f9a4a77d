"""A report as data for a typesetter: the same lines as on its page, without mark-up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html.parser import HTMLParser
from typing import Any

from markupsafe import Markup

from api.pages.asked import Asked
from api.pages.markup import fragments, marked_up, plain
from api.pages.sheets import Entry, Section
from api.wording.language import APART, REJOINED, say
from projections.patience import each

KINDS = {"b": "bold", "i": "italic", "s": "strike"}


def document(asked: Asked, context: Mapping[str, Any]) -> dict[str, Any]:
    """What `report.typ` reads. Call it while the language is spoken.

    Args:
        asked: what the page was asked with.
        context: what the page of the report shows.
    """
    return {
        "lang": asked.language.code,
        "dir": asked.language.direction,
        "title": plain(context["title"]),
        "short": plain(context["short"]),
        "reflects": plain(context["reflects"]),
        "horizon": plain(context["bar"]),
        "handling": plain(context["handling"]),
        "top": _entries(context["top"][1:]),
        "sections": [{**_named(section), "entries": _entries(section.entries)} for section in context["sections"]],
        "empty": [_named(section) for section in context["empty"]],
        "sources": [plain(source) for source in context["sources"]],
        "legend": [plain(entry.said.striptags()) for entry in context["legend"]],
        "words": {"empty": say("Where nothing stands"), "sources": say("Sources")},
    }


def _named(section: Section) -> dict[str, str]:
    return {"title": plain(section.title), "aside": plain(section.aside)}


def _entries(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    return [
        {"said": parts(entry.said), "by": parts(_by(entry)), "entries": _entries(entry.entries)}
        for entry in each(entries)
    ]


def _by(entry: Entry) -> Markup:
    both = [part for part in (entry.occurred, entry.grounds) if part]
    return marked_up(" · ").join(both) if both else fragments([])


def parts(html: Markup) -> list[dict[str, str | None]]:
    """Pieces of text, each with its language, if known, and how it is set: plain, bold, italic, strike or a mark."""
    reader = _Parts()
    reader.feed(str(html))
    reader.close()
    return reader.found


class _Parts(HTMLParser):
    """Reads what `api.pages.markup` writes."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[dict[str, str | None]] = []
        self._open: list[tuple[str, str]] = []
        self._languages: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "bdi":
            self._languages.append(given.get("lang"))
            self._put(APART)
            return
        classes = (given.get("class") or "").split()
        self._open.append((tag, "mark" if "mark" in classes else KINDS.get(tag, "")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "bdi":
            self._put(REJOINED)
            self._languages.pop()
        elif self._open:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self._put(data)

    def _put(self, text: str) -> None:
        kind = next((kind for _, kind in reversed(self._open) if kind), "plain")
        language = next((one for one in reversed(self._languages) if one), None)
        last = self.found[-1] if self.found else None
        if last is not None and (last["kind"], last["lang"]) == (kind, language):
            last["text"] = f"{last['text']}{text}"
        else:
            self.found.append({"text": text, "kind": kind, "lang": language})
