"""Options that several commands take, each in one wording, and the way in that they choose."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.client import Client, connect
from api.cli.terminal.console import warn
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

HORIZON_PANEL = "Horizon: what it stood like, or what was known, before now"
_HORIZON_OPTIONS: dict[str, Any] = {
    "as_of": Annotated[
        str | None,
        typer.Option(
            metavar="DATE",
            rich_help_panel=HORIZON_PANEL,
            help="As it stood at the end of a day, a month or a year (2017-10-29, 2017-10, 2017), or at a time with "
            "its zone, by all that is known today.",
        ),
    ],
    "published_by": Annotated[
        str | None,
        typer.Option(
            metavar="DATE", rich_help_panel=HORIZON_PANEL, help="Only what could be read by the end of such a date."
        ),
    ],
    "known_at": Annotated[
        str | None,
        typer.Option(
            metavar="TIME|DAY",
            rich_help_panel=HORIZON_PANEL,
            help="Only what was recorded by a time with its zone (2017-10-29T09:00:00Z) or by the end of a day in UTC.",
        ),
    ],
    "known_at_position": Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            rich_help_panel=HORIZON_PANEL,
            help="Only what was recorded up to a position of the log.",
        ),
    ],
}
Horizon = Mapping[str, Any]
"""The parameters of a horizon for a request; None for each that was not given."""
NOW: Horizon = {}
"""No horizon."""


def with_horizon(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the four options of a horizon, in the place of its parameter `horizon`."""
    signature = inspect.signature(command, eval_str=True)
    parameters: list[inspect.Parameter] = []
    for parameter in signature.parameters.values():
        if parameter.name == "horizon":
            parameters += [
                inspect.Parameter(name, parameter.kind, default=None, annotation=option)
                for name, option in _HORIZON_OPTIONS.items()
            ]
        else:
            parameters.append(parameter)

    @functools.wraps(command)
    def called(**options: Any) -> None:
        horizon = {name: options.pop(name) for name in _HORIZON_OPTIONS}
        command(horizon=horizon, **options)

    setattr(called, "__signature__", signature.replace(parameters=parameters))  # noqa: B010  a function has none by type
    return called


@contextmanager
def connection(data: Path | None, url: str | None, *, new: bool = False) -> Iterator[Client]:
    settings = load(data=data, url=url)
    with connect(settings, settings.url, new=new, notice=lambda text: warn(text, "dim")) as client:
        yield client
