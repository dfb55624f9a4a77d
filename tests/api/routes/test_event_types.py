"""What can be recorded is told: a list, and for each type a schema that its example fits and a bad event does not."""

import pytest
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator

from api.http.schemas.events import schema_of
from domain.values import FAMILY_NAMES
from domain.vocabulary import PAYLOADS, example, families_of
from tests.api.sending import problem


def test_the_list(client: TestClient) -> None:
    listed = {entry["type"]: entry for entry in client.get("/v1/event-types").json()["event_types"]}
    assert list(listed) == list(PAYLOADS)
    assert listed["TalksReported"] == {
        "type": "TalksReported",
        "families": ["talks"],
        "summary": listed["TalksReported"]["summary"],
        "opening": True,
        "revision": False,
        "url": "/v1/event-types/TalksReported",
    }
    assert all(entry["summary"].endswith(".") for entry in listed.values())
    assert [entry["type"] for entry in listed.values() if entry["revision"]] == [
        "EventCorrected",
        "EventRetracted",
        "EventDisputed",
        "DuplicateMarked",
        "SubjectUnified",
    ]
    assert listed["RoleTaken"]["families"] == list(FAMILY_NAMES)
    for entry in listed.values():
        assert client.get(entry["url"]).status_code == 200


@pytest.mark.parametrize("name", PAYLOADS)
def test_the_schema_of_a_type(client: TestClient, name: str) -> None:
    told = client.get(f"/v1/event-types/{name}").json()
    schema = told["schema"]
    Draft202012Validator.check_schema(schema)
    valid = Draft202012Validator(schema).is_valid
    assert told["example"] == example(name)
    assert valid(told["example"])
    sent = {key: value for key, value in told["example"].items() if key != "id"}
    assert valid(sent), "the id may be left out"
    assert valid({**sent, "expected_version": 3})
    assert not valid({**sent, "expected_version": -1})
    assert not valid({**sent, "position": 1})
    assert not valid({**sent, "type": "Another"})
    assert not valid({**sent, "data": {**sent["data"], "unknown": 1}})
    assert not valid({key: value for key, value in sent.items() if key != "data"})
    if len(families_of(name)) == 1:
        assert not valid({**sent, "subject": "nobody/first"})
        assert not valid({**sent, "subject": "actors/x" if families_of(name) != ("actors",) else "talks/x"})


@pytest.mark.parametrize("name", PAYLOADS)
def test_every_field_is_described(name: str) -> None:
    schema = schema_of(name)
    for shape in (schema, schema["$defs"][f"{name}Data"]):
        assert [field for field, told in shape["properties"].items() if not told.get("description")] == []


def test_a_type_that_is_not_there(client: TestClient) -> None:
    assert "did you mean TalksScheduled?" in problem(client.get("/v1/event-types/TalkScheduled"), 404)["detail"]
    assert "did you mean" not in problem(client.get("/v1/event-types/" + "x" * 5000), 404)["detail"]
