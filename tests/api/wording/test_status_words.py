"""How a status puts into words what is old, long or heard of late."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.api.wording.test_every_line_explained import drawn
from tests.projections.world import Wire, folded, recorded
from tests.spec import wire

NOW = datetime(2017, 10, 30, 12, tzinfo=UTC)


def told(name: str, occurred: str, subject: str = "processes/first", published: str | None = None, **data: Any) -> Wire:
    sources = [{"publisher": "Radio", "published": published or occurred}]
    return wire(name, subject=subject, occurred=occurred, sources=sources, data=data)


def page(*reports: Wire) -> str:
    return "\n".join(drawn(folded(recorded(reports), "first", NOW)).said)


OPENED = told("ProcessOpened", "2010-01-05", labels=[{"text": "First"}])
TRUCE = told("AgreementReported", "2010-02-01", "agreements/a", processes=["first"], title=[{"text": "Truce"}])


def test_what_was_heard_last_has_two_dates_if_they_differ() -> None:
    late = told("StatementMade", "2012-03-04", published="2016-05-06", text="It was quiet.")
    assert "Last heard: 5 Jan 2010 (7 years ago), from Radio\nArchive: " in page(OPENED)
    heard = "Last heard: 4 Mar 2012 (5 years ago), from Radio; published last: 6 May 2016 (18 months ago), from Radio"
    assert heard in page(OPENED, late)


def test_a_truce_of_long_ago_was_last_known_in_force() -> None:
    shown = page(OPENED, TRUCE, told("AgreementEnteredIntoForce", "2010-02-03", "agreements/a"))
    assert "Truce: [last known in force on 3 Feb 2010]" in shown
    assert "[no end is known, and nothing was heard of it for a year]" in shown
    assert "[in force]" not in shown


def test_of_many_periods_it_says_how_many_are_not_shown() -> None:
    months = [f"{2010 + number // 12}-{number % 12 + 1:02}" for number in range(40)]
    counts = [
        told("FigureReported", m, measure="shots", quantity={"value": n}, counting="flow", period=m)
        for n, m in enumerate(months)
    ]
    shown = page(OPENED, *counts)
    assert shown.count("shots (flow)") == 1
    assert "39 persons, counted Apr 2013" in shown
    assert "27 persons" not in shown
    assert "28 earlier periods are not shown: `parley claims` shows them." in shown


def test_steps_pair_and_last_run_stand_once() -> None:
    aid: Wire = {"processes": ["first"], "kind": "aid", "title": [{"text": "Flour"}], "series": True}
    shown = page(
        OPENED,
        told("ConvoyReported", "2010-03-01", "convoys/a", **aid, last_run="2010-02-20"),
        told("ConvoyReported", "2010-03-01", "convoys/b", **{**aid, "series": False}, paired_with="a"),
        told("ConvoyDeparted", "2010-03-05", "convoys/a"),
        told("ConvoyArrived", "2010-03-06", "convoys/a"),
    )
    assert shown.count("last run: ") == 1
    assert "last run: 6 Mar 2010" in shown
    assert "steps: departed 5 Mar 2010; arrived 6 Mar 2010" in shown
    assert "goes only with Flour" in shown
