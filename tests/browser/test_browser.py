"""The pages in a real browser: nothing that axe finds, nothing too wide for a phone, recording by keyboard alone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, sync_playwright

from api.pages.static_files import DIRECTORY
from api.wording.language import LANGUAGES
from tests.api.pages.test_pages import PAGES as FOUNDING

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's package chromium")

KALAMUN = "/processes/eastern-kalamun"
PAGES = (
    *FOUNDING,
    f"{KALAMUN}?as_of=2017-10-28",
    f"{KALAMUN}/why?line=state",
    "/record",
    "/record/FigureReported",
    "/record/TalksScheduled",
    "/processes/nothing-here",
)
"""Every kind of page."""
SCREENSHOTS = os.environ.get("SCREENSHOTS")
"""Where to keep a picture of each page, to be looked at; nowhere if it is not set."""
CLAIM = {
    "subject": "processes/eastern-kalamun",
    "occurred": "2017-10-29",
    "data.measure": "buses",
    "data.quantity.value": "7",
}
PATIENCE = 120_000  # milliseconds: a busy machine is slow


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a demonstration, a process of its own."""
    data = tmp_path_factory.mktemp("browser")
    command = [sys.executable, "-m", "api.cli", "demo", "--port", "0", "--data", str(data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        address = next(match[1] for line in demo.stdout if (match := re.search(r"Parley runs at (\S+)", line)))
        yield address
        demo.terminate()


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
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text) if "Failed to load" not in message.text else None)
    yield page
    context.close()
    assert not told


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_and_a_phone_is_wide_enough(chromium: Browser, server: str, language: str) -> None:
    context = chromium.new_context(  # the test's own script has to get in
        base_url=server, bypass_csp=True, viewport={"width": 360, "height": 800}
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    found: dict[str, list[str]] = {}
    for number, path in enumerate(PAGES):
        page.emulate_media(color_scheme="dark" if number % 2 else "light")
        page.goto(f"{path}{'&' if '?' in path else '?'}lang={language}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
        if SCREENSHOTS:
            page.screenshot(path=f"{SCREENSHOTS}/{number:02}-{language}.png", full_page=True)
        for violation in Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]:
            told = f"{path} {violation['nodes'][0]['html'][:200]}"
            found.setdefault(f"{violation['id']}: {violation['help']}", []).append(told)
    context.close()
    assert not found


def test_every_page_is_there_without_scripts_too(chromium: Browser, server: str) -> None:
    with opened(chromium, server, 360, scripts=False) as page:
        for path in PAGES:
            page.goto(path)
            assert page.locator("main h1").is_visible(), path
            assert page.locator("main").inner_text().strip(), path


def test_a_line_tells_of_newer_reports_and_nothing_moves(chromium: Browser, server: str) -> None:
    with opened(chromium, server) as page:
        page.goto(f"{KALAMUN}?lang=en")
        assert page.locator(".live").is_hidden()
        before = page.locator("#figures").bounding_box()
        event = {
            "type": "StatementMade",
            "subject": "processes/eastern-kalamun",
            "occurred": "2017-10-28",
            "data": {"description": "somebody", "text": "A newer report."},
        }
        assert page.request.post("/v1/events", data=event).ok
        page.locator(".live").wait_for()
        assert page.locator(".live").inner_text() == "1 newer report, 1 changes this page; show them"
        assert page.locator("#figures").bounding_box() == before


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


def test_scripts_add_comfort_to_a_form(chromium: Browser, server: str) -> None:
    with opened(chromium, server) as page:
        page.goto("/record/FigureReported?lang=en")
        page.locator("[name=subject]").press_sequentially("kalamun")
        option = page.locator("datalist option[value='processes/eastern-kalamun']").first
        option.wait_for(state="attached")
        assert "Eastern Kalamun" in (option.get_attribute("label") or "")
        for name, text in CLAIM.items():
            page.locator(f"[name='{name}']").fill(text)
        page.keyboard.press("Tab")
        page.locator("#looked").wait_for()
        assert "29 Oct 2017" in page.locator(".reading").first.inner_text()
        assert "Eastern Kalamun" in page.locator("#looked").inner_text()
        page.reload()
        assert page.locator("[name='data.quantity.value']").input_value() == "7", "a draft survives"
        assert page.locator("#draft").is_visible()
        page.locator("button[value=record]").click()
        page.wait_for_url("**/events/**")
        page.goto("/record/FigureReported?lang=en")
        assert page.locator("[name='data.quantity.value']").input_value() == "", "until it is sent"


def test_a_slider_stops_where_something_changed(chromium: Browser, server: str) -> None:
    with opened(chromium, server) as page:
        page.goto(f"{KALAMUN}?lang=en")
        page.locator(".travel > summary").click()
        page.locator("input[type=range]").press("Home")
        page.keyboard.press("ArrowRight")
        assert page.locator("output").inner_text().startswith("log position ")
        page.locator(".travel button").nth(1).press("Enter")
        page.locator(".bar").wait_for()


def test_a_report_is_corrected_by_keyboard_alone(chromium: Browser, server: str) -> None:
    with opened(chromium, server, scripts=False) as page:
        page.goto(f"{KALAMUN}/history?lang=en")
        row = page.locator("tr", has_text="talks scheduled").first
        row.locator("a").first.press("Enter")
        page.locator("a[href*='/record/correct/']").press("Enter")
        page.locator("[name='data.when']").focus()
        page.keyboard.press("Control+A")
        page.keyboard.type("30 October 2017")
        page.locator("[name='correction.reason']").focus()
        page.keyboard.type("The day was misread.")
        page.locator("button[value=look]").press("Enter")
        page.locator("#looked").wait_for()
        assert "29 Oct 2017 → 30 Oct 2017" in page.locator("#looked").inner_text()
        page.locator("button[value=record]").press("Enter")
        page.wait_for_url("**/events/**")
        assert "What it changed in Eastern Kalamun" in page.locator("main").inner_text()


def test_the_script_is_small_and_its_types_fit() -> None:
    script = DIRECTORY / "parley.js"
    assert script.stat().st_size <= 12_000
    checked = [
        "--noEmit",
        "--allowJs",
        "--checkJs",
        "--strict",
        "--target",
        "es2022",
        "--lib",
        "es2022,dom,dom.iterable",
    ]
    if (compiler := shutil.which("tsc")) is None:
        pytest.skip("needs Debian's package node-typescript")
    done = subprocess.run([compiler, *checked, str(script)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout
