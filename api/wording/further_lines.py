"""What only some subjects have beside the lines of their family: ids in other registers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.wording import words
from api.wording.cited_lines import CitedLines
from api.wording.language import say

if TYPE_CHECKING:
    from projections.answers.status import StatusAnswer
    from projections.answers.subjects import ShownSubject


def put(page: CitedLines, subject: ShownSubject) -> None:
    """Puts them below the line that names the subject."""
    if subject.get("ids"):
        page.sheet.put(say("in other registers: {ids}", ids=words.foreign_ids(subject["ids"])), indent=4)


def put_of_process(page: CitedLines, status: StatusAnswer) -> None:
    """The same of the process itself, at the top."""
    if status.get("ids"):
        page.sheet.put(say("In other registers: {ids}", ids=words.foreign_ids(status["ids"])))
