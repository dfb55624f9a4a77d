"""Pages as a test reads them: with the parser of the standard library, strict about what must be closed."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise
from xml.etree import ElementTree

from fastapi.testclient import TestClient
from httpx2 import Response

VOID = {"meta", "link", "input", "br", "hr", "img", "col"}
INLINE = {"a", "b", "bdi", "code", "i", "s", "small", "span", "strong"}
HTML = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}


@dataclass
class Element:
    """An element with what is in it."""

    name: str
    attributes: dict[str, str]
    parts: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text within, on one line."""
        return " ".join(self._written().split())

    def _written(self) -> str:
        within = "".join(part if isinstance(part, str) else part._written() for part in self.parts)
        return within if self.name in INLINE else f" {within} "

    def all(self, name: str, /, **attributes: str) -> list[Element]:
        """The elements of a name within, at any depth, that have these attributes."""
        found: list[Element] = []
        for part in self.parts:
            if isinstance(part, Element):
                if part.name == name and all(part.attributes.get(key) == value for key, value in attributes.items()):
                    found.append(part)
                found += part.all(name, **attributes)
        return found

    def one(self, name: str, /, **attributes: str) -> Element:
        """The only one."""
        (element,) = self.all(name, **attributes)
        return element


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        assert len(attrs) == len(element.attributes), f"an attribute stands twice: {attrs}"
        self.open[-1].parts.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().name == tag, f"</{tag}> closes another element"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].parts.append(data)


def read(html: str) -> Element:
    """A page as a tree."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert len(reader.open) == 1, f"left open: {[element.name for element in reader.open]}"
    return reader.root


def get(client: TestClient, path: str, status: int = 200, *, liking: str = "en") -> Element:
    """A page, after a look at what every page must have."""
    answer = client.get(path, headers={**HTML, "Accept-Language": liking})
    assert answer.status_code == status, answer.text[:2000]
    return checked(answer)


def checked(answer: Response) -> Element:
    """A page that was answered, after a look at what every page must have."""
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; ")
    assert answer.headers["x-content-type-options"] == "nosniff"
    page = read(answer.text)
    html = page.one("html")
    assert html.attributes["lang"] in ("en", "ar", "ru")
    assert html.attributes["dir"] == ("rtl" if html.attributes["lang"] == "ar" else "ltr")
    assert page.one("head").one("title").text
    assert page.one("main").one("h1").text
    ids = [element.attributes["id"] for element in every(page) if "id" in element.attributes]
    assert len(ids) == len(set(ids)), "an id stands twice"
    for element in every(page):
        assert not any(name.startswith("on") or name == "style" for name in element.attributes), element
        assert element.attributes.get("src", "/static/").startswith("/static/")
    levels = [int(element.name[1]) for element in every(page) if element.name in ("h1", "h2", "h3", "h4")]
    assert all(deeper - level <= 1 for level, deeper in pairwise(levels)), levels
    labelled = {element.attributes["for"] for element in page.all("label") if "for" in element.attributes}
    inside = [control for label in page.all("label") for control in every(label)]
    for name in ("input", "select", "textarea"):
        for control in page.all(name):
            hidden = control.attributes.get("type") in ("hidden", "submit")
            assert hidden or control in inside or control.attributes.get("id") in labelled, control
    return page


def every(element: Element) -> list[Element]:
    """All elements within, in their order."""
    found: list[Element] = []
    for part in element.parts:
        if isinstance(part, Element):
            found += [part, *every(part)]
    return found


def cells(book: bytes) -> list[list[str]]:
    """What stands in the cells of a workbook, as text."""
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        strings = ElementTree.fromstring(parts.read("xl/sharedStrings.xml"))  # noqa: S314
        sheet = ElementTree.fromstring(parts.read("xl/worksheets/sheet1.xml"))  # noqa: S314
    texts = ["".join(one.itertext()) for one in strings.iterfind("{*}si")]
    assert not list(sheet.iterfind(".//{*}f")), "no formula"
    return [
        [
            texts[int(cell.findtext("{*}v", ""))] if cell.get("t") == "s" else cell.findtext("{*}v", "")
            for cell in row.iterfind("{*}c")
        ]
        for row in sheet.iterfind(".//{*}row")
    ]
