"""Places: a list, a page for each, and the map of a process with what is not known drawn as such."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from fastapi.testclient import TestClient

from api.exporters import typeset
from tests.api.pages.reading import Element, get
from tests.spec import wire

SOURCE = [{"publisher": "TASS", "claimant": "a resident", "published": "2017-10-27"}]
OTHER = [{"publisher": "SMART", "claimant": "an official", "published": "2017-10-27"}]
FORD = {"labels": [{"text": "Ford", "lang": "en"}], "lat": 33.9, "lon": 36.9, "precision": "exact"}
PROCESS = "processes/kalamun"


def event(name: str, subject: str, **data: object) -> dict[str, object]:
    sources = data.pop("sources", SOURCE)
    return wire(name, data=data, subject=subject, sources=sources)


@pytest.fixture
def placed(client: TestClient) -> TestClient:
    named = [{"text": "Eastern Kalamun", "lang": "en"}]
    point = {"lat": 33.81, "lon": 36.74, "precision": "near"}
    town = {"text": "Jarut", "lang": "en"}
    log = [
        event("PlaceIdentified", "places/jarut", labels=[town, {"text": "Jeiroud", "lang": "en"}], point=point),
        event(
            "ProcessOpened", PROCESS, labels=named, areas=[{"id": "jarut"}, {"labels": named, "precision": "admin 1"}]
        ),
        event("ActorIdentified", "actors/guard", labels=[{"text": "the Guard", "lang": "en"}], kind="armed group"),
        event("AccessReported", PROCESS, place=FORD, access="closed"),
        event("AccessReported", PROCESS, place=FORD, access="open", sources=OTHER),
        event("ControlReported", PROCESS, places=[{"id": "jarut"}], holders=["guard"]),
        event("IncidentReported", PROCESS, kind="shelling", place=FORD),
    ]
    answer = client.post("/v1/events", json=log, headers={"Prefer": "wait=30"})
    assert answer.status_code == 201, answer.text
    return client


def drawn(page: Element) -> dict[str, Element]:
    """The links of a map, by what they say to those who do not see it."""
    return {link.attributes["aria-label"]: link for link in page.one("svg", **{"class": "drawing"}).all("a")}


def test_a_place_has_a_page(placed: TestClient) -> None:
    listed = get(placed, "/places?q=jeiroud").one("main")
    assert listed.one("a", href="/places/jarut").text == "Jarut"
    assert "33.81, 36.74 (near: within about 25 km)" in listed.text
    assert "none recorded" in get(placed, "/places?q=nowhere").one("main").text
    page = get(placed, "/places/jarut").one("main")
    assert {row.all("td")[1].text for row in page.one("tbody").all("tr")} == {"kalamun"}
    assert "control reported" in page.text
    get(placed, "/places/nothing", 404)


def test_a_map_shows_what_is_known_of_where(placed: TestClient) -> None:
    page = get(placed, "/processes/kalamun/map")
    marks = drawn(page)
    (town,) = [name for name in marks if name.startswith("Jarut")]
    (ford,) = [name for name in marks if name.startswith("Ford")]
    assert "near: within about 25 km" in town
    assert "held by the Guard (a resident)" in town
    assert "closed (a resident)" in ford
    assert "open (an official)" in ford
    assert marks[town].all("circle", **{"class": "extent"}), "what is near has a ring"
    assert not marks[ford].all("circle"), "what is exact has none"
    assert marks[ford].all("path", **{"class": "place alert"})
    assert "nobody says where: Eastern Kalamun" in page.one("main").text
    rows = [[cell.text for cell in row.all("td")] for row in page.one("tbody").all("tr")]
    assert [row[2] for row in rows if row[1] == "access"] == ["contested closed", "contested open"]


def test_a_map_looks_from_a_horizon(placed: TestClient) -> None:
    page = get(placed, "/processes/kalamun/map?known_at_position=4")
    (ford,) = [name for name in drawn(page) if name.startswith("Ford")]
    assert "an official" not in ford
    assert not [name for name in drawn(page) if "the Guard" in name]


def test_an_incident_is_on_the_map_and_a_ring_that_is_too_wide_is_named(placed: TestClient) -> None:
    page = get(placed, "/processes/kalamun/map")
    (ford,) = [name for name in drawn(page) if name.startswith("Ford")]
    assert "shelling" in ford
    assert len(drawn(page)[ford].all("path", **{"class": "incident"})) == 1
    assert "wider than this map" not in page.one("main").text
    region = {"labels": [{"text": "Region", "lang": "en"}], "lat": 33.8, "lon": 36.8, "precision": "admin 1"}
    added = event("AreaAdded", PROCESS, place=region)
    assert placed.post("/v1/events", json=added, headers={"Prefer": "wait=30"}).status_code == 201
    assert "wider than this map: Region" in get(placed, "/processes/kalamun/map").one("main").text


def test_words_on_a_map_run_as_they_are_read(placed: TestClient) -> None:
    texts = get(placed, "/processes/kalamun/map", liking="ar").one("svg", **{"class": "drawing"}).all("text")
    assert {text.attributes.get("direction") for text in texts if text.attributes["class"] == "label"} == {"rtl"}
    texts = get(placed, "/processes/kalamun/map").one("svg", **{"class": "drawing"}).all("text")
    assert not [text for text in texts if "direction" in text.attributes]


def test_all_processes_are_on_one_map(placed: TestClient) -> None:
    marks = drawn(get(placed, "/"))
    assert [link.attributes["href"] for link in marks.values()] == ["/processes/kalamun"]


def test_a_drawing_is_there_as_a_file(placed: TestClient) -> None:
    page = get(placed, "/processes/kalamun/map")
    files = [link.attributes["href"] for link in page.all("a") if "drawing=1" in link.attributes["href"]]
    assert [re.search("format=([a-z]+)", one)[1] for one in files] == ["svg", "png"]  # type: ignore[index]
    svg = placed.get(files[0])
    assert svg.headers["content-type"].startswith("image/svg+xml")
    root = ElementTree.fromstring(svg.content)  # noqa: S314
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert not [one for one in root.iter() if one.tag.endswith(("}script", "}a", "}foreignObject"))]
    assert "Jarut" in "".join(root.itertext())
    for language in ("en", "ar"):
        png = placed.get(files[1], params={"lang": language, "format": "png", "drawing": "1"})
        assert png.content.startswith(b"\x89PNG")
    get(placed, "/processes/kalamun/map?format=png&drawing=2", 404)
    get(placed, "/processes/kalamun/map?format=svg&drawing=x", 400)


def test_without_the_extra_there_are_no_pictures_and_no_pdf(
    placed: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typeset, "installed", lambda: False)
    page = get(placed, "/processes/kalamun/map")
    files = [link.text for link in page.all("a") if "drawing=1" in link.attributes["href"]]
    assert files == ["SVG"]
    assert "parley-tracker[pdf]" in get(placed, "/processes/kalamun/map?format=png&drawing=1", 404).text
    assert "parley-tracker[pdf]" in get(placed, "/processes/kalamun/report?format=pdf", 404).text
    assert not [link for link in get(placed, "/processes/kalamun/report").all("a") if "pdf" in link.attributes["href"]]


def test_a_layer_of_the_operator_is_drawn_below(
    placed: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "layer.geojson"
    square = [[36.6, 33.7], [36.9, 33.7], [36.9, 33.95], [36.6, 33.95], [36.6, 33.7]]
    far = [[10.0, 10.0], [11.0, 10.0], [11.0, 11.0], [10.0, 10.0]]
    shapes = [{"type": "Polygon", "coordinates": [square]}, {"type": "Polygon", "coordinates": [far]}]
    layer = {"type": "FeatureCollection", "source": "A <b>survey</b>", "date": "2016", "licence": "CC BY 4.0"}
    layer["features"] = [{"type": "Feature", "properties": {}, "geometry": shape} for shape in shapes]  # type: ignore[assignment]
    services = placed.app.state.services  # type: ignore[attr-defined]
    told = services.settings.model_copy(update={"map_layer": file})
    monkeypatch.setattr(placed.app.state, "services", replace(services, settings=told))  # type: ignore[attr-defined]
    assert "layer.geojson: No such file" in get(placed, "/processes/kalamun/map").one("main").text
    file.write_text(json.dumps(layer))
    page = get(placed, "/processes/kalamun/map")
    assert "A <b>survey</b>, 2016, CC BY 4.0" in page.one("main").text
    assert page.one("svg", **{"class": "drawing"}).all("path", **{"class": "context"})
    for broken, why in (
        ({**layer, "licence": ""}, "licence"),
        ({"type": "Feature"}, "FeatureCollection"),
        (3, "no Feat"),
    ):
        file.write_text(json.dumps(broken))
        assert why in get(placed, "/processes/kalamun/map").one("main").text
