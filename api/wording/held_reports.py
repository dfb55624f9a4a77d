"""The reports of what is still to come, on the first screen of a process."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from api.wording import words
from api.wording.cited_lines import CitedLines
from api.wording.language import say
from api.wording.marks import ALERT

if TYPE_CHECKING:
    from projections.answers.status import HeldReport


def still_to_come(screen: CitedLines, reports: Iterable[HeldReport]) -> None:
    """A section with a line for each report, with its source; nothing if there are none."""
    held = list(reports)
    if not held:
        return
    screen.sheet.heading(say("Still to come: reported as facts, dated ahead, and counted for nothing yet"), key="held")
    for report in held:
        what = say(
            " {when} {what}: {name}",
            when=words.when(report["occurred"]),
            what=words.spoken(report["type"]),
            name=screen.names.subject(report["subject"]),
        )
        screen.entry(report["events"], (say("[still to come]"), ALERT), what, of=report)
