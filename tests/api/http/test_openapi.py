"""The description of the interface holds together, its examples work when they are sent, and it needs no network."""

import json
import re
import shlex
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator

from api.app import create_app
from api.routes.documentation import example_of
from api.routes.processes import STATES
from api.settings import load
from domain.findings.rules import RULES
from domain.values import FAMILY_NAMES
from domain.vocabulary import PAYLOADS
from domain.vocabulary import example as example_event

Operation = tuple[str, str, dict[str, Any]]


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    """It is the same of every installation, and takes long to make."""
    document: dict[str, Any] = json.loads(json.dumps(create_app(load(port=0)).openapi()))
    return document


def operations(described: dict[str, Any]) -> Iterator[Operation]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        if "discriminator" in node:
            yield from node["discriminator"]["mapping"].values()
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def validator(described: dict[str, Any], schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator({**schema, "components": described["components"]})


def test_it_is_served(described: dict[str, Any], client: TestClient) -> None:
    assert client.get("/openapi.json").json() == described


def test_its_form(described: dict[str, Any]) -> None:
    assert described["openapi"].startswith("3.1")
    assert set(described) <= {"openapi", "info", "paths", "components", "tags"}
    assert {"title", "version"} <= set(described["info"])
    schemas = described["components"]["schemas"]
    assert "HTTPValidationError" not in schemas
    assert {ref.removeprefix("#/components/schemas/") for ref in references(described)} <= set(schemas)
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    tags = {tag["name"] for tag in described["tags"]}
    ids = [operation["operationId"] for _, _, operation in operations(described)]
    assert len(ids) == len(set(ids))
    for method, path, operation in operations(described):
        where = f"{method} {path}"
        assert operation["summary"], where
        assert len(operation["tags"]) == 1, where
        assert set(operation["tags"]) <= tags, where
        placed = {one["name"] for one in operation.get("parameters", []) if one["in"] == "path"}
        assert placed == set(re.findall(r"{(\w+)}", path)), where
        assert all(one.get("description") for one in operation.get("parameters", [])), where
        assert any(int(status) < 300 for status in operation["responses"] if status.isdecimal()), where
        for status, told in operation["responses"].items():
            problems = "application/problem+json" in told.get("content", {})
            assert told["description"], where
            assert problems == (status == "default" or int(status) >= 400), where


def test_an_event_is_one_of_all_types(described: dict[str, Any]) -> None:
    event = described["components"]["schemas"]["Event"]
    assert list(event["discriminator"]["mapping"]) == list(PAYLOADS)
    assert [ref["$ref"] for ref in event["oneOf"]] == list(event["discriminator"]["mapping"].values())
    for name, place in event["discriminator"]["mapping"].items():
        schema = described["components"]["schemas"][place.rpartition("/")[2]]
        assert schema["properties"]["type"]["const"] == name
        assert "id" not in schema["required"]
        assert "expected_version" in schema["properties"]


def test_every_operation_has_examples_that_fit(described: dict[str, Any]) -> None:
    for method, path, operation in operations(described):
        for body in (operation.get("requestBody", {}), *operation["responses"].values()):
            for media, told in body.get("content", {}).items():
                examples = [each["value"] for each in told.get("examples", {}).values()]
                examples += [told["example"]] if "example" in told else []
                assert examples or media == "application/problem+json", f"{method} {path}"
                if media == "application/json":
                    for example in examples:
                        errors = list(validator(described, told["schema"]).iter_errors(example))
                        assert not errors, f"{method} {path}: {errors[0].message}"


def test_parameters_are_described_as_they_are_read(described: dict[str, Any]) -> None:
    """What is refused for its form does not fit the schema, and what may be left out is never null."""
    words: dict[str, set[str]] = {}
    forms: dict[str, set[str]] = {}
    for method, path, operation in operations(described):
        for one in operation.get("parameters", []):
            schema = one["schema"]
            where = f"{method} {path} {one['name']}"
            assert "null" not in str(schema.get("type")), where
            assert {"type": "null"} not in schema.get("anyOf", []), where
            assert one["name"].lower() not in ("accept", "content-type", "authorization"), "OpenAPI ignores those"
            words.setdefault(one["name"], set()).update(schema.get("enum", ()))
            forms.setdefault(one["name"], set()).update(schema.get(key) for key in ("pattern", "format"))
            for example in schema.get("examples", ()):
                assert not list(validator(described, schema).iter_errors(example)), where
    assert words["family"] == set(FAMILY_NAMES)
    assert words["type"] == set(PAYLOADS)
    assert words["rule"] == words["finding"] == set(RULES)
    assert words["severity"] == {"high", "moderate", "hint"}
    assert words["state"] == set(STATES)
    dates = {"known_at", "recorded_after", "as_of", "published_by", "since", "until", "after", "if-match"}
    assert all(any(form and form.startswith("^") for form in forms[name]) for name in dates)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        (
            "as_of",
            ["2017", "2017-10", "2017-10-29", "2017-10-29t09:00:00.5z", "2017-10-29T09:00+03:00"],
            ["2017-13", ""],
        ),
        (
            "since",
            ["0", "42", "2017-10-29", "2017-10-29T09:00:00Z", "2017-10-29T09:00:00.123+03:00"],
            ["2017-10", "2017-10-29T09", "-1", ""],
        ),
        ("known_at", ["2017-10-29", "2017-10-29T09:00:00Z"], ["2017-10", "2017", "42", "2017-10-29T09:00Z", ""]),
        ("recorded_after", ["2017-10-29", "2017-10-29T09:00:00Z"], ["2017-10", "42", ""]),
        ("until", ["2017-10-31", "2017-10~", "../2017", "2017-10-29T09:00Z/2017-10-30"], ["2017-10-5", "..", "X"]),
    ],
)
def test_the_form_of_a_date_in_the_description(
    described: dict[str, Any], client: TestClient, name: str, good: list[str], bad: list[str]
) -> None:
    paths = {
        "as_of": "/v1/processes/{process}",
        "known_at": "/v1/processes/{process}",
        "since": "/v1/processes/{process}/changes",
        "until": "/v1/deadlines",
        "recorded_after": "/v1/events",
    }
    operation = described["paths"][paths[name]]["get"]
    (pattern,) = [one["schema"]["pattern"] for one in operation["parameters"] if one["name"] == name]
    for text in (*good, *bad):
        answer = client.get(paths[name].replace("{process}", "none"), params={name: text})
        refused = [error["parameter"] for error in answer.json().get("errors", [])]
        later = "the log ends" in answer.text
        assert (name in refused and not later) == (text in bad), answer.text
        assert (re.search(pattern, text) is None) == (text in bad)


def test_patterns_take_ascii_digits_alone_in_every_dialect(described: dict[str, Any]) -> None:
    """In some dialects of regular expressions a class of digits takes those of other scripts too."""

    def patterns(value: Any) -> Iterator[str]:
        match value:
            case dict():
                yield from (text for name, text in value.items() if name == "pattern" and isinstance(text, str))
                for held in value.values():
                    yield from patterns(held)
            case list():
                for held in value:
                    yield from patterns(held)
            case _:
                pass

    found = set(patterns(described))
    assert len(found) > 5
    assert [pattern for pattern in found if r"\d" in pattern] == []


QUERIES = ("/v1/processes", "/v1/talks", "/v1/agreements", "/v1/convoys", "/v1/enrolments", "/v1/actors", "/v1/places")


def test_every_operation_works_as_its_example_shows(
    described: dict[str, Any], client: TestClient, seeded: TestClient
) -> None:
    """First what changes something, so that the rest finds it; and each answer fits its schema.

    Queries are asked of a server that holds the founding case, as that of `parley demo` does.
    """
    seeded.post("/v1/events", json=example_event("PlaceIdentified")).raise_for_status()
    ordered = sorted(operations(described), key=lambda one: one[0] == "GET")
    for method, path, operation in ordered:
        for one in operation.get("parameters", []):
            if one["in"] == "path":
                path = path.replace("{" + one["name"] + "}", str(example_of(one)))
        given = operation.get("parameters", [])
        needed = {one["name"]: example_of(one) for one in given if one["in"] == "query" and one.get("required")}
        told = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("examples", {})
        for body in [each["value"] for each in told.values()] or [None]:
            asked = seeded if path.startswith(QUERIES) else client
            answer = asked.request(method, path, params=needed, json=body, headers={"Prefer": "wait=30"})
            assert answer.status_code < 300, f"{method} {path}: {answer.text}"
            media = answer.headers["content-type"].partition(";")[0]
            schema = operation["responses"][str(answer.status_code)]["content"][media]["schema"]
            if media == "application/json":
                errors = list(validator(described, schema).iter_errors(answer.json()))
                assert not errors, f"{method} {path}: {errors[0].message}"


def test_every_status_that_is_sent_is_declared(described: dict[str, Any]) -> None:
    statuses = {
        status for _, path, each in operations(described) if path == "/v1/events" for status in each["responses"]
    }
    assert statuses >= {"200", "201", "400", "406", "409", "412", "413", "415", "422", "503", "default"}


# --- the page for people


def test_the_guide_needs_no_network(client: TestClient) -> None:
    answer = client.get("/docs")
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "<script" not in answer.text
    assert re.findall(r"(?:src|href)=['\"]?(https?:|//)", answer.text) == []


def test_the_guide_shows_every_operation(client: TestClient, described: dict[str, Any]) -> None:
    page = unescape(client.get("/docs").text)
    for method, path, _ in operations(described):
        assert f"{method} {path}" in page
    commands = re.findall(r"<pre>(curl [^<]+)</pre>", client.get("/docs").text)
    assert len(commands) >= len(list(operations(described)))
    for command in commands:
        words = shlex.split(unescape(command))
        assert words[1].startswith("http://127.0.0.1/")
        assert "{" not in words[1]


def test_fastapis_own_pages_are_off(app: FastAPI) -> None:
    assert (app.docs_url and app.openapi_url) is None
    paths = {getattr(route, "path", None) for route in app.routes}
    assert not paths & {"/redoc", "/docs/oauth2-redirect"}
