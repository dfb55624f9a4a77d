"""Takes the picture of the README, the page of a process in the demonstration: `uv run python -m docs.picture`.

It needs Debian's package `chromium`.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

PICTURE = Path(__file__).parent / "process-page.png"
PROCESS = "eastern-kalamun"
WIDTH, HEIGHT = 960, 760


def main() -> None:
    with tempfile.TemporaryDirectory() as data:
        command = [sys.executable, "-m", "api.cli", "demo", "--port", "0", "--data", data]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as demo:  # noqa: S603
            url = next(match[1] for line in demo.stdout or () if (match := re.search(r"Parley runs at (\S+)", line)))
            take(f"{url}/processes/{PROCESS}?lang=en")
            demo.terminate()


def take(address: str) -> None:
    """Takes a picture of the first screen of a page."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto(address)
        page.screenshot(path=PICTURE)
        browser.close()


if __name__ == "__main__":
    main()
