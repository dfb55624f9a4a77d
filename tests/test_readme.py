"""What the README shows is what happens: its commands run here, and its answers, settings, paths and links hold."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import httpx2
import pytest
import typer.main
from typer.testing import CliRunner

from api import cli
from api.app import create_app
from api.server import Server
from api.settings import PREFIX, Settings, load
from tests.test_docs import anchors, without_code

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SEED = ROOT / "seeds" / "eastern-kalamun.ndjson"
USUAL = "http://127.0.0.1:8642"
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "seeds/README.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    *DECISIONS,
]
by_name = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))

GAP = "…"
VARIES = {"recorded_at"}
CLOCK = re.compile(r"known on \d+ \w+ \d{4} \d\d:\d\d UTC|\(\d+ years? ago\)|UNTIL [^)]+")


# --- what the README shows ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shown:
    """A command of the README and the answer it shows."""

    command: str
    language: str
    answer: str


SHELL = re.findall(r"^(<!-- run -->\n)?```sh\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
SHOWN = [
    Shown(*found)
    for found in re.findall(
        r"^<!-- run -->\n```sh\n(.*?)^```\n\n```(json|text)\n(.*?)^```", README, re.DOTALL | re.MULTILINE
    )
]


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


def test_every_command_that_asks_parley_is_run_with_its_answer() -> None:
    asking = [text for _, text in SHELL if re.match("curl |parley ", text)]
    assert asking == [one.command for one in SHOWN]
    assert {one.language for one in SHOWN if one.command.startswith("curl")} == {"json"}
    assert {one.command.split()[1] for one in SHOWN if one.command.startswith("parley")} >= {"status", "replay"}


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
        deadline = time.monotonic() + 30
        while not server.started:
            assert thread.is_alive()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        host, port = server.address
        events = [json.loads(line) for line in SEED.read_text(encoding="utf-8").splitlines()]
        answer = httpx2.post(f"http://{host}:{port}/v1/events", json=events, headers={"Prefer": "wait=9"}, timeout=20)
        assert answer.status_code == 201, answer.text
        monkeypatch.setenv("PARLEY_PORT", str(port))
        monkeypatch.setenv("COLUMNS", "100")
        yield f"http://{host}:{port}"
    finally:
        server.should_exit = True
        thread.join(30)


def curl(command: str) -> httpx2.Response:
    """Does what curl would do, as far as the README asks for it."""
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
    return httpx2.request("GET" if body is None else "POST", url, content=body, headers=headers, timeout=20)


def test_its_commands_answer_as_it_shows(address: str) -> None:
    for shown in SHOWN:
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
            result = CliRunner().invoke(cli.app, shlex.split(command)[1:])
            assert result.exit_code == 0, result.output
            assert missing(quoted, result.stdout) is None, f"{shown.command}\n{result.stdout}"


# --- settings, commands, paths and links ----------------------------------------------------------------------------

COMMANDS: dict[str, Any] = getattr(typer.main.get_command(cli.app), "commands")  # noqa: B009  typed as any command


def test_the_table_of_settings_is_that_of_the_code() -> None:
    flags = {p.envvar: p.opts[0] for command in COMMANDS.values() for p in command.params if p.envvar}
    rows = ["| variable | default | meaning | flag |", "| --- | --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        variable = PREFIX + name.upper()
        default = "none" if field.default is None else f"`{field.default}`"
        flag = f"`{flags[variable]}`" if variable in flags else "none"
        rows.append(f"| `{variable}` | {default} | {field.description} | {flag} |")
    section = README.partition("## Configuration\n")[2].partition("\n## ")[0]
    assert [line for line in section.splitlines() if line.startswith("|")] == rows


@by_name
def test_a_command_that_is_named_is_there(document: Path) -> None:
    for line in re.findall(r"`parley ([a-z][^`]*)`", document.read_text(encoding="utf-8")):
        name, *words = line.split()
        assert name in COMMANDS, f"{document.name} names `parley {name}`"
        options = {option for parameter in COMMANDS[name].params for option in parameter.opts}
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


@by_name
def test_a_link_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", without_code(document.read_text(encoding="utf-8"))):
        file, _, anchor = target.partition("#")
        path = document.parent / file if file else document
        assert path.exists(), f"{document.name} links to {target}, which is not there"
        if anchor:
            assert anchor in anchors(path.read_text(encoding="utf-8")), f"{document.name} links to {target}"


def test_every_guarantee_names_its_test() -> None:
    section = README.partition("## What it guarantees\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")][2:]
    assert len(rows) >= 8
    assert [row for row in rows if not re.search(r"\| `tests/[\w/]+\.py::test_\w+` \|$", row)] == []


def test_the_decisions_are_numbered_and_listed() -> None:
    assert [path.name[:5] for path in DECISIONS] == [f"{number:04}-" for number in range(1, len(DECISIONS) + 1)]
    for path in DECISIONS:
        text = path.read_text(encoding="utf-8")
        title = text.partition("\n")[0].removeprefix("# ")
        assert f"[{title}](docs/decisions/{path.name})" in README
        headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
        assert headings == ["Context", "Decision", "Why", "What it costs", "Rejected"]
