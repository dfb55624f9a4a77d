"""`parley findings`: what does not fit, in one process or in all."""

from __future__ import annotations

from typing import Annotated

import typer

from api.cli.options import NOW, AsJson, Data, Horizon, Url, connection, with_horizon
from api.cli.questions import list_findings, read_findings
from api.cli.terminal.console import out, print_json
from api.cli.terminal.finding_lines import put_findings
from api.cli.terminal.text_layout import TextLayout
from api.wording import words


@with_horizon
def findings(
    process: Annotated[
        str | None, typer.Argument(metavar="[PROCESS]", help="Id of one process; all processes if it is left out.")
    ] = None,
    rule: Annotated[str | None, typer.Option(help="Only of this rule, such as contested.")] = None,
    severity: Annotated[str | None, typer.Option(help="Only this grave: high, moderate or hint.")] = None,
    horizon: Horizon = NOW,
    as_json: AsJson = False,
    data: Data = None,
    url: Url = None,
) -> None:
    """Show what does not fit, the gravest first: contradictions, what is overdue, what nobody confirms.

    With a horizon: what did not fit then, or by what was known.
    """
    filters = {"rule": rule, "severity": severity, **horizon}
    with connection(data, url) as client:
        if process is not None:
            answer = read_findings(client, process, filters)
            by_process = {process: answer["findings"]} if answer["findings"] else {}
            at, actors = answer["horizon"], answer["actors"]
        else:
            pages = list(list_findings(client, filters))
            listed, by_process, at, actors = [], {}, pages[0]["horizon"], {}
            for page in pages:
                listed += page["findings"]
                actors |= page["actors"]
            for finding in listed:
                by_process.setdefault(finding["process"], []).append(finding)
    if as_json:
        print_json(answer if process is not None else {"findings": listed, "actors": actors, "horizon": at})
        return
    console = out()
    sheet = TextLayout(console.width)
    if asked := words.horizon(at):
        sheet.put((asked, "bold"))
    for name, some in by_process.items():
        sheet.heading(name, words.times(len(some), "finding"))
        put_findings(sheet, some, actors)
    if not by_process:
        sheet.put("Nothing of that kind stands out." if rule or severity else "Nothing stands out.")
    sheet.print(console)
