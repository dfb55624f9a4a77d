"""What holds for every test: no silent skips in CI, benchmarks only when asked for, and how hypothesis runs."""

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import postgres

# A deadline measures the machine, not the code. CI judges every change by the same examples; each run elsewhere tries
# new ones. A failure in CI prints the blob that reproduces it.
_DEFAULT = settings(settings.get_profile("default"), deadline=None)
settings.register_profile("default", _DEFAULT)
settings.register_profile(
    "ci",
    _DEFAULT,
    derandomize=True,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
_REQUIRE_ALL = os.environ.get("PARLEY_REQUIRE_ALL") == "1"
settings.load_profile("ci" if _REQUIRE_ALL or os.environ.get("CI") else "default")


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure that gives the skip's reason. An expected failure (xfail) is not a skip."""
    if _REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        where = "{}:{}: {}".format(*report.longrepr) if isinstance(report.longrepr, tuple) else report.longreprtext
        report.outcome = "failed"
        report.longrepr = f"{where}\nPARLEY_REQUIRE_ALL=1: a skipped test is a failure."


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _refuse_skip(report)
    return report


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "benchmark" in config.getoption("markexpr") or os.environ.get("PARLEY_BENCHMARKS") == "1":
        return
    if benchmarks := [item for item in items if item.get_closest_marker("benchmark")]:
        config.hook.pytest_deselected(items=benchmarks)
        items[:] = [item for item in items if not item.get_closest_marker("benchmark")]


@pytest.fixture(scope="session")
def database_server() -> Iterator[str]:
    """The URL of a PostgreSQL server, started when the first test asks for it."""
    with postgres.running() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path | str]:
    """Where an installation keeps its log and read models: a directory, then a database, each of the test's own."""
    if request.param == "sqlite":
        yield tmp_path / "parley-data"
        return
    with postgres.database(request.getfixturevalue("database_server")) as url:
        yield url
