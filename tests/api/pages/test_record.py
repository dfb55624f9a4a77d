"""Recording by a form: every type has one, what is wrong comes back at its field, and nothing comes from elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.pages.forms import event_of, form_of, typed_of
from domain.vocabulary import PAYLOADS, example
from tests.api.conftest import HERE
from tests.api.pages.reading import HTML, Element, checked, every, get, read

OURS = {**HTML, "Sec-Fetch-Site": "same-origin", "Origin": HERE}
CLAIM = {
    "subject": "processes/eastern-kalamun",
    "occurred": "2017-10-28",
    "sources.0.publisher": "Example Office",
    "data.measure": "members of armed groups",
    "data.quantity.value": "3000",
    "data.quantity.qualifier": "at least",
}


SAME_FIGURE = {
    "data.area.0.labels.0.text": "Eastern Kalamun",
    "data.area.0.labels.0.lang": "en",
    "data.area.0.precision": "admin 1",
    "data.scope": "members of the armed groups in Eastern Kalamun",
}


def post(client: TestClient, path: str, fields: dict[str, str], **headers: str) -> Any:
    return client.post(path, data=fields, headers={**OURS, **headers}, follow_redirects=False)


def typed_in(page: Element) -> dict[str, str]:
    """What stands in the fields of a form."""
    typed: dict[str, str] = {}
    for one in every(page.one("main")):
        name = one.attributes.get("name", "")
        if one.name == "input":
            typed[name] = one.attributes.get("value", "")
        elif one.name == "textarea":
            typed[name] = one.text
        elif one.name == "select":
            typed[name] = "".join(o.attributes["value"] for o in one.all("option") if "selected" in o.attributes)
    return {name: value for name, value in typed.items() if value}


@pytest.mark.parametrize("name", [name for name in PAYLOADS if name != "EventCorrected"])
def test_what_a_form_of_a_type_holds_is_the_event(name: str) -> None:
    sent = example(name)
    typed = typed_of({field: value for field, value in sent.items() if field not in ("id", "type")})
    event, faults = event_of(name, form_of(name, typed))
    assert not faults
    assert event == {field: value for field, value in sent.items() if field != "id"}


def test_each_type_has_a_form(seeded: TestClient) -> None:
    page = get(seeded, "/record")
    forms = [a.attributes["href"] for a in page.one("main").all("a")]
    assert len(forms) == len(PAYLOADS) - 1
    for name in ("FigureReported", "TalksScheduled", "ObligationAgreed", "EventRetracted", "IncidentReported"):
        assert f"/record/{name}" in forms
        form = get(seeded, f"/record/{name}").one("form", method="post")
        needed = [label.text for label in form.all("label") if "needed" in label.text]
        assert needed, name


def test_a_form_is_looked_at_and_then_recorded(seeded: TestClient) -> None:
    looked = checked(post(seeded, "/record/FigureReported", {**CLAIM, "do": "look"}))
    assert "Nothing is recorded yet" in looked.one("main").text
    assert looked.one("p", id="occurred-reading").text == "It reads: 28 Oct 2017 (2017-10-28)"
    again = typed_in(looked)
    assert again.items() >= {**CLAIM}.items()
    assert seeded.get("/v1/head").json()["position"] == 42
    done = post(seeded, "/record/FigureReported", {**again, "do": "record"})
    assert done.status_code == 303
    assert seeded.get("/v1/head").json()["position"] == 43
    recorded = get(seeded, done.headers["location"])
    assert "at least 3,000 persons" in recorded.one("main").text
    (more,) = [a.attributes["href"] for a in recorded.all("a") if "same source" in a.text]
    (next_form,) = [
        a.attributes["href"] for a in get(seeded, more).all("a") if "/record/StatementMade?" in a.attributes["href"]
    ]
    filled = typed_in(get(seeded, next_form))
    assert filled["sources.0.publisher"] == "Example Office"
    assert filled["subject"] == CLAIM["subject"]
    assert "data.text" not in filled
    assert post(seeded, "/record/FigureReported", {**again, "do": "record"}).status_code == 303
    assert seeded.get("/v1/head").json()["position"] == 43, "sent twice, it is recorded once"


def test_what_is_wrong_comes_back_at_its_field(seeded: TestClient) -> None:
    wrong = {**CLAIM, "occurred": "yesterday", "data.quantity.value": "many", "data.scope": "<b>hostile"}
    answer = post(seeded, "/record/FigureReported", {**wrong, "do": "record"})
    assert answer.status_code == 422
    page = checked(answer)
    assert typed_in(page).items() >= wrong.items()
    field = page.one("input", id="data.quantity.value")
    assert field.attributes["aria-invalid"] == "true"
    assert page.one("p", id="data.quantity.value-error").text
    wrong["data.quantity.value"] = "5"
    page = checked(post(seeded, "/record/FigureReported", {**wrong, "do": "record"}))
    assert page.one("input", id="occurred").attributes["aria-invalid"] == "true"
    unknown = {**CLAIM, "subject": "processes/nothing", "do": "look"}
    page = checked(post(seeded, "/record/FigureReported", unknown))
    assert "to be mended" in page.one("main").text
    assert seeded.get("/v1/head").json()["position"] == 42


def test_a_report_is_corrected_and_retracted_from_its_page(seeded: TestClient) -> None:
    (event,) = [
        one["id"]
        for one in seeded.get("/v1/processes/eastern-kalamun/history").json()["events"]
        if one["type"] == "TalksScheduled"
    ]
    page = get(seeded, f"/events/{event}")
    links = [link.attributes["href"] for link in page.all("a")]
    form = get(seeded, f"/record/correct/{event}")
    assert f"/record/correct/{event}" in links
    typed = typed_in(form)
    assert typed["data.when"] == "2017-10-29"
    typed |= {"data.when": "2017-10-30", "correction.by": "our error", "do": "record"}
    refused = checked(post(seeded, f"/record/correct/{event}", typed))
    assert "/data/reason" in refused.one("main").text
    typed["correction.reason"] = "The day was misread."
    done = post(seeded, f"/record/correct/{event}", typed)
    assert done.status_code == 303, read(done.text).one("main").text[:800]
    correction = get(seeded, done.headers["location"]).one("main").text
    assert "What it changed in Eastern Kalamun" in correction
    assert "29 Oct 2017 → 30 Oct 2017" in correction
    assert "corrected" in get(seeded, f"/events/{event}").one("main").text
    retraction = typed_in(get(seeded, f"/record/EventRetracted?event={event}"))
    assert retraction["data.event"] == event
    retraction |= {"data.reason": "Recorded under the wrong subject.", "do": "record"}
    assert post(seeded, "/record/EventRetracted", retraction).status_code == 303
    assert "retracted" in get(seeded, f"/events/{event}").one("main").text


def test_before_it_is_recorded_one_sees_what_would_change(seeded: TestClient) -> None:
    looked = checked(post(seeded, "/record/FigureReported", {**CLAIM, **SAME_FIGURE, "do": "look"}))
    shown = looked.one("div", **{"class": "looked"})
    assert "What it would change in Eastern Kalamun" in shown.text
    assert "Newly contested" in shown.text
    assert "at least 3,000 persons" in shown.text
    (claim,) = [
        one
        for one in seeded.get("/v1/processes/eastern-kalamun/history").json()["events"]
        if one["data"].get("measure") == "members of armed groups"
    ]
    other = {name: claim[name] for name in ("occurred", "sources", "data")} | {"basis": "observed"}
    typed = {"subject": "processes/eastern-kalamun", **typed_of(other), "data.quantity.value": "2100"}
    twice = checked(post(seeded, "/record/FigureReported", {**typed, "do": "look"})).one("div", **{"class": "looked"})
    assert "It may repeat" in twice.text
    assert f"/events/{claim['id']}" in [link.attributes["href"] for link in twice.all("a")]
    statement = {"subject": "processes/eastern-kalamun", "occurred": "2017-10-28", "data.text": "Yes.", "do": "look"}
    statement["data.description"] = "somebody"
    quiet = checked(post(seeded, "/record/StatementMade", statement)).one("div", **{"class": "looked"})
    assert "It may repeat" not in quiet.text
    opened = {"subject": "processes/new-one", "occurred": "2017-10-28", "data.labels.0.text": "New", "do": "look"}
    opened["data.labels.0.lang"] = "en"
    assert "looked" in str(post(seeded, "/record/ProcessOpened", opened).text)
    actor = {"subject": "actors/new-one", "occurred": "2017-10-28", "data.labels.0.text": "New", "do": "look"}
    actor |= {"data.labels.0.lang": "en", "data.kind": "armed group"}
    page = checked(post(seeded, "/record/ActorIdentified", actor))
    assert "at most a name would change" in page.one("main").text
    assert seeded.get("/v1/head").json()["position"] == 42, "nothing was recorded"


def test_a_pasted_report_stays_beside_the_form_for_several_events(seeded: TestClient) -> None:
    text = "Two rounds & <one> denial.\nSaid on Monday."
    begun = checked(post(seeded, "/record", {"pasted": text, "do": "paste"}))
    assert [one.attributes["formaction"] for one in begun.all("button") if "formaction" in one.attributes][:1]
    form = checked(post(seeded, "/record/FigureReported", {"pasted": text, "do": "begin"}))
    assert form.one("aside").one("textarea", name="pasted").text == " ".join(text.split())
    done = post(seeded, "/record/FigureReported", {**CLAIM, "pasted": text, "do": "record"})
    assert done.status_code == 200
    page = checked(done)
    assert "It is recorded" in page.one("main").text
    source = page.one("input", name="source").attributes["value"]
    assert text.split()[0] in page.one("textarea", name="pasted").text
    again = {"pasted": text, "source": source, "do": "begin"}
    further = checked(post(seeded, "/record/StatementMade", again))
    assert typed_in(further)["sources.0.publisher"] == "Example Office"
    recorded = seeded.get(f"/v1/events/{source}").json()
    assert "note" not in recorded, "its text is not stored"
    kept = {**CLAIM, "occurred": "2017-10-29", "pasted": text, "pasted.note": "yes", "do": "record"}
    assert post(seeded, "/record/FigureReported", kept).status_code == 200
    last = seeded.get("/v1/events?after=43").json()["events"][0]
    assert last["note"] == text, "unless it is asked for"
    assert post(seeded, "/record/StatementMade", {**again, "source": "nonsense"}).status_code == 404


def test_a_name_that_is_typed_finds_ids(seeded: TestClient) -> None:
    assert seeded.get("/suggest?of=actors&q=russian").json() == [["russian-military", "Russian military"]]
    assert ["actors/russia", "Russia"] in seeded.get("/suggest?of=claimant&q=russia").json()
    assert ["processes/eastern-kalamun", "Eastern Kalamun"] in seeded.get("/suggest?of=subject&q=kalamun").json()
    assert seeded.get("/suggest?of=talks+agreements&q=truce").json()[0][0] == "talks/eastern-kalamun-truce"
    assert seeded.get("/suggest?of=actors&q=").json() == []
    get(seeded, "/suggest?of=nonsense&q=x", 400)
    role = get(seeded, "/record/RoleTaken").one("form", method="post")
    assert role.one("input", id="data.actor").attributes["data-suggest"] == "/suggest?of=actors"
    assert "of=claimant" in role.one("input", id="sources.0.claimant").attributes["data-suggest"]
    assert "of=talks" in get(seeded, "/record/TalksConvened").one("input", id="subject").attributes["data-suggest"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Content-Type": "text/plain"},
    ],
)
def test_nothing_is_taken_from_elsewhere(seeded: TestClient, headers: dict[str, str]) -> None:
    answer = post(seeded, "/record/FigureReported", {**CLAIM, "do": "record"}, **headers)
    assert answer.status_code in (400, 403, 415)
    bare = seeded.post("/record/FigureReported", data=CLAIM, headers=HTML)
    assert bare.status_code == 400
    assert seeded.get("/v1/head").json()["position"] == 42
