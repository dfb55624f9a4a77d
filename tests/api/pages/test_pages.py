"""The pages of the founding case: in order, in three languages, from any horizon, and safe."""

from __future__ import annotations

import csv
import io
import re

import pytest
from fastapi.testclient import TestClient

from api.pages.process import ORDER
from api.wording.language import IN_LANGUAGE, LANGUAGES
from tests.api.pages.reading import HTML, Element, cells, every, get
from tests.spec import wire

KALAMUN = "/processes/eastern-kalamun"
PAGES = [
    "/",
    "/inbox",
    "/deadlines",
    "/findings",
    "/actors",
    "/actors/russia",
    "/places",
    "/log",
    "/log?type=TalksScheduled&process=eastern-kalamun",
    "/reading",
    KALAMUN,
    f"{KALAMUN}/history",
    f"{KALAMUN}/changes?since=20",
    f"{KALAMUN}/compare?as_of=2017-10-28",
    f"{KALAMUN}/why",
    f"{KALAMUN}/timeline",
    f"{KALAMUN}/map",
    f"{KALAMUN}/figures",
    f"{KALAMUN}/obligations",
    f"{KALAMUN}/report",
]


def entries(page: Element, section: str) -> list[str]:
    """The lines of a section of the first screen."""
    return [line.text for line in page.one("section", id=section).all("li")]


def test_the_list_leads_to_each_process(seeded: TestClient) -> None:
    page = get(seeded, "/")
    links = {link.attributes["href"]: link.text for link in page.one("main").all("a")}
    assert links[KALAMUN] == "Eastern Kalamun"
    found = get(seeded, "/?q=&place=jairoud&state=open")
    assert not found.one("main").all("h2")
    assert "No process fits" in found.one("main").text
    assert get(seeded, "/?q=eastern+kalamun").one("main").one("h2").text == "Eastern Kalamun"


def test_the_first_screen_stands_in_its_order(seeded: TestClient) -> None:
    page = get(seeded, KALAMUN)
    sections = [section.attributes["id"] for section in page.all("section") if "id" in section.attributes]
    assert sections[:-1] == [key for key in ORDER if key in sections]
    assert "open, since 27 Oct 2017 or earlier" in page.one("section", **{"class": "top"}).text
    (overdue,) = entries(page, "overdue")
    assert "29 Oct 2017 round of talks" in overdue
    assert "inferred by us from TASS" in overdue
    assert any("about 2,000 persons" in line for line in entries(page, "figures"))
    assert entries(page, "unknown")


def test_each_line_says_when_who_and_why(seeded: TestClient) -> None:
    page = get(seeded, KALAMUN)
    (role, *_) = [line for line in page.one("section", id="roles").all("li") if not line.all("li") and line.all("a")]
    by = role.one("small").text
    assert "27 Oct 2017" in by
    assert "TASS" in by
    why = role.one("a", **{"class": "why"}).attributes["href"]
    assert why.startswith(f"{KALAMUN}/why?line=talks/eastern-kalamun-truce.roles.")
    reasons = get(seeded, why).one("main")
    assert "who says so: " in reasons.text
    assert "TASS, 27 Oct 2017" in reasons.text
    opened, correct, retract = (a.attributes["href"] for a in reasons.all("span", **{"class": "why"})[0].all("a"))
    assert correct.startswith("/record/correct/")
    assert "/record/EventRetracted?event=" in retract
    event = get(seeded, opened)
    assert "nobody corrected" in event.one("main").text


def test_a_horizon_says_what_it_is_and_is_carried_on(seeded: TestClient) -> None:
    page = get(seeded, f"{KALAMUN}?as_of=2017-10-28&published_by=&known_at=&lang=en")
    assert "As of 28 Oct 2017" in page.one("div", **{"class": "bar"}).text
    assert not [section for section in page.all("section", id="overdue") if section.all("li")]
    whys = [link.attributes["href"] for link in page.all("a", **{"class": "why"})]
    assert whys
    assert all("as_of=2017-10-28" in why and "lang=en" in why for why in whys)
    pinned = page.one("footer").one("a").attributes["href"]
    assert re.search(r"known_at_position=42\b", pinned)
    get(seeded, pinned)
    steps = get(seeded, f"{KALAMUN}?known_at_position=20")
    assert "log position 20" in steps.one("div", **{"class": "bar"}).text
    assert steps.one("a", rel="prev").attributes["href"].endswith("known_at_position=19")


def test_two_horizons_stand_side_by_side(seeded: TestClient) -> None:
    page = get(seeded, f"{KALAMUN}/compare?known_at_position=20&to_known_at_position=42").one("main")
    assert "Known at log position 20" in page.text
    marked = [line.text for line in page.all("li", **{"class": "differs"})]
    assert any(line.startswith("only after") and "about 2,000 persons" in line for line in marked)
    newest = get(seeded, f"{KALAMUN}/compare").one("main")
    assert "log position 41" in newest.text
    assert "more than 20,000" in " ".join(line.text for line in newest.all("li", **{"class": "differs"}))
    nothing = get(seeded, f"{KALAMUN}/compare?published_by=2001").one("main")
    assert "Nothing of this process is inside the horizon" in nothing.text
    assert "Nothing differs" in get(seeded, f"{KALAMUN}/compare?as_of=2018&to_as_of=2018").one("main").text
    wrong = get(seeded, f"{KALAMUN}/compare?to_as_of=yesterday", 400)
    assert [code.text for code in wrong.one("main").all("code") if code.text == "to_as_of"]
    get(seeded, "/processes/nothing-here/compare?as_of=2018", 404)


def test_the_inbox_tells_what_came_in(seeded: TestClient) -> None:
    rows = {row.one("th").text: row.all("td") for row in get(seeded, "/inbox?since=38").one("tbody").all("tr")}
    assert "instrument cited; obligation agreed" in rows["Eastern Kalamun"][2].text
    assert "enrolment reported" in rows["reconciliation process in Syria"][2].text


def test_the_log_shows_the_newest_first(seeded: TestClient) -> None:
    page = get(seeded, "/log").one("main")
    positions = [row.all("th")[0].text for row in page.one("tbody").all("tr")]
    assert positions == [str(number) for number in range(42, 0, -1)]
    earlier = get(seeded, "/log?until=10").one("tbody").all("tr")
    assert len(earlier) == 10
    talks = get(seeded, "/log?subject=talks/eastern-kalamun-truce&type=RoleTaken").one("tbody").all("tr")
    assert len(talks) == 3
    get(seeded, "/log?type=Nothing", 400)


def test_a_page_is_told_how_much_came_in_and_how_much_of_it_changes_it(seeded: TestClient) -> None:
    page = get(seeded, KALAMUN)
    newer = page.one("p", **{"class": "live noprint"}).attributes["data-newer"]
    assert seeded.get(newer).json() == {"newer": 0, "changing": 0, "said": "0 newer reports, 0 change this page"}
    subject = "processes/eastern-kalamun"
    said = {"occurred": "2017-10-28", "sources": [{"publisher": "Example Office"}]}
    statement = {"type": "StatementMade", "subject": subject, **said, "data": {"description": "a", "text": "Yes."}}
    claim = seeded.get("/v1/event-types/FigureReported").json()["example"]["data"]
    figure = {"type": "FigureReported", "subject": subject, **said, "data": claim}
    assert seeded.post("/v1/events", json=[statement, {**figure}]).status_code == 201
    told = seeded.get(f"{newer}&at=44&lang=ru").json()
    assert told["newer"] == 2
    assert told["said"].startswith("2 ")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_in_every_language(seeded: TestClient, language: str) -> None:
    titles = set()
    for path in PAGES:
        by_header = get(seeded, path, liking=f"xx, {language};q=0.9")
        assert by_header.one("html").attributes["lang"] == language
        by_parameter = get(seeded, f"{path}{'&' if '?' in path else '?'}lang={language}", liking="fr")
        assert by_parameter.one("html").attributes["lang"] == language
        assert not {"\ufffd", IN_LANGUAGE} & set(by_parameter.text), path
        for link in by_parameter.all("a"):
            address = link.attributes["href"]
            ours = address.startswith("/") and not address.startswith("/v1/") and "hreflang" not in link.attributes
            assert not ours or f"lang={language}" in address, f"{address} on {path} loses the language"
        titles.add((path, by_parameter.one("main").one("h1").text))
    assert len(titles) == len(PAGES)


def test_what_came_in_is_told_in_the_language_of_the_page(seeded: TestClient) -> None:
    page = get(seeded, f"{KALAMUN}/changes?since=0&lang=ru")
    told = [line.text for line in page.one("main").all("li")]
    assert any("Переговоры назначены: 29 окт. 2017" in line for line in told)
    assert not [line for line in told if "Talks scheduled" in line]


def test_the_links_of_a_page_lead_somewhere(seeded: TestClient) -> None:
    tried: set[str] = set()
    for path in PAGES:
        page = get(seeded, path)
        links = {link.attributes["href"] for link in every(page) if link.name in ("a", "link")} - {"data:,"}
        ids = {element.attributes.get("id") for element in every(page)}
        for link in links:
            where, _, fragment = link.partition("#")
            assert where or fragment in ids, link
            if where and re.sub("(?<=/events/).*|(?<=line=).*|(?<=position=).*", "…", where) not in tried:
                tried.add(re.sub("(?<=/events/).*|(?<=line=).*|(?<=position=).*", "…", where))
                assert seeded.get(where, headers=HTML).status_code == 200, link


def test_every_table_is_there_for_other_programs(seeded: TestClient) -> None:
    tables = 0
    for path in PAGES:
        for link in get(seeded, path).all("a"):
            if "download" in link.attributes and "format=csv" in link.attributes["href"]:
                answer = seeded.get(link.attributes["href"])
                assert answer.headers["content-type"] == "text/csv; charset=utf-8"
                assert "attachment" in answer.headers["content-disposition"]
                (head, *rows) = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
                assert rows
                assert {len(row) for row in rows} == {len(head)}
                book = seeded.get(link.attributes["href"].replace("format=csv", "format=xlsx"))
                assert book.headers["content-disposition"].endswith('.xlsx"')
                assert cells(book.content)[0] == head
                assert len(cells(book.content)) == len(rows) + 1
                tables += 1
    assert tables > 8
    get(seeded, f"{KALAMUN}/history?format=ods", 400)


def test_an_error_is_a_page_for_those_who_want_pages(seeded: TestClient) -> None:
    page = get(seeded, "/processes/eastern-kalamn", 404)
    assert next(link.text for item in page.one("main").all("li") for link in item.all("a")) == "Eastern Kalamun"
    page = get(seeded, "/actors/rusian-military", 404)
    assert next(link.text for item in page.one("main").all("li") for link in item.all("a")) == "Russian military"
    assert get(seeded, "/places/nowhere", 404).one("main").text
    wrong = get(seeded, f"{KALAMUN}?as_of=yesterday&known_at=then", 400)
    assert [code.text for code in wrong.one("main").all("code") if code.text in ("as_of", "known_at")]
    get(seeded, "/?lang=xx", 400)
    get(seeded, "/v1/processes/nothing-here", 404)
    answer = seeded.get("/processes/eastern-kalamn")
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_page_says_if_it_does_not_show_all(seeded: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def bar(path: str, status: int = 200) -> str:
        return " ".join(one.text for one in get(seeded, path, status).all("div", **{"class": "bar"}))

    assert bar(KALAMUN) == ""
    services = seeded.app.state.services  # type: ignore[attr-defined]
    monkeypatch.setattr(services.log_watcher, "position", 9_000)
    assert "42 of 9,000 events are in it" in bar(KALAMUN)
    assert "42 of 9,000 events are in it" in bar("/processes/nothing-here", 404)
    monkeypatch.setattr(services.follower, "halted", "position 43, TalksStreamed: upgrade it")
    assert "after log position 42: position 43, TalksStreamed" in bar("/")


def test_a_long_process_takes_three_requests_and_little(seeded: TestClient) -> None:
    subject, source = "processes/eastern-kalamun", [{"publisher": "Example Office", "published": "2017-10-28"}]
    log: list[dict[str, object]] = []
    for number in range(200):  # of more the first screen shows no more
        said = {
            "description": f"speaker {number % 9}",
            "text": f"Something that was said at some length, number {number}.",
        }
        harm = {"category": "injured", "who": "civilians", "quantity": {"value": number % 6}}
        data = said if number % 2 else {"kind": "shelling", "harm": [harm]}
        name = "StatementMade" if number % 2 else "IncidentReported"
        date = f"2017-10-{1 + number % 27:02}"
        log.append({"type": name, "subject": subject, "occurred": date, "sources": source, "data": data})
    assert seeded.post("/v1/events", json=log, headers={"Prefer": "wait=20"}).status_code == 201
    assert seeded.get(f"/v1{KALAMUN}?min_position=242").status_code == 200
    page = get(seeded, KALAMUN)
    loaded = [one.attributes["href"] for one in page.all("link")] + [
        one.attributes["src"] for one in page.all("script")
    ]
    loaded = [address for address in loaded if address != "data:,"]
    assert len(loaded) == 2
    sent = 0
    for address in (KALAMUN, *loaded):
        with seeded.stream("GET", address, headers={**HTML, "Accept-Encoding": "gzip"}) as answer:
            assert answer.headers["content-encoding"] == "gzip"
            sent += len(b"".join(answer.iter_raw()))
    assert sent <= 60_000


def test_files_are_kept_for_ever_under_names_that_change(seeded: TestClient) -> None:
    (style,) = (link for link in get(seeded, "/").all("link") if link.attributes["rel"] == "stylesheet")
    answer = seeded.get(style.attributes["href"])
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    get(seeded, "/static/parley.000000000000.css", 404)


def test_a_change_that_one_claimant_tells_of_is_marked_and_is_an_open_question_where_it_is_followed(
    seeded: TestClient,
) -> None:
    page = get(seeded, KALAMUN)
    assert any("convened one claimant" in line for line in entries(page, "talks"))
    assert "unconfirmed" not in page.text, "of an archive nobody waits for a second claimant"
    assert "مدّعٍ واحد" in get(seeded, f"{KALAMUN}?lang=ar").one("section", id="talks").text
    assert "со слов одного" in get(seeded, f"{KALAMUN}?lang=ru").one("section", id="talks").text
    data = {"labels": [{"text": "Eastern Kalamun", "lang": "en"}], "followed": True}
    again = wire("ProcessOpened", subject="processes/eastern-kalamun", data=data, expected_version="any")
    answer = seeded.post("/v1/events", json=again, headers={"Prefer": "wait=10"})
    assert answer.status_code == 201, answer.text
    assert any("unconfirmed" in line for line in entries(get(seeded, KALAMUN), "unknown"))
