"""Options that several commands take, each in one wording, and the way in that they choose."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from api.cli_show import warn
from api.client import Door, open_door
from api.settings import load

Data = Annotated[
    Path | None,
    typer.Option(envvar="PARLEY_DATA", help="Directory of the log and the read models; parley-data if not given."),
]
Url = Annotated[
    str | None,
    typer.Option(envvar="PARLEY_URL", help="Address of a running server, such as http://127.0.0.1:8642."),
]
Host = Annotated[str | None, typer.Option(envvar="PARLEY_HOST", help="Loopback address to listen on: 127.0.0.1.")]
Port = Annotated[int | None, typer.Option(envvar="PARLEY_PORT", help="Port to listen on: 8642; 0 takes any free one.")]
Office = Annotated[
    str | None, typer.Option(envvar="PARLEY_OFFICE", help="Code of the office that records, such as `field-1`.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
AsLines = Annotated[bool, typer.Option("--json", help="Print one JSON object a line (NDJSON).")]
ProcessId = Annotated[str, typer.Argument(metavar="PROCESS", help="Id of the process, such as eastern-kalamun.")]


@contextmanager
def door(data: Path | None, url: str | None, *, new: bool = False) -> Iterator[Door]:
    settings = load(data=data, url=url)
    with open_door(settings, settings.url, new=new, notice=lambda text: warn(text, "dim")) as found:
        yield found
