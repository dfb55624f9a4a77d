"""`parley report`: a process on paper."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from api.cli.options import NOW, Data, Horizon, ProcessId, Url, connection, with_horizon
from api.cli.questions import read_status
from api.cli.terminal.console import say


class ReportLanguage(StrEnum):
    """The languages that a report can be in."""

    ENGLISH = "en"
    ARABIC = "ar"
    RUSSIAN = "ru"


@with_horizon
def report(
    process: ProcessId,
    pdf: Annotated[Path, typer.Option("--pdf", metavar="FILE", help="Where to write it, as a tagged PDF.")],
    language: Annotated[
        ReportLanguage, typer.Option("--lang", help="Language of what is ours in it.")
    ] = ReportLanguage.ENGLISH,
    horizon: Horizon = NOW,
    data: Data = None,
    url: Url = None,
) -> None:
    """Write where a process stands as a PDF for A4: horizon, log position, handling, and sources as notes.

    It takes the packages of the extra `pdf`, where the server runs if one does: pip install 'parley-tracker[pdf]'.
    """
    with connection(data, url) as client:
        read_status(client, process, horizon)  # once it is there, so is its report
        asked = {**horizon, "format": "pdf", "lang": language.value}
        made = client.get(f"/processes/{quote(process, safe='')}/report", **asked)
    pdf.write_bytes(made.content)
    say(f"Written: {pdf}, {len(made.content):,} bytes.")
