"""The description of the interface: what FastAPI finds in the routes, and the schemas of what travels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.types import ASGIApp

from api.http.problems import problems
from api.http.schemas.answers import answer_schemas
from api.http.schemas.events import event_schemas

TAGS = [
    {"name": "events", "description": "Append what was reported; replay what was recorded."},
    {"name": "event types", "description": "What can be recorded, with JSON Schema and examples."},
    {"name": "processes", "description": "Where a process stands, and what belongs to it."},
    {"name": "findings", "description": "What does not fit, and what is due, across processes."},
    {"name": "subjects", "description": "A round of talks, an agreement, a convoy, a register, an actor, a place."},
    {"name": "operations", "description": "Health, metrics, and what a problem means."},
]


def _never_null(schema: dict[str, Any]) -> None:
    """Removes what FastAPI says of an optional parameter: that it may be null. A URL holds no null."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) == 1:
        del schema["anyOf"]
        schema.update(kinds[0])


class DocumentedApp(FastAPI):
    """An app whose description holds our schemas, and that has a layer of ours around all others.

    Args:
        front: puts that layer around the app, so that the answer to an internal error passes it too.
        options: of FastAPI.
    """

    def __init__(self, *, front: Callable[[ASGIApp], ASGIApp], **options: Any) -> None:
        self._front = front
        super().__init__(**options)

    def build_middleware_stack(self) -> ASGIApp:
        return self._front(super().build_middleware_stack())

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            described = get_openapi(
                title=self.title,
                version=self.version,
                summary=self.summary,
                description=self.description,
                routes=self.routes,
                tags=self.openapi_tags,
            )
            self._put_back_examples(described)
            for operation in (each for path in described["paths"].values() for each in path.values()):
                responses = operation["responses"]
                if "HTTPValidationError" in str(responses.get("422")):
                    del responses["422"]  # FastAPI's own shape of error, which is never sent
                responses["default"] = {**problems(400)[400], "description": "Any other problem."}
                for parameter in operation.get("parameters", ()):
                    _never_null(parameter["schema"])
            schemas = described.setdefault("components", {}).setdefault("schemas", {})
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            schemas.update(answer_schemas() | event_schemas())
            self.openapi_schema = described
        return self.openapi_schema

    def _put_back_examples(self, described: dict[str, Any]) -> None:
        """Examples as they are given: FastAPI takes every null out of them, and an answer has its nulls."""
        for context in iter_route_contexts(self.routes):
            route = context.original_route
            if not isinstance(route, APIRoute) or not route.include_in_schema:
                continue
            for method in route.methods or ():
                answers = described["paths"][route.path_format][method.lower()]["responses"]
                for status, given in route.responses.items():
                    for media, content in given.get("content", {}).items():
                        if "example" in content:
                            answers[str(status)]["content"][media]["example"] = content["example"]
