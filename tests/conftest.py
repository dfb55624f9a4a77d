"""What holds for every test: surroundings of its own, no silent skips in CI, benchmarks only when asked for, and how
hypothesis runs.
"""

import os
import signal
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from api.http import parameters
from api.routes import append
from api.server.interpreter import tune
from ledger.ledger import Ledger
from projections.batch import open_read_models
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

SWITCHES = {"PARLEY_REQUIRE_ALL", "PARLEY_LONG", "PARLEY_SOAK", "PARLEY_BENCHMARKS", postgres.URL}
"""Variables that are for the tests. All others that Parley reads are those of an installation on this machine."""
_NOT_OURS = ("PARLEY_", "PG", "OTEL_", "PROMETHEUS_", "FORCE_COLOR", "NO_COLOR", "COLUMNS")
_place = pytest.StashKey[tempfile.TemporaryDirectory[str]]()

if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):  # else each server that a test starts would compile everything
    os.environ["PYTHONPYCACHEPREFIX"] = str(Path(__file__).parent.parent / ".pytest_cache" / "bytecode")


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Keep away what lies around: settings in the environment, `.env` and `parley-data` in the working directory."""
    for name in [name for name in os.environ if name.startswith(_NOT_OURS) and name not in SWITCHES]:
        del os.environ[name]
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a job in the background has it, and all that it starts
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if session.config.getoption("dist", "no") == "no":  # else the workers do, once they know where the tests are
        session.config.stash[_place] = place = tempfile.TemporaryDirectory(prefix="parley-tests-")
        os.chdir(place.name)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    if _place in config.stash:
        os.chdir(config.invocation_params.dir)
        config.stash[_place].cleanup()


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


def pytest_collection_finish() -> None:
    """Look for cycles as seldom as a server does: what is loaded stays, and events and states hold none."""
    tune()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "benchmark" in config.getoption("markexpr") or os.environ.get("PARLEY_BENCHMARKS") == "1":
        return
    if benchmarks := [item for item in items if item.get_closest_marker("benchmark")]:
        config.hook.pytest_deselected(items=benchmarks)
        items[:] = [item for item in items if not item.get_closest_marker("benchmark")]


@pytest.fixture(scope="session", autouse=True)
def patient_questions() -> Iterator[None]:
    """A question to a server in this process waits for read models as long as a busy machine needs, and finds there
    what an append before it was told; a test of waiting in vain sets its own time.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parameters, "BRIEFLY", 60.0)
        patch.setattr(append, "LONG_WAIT", 60.0)
        yield


@pytest.fixture(scope="session")
def database_server() -> Iterator[str]:
    """The URL of a PostgreSQL server, started when the first test asks for it."""
    with postgres.running() as url:
        yield url


@pytest.fixture(scope="session")
def databases(database_server: str) -> Iterator[postgres.Databases]:
    """Databases with all tables, empty."""

    def prepare(url: str) -> None:
        Ledger(url).close()
        open_read_models(url).close()

    with closing(postgres.Databases(database_server, prepare)) as found:
        yield found


@pytest.fixture(params=["sqlite", "postgresql"])
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], Path | str]]:
    """Makes places for a log and its read models by name: directories, then databases, each of the test's own."""
    with ExitStack() as stack:

        def make(name: str) -> Path | str:
            if request.param == "sqlite":
                return tmp_path / name
            databases: postgres.Databases = request.getfixturevalue("databases")
            return stack.enter_context(databases.one())

        yield make


@pytest.fixture
def where(installation: Callable[[str], Path | str]) -> Path | str:
    """Where an installation keeps its log and read models: a directory, or the URL of a database."""
    return installation("parley-data")
