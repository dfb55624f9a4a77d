"""A small HTTP load on loopback: so many keep-alive connections, each sending its requests one after another."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Load:
    """What a run of requests took."""

    requests: int
    seconds: float
    latencies: list[float]

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds

    @property
    def median(self) -> float:
        """Median latency in milliseconds."""
        return sorted(self.latencies)[len(self.latencies) // 2] * 1000


def request(method: str, path: str, body: bytes = b"", headers: str = "") -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
    kind = "Content-Type: application/json\r\n" if body else ""
    return f"{head}{kind}{headers}\r\n".encode() + body


def run(port: int, requests: Sequence[bytes], connections: int, expect: Sequence[int] = (200,)) -> Load:
    """Sends the requests over so many connections at once; every answer must have an expected status."""
    return asyncio.run(_run(port, requests, connections, expect))


async def _run(port: int, requests: Sequence[bytes], connections: int, expect: Sequence[int]) -> Load:
    latencies: list[float] = []
    waiting = iter(requests)

    async def worker() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for sent in waiting:
            started = time.perf_counter()
            writer.write(sent)
            head = await reader.readuntil(b"\r\n\r\n")
            status = int(head[9:12])
            length = 0
            for line in head.lower().split(b"\r\n"):
                if line.startswith(b"content-length:"):
                    length = int(line[15:])
            body = await reader.readexactly(length) if status != 304 else b""
            if status not in expect:
                raise RuntimeError(f"{status}: {body[:300]!r}")
            latencies.append(time.perf_counter() - started)
        writer.close()
        await writer.wait_closed()

    started = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(connections)))
    return Load(len(requests), time.perf_counter() - started, latencies)
