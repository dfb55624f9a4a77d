"""The status tells when it happened, then who says so; and what the newest claims allow."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from api.cli.terminal.text_layout import TextLayout
from api.wording import status_page
from projections.queries import status
from tests.projections.world import follow, pull, recorded, views
from tests.spec import wire

NOW = datetime(2021, 12, 1, tzinfo=UTC)
LATE = [{"publisher": "Gazette", "published": "2021-06-30"}]
OPENED = wire("ProcessOpened", subject="processes/first", occurred="2021-01-01", sources=LATE)


def screen(*reports: dict[str, Any]) -> str:
    with views() as kept:
        follow(kept, pull(recorded([OPENED, *reports])), NOW)
        with kept.reading() as reading:
            shown = status.process_status(reading, "first", NOW)[0]
    page = status_page.draw(shown, TextLayout(200))
    return str(page)


def test_a_step_and_a_statement_tell_when_they_came() -> None:
    data = {"processes": ["first"], "title": [{"text": "Well accord", "lang": "en"}]}
    told = wire("AgreementReported", subject="agreements/a", occurred="2021-01-06", sources=LATE, data=data)
    reached = wire("AgreementReached", subject="agreements/a", occurred="2021-01-06", sources=LATE, data={})
    said = wire(
        "StatementMade", subject="processes/first", occurred="2021-01-08", sources=LATE, data={"text": "No water."}
    )
    page = screen(told, reached, said)
    assert "Well accord: [reached] 6 Jan 2021 [one claimant] — Gazette, 30 Jun 2021" in page
    assert "No water. 8 Jan 2021 — Gazette, 30 Jun 2021" in page


def test_the_newest_claims_are_said_to_be_those_that_allow() -> None:
    claims = [
        wire(
            "FigureReported",
            subject="processes/first",
            occurred=on,
            sources=[{"publisher": who, "published": on}],
            data={"measure": "wells", "quantity": {"value": 9, "qualifier": "at least"}},
        )
        for who, on in (("Gazette", "2021-02-01"), ("Courier", "2021-09-01"))
    ]
    assert "What the newest claims all allow: at least 9 persons." in screen(*claims)
