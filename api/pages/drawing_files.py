"""Drawings as files: SVG with its style inside, and PNG, which takes the extra `pdf`."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from api.exporters import typeset
from api.pages.asked import Asked
from api.pages.layout import Drawing, Shape
from api.pages.markup import plain, without_languages
from api.pages.rendering import drawing_formats, environment
from api.pages.tables import as_file
from api.wording.language import say
from domain.errors import BadCursor, NotFound

STYLE = (
    "text{fill:#1c1f23;font-family:'Noto Sans','Noto Sans Arabic','DejaVu Sans',sans-serif;font-size:13px}"
    ".tick{fill:#50565e;font-size:12px}.grid{stroke:#d9d9d2}.lag{stroke:#8d939b;stroke-dasharray:2 3}"
    ".heard{stroke:#50565e;stroke-width:2}"
    ".known{fill:#0b4f8a;stroke:#0b4f8a;stroke-width:1.5;fill-opacity:.75}"
    ".known.hollow{fill:#fff;stroke-dasharray:4 3}.known.rough{fill-opacity:.3}"
    ".place{fill:#0b4f8a;stroke:#0b4f8a;stroke-width:2}.place.alert{fill:#fff;stroke:#9c1c13;stroke-width:3}"
    ".place.cross{fill:none}.extent{fill:#0b4f8a;fill-opacity:.08;stroke:#0b4f8a;stroke-dasharray:4 4}"
    ".way{fill:none;stroke:#6b4a00;stroke-width:2;stroke-dasharray:7 5}.scale{fill:none;stroke:#50565e}"
    ".incident{fill:none;stroke:#9c1c13;stroke-width:3}.context{fill:none;stroke:#8d939b}"
)
"""The style of the page in its light colours."""
INK, SOFT = "#1c1f23", "#50565e"
TOP = 26
"""Units for the title above a drawing."""


def download_drawing(asked: Asked, drawings: Sequence[Drawing], name: str) -> Response | None:
    """The drawing as the file that is asked for (`format`, and `drawing` counted from 1); None if no drawing is.

    Raises:
        BadCursor, NotFound: there is no such drawing, or no such format here.
    """
    format = asked.query.get("format")
    if format not in ("svg", "png"):
        return None
    number = asked.query.get("drawing", "1")
    if not (number.isascii() and number.isdecimal() and len(number) < 5):
        raise BadCursor.at("drawing", "send a whole number")
    if not 1 <= int(number) <= len(drawings):
        raise NotFound(say("no drawing of this number is on this page"))
    if format not in drawing_formats():
        raise NotFound(f"a picture takes packages that are not installed here: {typeset.EXTRA}")
    drawing = drawings[int(number) - 1]
    name = f"{name}-{number}" if len(drawings) > 1 else name
    if format == "svg":
        text = environment().get_template("drawing.svg").render(it=drawing, top=TOP, style=STYLE)
        return as_file(text.encode(), f"{name}.svg", "image/svg+xml")
    return as_file(typeset.picture(_picture(drawing)), f"{name}.png", "image/png")


def _picture(drawing: Drawing) -> dict[str, object]:
    """What `drawing.typ` reads."""
    every = [*drawing.frame, *(shape for _, shapes in drawing.rows for shape in shapes)]
    title = Shape("text", {"x": 4, "y": 18 - TOP, "class": "label"}, plain(drawing.title))
    return {
        "width": drawing.width,
        "height": drawing.height + TOP,
        "shapes": environment().get_template("drawing.svg").render(it=_wordless(drawing), top=TOP, style=STYLE),
        "texts": [_set(shape) for shape in (title, *every) if shape.element == "text"],
    }


def _wordless(drawing: Drawing) -> Drawing:
    def shapes(some: Sequence[Shape]) -> list[Shape]:
        return [shape for shape in some if shape.element != "text"]

    rows = [(row, shapes(marks)) for row, marks in drawing.rows]
    return Drawing("", drawing.height, shapes(drawing.frame), rows, drawing.width)


def _set(shape: Shape) -> dict[str, object]:
    """A text with where it stands and to which side it runs."""
    at, small = shape.attributes, shape.attributes.get("class") == "tick"
    rtl, anchor = at.get("direction") == "rtl", at.get("text-anchor", "start")
    side = "middle" if anchor == "middle" else "right" if (anchor == "end") != rtl else "left"
    return {
        "text": without_languages(shape.text),
        "x": at["x"],
        "y": float(at["y"]) + TOP,
        "anchor": side,
        "rtl": rtl,
        "size": 12 if small else 13,
        "fill": SOFT if small else INK,
    }
