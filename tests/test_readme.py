"""What the documents show is what happens: commands run here and answer as shown; what is named is there.

A block of shell under `<!-- run -->` is run on a fresh demonstration, one for each document.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner

from api.app import create_app
from api.cli.commands.serve import EXAMPLE_CLAIM, SEEDS
from api.cli.main import app
from api.server.uvicorn_server import Server
from api.settings import PREFIX, Settings, load
from docs.interfaces import commands
from tests.test_docs import DOCUMENTS, INDEX, ROOT
from tests.waiting import PATIENCE, eventually

README = ROOT / "README.md"
GUARANTEES = ROOT / "docs" / "guarantees.md"
USUAL = "http://127.0.0.1:8642"
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
by_name = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))

GAP = "…"
VARIES = {"recorded_at"}
CLOCK = re.compile(r"known on \d+ \w+ \d{4} \d\d:\d\d UTC|\(\d+ years? ago\)|UNTIL [^)]+")


# --- what the documents show ----------------------------------------------------------------------------------------

RUN = "<!-- run -->\n"
SHOWING = [path for path in DOCUMENTS if RUN in path.read_text(encoding="utf-8")]
showing = pytest.mark.parametrize("document", SHOWING, ids=lambda path: str(path.relative_to(ROOT)))


@dataclass(frozen=True)
class Shown:
    """A command of a document and the answer it shows."""

    command: str
    language: str
    answer: str


def shell(document: Path) -> list[str]:
    """The blocks of shell in a document, whether they are run or not."""
    return re.findall(r"^```sh\n(.*?)^```", document.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def shown_in(document: Path) -> list[Shown]:
    block = rf"^{RUN}```sh\n(.*?)^```\n\n```(json|text)\n(.*?)^```"
    parts = re.findall(block, document.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return [Shown(*part) for part in parts]


def whole(text: str) -> list[Any]:
    """Documents of JSON, one after another; a gap becomes an item or a key of its own."""
    marked, inside, brackets = "", False, [""]
    for letter in re.findall(r"\\.|.", text, re.DOTALL):
        if letter == '"':
            inside = not inside
        elif not inside and letter in "{[":
            brackets.append(letter)
        elif not inside and letter in "}]":
            brackets.pop()
        gap = f'"{GAP}": 0' if brackets[-1] == "{" else f'"{GAP}"'
        marked += gap if letter == GAP and not inside else letter
    found, rest = [], marked.strip()
    while rest:
        value, end = json.JSONDecoder().raw_decode(rest)
        found.append(value)
        rest = rest[end:].strip()
    return found


def differences(quoted: Any, real: Any, at: str = "") -> Iterator[str]:
    """Where an answer is not what is quoted; what stands in a gap does not matter."""
    match quoted, real:
        case dict(), dict():
            names = set(quoted) - {GAP}
            for name in sorted(names - set(real) if GAP in quoted else names ^ set(real)):
                yield f"{at}/{name}: in one of both only"
            for name in names & set(real) - VARIES:
                yield from differences(quoted[name], real[name], f"{at}/{name}")
        case list(), list():
            cut = GAP in quoted
            items = quoted[:-1] if cut else quoted
            if len(items) > len(real) or (not cut and len(items) != len(real)):
                yield f"{at}: {len(items)} quoted, {len(real)} there"
            for index, (one, other) in enumerate(zip(items, real, strict=False)):
                yield from differences(one, other, f"{at}/{index}")
        case _ if quoted != real:
            yield f"{at}: {quoted!r} quoted, {real!r} there"
        case _:
            pass


def missing(quoted: str, screen: str) -> str | None:
    """The first part of a quoted screen, from gap to gap, that does not stand there in its turn."""
    screen = CLOCK.sub("*", screen)
    parts: list[str] = re.split(rf"^{GAP}\n", CLOCK.sub("*", quoted), flags=re.MULTILINE)
    for part in filter(None, parts):
        _, found, screen = screen.partition(part)
        if found != part:
            return part
    return None


@showing
def test_every_command_that_asks_parley_is_run_with_its_answer(document: Path) -> None:
    shown = shown_in(document)
    assert [text for text in shell(document) if re.match("curl |parley ", text)] == [one.command for one in shown]
    assert {one.language for one in shown if one.command.startswith("curl")} <= {"json"}
    assert {one.language for one in shown if one.command.startswith("parley")} <= {"text"}


def test_the_readme_fits_two_screens_and_shows_append_status_and_replay() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 150
    asked = [one.command for one in shown_in(README)]
    assert [command.partition(" -H")[0] for command in asked if " -d " in command] == [f"curl {USUAL}/v1/events"]
    assert {command.split()[1] for command in asked if command.startswith("parley")} >= {"status", "replay"}


def test_the_readme_appends_what_the_demonstration_suggests() -> None:
    # Under the same id: other content would be refused to someone who has tried both.
    (command,) = [one.command for one in shown_in(README) if " -d " in one.command]
    assert json.loads(shlex.split(command)[-1]) == EXAMPLE_CLAIM


def test_an_answer_that_is_not_what_is_quoted_is_found() -> None:
    (quoted,) = whole('{"a": [1, …], "b": {"c": "…", …}}')
    assert list(differences(quoted, {"a": [1, 2], "b": {"c": "…", "d": 4}})) == []
    assert list(differences(quoted, {"a": [2], "b": {"c": "x"}, "e": 0})) != []
    assert list(differences([1, 2], [1])) == [": 2 quoted, 1 there"]
    assert missing("one\n…\nthree\n", "one\ntwo\nthree\n") is None
    assert missing("three\n…\none\n", "one\ntwo\nthree\n") == "one\n"


# --- running it -----------------------------------------------------------------------------------------------------


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server as a fresh demonstration leaves it, and a working directory without a log, where it is the usual one."""
    for name in Settings.model_fields:
        monkeypatch.delenv(PREFIX + name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "seeds", tmp_path / "seeds")
    settings = load(data=tmp_path / "demonstration", port=0)
    server = Server(create_app(settings), settings, log_level="critical")
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        eventually(lambda: server.started or not thread.is_alive())
        assert server.started
        host, port = server.address
        files = [(ROOT / "seeds" / f"{name}.ndjson").read_text(encoding="utf-8") for name in SEEDS]
        events = [json.loads(line) for file in files for line in file.splitlines()]
        answer = httpx2.post(f"http://{host}:{port}/v1/events", json=events, headers={"Prefer": "wait=30"}, timeout=120)
        assert answer.status_code == 201, answer.text
        monkeypatch.setenv("PARLEY_PORT", str(port))
        monkeypatch.setenv("COLUMNS", "100")
        yield f"http://{host}:{port}"
    finally:
        server.should_exit = True
        thread.join(PATIENCE)


def curl(command: str) -> httpx2.Response:
    """Does what curl would do, as far as the documents ask for it."""
    url, body, headers = "", None, {}
    words = iter(shlex.split(command)[1:])
    for word in words:
        match word:
            case "-H":
                name, _, value = next(words).partition(": ")
                headers[name] = value
            case "-d":
                body = next(words)
            case _:
                assert not word.startswith("-"), f"this test does not know the option {word} of curl"
                url = word
    return httpx2.request("GET" if body is None else "POST", url, content=body, headers=headers, timeout=120)


@showing
def test_its_commands_answer_as_it_shows(document: Path, address: str) -> None:
    for shown in shown_in(document):
        command, quoted = (text.replace(USUAL, address) for text in (shown.command, shown.answer))
        if command.startswith("curl"):
            answer = curl(command)
            real = [json.loads(line) for line in answer.text.splitlines()]
            found = [d for one, other in zip_longest(whole(quoted), real) for d in differences(one, other)]
            assert found == [], shown.command
            if answer.status_code == 201:
                again = curl(command)
                assert (again.status_code, again.json()) == (200, answer.json()), "it says that this is safe"
        else:
            result = CliRunner().invoke(app, shlex.split(command)[1:])
            assert result.exit_code == 0, result.output
            assert missing(quoted, result.stdout) is None, f"{shown.command}\n{result.stdout}"


# --- commands, paths, guarantees, decisions -------------------------------------------------------------------------

COMMANDS = commands()


@by_name
def test_a_command_that_is_named_is_there(document: Path) -> None:
    for line in re.findall(r"`parley ([a-z][^`]*)`", document.read_text(encoding="utf-8")):
        name, *words = line.split()
        assert name in COMMANDS, f"{document.name} names `parley {name}`"
        options = {"--help", *(option for parameter in COMMANDS[name].params for option in parameter.opts)}
        assert {word for word in words if word.startswith("--")} <= options, f"{document.name} names `parley {line}`"


@by_name
def test_a_path_that_is_named_is_there(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    places = r"`((?:domain|ledger|projections|api|tests|seeds|docs|\.ci)/[\w./-]*)(?:::(\w+))?`"
    for path, test in re.findall(places, text):
        assert (ROOT / path).exists(), f"{document.name} names {path}, which is not there"
        assert not test or f"def {test}(" in (ROOT / path).read_text(encoding="utf-8"), f"{path} has no {test}"
    for module in re.findall(r"python -m ([\w.]+)", text):
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), f"{document.name}: {module}"


def test_every_guarantee_names_its_test() -> None:
    lines = GUARANTEES.read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| ") and not line.startswith(("| ---", "| guarantee |"))]
    assert len(rows) >= 25
    assert [row for row in rows if not re.search(r"\| `tests/[\w/]+\.py::test_\w+` \|$", row)] == []


def test_the_decisions_are_numbered_and_listed() -> None:
    assert [path.name[:5] for path in DECISIONS] == [f"{number:04}-" for number in range(1, len(DECISIONS) + 1)]
    for path in DECISIONS:
        text = path.read_text(encoding="utf-8")
        title = text.partition("\n")[0].removeprefix("# ")
        assert f"[{title}](decisions/{path.name})" in INDEX.read_text(encoding="utf-8")
        headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
        assert headings == ["Context", "Decision", "Why", "What it costs", "Rejected"]
