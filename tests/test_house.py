"""The rules of the house: what may stand in a file, what the lock holds, and that no package escapes the contracts."""

import ast
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def git(*arguments: str) -> str:
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("only a git checkout can tell which files are the project's")
    return subprocess.run(["git", "-C", ROOT, *arguments], check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def files() -> list[Path]:
    """What is committed, or would be by `git add --all`."""
    names = git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    return [path for name in names if name and (path := ROOT / name).is_file()]


def registry_hosts() -> set[str]:
    """The hosts of the public package index, asked of a pip, so that this file does not name them either.

    An environment made by uv has no pip, so the Pythons beneath it and beside it are asked as well.
    """
    question = "from pip._internal.models.index import PyPI; print(PyPI.netloc, PyPI.file_storage_domain)"
    beneath = [Path(sys.base_prefix, "bin", "python3"), Path(sys.base_prefix, "python.exe")]
    for python in [sys.executable, *beneath, shutil.which("python3", path="/usr/local/bin:/usr/bin")]:
        if python and Path(python).exists():
            answer = subprocess.run([python, "-c", question], check=False, capture_output=True, text=True)
            if answer.returncode == 0:
                return set(answer.stdout.split())
    pytest.skip("no pip found that could tell the hosts of the package index")


def this_machine() -> set[str]:
    """Directories whose path, in a file, shows that it was written on this machine and for this machine."""
    too_common = {Path("/"), Path(tempfile.gettempdir()), Path("/tmp")}  # noqa: S108
    return {f"{place}/" for place in {ROOT, ROOT.parent, Path.home()} - too_common}


def naming(words: set[str], files: list[Path]) -> list[str]:
    patterns = {word: word.encode() for word in words}
    return sorted(
        f"{path.relative_to(ROOT)} names {word}"
        for path in files
        for content in [path.read_bytes()]
        for word, pattern in patterns.items()
        if pattern in content
    )


def test_no_file_names_a_registry_host(files: list[Path]) -> None:
    assert naming(registry_hosts(), files) == []


def test_no_file_names_a_path_of_this_machine(files: list[Path]) -> None:
    assert naming(this_machine(), files) == []


def test_what_uv_resolved_here_stays_here(files: list[Path]) -> None:
    # uv.lock records the address of every file.
    assert ROOT / "uv.lock" not in files
    assert git("check-ignore", "--no-index", "uv.lock").strip() == "uv.lock"


def locked() -> dict[str, str]:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return {
        canonicalize_name(name): version for name, version in re.findall(r"^([\w.-]+)==([^ ;]+)", lock, re.MULTILINE)
    }


@pytest.mark.parametrize(
    "wanted",
    [
        *PROJECT["project"]["dependencies"],
        *PROJECT["dependency-groups"]["dev"],
        *PROJECT["build-system"]["requires"],
    ],
)
def test_the_lock_pins_what_the_project_wants(wanted: str) -> None:
    # Direct dependencies only, and offline; `.ci/lock check` resolves the rest.
    requirement = Requirement(wanted)
    version = locked().get(canonicalize_name(requirement.name))
    assert version is not None, "not in requirements.lock: run '.ci/lock update'"
    assert requirement.specifier.contains(version, prereleases=True), "run '.ci/lock update'"


def test_the_lock_holds_hashes_and_no_addresses() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8").replace("\\\n", "")
    entries = [line for line in lock.splitlines() if line and not line.startswith("#")]
    assert entries
    assert [entry for entry in entries if not re.fullmatch(r"\S+==[^:@]+?( +--hash=sha256:[0-9a-f]{64})+", entry)] == []


def test_every_package_is_under_the_contracts() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    tool = PROJECT["tool"]
    assert set(tool["importlinter"]["root_packages"]) == packages - {"tests"}
    assert set(tool["mypy"]["packages"]) == packages | {"docs"}  # it holds a script and no package
    assert set(tool["hatch"]["build"]["targets"]["wheel"]["packages"]) >= packages - {"tests"}
    assert {contract["id"] for contract in tool["importlinter"]["contracts"]} >= {
        "direction",
        "purity",
        "domain-layers",
        "one-seam",
    }


PACKAGES = ("domain", "ledger", "projections", "api")
LONGEST_MODULE, LONGEST_FUNCTION = 500, 60
TOO_LONG = {
    "domain/general.py": 594,
    "projections/queries/changes.py": 516,
}
"""What is longer than it may be, with its lines: these only shrink, and no entry is added."""


def lengths() -> Iterator[tuple[str, int, int]]:
    """Every module and every function with its lines, and how many it may have. Decorators are not counted."""
    for path in sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        text, name = path.read_text(encoding="utf-8"), path.relative_to(ROOT).as_posix()
        yield name, len(text.splitlines()), LONGEST_MODULE
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{name}::{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1, LONGEST_FUNCTION


def test_no_module_and_no_function_is_too_long() -> None:
    too_long: dict[str, int] = {}
    for name, lines, most in lengths():
        if lines > most:
            too_long[name] = max(lines, too_long.get(name, 0))
    grown = {name: lines for name, lines in too_long.items() if lines > TOO_LONG.get(name, 0)}
    assert not grown, "split it: a module has 500 lines at most, a function 60, and those of TOO_LONG only shrink"
    assert not TOO_LONG.keys() - too_long.keys(), "it fits by now: take it out of TOO_LONG"


@pytest.fixture
def house(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeconftest((ROOT / "tests" / "conftest.py").read_text(encoding="utf-8"))
    pytester.makeini("[pytest]\nmarkers = benchmark: measures\naddopts = -p no:schemathesis")
    return pytester


SKIPS = """
    import pytest, unittest
    def test_skips(): pytest.skip("no database")
    @pytest.mark.skip(reason="not today")
    def test_marked(): pass
    class TestUnit(unittest.TestCase):
        def test_unit(self): raise unittest.SkipTest("no unit")
    @pytest.mark.xfail(reason="known", strict=True)
    def test_expected(): assert False
    def test_passes(): pass
"""


def test_a_skip_fails_where_everything_is_required(house: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_REQUIRE_ALL", "1")
    house.makepyfile(SKIPS, test_module="import pytest\npytest.importorskip('no_such_module')")
    result = house.runpytest_inprocess("--continue-on-collection-errors")
    result.assert_outcomes(passed=1, failed=2, errors=2, xfailed=1)
    result.stdout.fnmatch_lines_random(["*no database", "*not today", "*no unit", "*no_such_module*"])


def test_a_skip_is_a_skip_elsewhere(house: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PARLEY_REQUIRE_ALL", raising=False)
    house.makepyfile(SKIPS)
    house.runpytest_inprocess().assert_outcomes(passed=1, skipped=3, xfailed=1)


@pytest.mark.parametrize(
    ("arguments", "asked", "outcome"),
    [
        ([], "", {"passed": 1, "deselected": 1}),
        (["-m", "benchmark"], "", {"passed": 1, "deselected": 1}),
        ([], "1", {"passed": 2}),
    ],
)
def test_benchmarks_run_when_asked_for(
    house: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    asked: str,
    outcome: dict[str, int],
) -> None:
    monkeypatch.setenv("PARLEY_BENCHMARKS", asked)
    house.makepyfile("import pytest\n@pytest.mark.benchmark\ndef test_speed(): pass\ndef test_plain(): pass")
    house.runpytest_inprocess(*arguments).assert_outcomes(**outcome)


def test_no_answer_is_read_before_what_has_come_is_taken_in() -> None:
    raw = [
        p.relative_to(ROOT).as_posix()
        for p in (ROOT / "api").rglob("*.py")
        if "views.reading()" in p.read_text("utf-8")
    ]
    assert raw == [], "open the snapshot with `Services.reading` or `reading_at`"
