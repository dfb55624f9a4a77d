"""The command line with a server, as real processes: the demonstration, finding a server, following, and stopping."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner

from api.cli.commands.serve import SEEDS, load_seeds
from api.cli.main import app
from api.server.discovery import SERVER_FILE, announce, running_server, withdraw
from api.settings import load
from tests.api.sending import opening, statement
from tests.postgres import free_port
from tests.waiting import PATIENCE, eventually

SEED = Path(__file__).parents[3] / "seeds" / "eastern-kalamun.ndjson"
PARLEY = [str(Path(sys.executable).with_name("parley"))]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="stops servers with signals")


@dataclass
class Place:
    """An empty directory to run commands in, without any setting from outside."""

    path: Path
    port: int

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PARLEY_", "COLUMNS"))}
        ours = {"PARLEY_PORT": str(self.port), "PARLEY_LOG_LEVEL": "warning", "TMPDIR": str(self.path)}
        return {**kept, **ours, "PYTHONWARNINGS": "error", **more}

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*PARLEY, *arguments],
            cwd=self.path,
            env=self.environment(**environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, code: int = 0, sent: str | None = None) -> str:
        """What a command prints, on stderr if it is to fail. It runs here: that is quicker than another process."""
        done = CliRunner().invoke(app, arguments, input=sent, env={"PARLEY_PORT": str(self.port)})
        assert done.exit_code == code, done.stdout + done.stderr
        return done.stderr if code else done.stdout

    def seed(self) -> None:
        """Begins the log with the founding case, here rather than in a process of its own: that is quicker."""
        assert load_seeds(load(data=self.path / "parley-data"), SEEDS[:1]) == 42


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    for name in [name for name in os.environ if name.startswith("PARLEY_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return Place(tmp_path, free_port())


@pytest.fixture
def start(place: Place) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a command; what still runs at the end is killed."""
    running: list[subprocess.Popen[str]] = []

    def start(*arguments: str, **environment: str) -> subprocess.Popen[str]:
        running.append(place.start(*arguments, **environment))
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.communicate()


def printed(process: subprocess.Popen[str], until: str) -> str:
    """What a process prints up to and with a line that holds a text."""
    assert process.stdout is not None
    assert process.stderr is not None
    told = ""
    while until not in told:
        line = process.stdout.readline()
        assert line, told + process.stderr.read()
        told += line
    return told


def stop(process: subprocess.Popen[str], how: signal.Signals) -> str:
    """Sends a signal; the process must end well within seconds. Returns what it printed last."""
    process.send_signal(how)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, out + err
    assert err == ""
    return out


def paste(command: str, place: Place) -> str:
    """Runs a command as it was printed, in a shell in another directory."""
    done = subprocess.run(
        ["sh", "-c", command], cwd="/", env=place.environment(), capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# --- the demonstration ------------------------------------------------------------------------------------------


def test_the_demonstration_and_the_three_things_to_try(
    place: Place, start: Callable[..., subprocess.Popen[str]]
) -> None:
    demo = start("demo")
    welcome = printed(demo, until="Everything else")
    url = f"http://127.0.0.1:{place.port}"
    assert welcome.split("\n")[1] == f"In a browser: {url}/processes/eastern-kalamun", "the page comes first"
    assert f"Parley runs at {url} (Ctrl-C stops it).\nLoaded: {', '.join(SEEDS)}: 237 events" in welcome
    first, second, third = re.split(r"^\d\. .*$", welcome, flags=re.MULTILINE)[1:]
    ask = next(line.strip() for line in first.splitlines() if "parley status" in line)
    append = second.strip()
    replay = next(line.strip() for line in third.splitlines() if "parley history" in line)

    page = paste(ask, place)
    assert page.startswith("Eastern Kalamun")
    assert "[contested] members of armed groups" not in page
    assert httpx2.get(f"{url}/v1/processes/eastern-kalamun", timeout=120).json()["process"] == "eastern-kalamun"
    assert f"{url}/v1/processes/eastern-kalamun" in first
    assert json.loads(paste(append, place))["position"] == 238
    assert json.loads(paste(append, place))["position"] == 238, "pasted twice, recorded once"
    contested = paste(ask, place)
    assert "[contested] members of armed groups" in contested
    assert "at least 3,000 persons" in contested
    history = paste(replay, place)
    assert "talks scheduled  talks/eastern-kalamun-truce" in history
    assert "at least 3,000 persons" in history
    assert "\x1b" not in page + history

    assert stop(demo, signal.SIGINT).endswith("Stopped.\n")
    assert list(place.path.glob("parley-demo-*")) == [], "the temporary directory is gone"


def test_the_demonstration_runs_twice(place: Place, start: Callable[..., subprocess.Popen[str]]) -> None:
    for how in (signal.SIGTERM, signal.SIGHUP):
        demo = start("demo", "--data", "kept", PARLEY_DATA="mine")
        assert "237 events" in printed(demo, until="Everything else")
        assert stop(demo, how).endswith("Stopped.\n")
    assert "237 events on" in place.run("check", "--data", "kept")
    assert not (place.path / "mine").exists(), "it stays away from the data of the installation"


def test_the_demonstration_finds_another_port(
    place: Place, start: Callable[..., subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", place.port)):
        refused = place.run("demo", code=2)
        assert f"port {place.port} on 127.0.0.1 is taken by another program: name another with --port" in refused
    with taken(8642):
        demo = start("demo", PARLEY_PORT="")
        welcome = printed(demo, until="Everything else")
        assert "Port 8642 is taken, so this server listens on another one." in welcome
        found = re.search(r"http://127\.0\.0\.1:(\d+)", welcome)
        assert found is not None
        assert int(found[1]) != 8642
        assert httpx2.get(f"{found[0]}/healthz", timeout=120).status_code == 200
        stop(demo, signal.SIGTERM)


@contextmanager
def taken(port: int) -> Iterator[None]:
    """A port that is in use, by us or by somebody else."""
    try:
        held = socket.create_connection(("127.0.0.1", port))
    except ConnectionRefusedError:
        held = socket.create_server(("127.0.0.1", port))
    with held:
        yield


# --- serving ----------------------------------------------------------------------------------------------------


def test_commands_find_the_server_that_runs(place: Place, start: Callable[..., subprocess.Popen[str]]) -> None:
    server = start("serve")
    told = printed(server, until="Ctrl-C")
    url = f"http://127.0.0.1:{place.port}"
    assert told == f"Parley serves parley-data at {url} (see {url}/docs). Ctrl-C stops it.\n"
    assert running_server(place.path / "parley-data") == url
    assert place.run("append", str(SEED)).startswith(f"42 events are recorded, in {url}.\n")
    assert place.run("status", "eastern-kalamun").startswith("Eastern Kalamun")
    assert len(place.run("replay", "--json").splitlines()) == 42
    assert f"one runs on the data directory, at {url}" in " ".join(place.run("check").split())
    assert "from 42 events" in place.run("rebuild"), "beside the running server"
    assert place.run("status", "eastern-kalamun").startswith("Eastern Kalamun")
    elsewhere = place.run("processes", "--data", "elsewhere")
    assert "eastern-kalamun" in elsewhere, "where there is no log, the server at the usual port is asked"
    assert "a server runs on parley-data already" in place.run("serve", "--port", "0", code=2)
    assert stop(server, signal.SIGTERM) == "Stopped.\n"
    assert not (place.path / "parley-data" / SERVER_FILE).exists()
    assert place.run("append", str(SEED)) == "Nothing new: 42 events were there already, in parley-data.\n"


def test_a_server_logs_each_request(place: Place, start: Callable[..., subprocess.Popen[str]]) -> None:
    server = start("serve", PARLEY_LOG_LEVEL="")
    printed(server, until="Ctrl-C")
    httpx2.get(
        f"http://127.0.0.1:{place.port}/v1/processes/m4rk3d?as_of=m4rk3d", headers={"X-Request-ID": "mine"}, timeout=120
    )
    server.terminate()
    out, err = server.communicate(timeout=PATIENCE)
    assert out == "Stopped.\n", "the log has stderr for itself"
    (line,) = [json.loads(line) for line in err.splitlines()]
    assert (line["request_id"], line["route"], line["status"]) == ("mine", "/v1/processes/{process}", 400)
    assert "m4rk3d" not in err


def test_a_demonstration_is_quiet_unless_asked(place: Place, start: Callable[..., subprocess.Popen[str]]) -> None:
    for level, lines in (("", 0), ("info", 1)):
        demo = start("demo", PARLEY_LOG_LEVEL=level)
        printed(demo, until="Everything else")
        httpx2.get(f"http://127.0.0.1:{place.port}/healthz", timeout=120)
        demo.terminate()
        _, err = demo.communicate(timeout=PATIENCE)
        assert len(err.splitlines()) == lines, err


def test_a_killed_server_is_not_asked_any_more(place: Place, start: Callable[..., subprocess.Popen[str]]) -> None:
    first = start("serve")
    printed(first, until="Ctrl-C")
    first.kill()
    first.communicate()
    assert (place.path / "parley-data" / SERVER_FILE).exists()
    second = start("serve", "--data", "other")  # takes over the port, with other data
    printed(second, until="Ctrl-C")
    done = place.run("append", "-", sent=json.dumps(opening("processes/first")))
    assert done.startswith("1 event is recorded, in parley-data.\n")
    stop(second, signal.SIGINT)


def test_a_server_that_hangs_up_while_appending(place: Place, start: Callable[..., subprocess.Popen[str]]) -> None:
    server = start("serve")
    printed(server, until="Ctrl-C")
    append = subprocess.Popen(
        [*PARLEY, "append", "-"],
        cwd=place.path,
        env=place.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert append.stdin is not None
    opened = [opening("processes/first"), opening("talks/first"), *(statement() for _ in range(498))]
    append.stdin.write("".join(json.dumps(event) + "\n" for event in opened))
    append.stdin.write(json.dumps(statement()) + "\n")
    append.stdin.flush()
    eventually(lambda: httpx2.get(f"http://127.0.0.1:{place.port}/v1/head", timeout=120).json()["position"] == 500)
    stop(server, signal.SIGTERM)
    out, err = append.communicate(json.dumps(statement()) + "\n", timeout=PATIENCE)
    assert append.returncode == 2, out + err
    assert "Broken off: 500 events are recorded." in err
    assert "no answer from" in err


def test_following_shows_what_comes_and_survives_a_restart(
    place: Place, start: Callable[..., subprocess.Popen[str]]
) -> None:
    place.seed()
    server = start("serve")
    printed(server, until="Ctrl-C")
    follower = start("replay", "--follow", "--after", "41", "--json", "--url", f"http://127.0.0.1:{place.port}")
    assert json.loads(printed(follower, until="\n"))["position"] == 42
    note = "north\u2028south\u2029"
    place.run("append", "-", sent=json.dumps(opening("processes/first", note=note)))
    shown = json.loads(printed(follower, until="\n"))
    assert (shown["position"], shown["note"]) == (43, note), "what separates lines elsewhere ends none"
    stop(server, signal.SIGTERM)
    place.run("append", "-", sent=json.dumps(opening("talks/first")))
    again = start("serve")
    printed(again, until="Ctrl-C")
    assert json.loads(printed(follower, until="\n"))["position"] == 44
    follower.send_signal(signal.SIGINT)
    follower.communicate(timeout=PATIENCE)
    assert follower.returncode == 0
    stop(again, signal.SIGINT)


def test_following_without_a_server(place: Place, start: Callable[..., subprocess.Popen[str]]) -> None:
    place.seed()
    follower = start("replay", "--follow", "--after", "41")
    assert "enrolment reported" in printed(follower, until="\n")
    place.run("append", "-", sent=json.dumps(opening("processes/first")))
    assert "process opened  processes/first" in printed(follower, until="\n")
    stop(follower, signal.SIGINT)


def test_a_reader_that_leaves_early_is_no_error(place: Place) -> None:
    place.seed()
    command = f"{shlex.join([*PARLEY, 'replay', '--json'])} | head -n 1"
    done = subprocess.run(
        ["sh", "-c", command], cwd=place.path, env=place.environment(), capture_output=True, text=True, timeout=PATIENCE
    )
    assert json.loads(done.stdout)["position"] == 1
    assert "Traceback" not in done.stderr


def test_a_terminal_that_knows_few_letters(place: Place, start: Callable[..., subprocess.Popen[str]]) -> None:
    place.seed()
    page, told = start("status", "eastern-kalamun", PYTHONIOENCODING="ascii").communicate(timeout=PATIENCE)
    assert told == ""
    assert "State: open, since 27 Oct 2017 or earlier ? TASS, 27 Oct 2017" in page


# --- the file of a running server -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "left",
    ["", "[]", "not json", '{"url": 7, "pid": 1}', '{"url": "http://127.0.0.1:9"}', '{"url": "http://[", "pid": 1}'],
)
def test_a_file_that_makes_no_sense_is_ignored(tmp_path: Path, left: str) -> None:
    (tmp_path / SERVER_FILE).write_text(left, encoding="utf-8")
    assert running_server(tmp_path) is None


def test_a_server_takes_only_its_own_file_away(tmp_path: Path) -> None:
    announce(tmp_path, "http://127.0.0.1:9")
    assert running_server(tmp_path) is None, "nobody answers there"
    told: dict[str, Any] = json.loads((tmp_path / SERVER_FILE).read_text(encoding="utf-8"))
    (tmp_path / SERVER_FILE).write_text(json.dumps({**told, "pid": 1}), encoding="utf-8")
    withdraw(tmp_path)
    assert (tmp_path / SERVER_FILE).exists()
    announce(tmp_path, "http://127.0.0.1:9")
    withdraw(tmp_path)
    withdraw(tmp_path)
    assert list(tmp_path.iterdir()) == []
