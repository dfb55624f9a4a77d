"""`parley processes`: the list of processes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.options import AsJson, Data, Url, connection
from api.cli.questions import list_processes
from api.cli.terminal.console import out, print_json
from api.cli.terminal.text_layout import TextLayout
from api.wording import last_heard, words
from api.wording.words import clean

if TYPE_CHECKING:
    from projections.answers.status import ListedProcess


def draw_processes(
    entries: Iterable[ListedProcess], width: int, now: datetime, *, filtered: bool = False
) -> TextLayout:
    """A list of processes: where each stands, and when it was last heard of."""
    sheet = TextLayout(width)
    for entry in entries:
        state = entry["state"]
        stands = "not known" if state is None else "contested" if state["contested"] else clean(state["value"])
        heard = entry["last_heard"]
        last = f"last heard {last_heard.told(heard, last_heard.publisher, now)}" if heard["on"] else "never dated"
        sheet.put((clean(entry["process"]), "bold"), f"  {words.label(entry['labels'])}")
        sheet.put(f"{stands}, {words.since(state['since'] if state else None)}; {last}", indent=4)
        if not entry["followed"]:
            sheet.put(last_heard.archive(followed=False), indent=4)
    if not sheet.lines and filtered:
        sheet.put("No process is like that: `parley processes` lists all there are.")
    elif not sheet.lines:
        sheet.put("No process is recorded yet. ProcessOpened opens one: `parley event-types ProcessOpened` shows how.")
    return sheet


def processes(
    q: Annotated[str | None, typer.Option(help="Words of a name or code of the process or of a place of it.")] = None,
    place: Annotated[str | None, typer.Option(help="Words of a name or code of a place of it.")] = None,
    actor: Annotated[str | None, typer.Option(help="Id of an actor that takes part in it.")] = None,
    finding: Annotated[str | None, typer.Option(help="Only those in which a finding of this rule stands.")] = None,
    as_json: AsJson = False,
    data: Data = None,
    url: Url = None,
) -> None:
    """List the processes."""
    with connection(data, url) as client:
        listed = list(list_processes(client, actor, {"q": q, "place": place, "finding": finding}))
    if as_json:
        print_json({"processes": listed})
    else:
        console = out()
        filtered = any(value is not None for value in (q, place, actor, finding))
        draw_processes(listed, console.width, datetime.now(UTC), filtered=filtered).print(console)
