"""Findings, a paragraph each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from api.cli.terminal.text_layout import TextLayout
from api.wording import words
from api.wording.marks import ALERT, ASIDE
from api.wording.words import clean

if TYPE_CHECKING:
    from projections.answers.explanations import ActorName
    from projections.answers.findings import ShownFinding


SEVERITY_COLUMN = 10
"""Columns of a severity and the space after it."""


def put_findings(sheet: TextLayout, findings: Iterable[ShownFinding], actors: Mapping[str, ActorName]) -> None:
    for finding in findings:
        since = f" Since {words.moment(finding['since'])}." if finding["since"] else ""
        until = f" Until {words.moment(finding['until'])}." if finding["until"] else ""
        sheet.row(
            clean(finding["severity"]),
            (clean(finding["rule"]), "bold"),
            f"  {clean(finding['subject'])}: {_with_names(clean(finding['text']), actors)}",
            (f"{since}{until}", ASIDE),
            column=SEVERITY_COLUMN,
            style=ALERT if finding["severity"] == "high" else "",
        )


def _with_names(text: str, actors: Mapping[str, ActorName]) -> str:
    """A text with the names of actors in place of their ids, as far as they are known."""

    def name(match: re.Match[str]) -> str:
        known = actors.get(match[1])
        return clean(known["label"]) if known else match[0]

    return re.sub(r"\bactors/([a-z0-9][a-z0-9-]*)", name, text)
