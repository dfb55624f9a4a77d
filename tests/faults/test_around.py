"""What lies around a server: other users of the machine, other sites in a browser, old clients."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx2
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.cli.checks import check_private
from api.http.admission import admit
from api.http.problems import ForeignPage
from api.server.discovery import SERVER_FILE, running_server
from api.settings import load
from ledger.ledger import Ledger
from tests.api.conftest import HERE
from tests.api.sending import problem
from tests.api.sending import statement as report
from tests.faults.surroundings import on_linux
from tests.faults.test_pressure import serving
from tests.ledger.sending import begin
from tests.waiting import PATIENCE


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    place = tmp_path_factory.mktemp("around")
    with closing(Ledger(place / "log")) as ledger:
        begin(ledger)
    with serving(place / "log", place) as address:
        yield address


def raw(address: tuple[str, int], request: bytes) -> tuple[bytes, bytes]:
    """Head and body of an answer that ends with its connection."""
    received = b""
    with socket.create_connection(address, PATIENCE) as client:
        client.sendall(request)
        while part := client.recv(65_536):
            received += part
    head, _, body = received.partition(b"\r\n\r\n")
    return head.lower(), body


@pytest.mark.parametrize("path", ["/v1/events", "/v1/head", "/v1/processes", "/healthz", "/", "/v1/nothing"])
def test_an_old_client_gets_no_chunks(address: tuple[str, int], path: str) -> None:
    accept = b"Accept: application/x-ndjson\r\n" if path == "/v1/events" else b""
    head, body = raw(address, b"GET " + path.encode() + b" HTTP/1.0\r\nHost: localhost\r\n" + accept + b"\r\n")
    assert b"transfer-encoding" not in head
    assert b"connection: close" in head
    if path == "/v1/events":
        assert [json.loads(line)["position"] for line in body.splitlines()] == [1, 2]
    elif b"content-length" not in head:
        assert body


def test_an_old_client_gets_the_head_alone(address: tuple[str, int]) -> None:
    head, body = raw(address, b"HEAD /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
    assert b"transfer-encoding" not in head
    assert body == b""


@pytest.mark.parametrize(
    "path", ["/", "/v1/processes/first", "/v1/head", "/v1/events", "/v1/nothing", "/healthz", "/docs", "/openapi.json"]
)
def test_every_answer_is_kept_within_its_site(address: tuple[str, int], path: str) -> None:
    answer = httpx2.get(f"http://{address[0]}:{address[1]}{path}", timeout=120)
    _require_safe(str(answer.headers))
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]


def test_so_is_one_to_what_is_no_request(address: tuple[str, int]) -> None:
    head, _ = raw(address, b"nonsense\r\n\r\n")
    _require_safe(head.decode())


def _require_safe(headers: str) -> None:
    for name in ("x-content-type-options", "cross-origin-resource-policy", "frame-ancestors"):
        assert name in headers


# --- other sites in a browser


@pytest.mark.parametrize(
    "headers",
    [
        [(b"sec-fetch-site", b"cross-site")],
        [(b"sec-fetch-site", b"same-site")],
        [(b"origin", b"https://evil.example")],
        [(b"origin", b"http://127.0.0.1:1234")],
        [(b"origin", b"null")],
    ],
    ids=["cross-site", "same-site", "another origin", "another port", "no origin"],
)
def test_a_page_of_another_site_changes_nothing(headers: list[tuple[bytes, bytes]]) -> None:
    here = [(b"host", b"127.0.0.1:8642")]
    with pytest.raises(ForeignPage):
        admit("POST", "/v1/events", [*here, *headers])
    admit("GET", "/", [*here, *headers])  # a link from elsewhere may be followed


def test_a_page_of_ours_and_a_program_do(tmp_path: Path) -> None:
    with TestClient(create_app(load(data=tmp_path, port=0)), base_url=HERE) as client:
        body = problem(client.post("/v1/events", json=report(), headers={"Origin": "https://evil.example"}), 403)
        assert body["type"].endswith("foreign-page")
        assert "a page of another site" in body["detail"]
        ours = {"Origin": HERE, "Sec-Fetch-Site": "same-origin"}
        assert client.post("/v1/events", json=report(), headers=ours).status_code == 422  # its subject is not open


# --- other users of the machine


@pytest.mark.parametrize(
    "written",
    [
        {"url": "http://192.0.2.1:8642", "pid": os.getpid()},
        {"url": "https://parley.example", "pid": os.getpid()},
        {"url": "http://127.0.0.1.evil.example", "pid": os.getpid()},
        {"url": "http://[fe80::1%25eth0]:8642", "pid": os.getpid()},
        {"url": "http://[", "pid": os.getpid()},
    ],
)
def test_an_address_elsewhere_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: dict[str, object]
) -> None:
    monkeypatch.setattr("api.server.discovery._is_parley", lambda _: pytest.fail("it was asked"))
    (tmp_path / SERVER_FILE).write_text(json.dumps(written))
    assert running_server(tmp_path) is None


def test_nor_is_the_address_of_somebody_elses_process(
    address: tuple[str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"http://{address[0]}:{address[1]}"
    (tmp_path / SERVER_FILE).write_text(json.dumps({"url": url, "pid": os.getpid()}))
    assert running_server(tmp_path) == url

    def denied(*_: int) -> None:
        raise PermissionError

    monkeypatch.setattr("os.kill", denied)
    assert running_server(tmp_path) is None


@on_linux
def test_what_is_written_is_for_nobody_else(tmp_path: Path) -> None:
    data = tmp_path / "data"
    line = json.dumps({**report(), "type": "ProcessOpened", "subject": "processes/p", "data": {"labels": ["P"]}})
    command = [sys.executable, "-m", "api.cli", "append", "-", "--data", str(data)]
    subprocess.run(command, input=line, text=True, umask=0, check=False, capture_output=True)
    subprocess.run([*command[:3], "status", "p", "--data", str(data)], umask=0, check=False, capture_output=True)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in data.iterdir()}
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert {"events.db", "views.db"} <= modes.keys()
    assert set(modes.values()) == {0o600}
    assert list(check_private(data)) == []
    data.chmod(0o755)
    assert list(check_private(data)) == []  # nobody else can open what lies in it
    (data / "events.db").chmod(0o644)
    (told,) = check_private(data)
    assert not told.sound
    assert "others on this machine may open" in told.says
    assert f"chmod -R go-rwx {data}" in told.says
