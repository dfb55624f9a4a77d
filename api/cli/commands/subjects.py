"""`parley subjects`: what carries an id of another register."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.options import NOW, AsJson, Data, Horizon, Url, connection, with_horizon
from api.cli.questions import list_carrying
from api.cli.terminal.console import REFUSED, did_you_mean, out, print_json, warn
from api.cli.terminal.text_layout import TextLayout
from api.wording import words
from api.wording.marks import ALERT
from api.wording.words import clean

if TYPE_CHECKING:
    from projections.answers.subjects import CarryingSubject


def draw_carrying(listed: Sequence[CarryingSubject], width: int, horizon: str = "") -> TextLayout:
    """A list: the id there, what carries it here, and by which event; under the horizon, if one was asked for."""
    sheet = TextLayout(width)
    if horizon:
        sheet.put((horizon, "bold"))
    column = min(max((len(one["id"]) for one in listed), default=0) + 2, width // 3)
    for one in listed:
        carries = "event on " if one["of_event"] else ""
        name = f" “{words.label(one['labels'])}”" if one["labels"] else ""
        sheet.row(clean(one["id"]), f"{carries}{clean(one['subject'])}{name}  {one['events'][0]}", column=column)
    return sheet


@with_horizon
def subjects(
    scheme: Annotated[str, typer.Argument(metavar="SCHEME", help="Name of the register, such as pa-x-agreement.")],
    foreign_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="The id there; all of that register, if it is left out.")
    ] = None,
    horizon: Horizon = NOW,
    as_json: AsJson = False,
    data: Data = None,
    url: Url = None,
) -> None:
    """Find what carries an id of another register: subjects, and incidents and violations, each with the event.

    With a horizon: what carried it then, or by what was known.
    """
    with connection(data, url) as client:
        pages = list(list_carrying(client, {"scheme": scheme, "id": foreign_id, **horizon}))
    listed = [one for page in pages for one in page["subjects"]]
    if as_json:
        print_json({"subjects": listed, "near": pages[0]["near"], "horizon": pages[0]["horizon"]})
        return
    if not listed:
        near = pages[0]["near"]
        at = words.horizon(pages[0]["horizon"])
        what = f"nothing with this id of the register {clean(scheme)}"
        if foreign_id is None or "scheme" in near:
            what = f"no id of the register {clean(scheme)}"
        warn(f"{at}: there is {what}." if at else f"There is {what}.{did_you_mean(near)}", ALERT)
        raise typer.Exit(REFUSED)
    console = out()
    draw_carrying(listed, console.width, words.horizon(pages[0]["horizon"])).print(console)
