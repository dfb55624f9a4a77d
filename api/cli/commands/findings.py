"""`parley findings`: what does not fit, in one process or in all."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from api.cli.client import path_segment
from api.cli.options import NOW, AsJson, Data, Horizon, Url, connection, with_horizon
from api.cli.terminal.console import out, print_json
from api.cli.terminal.finding_lines import put_findings
from api.cli.terminal.text_layout import TextLayout
from api.wording import words

Json = dict[str, Any]


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

    A horizon goes with one process: what did not fit then, or by what was known.
    """
    if process is None and any(value is not None for value in horizon.values()):
        raise typer.BadParameter("a horizon goes with one process: name it")
    with connection(data, url) as client:
        if process is not None:
            path = f"/v1/processes/{path_segment(process)}/findings"
            answer = client.get(path, fresh=True, rule=rule, severity=severity, **horizon).json()
        else:
            answer = {"findings": [], "actors": {}}
            for page in client.pages("/v1/findings", limit=1000, rule=rule, severity=severity):
                answer["findings"] += page["findings"]
                answer["actors"] |= page["actors"]
    if as_json:
        print_json(answer)
        return
    console = out()
    sheet = TextLayout(console.width)
    if asked := words.horizon(answer.get("horizon", {})):
        sheet.put((asked, "bold"))
    by_process: dict[str, list[Json]] = {}
    for finding in answer["findings"]:
        by_process.setdefault(finding.get("process", process), []).append(finding)
    for name, some in by_process.items():
        sheet.heading(name, words.times(len(some), "finding"))
        put_findings(sheet, some, answer["actors"])
    if not by_process:
        sheet.put("Nothing of that kind stands out." if rule or severity else "Nothing stands out.")
    sheet.print(console)
