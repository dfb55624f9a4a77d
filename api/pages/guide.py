"""How the marks, dates and numbers of the pages are to be read."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from starlette.responses import Response

from api.http.parameters import StrictRouter
from api.pages.asked import AskedPage
from api.pages.markup import fragments
from api.pages.rendering import page
from api.wording import words
from api.wording.language import say, speaking
from api.wording.rules import looks_at, rule
from api.wording.status_page import LEGEND, POSSIBLY_LEGEND
from api.wording.values import tag
from domain.findings.rules import RULES

router = StrictRouter(include_in_schema=False)


@router.get("/reading")
def show_guide(request: Request, asked: AskedPage) -> Response:
    """How to read the pages."""
    with speaking(asked.language):
        marks = [
            ("actual", say("A source reports it as so. That is a claim, not the truth.")),
            ("announced", say("Somebody said that it will be. It is not yet so, and may never be.")),
            ("possible", say("Somebody said that it may be.")),
            ("planned", say("It has a date in the future.")),
            ("overdue", say("Its date has passed, and nobody told what became of it.")),
            (
                "contested",
                say("The last reports contradict each other, and none certainly follows the other. All stand."),
            ),
            ("possibly", say("It may lie beyond the horizon that was asked for: its date is too vague to tell.")),
            ("kept", say("The last assessment has the obligation fully kept.")),
        ]
        dates = [
            (words.when(date), date)
            for date in (
                "2017-10-29",
                "2017-10",
                "2017-10-29~",
                "2017-10-29?",
                "../2017-10-27",
                "2017-10-27/..",
                "2017-10-27/2017-10-29",
            )
        ]
        numbers: list[tuple[dict[str, Any], str]] = [
            ({"value": 20000, "qualifier": "more than"}, say("20,001 or more")),
            ({"value": 2000, "qualifier": "about"}, say("near to it; the word of the source is kept")),
            ({"value": 3000, "qualifier": "at least"}, say("that or more")),
            ({"low": 1500, "high": 2500}, say("any number between")),
            ({"value": 0}, say("a claim, too: somebody says that there were none")),
        ]
        context = {
            "title": say("How to read this"),
            "marks": [(fragments([tag(word)]), text) for word, text in marks],
            "dates": dates,
            "numbers": [(words.quantity(amount), text) for amount, text in numbers],
            "rules": [
                (one.name, rule(one.name), fragments([tag(one.severity.value)]), looks_at(one.name))
                for one in RULES.values()
            ],
            "legend": [say(LEGEND), say(POSSIBLY_LEGEND)],
        }
    return page(asked, "reading.html", context, accept_encoding=request.headers.get("accept-encoding", ""))
