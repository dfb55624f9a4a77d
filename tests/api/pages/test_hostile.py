"""Hostile text in every field of every event type harms nothing: not on a page, not in a form, not in a table."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import load
from domain.errors import Refusal
from domain.references import actors_named
from domain.values import FAMILY_NAMES
from domain.vocabulary import PAYLOADS, read_event
from tests.api.conftest import HERE
from tests.api.pages.reading import HTML, Element, cells, checked, every, get
from tests.api.sending import opening
from tests.spec import wire

HOSTILE = (
    "=1+1\"><script>alert(1)</script><img src=x onerror=alert(1)>' onfocus=alert(1) x='"
    "{{ 7*191 }}{% raw %}${7*191}</textarea></select></title>\u2067\u0301\u0301 &lt;b&gt; javascript:alert(1)\u2069"
)
LONG = HOSTILE + "x" * 9_000
NAMES = (
    "html head meta title link body a header nav main footer h1 h2 h3 p ul ol li section div span b i s small strong "
    "bdi details summary form label input select option button datalist table caption thead tbody tr th td dl dt dd "
    "code pre svg g path line text circle fieldset legend textarea br script output aside"
)
ALLOWED = set(NAMES.split(" "))


def hostile(sent: dict[str, Any]) -> dict[str, Any]:
    """An event with hostile text in each place that takes free text."""
    for path in list(places(sent)):
        for text in (LONG, HOSTILE):
            trial = json.loads(json.dumps(sent))
            held = trial
            for step in path[:-1]:
                held = held[step]
            held[path[-1]] = text
            with suppress(Refusal):
                read_event(trial, json.dumps(trial))
                sent = trial
                break
    return sent


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    match value:
        case dict():
            for name, inner in value.items():
                yield from places(inner, (*at, name))
        case list():
            for number, inner in enumerate(value):
                yield from places(inner, (*at, number))
        case str() if at[0] not in ("id", "type", "subject"):
            yield at
        case _:
            pass


@pytest.fixture(scope="module")
def spoiled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, list[str]]]:
    """A server whose log has an event of every type it would take, and the ids of the events."""
    data: Path = tmp_path_factory.mktemp("hostile")
    source = [{"publisher": "TASS", "claimant": "somebody", "published": "2017-10-27", "url": "https://example.org/x"}]
    log = [hostile(opening(f"{family}/first")) for family in FAMILY_NAMES]
    said = hostile(wire("StatementMade", subject="processes/first", sources=source))
    events: list[dict[str, Any]] = []
    named: set[str] = set()
    for name in PAYLOADS:
        event = wire(name, sources=source, note="a note")
        if "processes" in event["data"]:
            event["data"]["processes"] = ["first"]
        if "event" in event["data"]:
            event |= {"subject": said["subject"], "data": {**event["data"], "event": said["id"]}}
        with suppress(Refusal):
            named |= {str(one) for one in actors_named(read_event(event, json.dumps(event)))}
        events.append(hostile(event))
    log += [hostile(opening(path)) for path in sorted(named)]
    log += [said, *events]
    with TestClient(create_app(load(data=data, port=0)), base_url=HERE, raise_server_exceptions=False) as client:
        taken = [event for event in log if client.post("/v1/events", json=event).status_code in (200, 201)]
        types = {event["type"] for event in taken}
        assert len(types) > len(PAYLOADS) * 0.7, set(PAYLOADS) - types
        assert client.get(f"/v1/processes/first?min_position={client.get('/v1/head').json()['position']}").is_success
        yield client, [event["id"] for event in taken]


def harmless(page: Element, path: str) -> None:
    """Nothing on a page but elements and attributes of ours."""
    for element in every(page):
        assert element.name in ALLOWED, f"<{element.name}> on {path}"
        assert not any(name.startswith("on") or name == "style" for name in element.attributes), path
        assert not element.attributes.get("href", "/").lower().lstrip().startswith("javascript"), path
        if element.name == "script":
            assert element.attributes["src"].startswith("/static/"), path
            assert not element.text, path
    assert "1337" not in page.text, f"a template was computed on {path}"


@pytest.mark.parametrize("language", ["en", "ar"])
def test_hostile_text_harms_nothing(spoiled: tuple[TestClient, list[str]], language: str) -> None:
    client, events = spoiled
    of_process = (
        "",
        "/history",
        "/changes",
        "/compare",
        "/timeline",
        "/map",
        "/figures",
        "/obligations",
        "/why",
        "/report",
    )
    paths = [f"/processes/first{path}" for path in of_process]
    paths += [
        "/",
        "/inbox",
        "/deadlines",
        "/findings",
        "/actors",
        "/places",
        "/places/first",
        "/log",
        f"/?q={quote(HOSTILE[:200])}",
    ]
    page = get(client, "/processes/first", liking=language)
    paths += [link.attributes["href"] for link in page.all("a", **{"class": "why"})][:: 1 if language == "en" else 10]
    paths += [f"/events/{event}" for event in events][:: 1 if language == "en" else 10]
    paths += [f"/record/correct/{event}" for event in events][::8]
    shown = ""
    for path in dict.fromkeys(paths):
        answer = client.get(path, headers={**HTML, "Accept-Language": language})
        if path.endswith("/report") and answer.status_code == 404:
            continue
        page = get(client, path, answer.status_code, liking=language)
        assert answer.status_code == 200, path
        harmless(page, path)
        shown += page.text
    assert "<script>alert(1)</script>" in shown, "it is shown as it was sent"
    get(client, f"/processes/{quote('<script>alert(1)')}", 400)


def test_files_hold_hostile_text_as_text(spoiled: tuple[TestClient, list[str]]) -> None:
    client, _ = spoiled
    for name in ("timeline", "figures"):
        drawn = client.get(f"/processes/first/{name}?format=svg&drawing=1")
        assert drawn.status_code == 200, name
        tags = {one.tag.rpartition("}")[2] for one in ElementTree.fromstring(drawn.content).iter()}  # noqa: S314
        assert tags <= {"svg", "title", "style", "rect", "g", "line", "path", "text", "circle"}
        assert client.get(f"/processes/first/{name}?format=png&drawing=1").content.startswith(b"\x89PNG")
    for language in ("en", "ar"):
        made = client.get(f"/processes/first/report?format=pdf&lang={language}")
        assert made.content.startswith(b"%PDF-")
        assert b"/JavaScript" not in made.content
        assert b"/URI" not in made.content


def test_hostile_text_that_is_typed_comes_back_as_text(spoiled: tuple[TestClient, list[str]]) -> None:
    client, _ = spoiled
    ours = {**HTML, "Sec-Fetch-Site": "same-origin", "Origin": HERE}
    typed = {"subject": "processes/first", "occurred": "2017-10-28", "data.text": HOSTILE, "pasted": LONG, "do": "look"}
    for name in ("StatementMade", "FigureReported"):
        looked = checked(client.post(f"/record/{name}", data={**typed, "data.description": HOSTILE}, headers=ours))
        harmless(looked, name)
    harmless(checked(client.post("/record", data={"pasted": LONG}, headers=ours)), "/record")


def test_no_cell_is_a_formula(spoiled: tuple[TestClient, list[str]]) -> None:
    client, _ = spoiled
    of_process = ("history", "timeline", "map", "figures", "obligations")
    for path in ("/", "/deadlines", "/findings", "/actors", *(f"/processes/first/{one}" for one in of_process)):
        answer = client.get(path, params={"format": "csv"})
        assert answer.status_code == 200, path
        for row in csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))):
            assert not [cell for cell in row if cell.lstrip().startswith(("=", "+", "@", "-"))], path
        book = client.get(path, params={"format": "xlsx"})
        assert cells(book.content), path
