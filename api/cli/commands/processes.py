"""`parley processes`: the list of processes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.options import NOW, AsJson, Data, Horizon, Url, connection, with_horizon
from api.cli.questions import list_processes
from api.cli.terminal.console import out, print_json
from api.cli.terminal.text_layout import TextLayout
from api.wording import last_heard, words
from api.wording.words import clean

if TYPE_CHECKING:
    from projections.answers.explanations import ShownHorizon
    from projections.answers.status import ListedProcess


def draw_processes(
    entries: Iterable[ListedProcess], horizon: ShownHorizon, width: int, *, filtered: bool = False
) -> TextLayout:
    """A list of processes: where each stands, and when it was last heard of."""
    sheet, now = TextLayout(width), datetime.fromisoformat(horizon["now"])
    if asked := words.horizon(horizon):
        sheet.put((asked, "bold"))
    listed = list(entries)
    for entry in listed:
        state = entry["state"]
        stands = "not known" if state is None else "contested" if state["contested"] else clean(state["value"])
        if state is not None and state.get("possible"):
            stands = f"[possibly] {stands}"
        heard = entry["last_heard"]
        last = f"last heard {last_heard.told(heard, last_heard.publisher, now)}" if heard["on"] else "never dated"
        sheet.put((clean(entry["process"]), "bold"), f"  {words.label(entry['labels'])}")
        sheet.put(f"{stands}, {words.since(state['since'] if state else None)}; {last}", indent=4)
        if not entry["followed"]:
            sheet.put(last_heard.archive(followed=False), indent=4)
    if not listed and filtered:
        sheet.put("No process is like that: `parley processes` lists all there are.")
    elif not listed and asked:
        sheet.put("Nothing of any process is inside this horizon.")
    elif not listed:
        sheet.put("No process is recorded yet. ProcessOpened opens one: `parley event-types ProcessOpened` shows how.")
    return sheet


@with_horizon
def processes(
    q: Annotated[str | None, typer.Option(help="Words of a name or code of the process or of a place of it.")] = None,
    place: Annotated[str | None, typer.Option(help="Words of a name or code of a place of it.")] = None,
    actor: Annotated[str | None, typer.Option(help="Id of an actor that takes part in it.")] = None,
    finding: Annotated[str | None, typer.Option(help="Only those in which a finding of this rule stands.")] = None,
    horizon: Horizon = NOW,
    as_json: AsJson = False,
    data: Data = None,
    url: Url = None,
) -> None:
    """List the processes.

    With a horizon: those that were known, each as it stood.
    """
    filters = {"q": q, "place": place, "finding": finding}
    with connection(data, url) as client:
        pages = list(list_processes(client, actor, {**filters, **horizon}))
    listed = [entry for page in pages for entry in page["processes"]]
    if as_json:
        print_json({"processes": listed, "horizon": pages[0]["horizon"]})
    else:
        console = out()
        filtered = any(value is not None for value in (actor, *filters.values()))
        draw_processes(listed, pages[0]["horizon"], console.width, filtered=filtered).print(console)
