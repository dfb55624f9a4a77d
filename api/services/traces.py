"""Traces: FastAPI's own spans, exported without anything that a request says. Imported only if PARLEY_TRACES is on.

FastAPI notes the path, the query and the host that a client asked for, and takes over the `tracestate` that it sends.
What is exported is named here, so that a later version of FastAPI cannot add to it unseen.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import SpanContext, Status

KEPT = {
    "code.function.name",
    "error.type",
    "http.request.method",
    "http.response.status_code",
    "http.route",
    "network.protocol.version",
    "url.scheme",
}
"""The attributes of a span that are exported."""


PATIENCE = 2.0  # seconds that the end of a server waits for what is still to be exported


def provider(exporter: SpanExporter | None = None) -> TracerProvider:
    """A provider of spans. It is to be shut down, which exports what waits.

    Args:
        exporter: where the spans go; over OTLP, as the variables OTEL_EXPORTER_OTLP_… say, if None.
    """
    if exporter is None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        exporter = OTLPSpanExporter()
    resource = Resource.create().merge(Resource({SERVICE_NAME: "parley"})).merge(OTELResourceDetector().detect())
    made = Provider(resource=resource, shutdown_on_exit=False)
    made.add_span_processor(BatchSpanProcessor(Discreet(exporter)))
    return made


class Provider(TracerProvider):
    """Ends in time: it would try for many seconds to reach a collector that is away."""

    def shutdown(self) -> None:
        ending = threading.Thread(target=super().shutdown, name="traces", daemon=True)
        ending.start()
        ending.join(PATIENCE)


class Discreet(SpanExporter):
    """Hands spans on to another exporter, without what a request says."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._exporter.export([_plain(span) for span in spans])

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)


def _plain(span: ReadableSpan) -> ReadableSpan:
    """A span without events and links, texts of errors, and attributes that are not named."""
    return ReadableSpan(
        name=span.name,
        context=_stateless(span.context),
        parent=_stateless(span.parent),
        resource=span.resource,
        attributes={name: value for name, value in (span.attributes or {}).items() if name in KEPT},
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _stateless(context: SpanContext | None) -> SpanContext | None:
    if context is None:
        return None
    return SpanContext(context.trace_id, context.span_id, context.is_remote, context.trace_flags)
