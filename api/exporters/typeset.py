"""Documents and pictures set by Typst, which comes with the extra `pdf`: a report as a tagged PDF, a drawing as a PNG.

What is set comes as data and is text throughout. The fonts come with packages, too, so that a machine without fonts
sets Latin, Cyrillic and Arabic letters; those of other scripts are taken from the machine if it has them.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from projections.patience import go_on

DOCUMENTS = Path(__file__).parent / "typst"
FONTS = ("fontpkg_noto_sans", "fontpkg_noto_sans_arabic")
ACCESSIBLE = "ua-1"
"""PDF/UA-1 (ISO 14289-1): tagged, with titles, languages and a letter for everything that is shown."""
PIXELS = 144.0
"""Per inch; a unit of a drawing is a point."""
EXTRA = "pip install 'parley-tracker[pdf]'"
"""What installs it."""


def installed() -> bool:
    """Whether the extra is there."""
    return all(importlib.util.find_spec(name) is not None for name in ("typst", *FONTS))


@cache
def _fonts() -> Any:
    """The fonts that can be set, those of the packages first."""
    import typst

    folders = [str(Path(str(importlib.import_module(name).__file__)).parent / "files") for name in FONTS]
    return typst.Fonts(include_system_fonts=True, include_embedded_fonts=False, font_paths=folders)


def report(document: Mapping[str, Any], made: datetime) -> bytes:
    """A report as a tagged PDF for A4.

    Args:
        document: what `typst/report.typ` reads.
        made: when it was put together, which is noted in the file.

    Returns:
        A PDF that conforms to PDF/UA-1, unless it has a letter that no font has; then it is tagged all the same.
    """
    import typst

    sent = {"data": orjson.dumps(document).decode()}
    try:
        return _set("report", sent, format="pdf", pdf_standards=[ACCESSIBLE], timestamp=int(made.timestamp()))
    except typst.TypstError:
        return _set("report", sent, format="pdf", timestamp=int(made.timestamp()))


def picture(drawing: Mapping[str, Any]) -> bytes:
    """A drawing as a PNG.

    Args:
        drawing: what `typst/drawing.typ` reads.
    """
    return _set("drawing", {"data": orjson.dumps(drawing).decode()}, format="png", ppi=PIXELS)


def _set(name: str, sent: Mapping[str, str], **options: Any) -> bytes:
    import typst

    go_on()  # once begun, it is set to its end
    source = (DOCUMENTS / f"{name}.typ").read_bytes()
    made = typst.compile(source, font_paths=_fonts(), sys_inputs=dict(sent), **options)
    return made if isinstance(made, bytes) else b"".join(made or ())
