"""The reports of what is still to come, and what is gone, on the first screen of a process."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from api.wording import words
from api.wording.cited_lines import CitedLines
from api.wording.language import say
from api.wording.marks import ALERT
from api.wording.values import tag
from api.wording.words import clean

if TYPE_CHECKING:
    from projections.answers.status import HeldReport, StatusAnswer


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


def gone(screen: CitedLines, status: StatusAnswer) -> None:
    """Subjects of which no opening is left, and ids that gave way to others; nothing if there are none."""
    withdrawn, unified = status["withdrawn"], status["unified"]
    if not withdrawn and not unified:
        return
    screen.sheet.heading(say("Withdrawn, and joined with others"), key="gone")
    for subject in withdrawn:
        said = say(" {name}: it was taken back.", name=screen.names.subject(subject["subject"]))
        screen.entry(subject["events"], tag("withdrawn"), said, of=subject)
    for joined in unified:
        stays = screen.names.subject(joined["into"])
        said = say(" {id} is the same as {name}.", id=clean(joined["subject"]), name=stays)
        screen.sheet.put(tag("unified"), said, indent=2)
