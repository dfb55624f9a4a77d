"""Settings: where they come from, and one clear sentence that names the variable for each that cannot be used."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from psycopg.conninfo import conninfo_to_dict

from api.app import create_app
from api.settings import PREFIX, BadSetting, Settings, load
from docs.interfaces import said_of_fields
from tests.api.conftest import HERE


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of its own, without `.env`, and no variable set."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(PREFIX + name.upper(), raising=False)
    return tmp_path


def test_what_holds_if_nothing_is_set() -> None:
    settings = load()
    assert (settings.data, settings.host, settings.port) == (Path("parley-data"), "127.0.0.1", 8642)
    assert (settings.office, settings.max_body) == ("local", 2 * 1024 * 1024)


def test_flags_beat_the_environment_beats_the_file(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (nowhere / ".env").write_text("PARLEY_PORT=1001\nPARLEY_OFFICE=file\nPARLEY_HOST=::1\nOTHER=1\nPARLEY_FUTURE=1\n")
    monkeypatch.setenv("PARLEY_PORT", "1002")
    monkeypatch.setenv("PARLEY_OFFICE", "environment")
    monkeypatch.setenv("PARLEY_LOCK_TIMEOUT", "")
    settings = load(port=1003, office=None)
    assert (settings.port, settings.office, settings.host, settings.lock_timeout) == (1003, "environment", "::1", 5)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1", "localhost"])
def test_a_loopback_address(host: str) -> None:
    assert load(host=host).host == host


@pytest.mark.parametrize(
    "given",
    [
        "postgresql://user:hun?ter2@one/name",  # the parameters that are added would become a part of the name
        "postgresql://user:hun@ter2@one/name",  # its rest would be told as the host
        "postgresql://user:hun/ter2@one/name",  # its rest would be told as the name
        "postgresql://user:hun\0ter2@one/name",  # the driver would read no further
        "postgresql://user:hunter2@one/name?no_such_option=1",
    ],
)
def test_a_url_that_the_driver_would_read_otherwise_is_refused(given: str) -> None:
    with pytest.raises(BadSetting, match="each character that is not a letter or a digit as %XX") as refusal:
        load(database_url=given)
    assert "ter2" not in str(refusal.value)


def test_a_url_may_end_with_a_question_mark() -> None:
    told = conninfo_to_dict(str(load(database_url="postgresql://one/name?").log_at))
    assert (told["dbname"], told["keepalives_idle"]) == ("name", "5")


@pytest.mark.parametrize(
    ("given", "ends"),
    [
        ("postgresql://one:5432,two:5432/name?target_session_attrs=read-write", "&keepalives_idle=5"),
        ("postgres://one/name", "?keepalives_idle=5"),
        ("postgresql://one/name?keepalives_idle=60", "?keepalives_idle=60&keepalives_interval=2"),
    ],
)
def test_a_host_that_falls_silent_is_given_up(given: str, ends: str) -> None:
    settings = load(database_url=given)
    assert settings.log_at == settings.views_at
    assert isinstance(settings.log_at, str)
    assert settings.log_at.startswith(given)
    assert ends in settings.log_at
    assert conninfo_to_dict(settings.log_at)["tcp_user_timeout"] == "10000"
    assert conninfo_to_dict(settings.log_at).items() >= conninfo_to_dict(given).items()


@pytest.mark.parametrize(
    ("variable", "value", "mend"),
    [
        ("PARLEY_HOST", "0.0.0.0", "no access control yet"),  # noqa: S104
        ("PARLEY_HOST", "::", "loopback address only"),
        ("PARLEY_HOST", "192.168.0.1", "loopback address only"),
        ("PARLEY_HOST", "parley.example", "loopback address only"),
        ("PARLEY_PORT", "http", "whole number"),
        ("PARLEY_PORT", "65536", "65535 or less"),
        ("PARLEY_PORT", "-1", "0 or more"),
        ("PARLEY_OFFICE", "Field Office", "a-z, 0-9 and -"),
        ("PARLEY_MAX_BODY", "12", "1024 or more"),
        ("PARLEY_MAX_BODY", "2M", "whole number"),
        ("PARLEY_LOCK_TIMEOUT", "0", "1 or more"),
        ("PARLEY_LOG_FORMAT", "yaml", "send 'auto', 'json' or 'console'"),
        ("PARLEY_LOG_LEVEL", "INFO", "send 'debug', 'info', 'warning' or 'error'"),
        ("PARLEY_TRACES", "perhaps", "send true or false"),
        ("PARLEY_DATABASE_URL", "mysql://u:pw@db/parley", "of the form postgresql://"),
        ("PARLEY_DATABASE_URL", "postgresql://u:pw%@db/parley", "cannot be read as a URL"),
        ("PARLEY_WORKERS", "0", "1 or more"),
    ],
)
def test_a_wrong_setting_is_told_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, mend: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(BadSetting) as wrong:
        load()
    sentence = str(wrong.value)
    assert sentence.startswith(f"{variable}: ")
    assert mend in sentence
    assert "\n" not in sentence
    assert "pw" not in sentence
    assert wrong.value.__cause__ is None


def test_every_setting_says_what_it_is() -> None:
    assert said_of_fields(Settings).keys() == Settings.model_fields.keys()


def test_the_app_takes_its_settings_from_the_environment(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLEY_DATA", str(nowhere / "there"))
    with TestClient(create_app(), base_url=HERE) as client:
        assert client.get("/readyz").status_code == 200
    assert (nowhere / "there" / "events.db").is_file()


@pytest.mark.parametrize(
    ("url", "sslmode"),
    [
        ("postgresql://parley@db.example/parley", "verify-full"),
        ("postgresql://parley@127.0.0.1,db.example/parley", "verify-full"),
        ("postgresql://parley@/parley?hostaddr=192.0.2.1", "verify-full"),
        ("postgresql://parley@db.example/parley?sslmode=disable", "disable"),
        ("postgresql://parley@127.0.0.1:5433/parley", None),
        ("postgresql://parley@[::1]/parley", None),
        ("postgresql://parley@localhost/parley", None),
        ("postgresql:///parley?host=/run/postgresql", None),
        ("postgresql:///parley", None),
    ],
)
def test_a_database_beyond_this_machine_is_reached_over_verified_tls(
    url: str, sslmode: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    said = conninfo_to_dict(str(load(database_url=url).log_at))
    assert said.get("sslmode") == sslmode
    assert said.get("sslrootcert") == ("system" if sslmode == "verify-full" else None)


def test_a_host_of_the_variables_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PGHOST", "db.example")
    assert conninfo_to_dict(str(load(database_url="postgresql:///parley").log_at))["sslmode"] == "verify-full"
    monkeypatch.setenv("PGSSLMODE", "require")
    assert "sslmode" not in conninfo_to_dict(str(load(database_url="postgresql:///parley").log_at))
