"""`/docs`: the interface on one page that needs no network and no script, made from `/openapi.json`.

FastAPI's own page loads Swagger UI from a third-party host, which there may be none of in the field. Its own
`/openapi.json` is made on the event loop, where the schemas of sixty event types would delay every other request.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from html import escape
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request
from starlette.responses import HTMLResponse

from api.http.parameters import StrictRouter
from api.http.responses import JSON

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}
h2{margin-top:2.5rem;border-bottom:1px solid #ccc}h3{margin-bottom:.2rem}code,pre{font:14px/1.4 ui-monospace,monospace}
pre{background:#f4f4f4;padding:.7rem;overflow-x:auto;max-height:24rem}table{border-collapse:collapse}
td,th{text-align:left;vertical-align:top;padding:.15rem .8rem .15rem 0}summary{cursor:pointer}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}pre{background:#252525}a{color:#8bf}}
"""


router = StrictRouter(include_in_schema=False)
"""`/docs` and `/openapi.json`; `/` leads to the guide."""


@router.get("/openapi.json")
def read_description(request: Request) -> JSON:
    return JSON(request.app.openapi())


@router.get("/docs")
def read_guide(request: Request) -> HTMLResponse:
    page = "".join(_page(request.app.openapi(), str(request.base_url).rstrip("/")))
    policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    return HTMLResponse(page, headers={"Content-Security-Policy": policy})


def _page(described: dict[str, Any], base: str) -> Iterator[str]:
    info = described["info"]
    yield f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(info['title'])}</title>"
    yield f"<meta name=viewport content='width=device-width'><style>{STYLE}</style>"
    yield f"<h1>{escape(info['title'])} {escape(info['version'])}</h1><p>{escape(info['summary'])}</p>"
    yield f"<p>{escape(info['description'])}</p><p>The same for programs: <a href=/openapi.json>/openapi.json</a>. "
    yield "What can be recorded: <a href=/v1/event-types>/v1/event-types</a>.</p>"
    for tag in described["tags"]:
        yield f"<h2>{escape(tag['name'])}</h2><p>{escape(tag['description'])}</p>"
        for path, methods in described["paths"].items():
            for method, operation in methods.items():
                if tag["name"] in operation["tags"]:
                    yield from _operation(base, path, method.upper(), operation)
    yield "</html>"


def _operation(base: str, path: str, method: str, operation: dict[str, Any]) -> Iterator[str]:
    yield f"<h3><code>{method} {escape(path)}</code></h3><p><b>{escape(operation['summary'])}.</b> "
    yield f"{escape(operation.get('description', ''))}</p>"
    parameters = operation.get("parameters", [])
    if parameters:
        yield "<table>"
        for parameter in parameters:
            yield f"<tr><td><code>{escape(parameter['name'])}</code><td>{escape(parameter['in'])}"
            yield f"<td>{escape(parameter.get('description', ''))}"
        yield "</table>"
    example, content = _request(operation)
    for name, value in content.items():
        command = _curl(base, path, method, parameters, value)
        yield f"<details><summary>{escape(name)}</summary>{_pre(command)}</details>"
    if not content:
        yield _pre(_curl(base, path, method, parameters, example))
    for status, response in operation["responses"].items():
        yield f"<details><summary>{escape(str(status))}: {escape(response['description'])}</summary>"
        for media, shown in response.get("content", {}).items():
            if "example" in shown:
                text = shown["example"]
                yield f"<code>{escape(media)}</code>{_pre(text if isinstance(text, str) else _json(text))}"
        yield "</details>"


def _request(operation: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return content.get("example"), {each["summary"]: each["value"] for each in content.get("examples", {}).values()}


def _curl(base: str, path: str, method: str, parameters: list[dict[str, Any]], body: Any) -> str:
    for parameter in parameters:
        if parameter["in"] == "path":
            path = path.replace("{" + parameter["name"] + "}", quote(str(example_of(parameter))))
    needed = {
        parameter["name"]: example_of(parameter)
        for parameter in parameters
        if parameter["in"] == "query" and parameter.get("required")
    }
    command = f"curl {shlex.quote(base + path + (f'?{urlencode(needed)}' if needed else ''))}"
    if body is not None:
        command += f" -H 'Content-Type: application/json' -d {shlex.quote(_json(body))}"
    return command if method in ("GET", "POST") else f"{command} -X {method}"


def example_of(parameter: dict[str, Any]) -> Any:
    """A value for a parameter, as its documentation has it."""
    if "example" in parameter:
        return parameter["example"]
    return parameter.get("schema", {}).get("examples", [parameter["name"].upper()])[0]


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _pre(text: str) -> str:
    return f"<pre>{escape(text)}</pre>"
