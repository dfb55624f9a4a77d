"""Dates, numbers and sources in words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.wording import rules, words
from domain.edtf import When
from domain.findings.rules import RULES
from domain.vocabulary import PAYLOADS, example
from projections.answers.explanations import ActorName, Marks, ShownHorizon

DATES = {
    "2017-10-29": "29 Oct 2017",
    "2017-10-05": "5 Oct 2017",
    "2017-10": "Oct 2017",
    "2017": "2017",
    "0044": "44",
    "2017-10-XX": "some day of Oct 2017",
    "2017-XX-XX": "some day of 2017",
    "2017-XX": "some month of 2017",
    "201X": "some year 2010 to 2019",
    "20XX": "some year 2000 to 2099",
    "2017-21": "spring 2017",
    "2017-24": "winter 2017/18",
    "1999-24": "winter 1999/00",
    "2017-10-27~": "about 27 Oct 2017",
    "2017-10~": "about Oct 2017",
    "2017-10-27?": "perhaps 27 Oct 2017",
    "2017%": "perhaps about 2017",
    "201X~": "about some year 2010 to 2019",
    "../2017-10-27": "not after 27 Oct 2017",
    "2017-10-27/..": "not before 27 Oct 2017",
    "/2017-10-27": "until 27 Oct 2017, beginning not known",
    "2017-10-27/": "from 27 Oct 2017, end not known",
    "2017-10-27/2017-10-29": "27 to 29 Oct 2017",
    "2017-10-27/2017-11-03": "27 Oct to 3 Nov 2017",
    "2017-12-27/2018-01-03": "27 Dec 2017 to 3 Jan 2018",
    "2017-10/2017-11": "Oct 2017 to Nov 2017",
    "2017-10-27~/2017-10-29": "about 27 Oct 2017 to 29 Oct 2017",
    "2017-10-29T09:00Z": "29 Oct 2017 09:00 UTC",
    "2017-10-29T09:00:00.000Z": "29 Oct 2017 09:00:00 UTC",
    "2017-10-29T09:00:00.000Z/2017-10-29T14:00:30.0Z": "29 Oct 2017 09:00:00 to 14:00:30 UTC",
    "2017-10-29T09:00:30+03:00": "29 Oct 2017 09:00:30 +03:00",
    "2017-10-29T09:00+03:00/2017-10-29T12:00+03:00": "29 Oct 2017 09:00 to 12:00 +03:00",
    "2017-10-29T09:00Z/..": "not before 29 Oct 2017 09:00 UTC",
    "2017-10-29T22:00Z/2017-10-30T02:00Z": "29 Oct 2017 22:00 UTC to 30 Oct 2017 02:00 UTC",
}


@pytest.mark.parametrize(("edtf", "said"), DATES.items())
def test_dates_in_words(edtf: str, said: str) -> None:
    assert str(When(edtf)) == edtf, "a date that may be recorded"
    assert words.when(edtf) == said


@pytest.mark.parametrize(
    ("edtf", "said"),
    [
        ("2017-10-29", "since 29 Oct 2017"),
        ("../2017-10-27", "since 27 Oct 2017 or earlier"),
        ("2017-10-27/..", "since 27 Oct 2017 or later"),
        ("2017-10-27/2017-10-29", "since some time 27 to 29 Oct 2017"),
        ("2017-10~", "since about Oct 2017"),
        (None, "since when is not said"),
    ],
)
def test_since_when(edtf: str | None, said: str) -> None:
    assert words.since(edtf) == said


def test_a_date_that_cannot_be_read_is_shown_as_it_is() -> None:
    assert words.when(None) == "date not said"
    assert words.when("in the old days") == "in the old days"
    assert words.when("2017-13") == "2017-13"
    assert words.when("\x1b[31m2017") == "�[31m2017"


@given(st.text(alphabet="0123456789-/.XT:+Z~?%", max_size=30))
def test_no_date_breaks_it(text: str) -> None:
    assert words.when(text) is not None
    assert words.since(text).startswith("since ")


def test_how_far_back() -> None:
    now = datetime(2017, 10, 30, 12, tzinfo=UTC)
    told = ["2017-10-30", "2017-10-29", "2017-10-20", "2017-07-30", "2015-10-30", "2017-11-02", "2017-10"]
    assert [words.ago(text, now) for text in told] == [
        "today",
        "yesterday",
        "10 days ago",
        "3 months ago",
        "2 years ago",
        "still to come",
        "",
    ]


@pytest.mark.parametrize(
    ("quantity", "said"),
    [
        ({"value": 2000, "qualifier": "about"}, "about 2,000 persons"),
        ({"value": 20000, "qualifier": "more than"}, "more than 20,000 persons"),
        ({"value": 5, "unit": "cities"}, "5 cities"),
        ({"value": 0, "qualifier": "exact"}, "0 persons"),
        ({"value": 2.5, "unit": "tonnes"}, "2.5 tonnes"),
        ({"low": 1500, "high": 2500}, "1,500 to 2,500 persons"),
        ({"low": 1500, "high": None}, "at least 1,500 persons"),
        ({"high": 10, "unit": "trucks"}, "at most 10 trucks"),
        ({"qualifier": "several", "low": 2, "unit": "trucks"}, "several trucks"),
    ],
)
def test_numbers_keep_their_qualifier_and_unit(quantity: dict[str, Any], said: str) -> None:
    assert words.quantity(quantity) == said


ACTORS: dict[str, ActorName] = {"committee": {"label": "the committee"}}


def test_sources_name_the_claimant_and_the_publisher() -> None:
    tass = {"publisher": "TASS", "published": "2017-10-27"}
    assert words.source({**tass, "claimant": "unattributed"}, {}) == "TASS, 27 Oct 2017"
    assert words.source({**tass, "claimant": "one commander"}, {}) == "one commander (TASS, 27 Oct 2017)"
    assert words.source({**tass, "claimant": "actors/committee"}, ACTORS) == "the committee (TASS, 27 Oct 2017)"
    assert words.source({**tass, "grade": "C3"}, {}) == "TASS, 27 Oct 2017, grade C3"


def test_grounds_tell_whose_word_it_is() -> None:
    tass = {"sources": [{"publisher": "TASS"}], "basis": "reported"}
    ours = {"sources": [{"publisher": "TASS"}], "basis": "inferred by us", "sensitivity": "high"}
    assert words.grounds([tass, tass], {}) == "TASS"
    assert words.grounds([tass, ours], {}) == "TASS; inferred by us from TASS [sensitivity high]"
    assert words.grounds([{"basis": "observed"}], {}) == "observed by us"
    assert words.grounds([{"basis": "reported"}], {}) == "no source given"
    assert words.grounds([], {}) == ""
    many = [{"sources": [{"publisher": name}]} for name in "ABCDE"]
    assert words.grounds(many, {}) == "A; B; C; 2 more"


def test_a_horizon_in_a_line() -> None:
    none: ShownHorizon = {
        "as_of": None,
        "published_by": None,
        "known_at": None,
        "known_at_position": None,
        "position": None,
        "now": "2017-10-29T09:00:00Z",
    }
    assert words.horizon({**none, "possible": 0, "beyond": 0}) == ""
    assert words.horizon({**none, "as_of": "2017-10", "possible": 3, "beyond": 12}) == (
        "As of Oct 2017; 3 reports only possibly inside; 12 beyond it"
    )
    assert words.horizon({**none, "published_by": "2017", "beyond": 1}) == "Published by 2017; 1 beyond it"
    at: ShownHorizon = {**none, "known_at": "2017-10-29T09:00:00Z", "position": 1200}
    assert words.horizon(at) == "Known at 29 Oct 2017 09:00:00 UTC · that is log position 1,200"
    assert (
        words.horizon({**at, "known_at_position": 1200})
        == "Known at 29 Oct 2017 09:00:00 UTC · known at log position 1,200"
    )


def test_what_became_of_a_report_in_words() -> None:
    revisions = {
        "1": {"data": {"by": "our error"}},
        "2": {"data": {"by": "corrected by the source"}},
        "3": {"data": {"by": "committee"}},
        "4": {"data": {"described": "a spokesman"}},
        "5": {"data": {"by": "army"}},
    }
    assert words.marks({}, revisions, ACTORS) == []
    assert words.marks({"corrected_by": ["1", "2"]}, revisions, ACTORS) == ["corrected: our error"]
    assert words.marks({"corrected_by": ["2"]}, revisions, ACTORS) == ["corrected by the source"]
    assert words.marks({"disputed_by": ["3", "4", "5"], "retracted_by": "9", "same_as": "8"}, revisions, ACTORS) == [
        "retracted",
        "disputed by the committee",
        "disputed by a spokesman",
        "disputed by army",
        "a duplicate, counted once",
    ]
    assert words.marks({"corrected_by": ["7"], "disputed_by": ["8"]}, revisions, ACTORS) == ["corrected", "disputed"]


def test_what_is_only_possibly_inside_the_horizon() -> None:
    vague, unheard, named = (Marks(possible=why) for why in ("occurrence", "publication", "identity"))
    assert words.possibly([]) == words.possibly([{}]) == words.possibly([vague, {}]) == ""
    assert words.possibly([vague, vague]) == "possibly: its date is too vague to tell"
    assert "published by then" in words.possibly([unheard])
    assert "only its name" in words.possibly([named])
    assert words.possibly([vague, unheard]) == words.possibly([{"possible": "some newer reason"}]) == "possibly"


def test_what_could_mislead_a_terminal_is_replaced() -> None:
    assert words.clean("a\x1b[2Jb\x00c\u202ed\u2066e") == "a�[2Jb�c�d�e"
    assert words.clean("دمشق") == "دمشق"
    assert words.clean("\u2067دمشق\u2069: 12") == "\u2067دمشق\u2069: 12"


@pytest.mark.parametrize("name", PAYLOADS)
def test_every_event_says_something_in_one_line(name: str) -> None:
    said = words.gist(example(name)["data"], {"eleven-groups": {"label": "eleven groups"}})
    assert said
    assert "{" not in said


def test_the_gist_of_an_event() -> None:
    assert words.gist(example("TalksScheduled")["data"]) == "29 Oct 2017; Damascus"
    assert words.gist(example("IncidentReported")["data"]) == (
        "shelling; the northern road; injured, civilians: at least 3 persons"
    )
    assert words.gist(example("EnrolmentOpened")["data"]).startswith("Tracks for members of the groups; join the")
    assert words.gist({"until": "2017-11", "way": "tacitly", "trial": True}) == "until Nov 2017; tacitly; trial"


def test_every_rule_of_findings_has_its_words() -> None:
    assert set(rules.RULES) == set(RULES)
