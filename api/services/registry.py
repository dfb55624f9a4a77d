"""What a running server holds, and how an endpoint gets at it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from api.services.body_budget import Room
from api.services.log_watcher import Head
from api.services.metrics import Metrics
from api.services.status_cache import Statuses
from api.services.wakeup import Pulse
from api.settings import Settings
from ledger.ledger import Ledger
from ledger.writer import Writer
from projections.follower import FollowerStatus
from projections.storage.generations import ReadModels


@dataclass(frozen=True, slots=True)
class Parley:
    """One running server."""

    settings: Settings
    ledger: Ledger
    writer: Writer
    head: Head
    views: ReadModels
    follower: FollowerStatus
    moved: Pulse
    """Beats when the read models have moved."""
    metrics: Metrics
    statuses: Statuses = field(default_factory=Statuses)
    room: Room = field(default_factory=Room)


async def running(request: Request) -> Parley:
    # A dependency that is not async would cost every request a turn through a thread.
    parley: Parley = request.app.state.parley
    return parley


Here = Annotated[Parley, Depends(running)]
"""An endpoint that takes `here: Here` gets the running server."""
