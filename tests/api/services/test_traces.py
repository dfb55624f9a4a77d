"""Traces: off unless asked for, and when they are on, without anything that a request says."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from opentelemetry import trace
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanContext, Status, StatusCode, TraceFlags, TraceState

from api.app import create_app
from api.cli.in_process import in_process_client
from api.services import traces
from api.settings import BadSetting, Settings, load
from ledger.ledger import Ledger
from tests.api.conftest import HERE
from tests.api.sending import begin, problem, statement

CANARY = "m4rk3d"
TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def where(tmp_path: Path) -> Path:
    """Which database it is plays no part here."""
    return tmp_path / "parley-data"


@dataclass
class Collector:
    """What came in over OTLP."""

    url: str
    raw: list[bytes] = field(default_factory=list)

    def spans(self) -> list[Any]:
        return [
            span
            for one in self.raw
            for resource in ExportTraceServiceRequest.FromString(one).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def services(self) -> set[str]:
        return {
            attribute.value.string_value
            for one in self.raw
            for resource in ExportTraceServiceRequest.FromString(one).resource_spans
            for attribute in resource.resource.attributes
            if attribute.key == "service.name"
        }


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector of traces, to which the environment points."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            found.raw.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found = Collector(f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", found.url)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield found
        server.shutdown()
        thread.join()


def traced(settings: Settings) -> Settings:
    return settings.model_copy(update={"traces": True})


def attributes(span: Any) -> dict[str, Any]:
    return {one.key: one.value.string_value or one.value.int_value for one in span.attributes}


def fail(*_: Any) -> None:
    raise RuntimeError(CANARY)


def test_what_a_request_says_is_not_exported(
    settings: Settings, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = {
        "traceparent": f"00-{TRACE}-b7ad6b7169203331-01",
        "tracestate": f"vendor={CANARY}",
        "baggage": f"label={CANARY}",
        "X-Label": CANARY,
        "User-Agent": CANARY,
    }
    with TestClient(create_app(traced(settings)), base_url=HERE, raise_server_exceptions=False) as client:
        begin(client)
        client.post("/v1/events", json=statement(note=CANARY), headers=headers)
        client.post(f"/v1/events?dry_run=true&{CANARY}={CANARY}", json=statement(), headers=headers)
        client.get(f"/v1/processes/{CANARY}?as_of={CANARY}", headers=headers)
        client.get(f"/{CANARY}?{CANARY}", headers=headers)
        client.get("/v1/head", headers=headers | {"Host": CANARY})
        client.request(CANARY.upper(), "/v1/head", headers=headers)
        monkeypatch.setattr(Ledger, "append_group", fail)
        problem(client.post("/v1/events", json=statement(note=CANARY), headers=headers), 500)
    requests = [span for span in collector.spans() if span.kind == span.SPAN_KIND_SERVER]
    assert len(requests) == 8, "shutting down exports what waits"
    assert collector.services() == {"parley"}
    assert {name for span in collector.spans() for name in attributes(span)} == traces.KEPT
    assert {span.trace_id.hex() for span in requests[1:]} == {TRACE}, "they belong to the trace of whoever asks"
    routes = {attributes(span).get("http.route") for span in requests}
    assert routes == {"/v1/events", "/v1/processes/{process}", "/v1/head", None}
    (accident,) = [span for span in requests if attributes(span)["http.response.status_code"] == 500]
    assert attributes(accident)["error.type"] == "RuntimeError"
    assert CANARY.encode() not in b"".join(collector.raw).lower()


def test_events_links_states_and_texts_stay_here() -> None:
    kept = InMemorySpanExporter()
    provider = traces.provider(kept)
    state = TraceState([("vendor", CANARY)])
    far = SpanContext(int(TRACE, 16), 7, is_remote=True, trace_flags=TraceFlags(1), trace_state=state)
    tracer = provider.get_tracer("fastapi")
    context = trace.set_span_in_context(trace.NonRecordingSpan(far))
    span = tracer.start_span("GET /v1/head", context=context, links=[Link(far, {"text": CANARY})])
    span.set_attributes({"url.path": CANARY, "url.query": CANARY, "url.full": CANARY, "http.route": "/v1/head"})
    span.add_event(CANARY, {"text": CANARY})
    span.record_exception(RuntimeError(CANARY))
    span.set_status(Status(StatusCode.ERROR, CANARY))
    span.end()
    provider.shutdown()
    (told,) = kept.get_finished_spans()
    assert CANARY not in told.to_json()
    assert dict(told.attributes or {}) == {"http.route": "/v1/head"}
    assert told.parent is not None
    assert (told.parent.trace_id, told.parent.span_id) == (far.trace_id, far.span_id)
    assert told.status.status_code is StatusCode.ERROR
    assert (told.end_time or 0) > (told.start_time or 0) > 0


def test_the_service_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "parley-south")
    provider = traces.provider(InMemorySpanExporter())
    assert provider.resource.attributes["service.name"] == "parley-south"
    provider.shutdown()


def test_nothing_is_traced_unless_asked_for(
    settings: Settings, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
    foreign = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(foreign))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)  # as a library might set it for the whole process
    with TestClient(create_app(settings), base_url=HERE) as client:
        begin(client)
    provider.shutdown()
    assert (collector.raw, foreign.get_finished_spans()) == ([], ())


def test_a_command_without_a_server_exports_nothing(settings: Settings, collector: Collector) -> None:
    with in_process_client(traced(settings)) as client:
        assert client.get("/v1/head").status_code == 200
    assert collector.raw == []


def test_a_collector_that_never_answers_holds_up_nothing(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "PATIENCE", 0.05)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "3600")  # an end that waited for the collector would never come
    with socket.create_server(("127.0.0.1", 0)) as mute:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{mute.getsockname()[1]}")
        with TestClient(create_app(traced(settings)), base_url=HERE) as client:
            begin(client)
        assert "traces" in {thread.name for thread in threading.enumerate()}, "it is still trying, and nobody waits"


def test_a_collector_that_is_away_holds_up_nothing(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traces, "PATIENCE", 0.05)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    with TestClient(create_app(traced(settings)), base_url=HERE) as client:
        begin(client)


@pytest.mark.parametrize("missing", ["opentelemetry.exporter", "opentelemetry.exporter.otlp.proto.http"])
def test_what_is_not_installed_is_told_in_one_sentence(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    for name in [name for name in sys.modules if name.startswith("opentelemetry.exporter")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(BadSetting, match=r"^PARLEY_TRACES: .*install parley-tracker\[traces\]"):
        load(traces=True)
    assert load(traces=False).traces is False
