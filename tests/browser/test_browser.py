"""The pages in a real browser: nothing that axe finds, nothing too wide for a phone, recording by keyboard alone."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, sync_playwright

from api.app import create_app
from api.cli.commands.serve import load_seed
from api.settings import load

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's package chromium")

KALAMUN = "/processes/eastern-kalamun"
PAGES = (
    "/",
    "/inbox",
    "/deadlines",
    "/findings",
    "/actors",
    "/actors/russia",
    "/reading",
    "/record",
    "/record/FigureReported",
    KALAMUN,
    f"{KALAMUN}?as_of=2017-10-28",
    f"{KALAMUN}/history",
    f"{KALAMUN}/changes?since=20",
    f"{KALAMUN}/timeline",
    f"{KALAMUN}/figures",
    f"{KALAMUN}/obligations",
    f"{KALAMUN}/why?line=state",
    "/processes/nothing-here",
)
FEW = ("/", "/findings", "/record/FigureReported", KALAMUN, f"{KALAMUN}/timeline")
PATIENCE = 30.0  # seconds


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with the founding case."""
    settings = load(data=tmp_path_factory.mktemp("browser"), port=0)
    load_seed(settings)
    running = uvicorn.Server(uvicorn.Config(create_app(settings), host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=running.run)
    thread.start()
    deadline = time.monotonic() + PATIENCE
    while not running.started and time.monotonic() < deadline:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{running.servers[0].sockets[0].getsockname()[1]}"
    running.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def opened(chromium: Browser, server: str, width: int = 1200, *, scripts: bool = True) -> Iterator[Page]:
    """A page whose console must stay empty: what the policy of a page forbids would be told there."""
    context = chromium.new_context(
        base_url=server, viewport={"width": width, "height": 800}, java_script_enabled=scripts, bypass_csp=False
    )
    page = context.new_page()
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text) if "Failed to load" not in message.text else None)
    yield page
    context.close()
    assert not told


@pytest.mark.parametrize(("language", "pages"), [("en", PAGES), ("ar", FEW), ("ru", FEW)])
def test_axe_finds_nothing(chromium: Browser, server: str, language: str, pages: tuple[str, ...]) -> None:
    context = chromium.new_context(base_url=server, bypass_csp=True)  # the test's own script has to get in
    page = context.new_page()
    found: dict[str, list[str]] = {}
    for path in pages:
        for scheme in ("light", "dark") if path == KALAMUN else ("light",):
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            page.goto(f"{path}{'&' if '?' in path else '?'}lang={language}")
            for violation in Axe().run(page).response["violations"]:
                found.setdefault(f"{violation['id']}: {violation['help']}", []).append(
                    f"{path} ({scheme}) {violation['nodes'][0]['html'][:200]}"
                )
    context.close()
    assert not found


def test_nothing_is_wider_than_a_phone(chromium: Browser, server: str) -> None:
    with opened(chromium, server, 360) as page:
        for path in PAGES:
            page.goto(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
        page.goto(f"{KALAMUN}?lang=ar")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_report_is_recorded_by_keyboard_alone_and_without_scripts(chromium: Browser, server: str) -> None:
    with opened(chromium, server, scripts=False) as page:
        page.goto("/record/StatementMade?lang=en")
        page.locator("[name=subject]").focus()
        page.keyboard.type("processes/eastern-kalamun")
        page.locator("[name=occurred]").focus()
        page.keyboard.type("2017-10-29")
        page.keyboard.press("Enter")
        page.locator("[role=alert]").wait_for()
        assert page.locator("[name=subject]").input_value() == "processes/eastern-kalamun"
        page.locator("[name='data.text']").focus()
        page.keyboard.type("Nobody went.")
        page.keyboard.press("Tab")
        page.locator("button[value=look]").press("Enter")
        page.locator(".looked").wait_for()
        page.locator("button[value=record]").press("Enter")
        page.wait_for_url("**/events/**")
        assert "Nobody went." in page.locator("main").inner_text()
