"""The first screen: in its order, with who says so, plans told apart from outcomes, contested lines with every side."""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.cli.terminal.text_layout import TextLayout
from api.wording.status_page import draw
from projections.answers.status import StatusAnswer
from projections.queries.at_horizon import HorizonRequest
from tests.examples import examples
from tests.projections.world import folded, processes_of, recorded
from tests.spec import wire
from tests.strategies import histories

Json = dict[str, Any]

SEED = Path(__file__).parents[3] / "seeds" / "eastern-kalamun.ndjson"
EVENTS = [json.loads(line) for line in SEED.read_text(encoding="utf-8").splitlines()]
BEFORE, AFTER = datetime(2017, 10, 28, 12, tzinfo=UTC), datetime(2017, 11, 2, tzinfo=UTC)

SECTIONS = [
    "NEXT 14 DAYS",
    "OVERDUE",
    "PEOPLE AT RISK NOW",
    "TRUCE",
    "OBLIGATIONS",
    "AGREEMENTS",
    "TALKS",
    "POSITIONS",
    "UNANSWERED PROPOSALS",
    "ROLES",
    "BODIES",
    "FIGURES",
    "REGISTERS",
    "CONTROL",
    "ACCESS",
    "INSTRUMENTS",
    "CONVOYS",
    "STATEMENTS",
    "WHAT DOES NOT FIT",
    "LATEST CHANGES",
]


def screen(
    *more: Json, now: datetime = BEFORE, process: str = "eastern-kalamun", width: int = 80, **options: Any
) -> str:
    status = cast(StatusAnswer, folded(recorded([*EVENTS, *more]), process, now))
    return str(draw(status, TextLayout(width), **options))


def flat(text: str) -> str:
    """The page as one line, so that where it breaks does not matter."""
    return " ".join(text.split())


def section(page: str, title: str) -> str:
    """One section of a page, on one line."""
    start = page.index(f"\n{title}") + 1
    following = SECTIONS[SECTIONS.index(title) + 1 :]
    return flat(page[start : page.index(f"\n{following[0]}") if following else len(page)])


def test_the_sections_stand_in_the_order_of_the_first_screen() -> None:
    page = screen()
    places = [page.index(f"\n{title}") for title in SECTIONS]
    assert places == sorted(places)
    assert page.startswith(
        "Eastern Kalamun  eastern-kalamun\nState: open, since 27 Oct 2017 or earlier — TASS, 27 Oct 2017"
    )
    assert "Last heard: 27 Oct 2017 (yesterday), from TASS" in page


def test_a_plan_is_told_apart_from_an_outcome() -> None:
    page = screen()
    assert "[planned] 29 Oct 2017 round of talks: Talks on a truce in Eastern Kalamun." in section(page, "NEXT 14 DAYS")
    talks = section(page, "TALKS")
    assert "Talks on a truce in Eastern Kalamun: [scheduled, a plan]" in talks
    assert "before the decision to meet the government: [convened]" in talks
    roles = section(page, "ROLES")
    assert "Centre for Reconciliation of the Warring Parties: coordinator [announced]" in roles
    assert "Russia: guarantor [actual]" in roles
    assert "after the talks: [possible]" in section(page, "REGISTERS")
    assert "government roadblocks (checkpoint): [announced] partly open." in section(page, "ACCESS")


def test_a_plan_whose_date_has_passed_is_overdue() -> None:
    page = screen(now=AFTER)
    assert "nothing is due" in section(page, "NEXT 14 DAYS")
    assert "[overdue] 29 Oct 2017 round of talks" in section(page, "OVERDUE")
    assert "What became of it is not recorded." in section(page, "OVERDUE")
    assert "that has passed, and whether it was held is not recorded" in section(page, "TALKS")
    assert "1 overdue" in page


def test_figures_keep_their_words_and_their_claimants() -> None:
    figures = section(screen(), "FIGURES")
    assert "about 2,000 persons, as of 27 Oct 2017 (“numbering about 2,000”) — TASS, 27 Oct 2017" in figures
    assert "about 200,000 persons" in figures
    registers = section(screen(process="national-reconciliation"), "REGISTERS")
    assert "area not stated" in registers
    assert "more than 20,000 persons" in registers


def test_who_says_so_stands_with_each_line() -> None:
    page = screen()
    russia = "(“acts as a guarantor at the talks”) — one field commander, unnamed (TASS, 27 Oct 2017)"
    assert russia in section(page, "ROLES")
    assert "Linked to: national-reconciliation (local to national) — inferred by us from TASS, 27 Oct 2017" in flat(
        page
    )
    assert "inferred by us from TASS, 27 Oct 2017 [sensitivity high]" in section(page, "NEXT 14 DAYS")
    assert (
        "accepts on condition: That the Russian military are involved in the process (whether that is met: not said)"
        in (section(page, "POSITIONS"))
    )
    assert "persuaded by elders and civilians" in section(page, "POSITIONS")


def test_an_empty_section_says_that_nothing_is_recorded() -> None:
    page = screen()
    assert section(page, "TRUCE") == "TRUCE no truce, violation or incident recorded"
    assert "as far as is recorded" in section(page, "PEOPLE AT RISK NOW")
    assert section(page, "UNANSWERED PROPOSALS") == "UNANSWERED PROPOSALS none recorded"


def test_a_contested_figure_names_every_claim() -> None:
    claim = next(e for e in EVENTS if e["type"] == "FigureReported" and "armed groups" in e["data"]["measure"])
    other = {**claim, "id": "11111111-1111-4111-8111-111111111111", "sources": [{"publisher": "Example Office"}]}
    other["data"] = {**claim["data"], "quantity": {"value": 3000, "qualifier": "at least"}}
    figures = section(screen(other), "FIGURES")
    assert "[contested] members of armed groups" in figures
    assert "at least 3,000 persons, as of 27 Oct 2017 — Example Office" in figures
    assert "about 2,000 persons" in figures
    assert "No number fits all of these claims." in figures


def test_a_contested_state_names_every_candidate_with_who_says_it() -> None:
    talks = "talks/eastern-kalamun-truce"
    held = wire("TalksConvened", subject=talks, occurred="2017-10-29", data={}, claimant="a mediator")
    off = wire("TalksCancelled", subject=talks, occurred="2017-10-29", data={}, claimant="the committee")
    page = screen(held, off, now=AFTER)
    found = section(page, "TALKS")
    assert "Talks on a truce in Eastern Kalamun: [contested] the last reports disagree." in found
    assert "[convened] (29 Oct 2017) — a mediator (TASS)" in found
    assert "[cancelled] (29 Oct 2017) — the committee (TASS)" in found
    assert "1 contested" in page


def test_people_at_risk_come_before_all_else_that_is_agreed() -> None:
    convoy = wire("ConvoyReported", subject="convoys/aid-1", data={
        "processes": ["eastern-kalamun"], "kind": "medical", "title": [{"text": "Medical convoy"}],
        "people": [{"category": "wounded", "quantity": {"value": 30, "qualifier": "about"}}],
    })  # fmt: skip
    held = wire("ConvoyHeld", subject="convoys/aid-1", occurred="2017-10-28", data={
        "by": "army", "place": {"labels": [{"text": "northern checkpoint"}]}, "reason": "Papers were checked.",
    })  # fmt: skip
    shut = wire("AccessReported", subject="processes/eastern-kalamun", occurred="2017-10-28", data={
        "place": {"labels": [{"text": "the northern road"}]}, "kind": "route", "access": "closed", "for_whom": "aid",
    })  # fmt: skip
    page = screen(convoy, held, shut)
    risk = section(page, "PEOPLE AT RISK NOW")
    assert "Medical convoy: [held] at northern checkpoint by Syrian army: Papers were checked." in risk
    assert "With people: wounded: about 30 persons" in risk
    assert "the northern road (route): [actual] closed for aid. Since 28 Oct 2017." in risk
    assert "2 at risk now" in page


def test_obligations_are_a_ledger_of_the_sides() -> None:
    owed = wire("ObligationAgreed", subject="agreements/roadblock-checks", data={
        "obligation": "release", "text": "Release of detainees.", "debtor": ["government"],
        "beneficiary": ["eleven-groups"], "deadline": "2017-10-28",
    })  # fmt: skip
    judged = wire("ObligationAssessed", subject="agreements/roadblock-checks", occurred="2017-10-30", data={
        "obligation": "release", "score": 1, "assessor": "field office",
    })  # fmt: skip
    found = section(screen(owed, judged, now=AFTER), "OBLIGATIONS")
    assert "owes: [overdue] Release of detainees. To: 11 armed groups of Eastern Kalamun. By 28 Oct 2017." in found
    assert "how far it is kept: 1 of 3, minimal; assessed by field office" in found
    assert "is owed by Syrian government: Release of detainees." in found
    assert "Syrian army owes: Checks at government roadblocks are simplified" in found


def test_a_truce_counts_per_recorder_and_never_adds_up() -> None:
    truce = wire("AgreementReported", subject="agreements/truce", data={
        "processes": ["eastern-kalamun"], "title": [{"text": "Truce"}], "stage": "ceasefire",
    })  # fmt: skip
    force = wire("AgreementEnteredIntoForce", subject="agreements/truce", data={"until": "2017-11-27", "trial": True})
    first = wire("ViolationReported", subject="agreements/truce", occurred="2017-10-28", claimant="a monitor")
    second = wire("ViolationReported", subject="agreements/truce", occurred="2017-10", claimant="a party")
    found = section(screen(truce, force, first, second), "TRUCE")
    assert "Truce: [in force]" in found
    assert "term: from 27 Oct 2017, until 27 Nov 2017, a trial" in found
    assert "violations reported by a monitor: 1 in 7 days, 1 in 30 days, 1 in all" in found
    assert "violations reported by a party: 0 (and perhaps 1 more) in 7 days" in found
    assert "these are never added up" in found


def test_an_unanswered_proposal_waits() -> None:
    asked = wire("ProposalMade", subject="talks/eastern-kalamun-truce", data={
        "kind": "demand", "text": "A neutral venue.", "by": "field-commanders", "to": ["government"],
        "answer_by": "2017-11-01",
    })  # fmt: skip
    page = screen(asked)
    told = "demand by field commanders of Eastern Kalamun to Syrian government: A neutral venue. (27 Oct 2017)"
    assert f"{told} Answer expected: 1 Nov 2017." in section(page, "UNANSWERED PROPOSALS")
    assert "[planned] 1 Nov 2017 answer to the demand" in section(page, "NEXT 14 DAYS")
    answer = wire("PositionTaken", subject="talks/eastern-kalamun-truce", occurred="2017-10-28",
                  data={"actor": "government", "position": "refuses", "answers": asked["id"]})  # fmt: skip
    assert "none recorded, 1 answered" in section(screen(asked, answer), "UNANSWERED PROPOSALS")


def test_events_and_notes_are_shown_when_asked_for() -> None:
    scheduled = next(event for event in EVENTS if event["type"] == "TalksScheduled")
    assert scheduled["id"] not in screen()
    assert f"TalksScheduled {scheduled['id']}" in flat(screen(events=True))
    assert "Note: Whether the condition is met is not said." in flat(screen(notes=True))


# --- at a horizon, and what became of reports


def past(*more: Json, **asked: Any) -> str:
    status = folded(recorded([*EVENTS, *more]), "eastern-kalamun", AFTER, asked=HorizonRequest(**asked))
    return str(draw(cast(StatusAnswer, status), TextLayout(), position=42))


def test_the_horizon_stands_under_the_title() -> None:
    page = past(as_of="2017-10-27", position=42, known_at_position=42)
    assert page.split("\n")[1] == "As of 27 Oct 2017 · known at log position 42"
    assert "\nDeadlines as of 27 Oct 2017 23:59 UTC\n" in page, "the position is that of the horizon"
    assert "[planned] 29 Oct 2017 round of talks" in section(page, "NEXT 14 DAYS")
    assert "\nDeadlines as of 2 Nov 2017 00:00 UTC, log position 42\n" in past(published_by="2017-10-28")


def test_what_is_only_possible_says_so() -> None:
    talks = "talks/eastern-kalamun-truce"
    held = wire("TalksConvened", subject=talks, occurred="2017-11", data={"venue": {"labels": [{"text": "a hotel"}]}})
    access = wire("AccessReported", subject="processes/eastern-kalamun", occurred="2017-11", data={
        "place": {"labels": [{"text": "the northern road"}]}, "kind": "route", "access": "open",
    })  # fmt: skip
    page = past(held, access, as_of="2017-11-15")
    assert "; 2 reports only possibly inside" in page
    found = section(page, "TALKS")
    assert "Talks on a truce in Eastern Kalamun: [scheduled, a plan] [one claimant] — inferred by us from TASS" in found
    assert "0 contested" in flat(page)
    assert "or: [possibly] [convened] (Nov 2017) — no source given [possibly: its date is too vague to tell]" in found
    assert "[possibly] the northern road (route)" in section(page, "ACCESS")
    assert "What is [possibly] so" in flat(page)
    assert "possibly" not in past(held, access, as_of="2017-11-30")


def test_withdrawn_and_joined_subjects_are_named() -> None:
    first, second = (
        wire("TalksReported", subject=f"talks/{name}", data={
            "processes": ["eastern-kalamun"], "title": [{"text": name.capitalize()}],
        }) for name in ("mistaken", "same-as-others")
    )  # fmt: skip
    taken_back = wire("EventRetracted", subject="talks/mistaken", data={"event": first["id"], "reason": "Elsewhere."})
    joined = wire("SubjectUnified", subject="talks/same-as-others",
                  data={"into": "talks/eastern-kalamun-truce", "reason": "The same day."})  # fmt: skip
    page = section(screen(first, second, taken_back, joined), "WHAT DOES NOT FIT")
    assert "WITHDRAWN, AND JOINED WITH OTHERS [withdrawn] talks/mistaken: it was taken back." in page
    assert "[unified] talks/same-as-others is the same as Talks on a truce in Eastern Kalamun." in page
    assert "WITHDRAWN" not in screen()


def test_a_process_whose_opening_was_taken_back_can_be_drawn() -> None:
    opened = next(e for e in EVENTS if e["type"] == "ProcessOpened" and e["subject"].endswith("/eastern-kalamun"))
    data = {"event": opened["id"], "reason": "There is no such process."}
    page = screen(wire("EventRetracted", subject=opened["subject"], data=data))
    assert page.startswith("eastern-kalamun  eastern-kalamun\nWithdrawn: the report of this process was taken back.")
    assert "[withdrawn] eastern-kalamun: it was taken back." in flat(page)


@pytest.mark.parametrize("width", [20, 60, 80, 100, 300])
def test_it_fits_the_terminal(width: int) -> None:
    page = screen(width=width)
    assert max(map(len, page.splitlines())) <= min(max(width, 40), 100)
    assert not re.search(r"\d{1,2} Oct$|\d Oct\n", page), "a date broken between two lines"


@examples(15)
@given(histories(), st.sampled_from([40, 80, 100]), st.booleans())
def test_any_process_can_be_drawn(history: list[Json], width: int, every: bool) -> None:
    log = recorded(history)
    for process in processes_of(log):
        page = str(draw(cast(StatusAnswer, folded(log, process)), TextLayout(width), events=every, notes=every))
        assert [line for line in page.splitlines() if line != line.rstrip()] == []
        assert not any(unicodedata.category(c) == "Cc" and c != "\n" for c in page)
        assert [page.count(f"\n{title}") for title in SECTIONS[4:]] == [1] * len(SECTIONS[4:])
