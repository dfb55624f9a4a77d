"""Time travel on the pages across processes, actors and places: the form, the bar, and links that keep the horizon."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient

from api.wording.language import LANGUAGES
from tests.api.pages.reading import Element, every, get
from tests.spec import wire

ACROSS = ("/", "/inbox", "/log", "/deadlines", "/findings", "/actors", "/actors/russia", "/places")


def bar(page: Element) -> str:
    return " ".join(one.text for one in page.all("div", **{"class": "bar"}))


@pytest.mark.parametrize("path", ACROSS)
def test_a_page_across_processes_says_from_where_it_looks(seeded: TestClient, path: str) -> None:
    page = get(seeded, path)
    assert bar(page) == ""
    travel = page.one("details", **{"class": "travel"})
    assert "open" not in travel.attributes
    assert {field.attributes["name"] for field in travel.all("input")} == {
        *("as_of", "published_by", "known_at", "known_at_position"),
    }
    pinned = page.one("footer").one("a").attributes["href"]
    assert re.search(r"known_at_position=42\b", pinned)
    get(seeded, pinned)
    then = get(seeded, f"{path}?as_of=28+October+2017&lang=en")
    assert "This is not the present. As of 28 Oct 2017." in bar(then)
    assert (
        then.one("details", **{"class": "travel"}).one("input", name="as_of").attributes["value"] == "28 October 2017"
    )
    back = then.one("div", **{"class": "bar"}).one("a").attributes["href"]
    assert "as_of" not in back
    assert bar(get(seeded, back)) == ""
    wrong = get(seeded, f"{path}?as_of=yesterday&known_at=then", 400)
    assert [code.text for code in wrong.one("main").all("code") if code.text in ("as_of", "known_at")]


def test_links_between_pages_keep_the_horizon(seeded: TestClient) -> None:
    for path in (*ACROSS, "/processes/eastern-kalamun"):
        page = get(seeded, f"{path}?known_at_position=40")
        assert "Known at log position 40" in bar(page)
        for link in page.one("main").all("a"):
            address = link.attributes["href"]
            inside = address.startswith(("/processes", "/actors", "/places", "/findings", "/deadlines"))
            if inside and "/changes" not in address:
                assert "known_at_position=" in address, f"{address} on {path} loses the horizon"
        nav = {link.text: link.attributes["href"] for link in page.all("nav")[0].all("a")}
        assert {name for name, address in nav.items() if "known_at_position=40" in address} == {
            *("Processes", "Inbox", "Deadlines", "Findings", "Actors", "Places", "Log"),
        }
        for form in (one for one in page.all("form", **{"class": "filters"})):
            assert form.one("input", name="known_at_position").attributes["value"] == "40"


def test_a_page_shows_what_was_known_then(seeded: TestClient) -> None:
    assert get(seeded, "/").one("main").all("h2")
    nothing = get(seeded, "/?known_at_position=0").one("main")
    assert "Nothing of any process is inside this horizon." in nothing.text
    early = get(seeded, "/?known_at_position=20")
    assert [heading.text for heading in early.one("ul", **{"class": "processes"}).all("h2")] == [
        "Eastern Kalamun",
        "reconciliation process in Syria",
    ]
    assert "1 overdue" in get(seeded, "/").one("main").text
    assert "overdue" not in get(seeded, "/?as_of=2017-10-28").one("ul", **{"class": "processes"}).text
    assert "none recorded" in get(seeded, "/deadlines?known_at_position=0").one("main").text
    assert "still to come" in get(seeded, "/deadlines?as_of=2017-10-28").one("main").text
    assert "names are not news" in get(seeded, "/actors?as_of=2017-10-28").one("main").text
    assert "names are not news" not in get(seeded, "/actors?known_at_position=20").one("main").text
    first = get(seeded, "/actors?known_at_position=1").one("main").one("tbody")
    assert [row.one("th").text for row in first.all("tr")] == ["11 armed groups of Eastern Kalamun"]
    not_yet = get(seeded, "/actors/russia?known_at_position=0&lang=en", 404).one("main")
    assert "nothing of this subject is inside the horizon" in not_yet.text
    links = {link.text: link.attributes["href"] for link in not_yet.all("a")}
    assert links["Show the present"] == "/actors/russia?lang=en"
    assert "/actors/russia?known_at_position=0&lang=en" not in links.values()
    wrong = get(seeded, "/findings?as_of=yesterday", 400)
    assert all("yesterday" not in link.attributes["href"] for link in wrong.all("a"))
    rule = get(seeded, "/findings?known_at_position=42").one("tbody").all("tr")[0].all("a")[0].attributes["href"]
    assert rule.startswith("/reading#"), "how marks are read is the same at any horizon"
    steps = get(seeded, "/findings?known_at_position=20")
    assert steps.one("a", rel="prev").attributes["href"].endswith("known_at_position=19")
    assert steps.one("a", rel="next").attributes["href"].endswith("known_at_position=21")


def test_the_inbox_and_the_log_show_what_was_known_then(seeded: TestClient) -> None:
    def positions(path: str) -> list[int]:
        return [int(row.one("th").text) for row in get(seeded, path).one("tbody").all("tr")]

    assert positions("/log?known_at_position=20") == list(range(20, 0, -1))
    assert positions("/log?known_at_position=20&until=3") == [3, 2, 1]
    told_by_then = positions("/log?published_by=2017-10-26&lang=en")
    assert 1 in told_by_then, "names are not news"
    assert 0 < len(told_by_then) < 42
    beyond = get(seeded, "/log?published_by=2017-10-26&lang=en").one("main").text
    assert f"{42 - len(told_by_then)} events of this stretch of the log are beyond these dates." in beyond
    pinned = get(seeded, "/log").one("footer").one("a").attributes["href"]
    assert positions(pinned) == positions("/log")

    def news(path: str) -> dict[str, str]:
        return {row.one("th").text: row.all("td")[2].text for row in get(seeded, path).one("tbody").all("tr")}

    assert not get(seeded, "/inbox?since=42").all("tbody"), "there is nothing after the last one"
    assert list(news("/inbox?since=20&known_at_position=30")) == ["Eastern Kalamun"]
    before, after = news("/inbox?since=20&known_at_position=30"), news("/inbox?since=20")
    assert before["Eastern Kalamun"] != after["Eastern Kalamun"]
    then = get(seeded, "/inbox?since=20&known_at_position=30").one("main")
    links = [link.attributes["href"] for link in then.all("a")]
    assert "/processes/eastern-kalamun/changes?since=20&until=30" in links
    assert "/inbox?since=30" in links, "what came later is news"


def test_an_event_is_shown_with_what_was_known_of_it(seeded: TestClient) -> None:
    event = seeded.get("/v1/events?after=20&limit=1").json()["events"][0]
    retraction = wire("EventRetracted", subject=event["subject"], data={"event": event["id"], "reason": "A slip."})
    assert seeded.post("/v1/events", json=retraction, headers={"Prefer": "wait=30"}).status_code == 201
    path = f"/events/{event['id']}"
    assert "A slip." in get(seeded, path).one("main").text
    then = get(seeded, f"{path}?known_at_position=42&as_of=2017-10-28")
    assert bar(then) == "This is not the present. Known at log position 42. Show the present"
    assert "A slip." not in then.one("main").text
    assert "nobody corrected" in then.one("main").text
    assert "recorded at position 21" in get(seeded, f"{path}?known_at_position=20", 404).one("main").text
    assert bar(get(seeded, f"{path}?as_of=2017-10-01")) == "", "a report is what it is"


@pytest.mark.parametrize("language", LANGUAGES)
def test_in_every_language(seeded: TestClient, language: str) -> None:
    for path in ACROSS:
        page = get(seeded, f"{path}?published_by=2017-10-27&lang={language}")
        assert bar(page)
        assert page.one("details", **{"class": "travel"}).one("summary").text
        assert all("\ufffd" not in str(one.attributes) for one in every(page))
