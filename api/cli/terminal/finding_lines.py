"""Findings, a paragraph each."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from api.cli.terminal.text_layout import TextLayout
from api.wording import words
from api.wording.marks import ALERT, ASIDE
from api.wording.words import clean

Json = dict[str, Any]

SEVERITY_COLUMN = 10
"""Columns of a severity and the space after it."""


def put_findings(sheet: TextLayout, found: Iterable[Json], actors: Json) -> None:
    for one in found:
        since = f" Since {words.moment(one['since'])}." if one["since"] else ""
        until = f" Until {words.moment(one['until'])}." if one["until"] else ""
        sheet.row(
            clean(one["severity"]),
            (clean(one["rule"]), "bold"),
            f"  {clean(one['subject'])}: {_with_names(clean(one['text']), actors)}",
            (f"{since}{until}", ASIDE),
            column=SEVERITY_COLUMN,
            style=ALERT if one["severity"] == "high" else "",
        )


def _with_names(text: str, actors: Json) -> str:
    """A text with the names of actors in place of their ids, as far as they are known."""

    def name(found: re.Match[str]) -> str:
        known = actors.get(found[1])
        return clean(known["label"]) if known else found[0]

    return re.sub(r"\bactors/([a-z0-9][a-z0-9-]*)", name, text)
