"""What a running server shares with each request, and how an endpoint gets it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from api.services.body_budget import BodyBudget
from api.services.log_watcher import LogWatcher
from api.services.metrics import Metrics
from api.services.status_cache import StatusCache
from api.services.wakeup import Wakeup
from api.settings import Settings
from ledger.ledger import Ledger
from ledger.writer import Writer
from projections.follower import FollowerStatus
from projections.storage.generations import ReadModels


@dataclass(frozen=True, slots=True)
class Services:
    """One running server."""

    settings: Settings
    ledger: Ledger
    writer: Writer
    log_watcher: LogWatcher
    views: ReadModels
    follower: FollowerStatus
    moved: Wakeup
    """Wakes when the read models have moved."""
    metrics: Metrics
    status_cache: StatusCache = field(default_factory=StatusCache)
    body_budget: BodyBudget = field(default_factory=BodyBudget)


async def shared_services(request: Request) -> Services:
    # A dependency that is not async would run in a thread, for every request.
    services: Services = request.app.state.services
    return services


Shared = Annotated[Services, Depends(shared_services)]
"""An endpoint that takes `services: Shared` gets what the running server shares."""
