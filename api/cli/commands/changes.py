"""`parley changes`: what became known of a process between two moments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from api.cli.options import AsJson, Data, ProcessId, Url, connection
from api.cli.questions import read_changes
from api.cli.terminal.console import out, print_json
from api.cli.terminal.text_layout import TextLayout
from api.wording.changes_page import ChangesPage

A_DAY = timedelta(hours=24)


def changes(
    process: ProcessId,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="POSITION|TIME|DAY",
            help="What became known after a position of the log (42), after a time with its zone "
            "(2017-10-29T09:00:00Z), or from the beginning of a day in UTC; 24 hours ago if not given.",
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(
            metavar="POSITION|TIME|DAY",
            help="And up to such a position or time, or the end of a day; now if not said.",
        ),
    ] = None,
    as_json: AsJson = False,
    data: Data = None,
    url: Url = None,
) -> None:
    """Show what became known of a process since yesterday, or between two moments, for a morning briefing.

    What fell due, what contradicts, what changed and by which reports, what was corrected, and every report that came
    in, with who says so.
    """
    if since is None:
        since = (datetime.now(UTC) - A_DAY).strftime("%Y-%m-%dT%H:%M:%SZ")
    with connection(data, url) as client:
        answer = read_changes(client, process, since, until)
    if as_json:
        print_json(answer)
        return
    console = out()
    sheet = TextLayout(console.width)
    ChangesPage(answer, sheet).draw()
    sheet.print(console)
